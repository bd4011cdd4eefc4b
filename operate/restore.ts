import {
  CopyObjectCommand,
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  type ObjectVersion,
} from '@aws-sdk/client-s3';
import { s3ObjectStore } from '../lib/aws/s3ObjectStore.ts';
import { mapLimit } from '../lib/base/concurrency.ts';
import { defineErrorFamily } from '../lib/base/errors.ts';
import { listObjects } from '../lib/base/ObjectStore.ts';
import { DAY_MS, type UtcDay } from '../lib/base/time.ts';
import { erasures } from '../lib/erase/Manifest.ts';
import { forwardedKinds, tableKinds } from '../lib/schema/kinds.ts';
import { curatedSubject, ERASURES_FOLDER } from '../lib/tables/ledgerKeys.ts';
import { dayFolder, RESTORED, versionPrefix } from '../lib/tables/tableFolders.ts';
import type { Deployment } from '../observe/deployment.ts';
import { configuredDatasets, readLedgerDays } from '../observe/facts/days/ledgerDays.ts';

/** Errors of bringing files back. */
export const RestoreError = defineErrorFamily('user', {
  SLUICE_RESTORE_TABLE_UNKNOWN: {
    cause: 'The configuration has no table of this name whose days have files.',
    cure: 'Take a name that `sluice tables` lists as forwarded, curated, ingested or quarantine.',
  },
  SLUICE_RESTORE_ERASING: {
    cause: 'An erasure is under way, has stopped or has left versions: what it takes out must not come back.',
    cure: 'Run the erasure again until nothing is left, then restore: docs/privacy.md.',
  },
});

/** Versions of a key, the newest first. */
interface Versions {
  readonly files: ObjectVersion[];
  /** Version IDs of delete markers. */
  readonly markers: string[];
  isDeleted: boolean;
}

const PARALLEL_DAYS = 4;
const PARALLEL_FILES = 16;

/**
 * Brings back what is gone of days of a table, as far as S3 has versions of it.
 *
 * A file that was deleted comes back as it was: its delete markers are taken away. A file of a raw table that was replaced is
 * copied beside what replaced it, as views count an event once; of tables with versions a new version is made instead. Nothing
 * else is changed, and nothing is taken away: what is there stays, and a second run finds nothing more to do.
 *
 * @param table Its name, or its kind: `events`.
 * @param dryRun Only says what would come back.
 * @returns What was gone of each day, and was brought back; in a dry run would be.
 * @throws RestoreError; what the client of S3 throws.
 */
export async function restoreFiles(
  deployment: Deployment,
  {
    table,
    days,
    dryRun,
  }: { readonly table: string; readonly days: readonly UtcDay[]; readonly dryRun: boolean },
) {
  const folders = await foldersOf(deployment, table, days);
  await assertNoErasure(deployment);
  return mapLimit(folders, PARALLEL_DAYS, async ({ day, folder, isRaw }) => ({
    day,
    /** Where the files of the day are; null if the ledger knows no version of it. */
    folder,
    ...(folder === null
      ? { deleted: [], replaced: [] }
      : await restoreFolder(deployment, { folder, isRaw, dryRun })),
  }));
}

/** The folders that have the files of a table's days: of a table with versions, that of the version that is read. */
async function foldersOf(deployment: Deployment, table: string, days: readonly UtcDay[]) {
  const { config } = deployment;
  const kind = tableKinds.find((one) => one === table || config.tables[one] === table);
  if (kind !== undefined)
    return days.map((day) => ({ day, folder: dayFolder(config, kind, day), isRaw: true }));
  const curated = forwardedKinds.find((one) => config.curatedTables[one] === table);
  const dataset = configuredDatasets(config).find((one) => one.dataset.table === table);
  if (curated === undefined && dataset === undefined)
    throw new RestoreError('SLUICE_RESTORE_TABLE_UNKNOWN', `${table}.`);
  const subjects = days.map((day) =>
    curated === undefined
      ? { source: dataset?.source.name ?? '', dataset: dataset?.dataset.name ?? '', day }
      : curatedSubject(config, curated, day),
  );
  const [known = []] = await readLedgerDays(deployment, [subjects]);
  return known.map(({ day, entry }) => {
    const version = entry?.version;
    const folder = version === undefined ? null : versionPrefix(config, table, day, version);
    return { day, folder, isRaw: false };
  });
}

