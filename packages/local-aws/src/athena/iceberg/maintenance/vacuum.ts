import {
  expireSnapshots,
  reachableFiles,
  type TableFiles,
  type TableMetadata,
} from '../../../iceberg/index.ts';
import { statementError } from '../../engine/StatementError.ts';
import { type CommitRun, commitTable, discard, loadMetadata, type TableId } from '../commit.ts';
import { objectOf, openTableFiles } from '../tableFiles.ts';
import { maintenanceSettings } from '../tables/tableProperties.ts';

/**
 * Runs VACUUM: drops snapshots that are older than `vacuum_max_snapshot_age_seconds`, but the last
 * `vacuum_min_snapshots_to_keep`; then removes the files that only they reach, metadata files beyond
 * `vacuum_max_metadata_files_to_keep`, and files in the table's folder that no snapshot reaches and that are older than the
 * same age. https://docs.aws.amazon.com/athena/latest/ug/vacuum-statement.html
 *
 * Files that the caller may not remove stay, and the statement succeeds, as the documentation says.
 */
export async function vacuum(run: CommitRun, table: TableId): Promise<void> {
  const { store, clock } = run.runner;
  const files = openTableFiles({ store, onCall: run.context.onCall });
  const { metadata: before } = await loadMetadata(run, files, table);
  if (objectOf(before.location)?.key === '')
    throw statementError(
      'GENERIC_INTERNAL_ERROR',
      `Path missing in file system location: ${before.location}`,
    );
  let removed: string[] = [];
  const now = clock.now();
  const after = await commitTable(run, table, async (metadata) => {
    const { snapshotsKept, snapshotAgeMs } = maintenanceSettings(metadata.properties);
    const { metadata: expired, unreachable } = await expireSnapshots(files, metadata, {
      olderThanMs: now - snapshotAgeMs,
      keepLast: snapshotsKept,
      now,
    });
    const kept = withoutOldMetadata(expired);
    removed = unreachable;
    // Nothing to drop: the table keeps its metadata file.
    const isSame =
      kept.snapshots.length === metadata.snapshots.length &&
      kept['metadata-log'].length === metadata['metadata-log'].length;
    return { metadata: isSame ? metadata : kept };
  });
  await discard(files, removed);
  await discard(files, await orphans(run, files, table, after, now));
}

function withoutOldMetadata(metadata: TableMetadata): TableMetadata {
  const log = metadata['metadata-log'];
  const { metadataFilesKept } = maintenanceSettings(metadata.properties);
  return log.length <= metadataFilesKept
    ? metadata
    : { ...metadata, 'metadata-log': log.slice(log.length - metadataFilesKept) };
}

/** Files in the table's folder that it doesn't reach, older than its snapshots may become. */
async function orphans(
  run: CommitRun,
  files: TableFiles,
  table: TableId,
  metadata: TableMetadata,
  now: number,
): Promise<string[]> {
  const { snapshotAgeMs } = maintenanceSettings(metadata.properties);
  const found: string[] = [];
  for await (const { location, modifiedMs } of files.list(metadata.location))
    if (modifiedMs < now - snapshotAgeMs) found.push(location);
  if (found.length === 0) return [];
  // Another writer may have committed meanwhile. What it added is younger, but it may have added what was there before.
  const { location, metadata: current } = await loadMetadata(run, files, table);
  const reached = await reachableFiles(files, current);
  for (const own of await reachableFiles(files, metadata)) reached.add(own);
  reached.add(location);
  return found.filter((orphan) => !reached.has(orphan));
}
