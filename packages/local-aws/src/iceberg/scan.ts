import { IcebergError } from './IcebergError.ts';
import { type Manifest, readManifest, readManifestList } from './manifests.ts';
import type { FileEntry, PartitionValue, Snapshot, TableFiles, TableMetadata } from './model.ts';

/** The column `file_path` of position-delete files: https://iceberg.apache.org/spec/#reserved-field-ids. */
const FILE_PATH_ID = 2147483546;

/** Delete files by the partition that they are of. */
const indexes = new WeakMap<readonly FileEntry[], ReadonlyMap<string, readonly FileEntry[]>>();

/**
 * The live data and delete files of a snapshot, in the order of its manifests. Throws `UNSUPPORTED` for deletion vectors
 * (Puffin), for deletes by equality and for snapshots of version 1 that have no manifest list.
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
 * The files of deleted positions that apply to a data file: files of its partition, of its own and later snapshots.
 * https://iceberg.apache.org/spec/#scan-planning
 */
export function deletesOf(data: FileEntry, deletes: readonly FileEntry[]): FileEntry[] {
  if (data.content !== 'data') throw new IcebergError('BAD_VALUE', `${data.location} is not a data file.`);
  let index = indexes.get(deletes);
  if (!index) {
    index = Map.groupBy(deletes, partitionKey);
    indexes.set(deletes, index);
  }
  return (index.get(partitionKey(data)) ?? []).filter(
    (file) => data.sequenceNumber <= file.sequenceNumber && mayName(file, data.location),
  );
}

/** A partition as a text that only equal partitions of one spec share. */
export function partitionKey(file: Pick<FileEntry, 'specId' | 'partition'>): string {
  const values = [...file.partition].toSorted(([left], [right]) => left - right);
  return JSON.stringify([file.specId, ...values.map(([id, value]) => [id, keyOf(value)])]);
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