/** @throws RestoreError while rows that an erasure takes out may be in versions that have not expired. */
async function assertNoErasure({ s3, config, now }: Deployment): Promise<void> {
  const store = s3ObjectStore(s3, config.bucket);
  for await (const { key, modifiedAt } of listObjects(store, ERASURES_FOLDER)) {
    if (now - modifiedAt > (config.retention.dataVersionDays + 1) * DAY_MS) continue;
    const id = key.slice(ERASURES_FOLDER.length, -'.json'.length);
    const stored = await erasures(store).read(id);
    if (stored === null) continue;
    const { current, runs } = stored.manifest;
    if (current !== undefined || (runs.at(-1)?.leftCount ?? 0) > 0)
      throw new RestoreError('SLUICE_RESTORE_ERASING', `${key}.`);
  }
}

async function restoreFolder(
  { s3, config: { bucket: Bucket } }: Deployment,
  { folder, isRaw, dryRun }: { readonly folder: string; readonly isRaw: boolean; readonly dryRun: boolean },
) {
  const versions = await readVersions({ s3, Bucket }, folder);
  const deleted = [...versions].filter(([, { isDeleted, files }]) => isDeleted && files.length > 0);
  const replaced = isRaw ? replacedFiles(versions) : [];
  if (!dryRun) {
    await mapLimit(deleted, PARALLEL_FILES, async ([Key, { markers }]) => {
      // Of these IDs none is a version of a file: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManagingDelMarkers.html
      for (const VersionId of markers) await s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
    });
    await mapLimit(replaced, PARALLEL_FILES, async ({ key, copy, versionId }) => {
      const path = `${Bucket}/${key}`.split('/').map(encodeURIComponent).join('/');
      const CopySource = `${path}?versionId=${versionId}`;
      await s3.send(new CopyObjectCommand({ Bucket, Key: copy, CopySource }));
    });
  }
  return {
    /** Keys of files that were deleted. */
    deleted: deleted.map(([key]) => key),
    /** Files of a raw table in whose place there was another, and their copies beside it. */
    replaced: replaced.map(({ key, copy }) => ({ key, copy })),
  };
}

/**
 * Files in whose place there is another, and that have no copy beside it. The writer never writes a key twice, so the oldest
 * version is its own.
 */
function replacedFiles(versions: ReadonlyMap<string, Versions>) {
  return [...versions].flatMap(([key, { files }]) => {
    const [there] = files;
    const own = files.at(-1);
    const copy = key.replace(/[^/]*$/, `${RESTORED}$&`);
    if (own?.VersionId === undefined || own.ETag === there?.ETag) return [];
    if (key.includes(`/${RESTORED}`) || (versions.get(copy)?.files.length ?? 0) > 0) return [];
    return [{ key, copy, versionId: own.VersionId }];
  });
}

/** All versions below a folder, by key. @throws What the client of S3 throws. */
async function readVersions(
  { s3, Bucket }: Pick<Deployment, 's3'> & { readonly Bucket: string },
  Prefix: string,
): Promise<ReadonlyMap<string, Versions>> {
  const versions = new Map<string, Versions>();
  const of = (key: string) => {
    const known = versions.get(key) ?? { files: [], markers: [], isDeleted: false };
    versions.set(key, known);
    return known;
  };
  let after: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {};
  for (;;) {
    const answer = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix, ...after }));
    for (const file of answer.Versions ?? []) of(file.Key ?? '').files.push(file);
    for (const { Key = '', VersionId = '', IsLatest = false } of answer.DeleteMarkers ?? []) {
      const known = of(Key);
      known.markers.push(VersionId);
      known.isDeleted ||= IsLatest;
    }
    if (answer.IsTruncated !== true) return versions;
    after = { KeyMarker: answer.NextKeyMarker, VersionIdMarker: answer.NextVersionIdMarker };
  }
}
