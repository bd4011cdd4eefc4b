import { CopyObjectCommand, DeleteObjectCommand } from '@aws-sdk/client-s3';
import { copySource } from '../lib/aws/copySource.ts';
import { s3ObjectStore } from '../lib/aws/s3ObjectStore.ts';
import { mapLimit } from '../lib/base/concurrency.ts';
import { defineErrorFamily } from '../lib/base/errors.ts';
import { listObjects } from '../lib/base/ObjectStore.ts';
import { DAY_MS, type UtcDay } from '../lib/base/time.ts';
import { erasures } from '../lib/erase/Manifest.ts';
import { ERASURES_FOLDER } from '../lib/tables/ledgerKeys.ts';
import type { Deployment } from '../observe/deployment.ts';
import { type GoneFiles, goneFiles } from '../observe/facts/days/files/goneFiles.ts';

/** Errors of restoring files. */
export const RestoreError = defineErrorFamily('user', {
  SLUICE_RESTORE_TABLE_UNKNOWN: {
    cause: 'The configuration has no table of this name whose days have files.',
    cure: 'Use a name that `sluice tables` lists as forwarded, curated, ingested or quarantine.',
  },
  SLUICE_RESTORE_ERASING: {
    cause:
      'An erasure is under way, has stopped or has left versions. Rows that it removes must not come back.',
    cure: 'Run the erasure again until nothing is left, then restore: docs/privacy.md.',
  },
});

/** A file that was replaced, and its copy. */
interface CopiedFile {
  /** Key of the file. */
  readonly key: string;
  /** Key of the copy: beside the file that replaced it, or the same key over what is no Parquet. */
  readonly copy: string;
}

/** What is restored. */
export interface RestoreOptions {
  /** Name of a table, or its kind: `events`. */
  readonly table: string;
  /** The days, UTC. */
  readonly days: readonly UtcDay[];
  /** Whether it is only told what would be restored. */
  readonly dryRun: boolean;
}

/** The files of a day that were gone and were brought back, or in a dry run would be. */
export interface RestoredDay {
  /** The day, UTC. */
  readonly day: UtcDay;
  /** The folder of the day's files; null if the ledger knows no version of the day. */
  readonly folder: string | null;
  /** Keys of files that were deleted. */
  readonly deleted: readonly string[];
  /** Files of a raw table in whose place there was another file. */
  readonly replaced: readonly CopiedFile[];
}

/** How many files of a day are brought back in parallel. */
const PARALLEL_FILES = 16;

/**
 * Brings back files of days of a table that are gone, as far as S3 has versions of them.
 *
 * A file that was deleted comes back as it was: its delete markers are removed. A file of a raw table that was replaced
 * is copied beside the file that replaced it, because views count an event once; or over what is no Parquet, which stays
 * as a version. A replaced file of a table with versions is loaded or curated again instead: `sluice ingest`,
 * `sluice curate`. Nothing else is changed, and no present file is removed; a second run finds nothing more to do.
 *
 * No erasure may begin meanwhile: it is looked for once, before the files come back.
 *
 * @returns The days in the order in which they were asked for.
 * @throws RestoreError; EraseError of a record that cannot be read; LedgerError; what the client of S3 throws.
 */
export async function restoreFiles(
  deployment: Deployment,
  { table, days, dryRun }: RestoreOptions,
): Promise<readonly RestoredDay[]> {
  await assertNoErasure(deployment);
  const gone = await goneFiles(deployment, table, days);
  if (gone === null) throw new RestoreError('SLUICE_RESTORE_TABLE_UNKNOWN', `${table}.`);
  if (!dryRun) for (const goneDay of gone) await bringBack(deployment, goneDay);
  return gone.map(({ day, folder, deleted, replaced }) => ({
    day,
    folder,
    deleted: deleted.map(({ key }) => key),
    replaced: replaced.map(({ key, copy }) => ({ key, copy })),
  }));
}

/**
 * Requires that no erasure is under way, has stopped, or has left versions, whose rows a restore could bring back.
 *
 * @throws RestoreError `SLUICE_RESTORE_ERASING`; EraseError of a record that cannot be read.
 */
async function assertNoErasure({ s3, config, now }: Deployment): Promise<void> {
  const store = s3ObjectStore(s3, config.bucket);
  for await (const { key, modifiedAt } of listObjects(store, ERASURES_FOLDER)) {
    // S3 has no versions any more of what was deleted before the last write of this manifest. Expiry runs once a day.
    if (now - modifiedAt > (config.retention.dataVersionDays + 1) * DAY_MS) continue;
    const id = key.slice(ERASURES_FOLDER.length, -'.json'.length);
    const stored = await erasures(store).read(id);
    if (stored === null) continue;
    // `current` is a run that is under way or has stopped. `leftCount` counts versions that the last run has left.
    const { current, runs } = stored.manifest;
    if (current !== undefined || (runs.at(-1)?.leftCount ?? 0) > 0)
      throw new RestoreError('SLUICE_RESTORE_ERASING', `${key}.`);
  }
}

/** Brings back the files of a day. Files that an interrupted run has brought back are not in its lists any more. */
async function bringBack(
  { s3, config: { bucket: Bucket } }: Deployment,
  { deleted, replaced }: GoneFiles,
): Promise<void> {
  await mapLimit(deleted, PARALLEL_FILES, async ({ key: Key, markers }) => {
    // Each ID is of a delete marker. Without its markers the newest version is the file again, and no version is lost:
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManagingDelMarkers.html
    for (const VersionId of markers) await s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
  });
  await mapLimit(replaced, PARALLEL_FILES, async ({ key, copy, versionId }) => {
    const CopySource = copySource(Bucket, key, versionId);
    await s3.send(new CopyObjectCommand({ Bucket, Key: copy, CopySource }));
  });
}
