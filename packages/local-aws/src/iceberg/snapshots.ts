import { randomBytes, randomUUID } from 'node:crypto';
import { IcebergError } from './IcebergError.ts';
import {
  type Manifest,
  type ManifestEntry,
  readManifest,
  readManifestList,
  writeManifest,
  writeManifestList,
} from './manifests.ts';
import { assertWritable, metadataFolder, snapshotOf, specOf } from './metadata.ts';
import type { FileEntry, Snapshot, SnapshotChange, TableFiles, TableMetadata } from './model.ts';
import { hasLive, partitionKey } from './scan.ts';

/** Java's `commit.manifest.min-count-to-merge` and `commit.manifest.target-size-bytes`. */
const MIN_COUNT_TO_MERGE = 100;
const MANIFEST_TARGET_BYTES = 8 * 1024 * 1024;

/** A snapshot on its way. */
interface Writing {
  readonly files: TableFiles;
  readonly metadata: TableMetadata;
  readonly id: bigint;
  readonly sequenceNumber: bigint;
  /** ID of this attempt, for the names of its files. */
  readonly uuid: string;
  readonly written: string[];
}

/**
 * Writes the manifests and the manifest list of a new snapshot on `main` and returns the changed metadata, which isn't
 * written yet, and the files written, to be removed when the commit is lost. When it throws, it has removed them. Manifests
 * with removed files are written again; small ones are merged from 100 on (`commit.manifest.min-count-to-merge`). Throws
 * `COMMIT_CONFLICT` where a file to remove isn't there.
 *
 * @param at The time in milliseconds and an ID from `newSnapshotId`.
 */
export async function applySnapshot(
  files: TableFiles,
  metadata: TableMetadata,
  change: SnapshotChange,
  at: { readonly now: number; readonly snapshotId: bigint },
): Promise<{ metadata: TableMetadata; written: string[] }> {
  assertWritable(metadata);
  const writing: Writing = {
    files,
    metadata,
    id: at.snapshotId,
    sequenceNumber: metadata['last-sequence-number'] + 1n,
    uuid: randomUUID(),
    written: [],
  };
  try {
    return { metadata: await withSnapshot(writing, change, at.now), written: writing.written };
  } catch (error) {
    await Promise.all(writing.written.map((location) => files.remove(location)));
    throw error;
  }
}

/** A random positive snapshot ID that the table doesn't have. */
export function newSnapshotId(metadata: TableMetadata): bigint {
  for (;;) {
    const id = randomBytes(8).readBigUInt64LE() >> 1n;
    if (id > 0n && snapshotOf(metadata, id) === undefined) return id;
  }
}

async function withSnapshot(writing: Writing, change: SnapshotChange, now: number): Promise<TableMetadata> {
  const { files, metadata, id, sequenceNumber } = writing;
  const parent = snapshotOf(metadata);
  const before = parent ? await readManifestList(files, parent) : [];
  const removed: FileEntry[] = [];
  const kept = await withoutRemoved(writing, before.filter(hasLive), change, removed);
  const added = change.added.map((file) => ({
    ...file,
    sequenceNumber: file.sequenceNumber ?? sequenceNumber,
    fileSequenceNumber: sequenceNumber,
    snapshotId: id,
  }));
  const manifests = await merged(writing, [...(await addedManifests(writing, added)), ...kept]);
  const list = `${metadataFolder(metadata)}/snap-${id}-1-${writing.uuid}.avro`;
  writing.written.push(list);
  const parentId = parent?.['snapshot-id'];
  await writeManifestList(files, list, manifests, { id, parentId, sequenceNumber });
  const timestamp = Math.max(now, metadata['last-updated-ms']);
  const snapshot: Snapshot = {
    'snapshot-id': id,
    ...(parentId !== undefined && { 'parent-snapshot-id': parentId }),
    'sequence-number': sequenceNumber,
    'timestamp-ms': timestamp,
    'manifest-list': list,
    summary: { operation: change.operation, ...change.summary, ...summaryOf(added, removed, parent) },
    'schema-id': metadata['current-schema-id'],
  };
  return {
    ...metadata,
    'last-sequence-number': sequenceNumber,
    'last-updated-ms': timestamp,
    'current-snapshot-id': id,
    snapshots: [...metadata.snapshots, snapshot],
    'snapshot-log': [...metadata['snapshot-log'], { 'timestamp-ms': timestamp, 'snapshot-id': id }],
    refs: {
      ...metadata.refs,
      main: { ...(metadata.refs['main'] ?? { type: 'branch' }), 'snapshot-id': id },
    },
  };
}

