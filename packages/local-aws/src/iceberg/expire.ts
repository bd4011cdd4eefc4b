import { z } from 'zod';
import { readManifest, readManifestList } from './manifests.ts';
import { assertWritable, snapshotOf } from './metadata.ts';
import type { Snapshot, TableFiles, TableMetadata } from './model.ts';

/** Files of statistics (Puffin): https://iceberg.apache.org/spec/#table-statistics. */
const statisticsSchema = z.array(
  z.looseObject({
    'snapshot-id': z.union([z.bigint(), z.int()]).transform(BigInt),
    'statistics-path': z.string(),
  }),
);
const STATISTICS = ['statistics', 'partition-statistics'] as const;
type WithStatistics = TableMetadata & { readonly [name in (typeof STATISTICS)[number]]?: unknown };

/**
 * Drops snapshots of `main` that are older than a time, but the last `keepLast`, and snapshots of other branches by
 * their own settings: https://iceberg.apache.org/spec/#snapshot-retention-policy. Settings of `main` itself win over
 * the options. Tags and branches that are older than their `max-ref-age-ms`, or the table's
 * `history.expire.max-ref-age-ms`, go, too. `unreachable` are the files that only dropped snapshots reach: to be
 * removed after the commit, not if the commit is lost.
 */
export async function expireSnapshots(
  files: TableFiles,
  metadata: TableMetadata,
  options: { readonly olderThanMs: number; readonly keepLast: number; readonly now: number },
): Promise<{ metadata: TableMetadata; unreachable: string[] }> {
  assertWritable(metadata);
  const maxRefAge = Number(metadata.properties['history.expire.max-ref-age-ms'] ?? Number.POSITIVE_INFINITY);
  const refs = Object.entries(metadata.refs).filter(([name, ref]) => {
    const head = snapshotOf(metadata, ref['snapshot-id']);
    const maxAge = ref['max-ref-age-ms'] ?? maxRefAge;
    return name === 'main' || (head !== undefined && options.now - head['timestamp-ms'] <= maxAge);
  });
  const retained = new Set<bigint>();
  const referenced = new Set<bigint>();
  for (const [, ref] of refs) {
    const ancestors = ancestorsOf(metadata, ref['snapshot-id']);
    const own = ref.type === 'tag' ? ancestors.slice(0, 1) : ancestors;
    for (const { 'snapshot-id': id } of own) referenced.add(id);
    const age = ref['max-snapshot-age-ms'];
    const olderThan = age === undefined ? options.olderThanMs : options.now - age;
    const keep = Math.max(1, ref.type === 'tag' ? 1 : (ref['min-snapshots-to-keep'] ?? options.keepLast));
    const oldest = ancestors.findIndex(
      (snapshot, index) => index >= keep && (ref.type === 'tag' || snapshot['timestamp-ms'] < olderThan),
    );
    const kept = oldest < 0 ? ancestors : ancestors.slice(0, oldest);
    for (const { 'snapshot-id': id } of kept) retained.add(id);
  }
  // Snapshots that no branch has, staged ones for example, go by their age, as RemoveSnapshots in https://github.com/apache/iceberg.
  for (const snapshot of metadata.snapshots) {
    const id = snapshot['snapshot-id'];
    if (!referenced.has(id) && snapshot['timestamp-ms'] >= options.olderThanMs) retained.add(id);
  }
  const isKept = (id: bigint) => retained.has(id);
  const expired = metadata.snapshots.filter((snapshot) => !isKept(snapshot['snapshot-id']));
  if (expired.length === 0 && refs.length === Object.keys(metadata.refs).length) {
    return { metadata, unreachable: [] };
  }
  const remaining: TableMetadata = {
    ...metadata,
    ...Object.fromEntries(
      STATISTICS.flatMap((name) => {
        const all = (metadata as WithStatistics)[name];
        if (all === undefined) return [];
        const kept = statisticsSchema.parse(all).filter((file) => isKept(file['snapshot-id']));
        return [[name, kept]];
      }),
    ),
    'last-updated-ms': Math.max(options.now, metadata['last-updated-ms']),
    refs: Object.fromEntries(refs),
    snapshots: metadata.snapshots.filter((snapshot) => isKept(snapshot['snapshot-id'])),
    'snapshot-log': logAfter(metadata['snapshot-log'], isKept),
  };
  const reachable = await filesOf(files, remaining, remaining.snapshots);
  const old = await filesOf(files, metadata, expired, 'with deleted entries');
  return { metadata: remaining, unreachable: [...old.difference(reachable)] };
}

/**
 * Every file that the table reaches: data, deletes, manifests, manifest lists, statistics and the metadata files of the log.
 * The current metadata file isn't among them: only the catalog knows where it is.
 */
export async function reachableFiles(files: TableFiles, metadata: TableMetadata): Promise<Set<string>> {
  const reached = await filesOf(files, metadata, metadata.snapshots);
  for (const { 'metadata-file': location } of metadata['metadata-log']) reached.add(location);
  return reached;
}

/** The files of some snapshots, each manifest read once, and the table's statistics. */
async function filesOf(
  files: TableFiles,
  metadata: TableMetadata,
  snapshots: readonly Snapshot[],
  withDeleted?: 'with deleted entries',
): Promise<Set<string>> {
  const reached = new Set<string>();
  for (const snapshot of snapshots) {
    reached.add(snapshot['manifest-list']);
    for (const manifest of await readManifestList(files, snapshot)) {
      if (reached.has(manifest.location)) continue;
      reached.add(manifest.location);
      for (const { status, file } of await readManifest(files, metadata, manifest)) {
        if (status !== 'deleted' || withDeleted) reached.add(file.location);
      }
    }
  }
  for (const name of STATISTICS) {
    const all = statisticsSchema.safeParse((metadata as WithStatistics)[name]);
    for (const { 'statistics-path': location } of all.data ?? []) reached.add(location);
  }
  return reached;
}

/** A snapshot and those before it, newest first, as far as they are there. */
function ancestorsOf(metadata: TableMetadata, id: bigint): Snapshot[] {
  const found: Snapshot[] = [];
  const byId = new Map(metadata.snapshots.map((snapshot) => [snapshot['snapshot-id'], snapshot]));
  for (let next = byId.get(id); next; ) {
    found.push(next);
    const parent = next['parent-snapshot-id'];
    next = parent === undefined || found.length >= byId.size ? undefined : byId.get(parent);
  }
  return found;
}

/** The log after the last snapshot that doesn't exist any more: the snapshots that were current before are unknown. */
function logAfter(
  log: TableMetadata['snapshot-log'],
  isKept: (id: bigint) => boolean,
): TableMetadata['snapshot-log'] {
  const last = log.findLastIndex((entry) => !isKept(entry['snapshot-id']));
  return log.slice(last + 1);
}
