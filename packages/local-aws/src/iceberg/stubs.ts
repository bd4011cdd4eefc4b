import { IcebergError } from './IcebergError.ts';
import type {
  FileEntry,
  IcebergSchema,
  IcebergType,
  IcebergValue,
  PartitionSpec,
  PartitionValue,
  Snapshot,
  SnapshotChange,
  TableFiles,
  TableMetadata,
} from './model.ts';

const notYet = (...facts: readonly unknown[]): never => {
  throw new IcebergError('UNSUPPORTED', `not written yet (${facts.length})`);
};

/** Reads a table's metadata file, also a compressed one (`.gz.metadata.json`). Throws `BAD_METADATA`, and `UNSUPPORTED` for version 3. */
export async function readMetadata(files: TableFiles, location: string): Promise<TableMetadata> {
  return notYet(files, location);
}

/**
 * Writes metadata as `<location>/metadata/<NNNNN>-<uuid>.metadata.json` and returns where. The previous file, null of a new
 * table, gets into the metadata log, which keeps `write.metadata.previous-versions-max` files (100).
 */
export async function writeMetadata(
  files: TableFiles,
  metadata: TableMetadata,
  previousLocation: string | null,
): Promise<string> {
  return notYet(files, metadata, previousLocation);
}

/**
 * A table without a snapshot. IDs of columns are given anew, as Java does: those of the schema need only be different at the
 * top, where `spec` names them; `spec-id`, `schema-id` and the partition fields' `field-id` are given, too.
 */
export function newTable(table: {
  readonly location: string;
  readonly schema: Omit<IcebergSchema, 'schema-id'>;
  readonly spec: { readonly fields: readonly { 'source-id': number; name: string; transform: string }[] };
  readonly properties: Readonly<Record<string, string>>;
  readonly now: number;
  readonly uuid: string;
}): TableMetadata {
  return notYet(table);
}

/** The schema that a snapshot was written with, or the current one. */
export function schemaOf(metadata: TableMetadata, snapshot?: Snapshot): IcebergSchema {
  return notYet(metadata, snapshot);
}

/** The partition spec of an ID, by default the default one. Throws `BAD_METADATA`. */
export function specOf(metadata: TableMetadata, specId?: number): PartitionSpec {
  return notYet(metadata, specId);
}

/** The current snapshot, or the one of an ID. Undefined where there is none. */
export function snapshotOf(metadata: TableMetadata, snapshotId?: bigint): Snapshot | undefined {
  return notYet(metadata, snapshotId);
}

/** The snapshot that was current at a time, by the snapshot log. Undefined before the first. */
export function snapshotAt(metadata: TableMetadata, timestampMs: number): Snapshot | undefined {
  return notYet(metadata, timestampMs);
}

/** The live data and delete files of a snapshot. Deletion vectors (Puffin) are refused. */
export async function readFiles(
  files: TableFiles,
  metadata: TableMetadata,
  snapshot: Snapshot,
): Promise<FileEntry[]> {
  return notYet(files, metadata, snapshot);
}

/** The delete files that apply to a data file: https://iceberg.apache.org/spec/#scan-planning. */
export function deletesOf(
  data: FileEntry,
  deletes: readonly FileEntry[],
  metadata: TableMetadata,
): FileEntry[] {
  return notYet(data, deletes, metadata);
}

/**
 * Writes the manifests and the manifest list of a new snapshot on `main` and returns the changed metadata, which isn't
 * written yet, and the files written, to be removed when the commit is lost. Throws `COMMIT_CONFLICT` where a file to remove
 * isn't there.
 */
export async function applySnapshot(
  files: TableFiles,
  metadata: TableMetadata,
  change: SnapshotChange,
  at: { readonly now: number; readonly snapshotId: bigint },
): Promise<{ metadata: TableMetadata; written: string[] }> {
  return notYet(files, metadata, change, at);
}