/** The earlier manifests. Manifests with files to remove are written again; the removed files get into `removed`. */
async function withoutRemoved(
  writing: Writing,
  manifests: readonly Manifest[],
  change: SnapshotChange,
  removed: FileEntry[],
): Promise<Manifest[]> {
  const locations = new Set([...(change.removed ?? []), ...(change.unneeded ?? [])]);
  if (locations.size === 0) return [...manifests];
  const result: Manifest[] = [];
  const missing = new Set(change.removed);
  for (const manifest of manifests) {
    const entries = await readManifest(writing.files, writing.metadata, manifest);
    const live = entries.filter(({ status }) => status !== 'deleted');
    const gone = live.filter(({ file }) => locations.has(file.location));
    if (gone.length === 0) {
      result.push(manifest);
      continue;
    }
    for (const { file } of gone) {
      missing.delete(file.location);
      removed.push(file);
    }
    const rewritten = live.map(({ file }): ManifestEntry => {
      return locations.has(file.location)
        ? { status: 'deleted', file: { ...file, snapshotId: writing.id } }
        : { status: 'existing', file };
    });
    result.push(await manifestOf(writing, manifest, rewritten));
  }
  const [lost] = missing;
  if (lost !== undefined) {
    throw new IcebergError(
      'COMMIT_CONFLICT',
      `${lost} is not in the table any more (${missing.size} files).`,
    );
  }
  return result;
}

/** New manifests of added files: one for each partition spec, data and deletes apart. */
async function addedManifests(writing: Writing, added: readonly FileEntry[]): Promise<Manifest[]> {
  const groups = Map.groupBy(
    added,
    (file) => `${file.content === 'data' ? 'data' : 'deletes'} ${file.specId}`,
  );
  const manifests: Manifest[] = [];
  for (const [first, ...others] of groups.values() as Iterable<[FileEntry, ...FileEntry[]]>) {
    const content = first.content === 'data' ? 'data' : 'deletes';
    const entries = [first, ...others].map((file): ManifestEntry => ({ status: 'added', file }));
    specOf(writing.metadata, first.specId);
    manifests.push(await manifestOf(writing, { specId: first.specId, content }, entries));
  }
  return manifests;
}

/**
 * Manifests with small ones merged, so that their number is bounded: as Java's ManifestMergeManager, packed from the end,
 * the pack with the newest only from so many manifests on.
 */
async function merged(writing: Writing, manifests: readonly Manifest[]): Promise<Manifest[]> {
  const { properties } = writing.metadata;
  if (properties['commit.manifest-merge.enabled'] === 'false') return [...manifests];
  const minCount = Number(properties['commit.manifest.min-count-to-merge'] ?? MIN_COUNT_TO_MERGE);
  const target = BigInt(properties['commit.manifest.target-size-bytes'] ?? MANIFEST_TARGET_BYTES);
  const groups = Map.groupBy(manifests, ({ content, specId }) => `${content} ${specId}`);
  const result: Manifest[] = [];
  for (const group of groups.values()) {
    for (const [index, pack] of packsOf(group, target).entries()) {
      const [first] = pack;
      if (!first || pack.length === 1 || (index === 0 && pack.length < minCount)) {
        result.push(...pack);
        continue;
      }
      const entries: ManifestEntry[] = [];
      for (const manifest of pack) {
        for (const entry of await readManifest(writing.files, writing.metadata, manifest)) {
          const isOfThis = entry.file.snapshotId === writing.id && manifest.addedSnapshotId === writing.id;
          // Files that earlier snapshots deleted are left out.
          if (isOfThis) entries.push(entry);
          else if (entry.status !== 'deleted') entries.push({ status: 'existing', file: entry.file });
        }
      }
      result.push(await manifestOf(writing, first, entries));
    }
  }
  // Manifests of this attempt that were merged right away.
  const named = new Set(result.map(({ location }) => location));
  const unused = writing.written.filter((location) => !named.has(location));
  await Promise.all(unused.map((location) => writing.files.remove(location)));
  writing.written.splice(
    0,
    writing.written.length,
    ...writing.written.filter((location) => named.has(location)),
  );
  return result;
}

