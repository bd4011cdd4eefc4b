import { IcebergError } from './IcebergError.ts';
import { type Manifest, readManifest, readManifestList } from './manifests.ts';
import { specOf } from './metadata.ts';
import type { FileEntry, PartitionValue, Snapshot, TableFiles, TableMetadata } from './model.ts';

/** The column `file_path` of position-delete files: https://iceberg.apache.org/spec/#reserved-field-ids. */
const FILE_PATH_ID = 2147483546;

/** Delete files, found by the partition that they are of. */
interface DeleteIndex {
  /** Equality deletes of an unpartitioned spec: they are for every partition. */
  readonly everywhere: readonly FileEntry[];
  readonly byPartition: ReadonlyMap<string, readonly FileEntry[]>;
}
const indexes = new WeakMap<readonly FileEntry[], DeleteIndex>();

/**
 * The live data and delete files of a snapshot, in the order of its manifests. Throws `UNSUPPORTED` for deletion vectors
 * (Puffin) and for snapshots of version 1 that have no manifest list.
 */
export async function readFiles(
  files: TableFiles,
  metadata: TableMetadata,
  snapshot: Snapshot,
): Promise<FileEntry[]> {
  const manifests = await readManifestList(files, snapshot);
  const entries = await Promise.all(
    manifests.filter(hasLive).map((manifest) => readManifest(files, metadata, manifest)),
  );
  return entries.flat().flatMap(({ status, file }) => (status === 'deleted' ? [] : [file]));
}

/** Whether a manifest can have live files. */
export function hasLive(manifest: Manifest): boolean {
  return manifest.addedFiles !== 0 || manifest.existingFiles !== 0;
}

/**
 * The delete files that apply to a data file: https://iceberg.apache.org/spec/#scan-planning. Position deletes are for data
 * of their own and earlier snapshots, equality deletes for earlier ones only; both for their partition.
 */
export function deletesOf(
  data: FileEntry,
  deletes: readonly FileEntry[],
  metadata: TableMetadata,
): FileEntry[] {
  if (data.content !== 'data') throw new IcebergError('BAD_VALUE', `${data.location} is not a data file.`);
  let index = indexes.get(deletes);
  if (!index) {
    index = indexOf(deletes, metadata);
    indexes.set(deletes, index);
  }
  const candidates = [...index.everywhere, ...(index.byPartition.get(partitionKey(data)) ?? [])];
  return candidates.filter((file) =>
    file.content === 'equality-deletes'
      ? data.sequenceNumber < file.sequenceNumber
      : data.sequenceNumber <= file.sequenceNumber && mayName(file, data.location),
  );
}

/** A partition as a text that only equal partitions of one spec share. */
export function partitionKey(file: Pick<FileEntry, 'specId' | 'partition'>): string {
  const values = [...file.partition].toSorted(([left], [right]) => left - right);
  return JSON.stringify([file.specId, ...values.map(([id, value]) => [id, keyOf(value)])]);
}

function indexOf(deletes: readonly FileEntry[], metadata: TableMetadata): DeleteIndex {
  const everywhere: FileEntry[] = [];
  const byPartition = new Map<string, FileEntry[]>();
  for (const file of deletes) {
    if (file.content === 'data') continue;
    const isGlobal =
      file.content === 'equality-deletes' &&
      specOf(metadata, file.specId).fields.every(({ transform }) => transform === 'void');
    if (isGlobal) {
      everywhere.push(file);
      continue;
    }
    const key = partitionKey(file);
    byPartition.set(key, [...(byPartition.get(key) ?? []), file]);
  }
  return { everywhere, byPartition };
}

/** Whether a position-delete file can name a data file, by the file that it says it is about or its bounds. */
function mayName(deletes: FileEntry, location: string): boolean {
  if (deletes.referencedDataFile !== undefined) return deletes.referencedDataFile === location;
  const [lower, upper] = [deletes.lowerBounds?.get(FILE_PATH_ID), deletes.upperBounds?.get(FILE_PATH_ID)];
  const path = Buffer.from(location, 'utf8');
  if (lower && Buffer.compare(path, lower) < 0) return false;
  return !upper || Buffer.compare(path, upper) <= 0;
}

function keyOf(value: PartitionValue): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Object.is(value, -0)) return '-0';
  return `${typeof value}:${value}`;
}
