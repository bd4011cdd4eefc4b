import { mapLimit } from '../../../../lib/base/concurrency.ts';
import { addDays, HOUR_MS, isoHour, type UtcDay, utcDay } from '../../../../lib/base/time.ts';
import { footerRows } from '../../../../lib/parquet/format/parquetFooter.ts';
import { hourStart, type ReceivedHour } from '../../../../lib/reconcile/receivedHours.ts';
import { DIRECT_FOLDER, LANDING_FOLDER } from '../../../../lib/tables/objectKeys.ts';
import type { Deployment } from '../../../deployment.ts';
import type { LostRawDay } from '../../tables/partitionGaps.ts';
import type { CurationState } from '../curationState.ts';
import type { DatasetDays, DropDay } from '../dropDays.ts';
import { FOOTER_BYTES, readEnd, readVersions } from './fileVersions.ts';
import { type GoneFiles, type GoneReaders, goneFiles, PARALLEL } from './goneFiles.ts';

/** The most days of a table whose versions are looked at, the newest. */
const MOST_DAYS = 100;
/** Footers that are read in parallel. */
const PARALLEL_FOOTERS = 8;

/** What is known of days that lost files, and of hours that lost objects; null: unknown. */
export interface LostFacts {
  /** Hours as the nights have judged them. */
  readonly receivedHours?: readonly ReceivedHour[] | null;
  /** Days of raw tables of which files are gone. */
  readonly lostDays: readonly Pick<LostRawDay, 'table' | 'day'>[] | null;
  /** Curated tables. */
  readonly curated: readonly Pick<CurationState, 'kind' | 'table' | 'kept' | 'lacking'>[] | null;
  /** Datasets. */
  readonly datasets: readonly Pick<DatasetDays, 'table' | 'lacking'>[] | null;
  /** Exports with their days. */
  readonly exports:
    | readonly { readonly table: string; readonly days: readonly Pick<DropDay, 'day' | 'kept'>[] }[]
    | null;
}

/**
 * A day of a table whose finding has `restore` as its cure, and how many files that would bring back; or a folder of the landing whose
 * objects are to be copied back, and of how many there are versions.
 */
export interface RestorableDay {
  /** The name of a table, or one of {@link hourFolders} or {@link landingFolders}. */
  readonly table: string;
  /** The day, UTC. */
  readonly day: UtcDay;
  /** Number of files that a restore would bring back. */
  readonly files: number;
  /** Rows of those of a raw table that were deleted; absent if that is not known, and of all else. */
  readonly rows?: number;
  /** When the first of those that were deleted was, ISO 8601; absent without such, and of the landing. */
  readonly deletedAt?: string;
}

/**
 * The folders of the landing that may have had objects of a received hour. The stream names an object by the time at which its oldest
 * record arrived, which may be before the hour.
 * https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html
 */
export function hourFolders(row: Pick<ReceivedHour, 'ds' | 'hour'>): readonly string[] {
  const start = hourStart(row);
  return [streamFolder(start), streamFolder(start - HOUR_MS), `${DIRECT_FOLDER}${row.ds}/`];
}

/** The folder of the stream's objects of an hour, by its start in epoch milliseconds. */
function streamFolder(hour: number): string {
  return `${LANDING_FOLDER}${isoHour(hour).replaceAll(/[-T]/g, '/')}/`;
}

/**
 * The folders of the landing from whose versions the rows of a raw day can be written again: most rows of a day are received on it or on
 * the next. Empty once S3 has deleted the versions of both, at the latest a day after `retention.landingVersionDays`.
 */
export function landingFolders(
  day: UtcDay,
  { config: { retention }, now }: Pick<Deployment, 'config' | 'now'>,
): readonly string[] {
  const oldest = addDays(utcDay(now), -retention.landingVersionDays - 1);
  return [day, addDays(day, 1)]
    .filter((received) => received >= oldest && received <= utcDay(now))
    .flatMap((received) => [
      `${LANDING_FOLDER}${received.replaceAll('-', '/')}/`,
      `${DIRECT_FOLDER}${received}/`,
    ]);
}