/** A random positive snapshot ID that the table doesn't have. */
export function newSnapshotId(metadata: TableMetadata): bigint {
  return notYet(metadata);
}

/**
 * A change of a column at the top of the schema, named without regard to case. IDs in added types are given anew.
 * `widen` allows int to long, float to double, and more digits of a decimal.
 */
export type SchemaChange =
  | { readonly add: { readonly name: string; readonly type: IcebergType; readonly doc?: string } }
  | { readonly drop: string }
  | { readonly rename: string; readonly to: string }
  | { readonly widen: string; readonly to: IcebergType }
  | { readonly describe: string; readonly doc: string | undefined }
  | { readonly move: string; readonly after: string | null };

/** Applies changes in their order, as one new schema that becomes current. Throws `INVALID_SCHEMA`. */
export function changeSchema(
  metadata: TableMetadata,
  changes: readonly SchemaChange[],
  now: number,
): TableMetadata {
  return notYet(metadata, changes, now);
}

/** Sets and removes table properties. */
export function changeProperties(
  metadata: TableMetadata,
  set: Readonly<Record<string, string>>,
  remove: readonly string[],
  now: number,
): TableMetadata {
  return notYet(metadata, set, remove, now);
}

/**
 * Drops snapshots of `main` that are older than a time, but the last `keepLast`, and those of branches and tags by their own
 * settings: https://iceberg.apache.org/spec/#snapshot-retention-policy. `unreachable` are the files that only dropped
 * snapshots reach: to be removed after the commit.
 */
export async function expireSnapshots(
  files: TableFiles,
  metadata: TableMetadata,
  options: { readonly olderThanMs: number; readonly keepLast: number; readonly now: number },
): Promise<{ metadata: TableMetadata; unreachable: string[] }> {
  return notYet(files, metadata, options);
}

/**
 * Every file that the table reaches: data, deletes, manifests, manifest lists, statistics and the metadata files of the log.
 * The current metadata file isn't among them: only the catalog knows where it is.
 */
export async function reachableFiles(files: TableFiles, metadata: TableMetadata): Promise<Set<string>> {
  return notYet(files, metadata);
}

/** Applies a partition transform to a value of a column's type. Throws `BAD_VALUE`, and `INVALID_SCHEMA` for a wrong pair. */
export function transformValue(
  transform: string,
  type: IcebergType,
  value: IcebergValue | null,
): PartitionValue {
  return notYet(transform, type, value);
}

/** The type of what a transform gives. Throws `INVALID_SCHEMA` where it can't be applied to the type. */
export function transformedType(transform: string, type: IcebergType): string {
  return notYet(transform, type);
}

/** A value in single-value serialization, whole: https://iceberg.apache.org/spec/#binary-single-value-serialization. */
export function boundBytes(type: IcebergType, value: IcebergValue): Uint8Array {
  return notYet(type, value);
}

/** A lower bound as writers keep it: texts and binary are cut to 16 characters or bytes. */
export function lowerBoundBytes(type: IcebergType, value: IcebergValue): Uint8Array {
  return notYet(type, value);
}

/** An upper bound as writers keep it: cut to 16 and raised. Undefined where nothing of that length is above it. */
export function upperBoundBytes(type: IcebergType, value: IcebergValue): Uint8Array | undefined {
  return notYet(type, value);
}

/** Reads a bound. A bound of a column that was widened since is read, too. */
export function boundValue(type: IcebergType, bytes: Uint8Array): IcebergValue {
  return notYet(type, bytes);
}

/**
 * A partition as in the paths of data files, `day=2026-11-20/kind=a%2Fb`: the part of `data/<here>/<file>`. Empty without
 * partition fields.
 */
export function humanPartition(
  spec: PartitionSpec,
  schema: IcebergSchema,
  partition: ReadonlyMap<number, PartitionValue>,
): string {
  return notYet(spec, schema, partition);
}
