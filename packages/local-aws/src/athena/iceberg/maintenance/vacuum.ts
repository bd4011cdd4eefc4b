import {
  expireSnapshots,
  reachableFiles,
  type TableFiles,
  type TableMetadata,
} from '../../../iceberg/index.ts';
import { statementError } from '../../engine/StatementError.ts';
import { type CommitRun, commitTable, discard, loadMetadata, type TableId } from '../commit.ts';
import { objectOf, openTableFiles } from '../tableFiles.ts';
import { filesOfOthers } from '../tables/otherTables.ts';
import { maintenanceSettings } from '../tables/tableProperties.ts';

/**
 * Runs VACUUM: drops snapshots that are older than `vacuum_max_snapshot_age_seconds`, but the last
 * `vacuum_min_snapshots_to_keep`; then removes the files that only they reach, metadata files beyond
 * `vacuum_max_metadata_files_to_keep`, and files in the table's folder that no snapshot reaches and that are older than the
 * same age. https://docs.aws.amazon.com/athena/latest/ug/vacuum-statement.html
 *
 * Files that the caller may not remove stay, and the statement succeeds, as the documentation says. So do files of other
 * tables, whose folders may be within the table's.
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
  // RemoveSnapshots in https://github.com/apache/iceberg.
  if (before.properties['gc.enabled']?.toLowerCase() === 'false')
    throw statementError(
      'GENERIC_INTERNAL_ERROR',
      'Cannot expire snapshots: GC is disabled (deleting files may corrupt other tables)',
    );
  let removed: string[] = [];
  const now = clock.now();
  const after = await commitTable(run, table, async (metadata) => {
    const { snapshotsKept, snapshotAgeMs, metadataFilesKept } = maintenanceSettings(metadata.properties);
    const { metadata: expired, unreachable } = await expireSnapshots(files, metadata, {
      olderThanMs: now - snapshotAgeMs,
      keepLast: snapshotsKept,
      now,
    });
    removed = unreachable;
    const log = expired['metadata-log'];
    return {
      metadata:
        log.length <= metadataFilesKept
          ? expired
          : { ...expired, 'metadata-log': log.slice(log.length - metadataFilesKept) },
    };
  });
  const isOfOthers = filesOfOthers(run.runner.catalog, table, after.location);
  const orphans = await unneeded(run, files, table, after, now);
  await discard(
    files,
    [...removed, ...orphans].filter((file) => !isOfOthers(file)),
  );
}

/**
 * Files in the table's folder that it doesn't reach: those that are older than its snapshots may become, and metadata files
 * from before the current one, which no writer is about to commit.
 */
async function unneeded(
  run: CommitRun,
  files: TableFiles,
  table: TableId,
  metadata: TableMetadata,
  now: number,
): Promise<string[]> {
  const { snapshotAgeMs } = maintenanceSettings(metadata.properties);
  // Another writer may have committed meanwhile, also files that were there before.
  const { location: current, metadata: latest } = await loadMetadata(run, files, table);
  const reached = new Set([current, ...(await reachableFiles(files, latest))].map(placeOf));
  const version = metadataVersion(current) ?? 0;
  const found: string[] = [];
  // Files in `write.data.path` are left out: several tables may share that folder.
  for await (const { location, modifiedMs } of files.list(latest.location.replace(/\/+$/, '')))
    if (modifiedMs < now - snapshotAgeMs || (metadataVersion(location) ?? version) < version)
      found.push(location);
  return found.filter((location) => !reached.has(placeOf(location)));
}

/** The number of a metadata file: `metadata/00012-<uuid>.metadata.json`. */
function metadataVersion(location: string): number | undefined {
  const number = /\/metadata\/(\d+)-[^/]+\.metadata\.json$/.exec(location)?.[1];
  return number === undefined ? undefined : Number(number);
}

/** A location without its scheme, which other writers may write as `s3a`. */
function placeOf(location: string): string {
  const place = objectOf(location);
  return place === undefined ? location : `${place.bucket}/${place.key}`;
}