/** Packs of at most a size in bytes, filled from the end. */
function packsOf(manifests: readonly Manifest[], target: bigint): Manifest[][] {
  const packs: Manifest[][] = [];
  let size = 0n;
  for (const manifest of manifests.toReversed()) {
    const pack = packs[0];
    if (pack && size + manifest.length <= target) {
      pack.unshift(manifest);
      size += manifest.length;
    } else {
      packs.unshift([manifest]);
      size = manifest.length;
    }
  }
  return packs;
}

async function manifestOf(
  writing: Writing,
  { specId, content }: Pick<Manifest, 'specId' | 'content'>,
  entries: readonly ManifestEntry[],
): Promise<Manifest> {
  const { files, metadata, id, sequenceNumber, uuid, written } = writing;
  const location = `${metadataFolder(metadata)}/${uuid}-m${written.length}.avro`;
  written.push(location);
  return writeManifest(files, metadata, location, entries, { id, sequenceNumber, specId, content });
}

/** The figures of a snapshot's summary: https://iceberg.apache.org/spec/#metrics. Zeros are left out but for totals. */
function summaryOf(
  added: readonly FileEntry[],
  removed: readonly FileEntry[],
  parent: Snapshot | undefined,
): Record<string, string> {
  const plus = figuresOf(added);
  const minus = figuresOf(removed);
  const changed = {
    'added-data-files': plus.dataFiles,
    'deleted-data-files': minus.dataFiles,
    'added-delete-files': plus.positionFiles,
    'removed-delete-files': minus.positionFiles,
    'added-position-delete-files': plus.positionFiles,
    'removed-position-delete-files': minus.positionFiles,
    'added-records': plus.records,
    'deleted-records': minus.records,
    'added-files-size': plus.size,
    'removed-files-size': minus.size,
    'added-position-deletes': plus.positions,
    'removed-position-deletes': minus.positions,
    'changed-partition-count': BigInt(new Set([...added, ...removed].map(partitionKey)).size),
  };
  const totals = {
    'total-records': plus.records - minus.records,
    'total-files-size': plus.size - minus.size,
    'total-data-files': plus.dataFiles - minus.dataFiles,
    'total-delete-files': plus.positionFiles - minus.positionFiles,
    'total-position-deletes': plus.positions - minus.positions,
    'total-equality-deletes': 0n,
  };
  const shown = Object.entries(changed).filter(([, count]) => count !== 0n);
  const sums = Object.entries(totals).flatMap(([name, difference]) => {
    const last = parent ? parent.summary[name] : '0';
    // Another writer may have left a total out: then nobody knows it any more.
    return last !== undefined && /^\d+$/.test(last) ? [[name, BigInt(last) + difference] as const] : [];
  });
  return Object.fromEntries([...shown, ...sums].map(([name, count]) => [name, String(count)]));
}

function figuresOf(files: readonly FileEntry[]) {
  const of = (content: FileEntry['content']) => files.filter((file) => file.content === content);
  const rows = (some: readonly FileEntry[]) => some.reduce((sum, file) => sum + file.recordCount, 0n);
  const [data, positions] = [of('data'), of('position-deletes')];
  return {
    dataFiles: BigInt(data.length),
    positionFiles: BigInt(positions.length),
    records: rows(data),
    positions: rows(positions),
    size: files.reduce((sum, file) => sum + file.sizeBytes, 0n),
  };
}