/** Looks at the versions of what is lost: an erasure may have taken them. @throws What the client of S3 throws. */
export async function restorableDays(
  deployment: GoneReaders,
  { lostDays, curated, datasets, exports, receivedHours }: LostFacts,
): Promise<readonly RestorableDay[]> {
  const { tables } = deployment.config;
  const lacking = [...(curated ?? []), ...(datasets ?? [])].flatMap((table) =>
    table.lacking.flatMap(({ day, isOnly }) => (isOnly ? [{ table: table.table, day }] : [])),
  );
  const kept = (curated ?? []).flatMap((table) =>
    table.kept.map(({ day }) => ({ table: tables[table.kind], day })),
  );
  const exported = (exports ?? []).flatMap(({ table, days }) =>
    days.flatMap((exportedDay) => (exportedDay.kept > 0 ? [{ table, day: exportedDay.day }] : [])),
  );
  const raw = (lostDays ?? []).map(({ table, day }) => ({ table: tables[table], day }));
  const found: RestorableDay[] = [];
  let footers = MOST_FOOTERS;
  for (const [table, lost] of Map.groupBy(
    [...raw, ...kept, ...lacking, ...exported],
    (lostDay) => lostDay.table,
  )) {
    const days = [...new Set(lost.map(({ day }) => day))].sort().reverse().slice(0, MOST_DAYS);
    for (const { day, deleted, replaced, isRaw } of (await goneFiles(deployment, table, days)) ?? []) {
      const isCounted = isRaw && deleted.length > 0 && deleted.length <= footers;
      if (isCounted) footers -= deleted.length;
      const rows = isCounted ? await deletedRows(deployment, deleted) : null;
      const [deletedAt] = deleted.flatMap((file) => file.deletedAt ?? []).sort();
      found.push({
        table,
        day,
        files: deleted.length + replaced.length,
        ...(rows === null ? {} : { rows }),
        ...(deletedAt === undefined ? {} : { deletedAt }),
      });
    }
  }
  const short = (receivedHours ?? []).filter(({ state }) => state === 'short');
  const withoutVersions = raw.filter(({ table, day }) =>
    found.some((other) => other.table === table && other.day === day && other.files === 0),
  );
  const landings = [
    ...short.flatMap((row) => hourFolders(row).map((table) => ({ table, day: row.ds }))),
    ...[...new Set(withoutVersions.map(({ day }) => day))].flatMap((day) =>
      landingFolders(day, deployment).map((table) => ({ table, day })),
    ),
  ];
  // Hours of a day have the same direct folder.
  const folders = new Map(landings.map((folder) => [`${folder.table} ${folder.day}`, folder]));
  const landed = await mapLimit([...folders.values()], PARALLEL, async (folder) => {
    const versions = [...(await readVersions(deployment, folder.table)).values()];
    return { ...folder, files: versions.filter(({ files }) => files.length > 0).length };
  });
  return [...found, ...landed];
}

/** The most deleted files whose footers are read, of all days. */
const MOST_FOOTERS = 100;
/** Rows of deleted files, by their footers; null if a footer cannot be read. */
async function deletedRows(
  deployment: Pick<GoneReaders, 's3' | 'config'>,
  deleted: GoneFiles['deleted'],
): Promise<number | null> {
  const rows = await mapLimit(deleted, PARALLEL_FOOTERS, async ({ key, last: { VersionId } }) => {
    try {
      return footerRows((await readEnd(deployment, { key, VersionId, bytes: FOOTER_BYTES })) ?? Buffer.of());
    } catch {
      // It is no Parquet, has a longer footer, or may not be read: the finding says how many files there were.
      return null;
    }
  });
  return rows.reduce((sum, more) => (sum === null || more === null ? null : sum + more), 0);
}
