import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import { mapLimit } from '../../../lib/base/concurrency.ts';
import { listObjects } from '../../../lib/base/ObjectStore.ts';
import { qualifiedName } from '../../../lib/base/sql.ts';
import { daysBetween, isoTimestamp, type UtcDay, utcDay } from '../../../lib/base/time.ts';
import { isDataFile } from '../../../lib/tables/objectKeys.ts';
import { askAthena, type Deployment } from '../../deployment.ts';
import { ALWAYS, daysUnder } from './partitionGaps.ts';
import { readPartitions, type TableSummary, TablesError } from './tables.ts';

/**
 * The state of a day of a table:
 *
 * - `filled`: registered, with files.
 * - `empty`: registered, and its location has no files. Days are registered ahead, so today's and later ones are `ahead`.
 * - `unregistered`: the day's folder has files, and no partition shows them.
 * - `gap`: neither, between the first and the last day with files.
 */
export type DayState = 'filled' | 'ahead' | 'empty' | 'unregistered' | 'gap';

/** A day of a table. */
export interface TableDay {
  /** The day, UTC. */
  readonly day: UtcDay;
  /** Whether it is registered, and has files. */
  readonly state: DayState;
  /** Rows of the registered files, 0 of a `gap`; null when rows were not asked for, and of a day that is `unregistered`. */
  readonly rows: number | null;
  /** Number of files. */
  readonly files: number;
  /** Bytes of the files. */
  readonly bytes: number;
  /** Time at which the newest file was written, ISO 8601; null without files. */
  readonly lastModified: string | null;
  /** Location of the partition, or of the day's folder if there is no partition: `s3://…`. */
  readonly location: string;
}

/** A table's calendar. */
export interface TableDays {
  /** Name of the table. */
  readonly table: string;
  /** The newest day first. */
  readonly days: readonly TableDay[];
  /** First day of all with files or a partition, whatever is listed; null when there is none. */
  readonly first: UtcDay | null;
  /** Last day of all with files or a partition, whatever is listed; null when there is none. */
  readonly last: UtcDay | null;
  /** Whether there are earlier days. */
  readonly hasMore: boolean;
  /** Bytes that Athena read to count the rows. */
  readonly scannedBytes: number;
}

/** Days of the longest list: more than a year. */
export const MOST_DAYS = 400;
/** Days of a list that asks for no number. */
const USUAL_DAYS = 60;
/** Folders that are listed in parallel. */
const PARALLEL = 8;

/**
 * The calendar of a table: its days with rows, files and bytes, gaps included.
 *
 * @param options `limit`: days at most; default 60, at most {@link MOST_DAYS}. `countRows`: whether rows are counted, which is
 *   a query.
 * @throws TablesError; ObserveError; what the clients of AWS throw.
 */
export async function listTableDays(
  deployment: Deployment,
  table: TableSummary,
  { limit = USUAL_DAYS, countRows }: { readonly limit?: number | undefined; readonly countRows: boolean },
): Promise<TableDays> {
  if (!table.hasDays || table.location === null)
    throw new TablesError('SLUICE_TABLES_NO_DAYS', `${table.name}.`);
  const { Bucket: bucket, Prefix } = s3Location(table.location);
  const place = { s3: deployment.s3, config: { bucket } };
  const folders = await daysUnder(place, [Prefix], ALWAYS);
  const partitions = await readPartitions(deployment, table.name);
  const known = [...new Set([...folders, ...partitions.keys()])].sort();
  const first = known[0] ?? null;
  const last = known.at(-1) ?? null;
  const calendar = daysBack(known, folders);
  const page = calendar.slice(0, Math.min(limit, MOST_DAYS));
  const today = utcDay(deployment.now);
  const days = await mapLimit(page, PARALLEL, async (day): Promise<TableDay> => {
    const registered = partitions.get(day);
    const location = registered ?? `${table.location}${day}/`;
    const isKnown = registered !== undefined || folders.includes(day);
    const files = isKnown ? await filesIn(deployment, location) : NO_FILES;
    const hasFiles = files.files > 0;
    const withoutFiles = day >= today ? 'ahead' : 'empty';
    const withPartition = hasFiles ? 'filled' : withoutFiles;
    const withoutPartition = hasFiles ? 'unregistered' : 'gap';
    const state = registered === undefined ? withoutPartition : withPartition;
    return { day, state, rows: null, ...files, location };
  });
  const counted = countRows ? await countDays(deployment, table, days) : undefined;
  return {
    table: table.name,
    days: days.map((day) => ({
      ...day,
      rows: counted === undefined || day.state === 'unregistered' ? null : (counted.rows.get(day.day) ?? 0),
    })),
    first,
    last,
    hasMore: calendar.length > page.length,
    scannedBytes: counted?.scannedBytes ?? 0,
  };
}

/** Days from the last to the first, gaps between days with a folder included. */
function daysBack(known: readonly UtcDay[], folders: readonly UtcDay[]): UtcDay[] {
  const filled = known.filter((day) => folders.includes(day));
  const [first] = filled;
  const last = filled.at(-1);
  const between = first === undefined || last === undefined ? [] : daysBetween(first, last);
  return [...new Set([...known, ...between])].sort().reverse();
}

/** The files of a folder. */
type Files = Pick<TableDay, 'files' | 'bytes' | 'lastModified'>;
/** Those of a folder that has none. */
const NO_FILES: Files = { files: 0, bytes: 0, lastModified: null };

/**
 * The files of a location that Athena reads: no empty ones, and none whose name begins with `_` or `.`.
 * https://docs.aws.amazon.com/athena/latest/ug/tables-location-format.html
 */
async function filesIn({ s3, signal }: Pick<Deployment, 's3' | 'signal'>, location: string): Promise<Files> {
  const { Bucket, Prefix } = s3Location(location);
  let files = 0;
  let bytes = 0;
  let newest = 0;
  for await (const object of listObjects(s3ObjectStore(s3, Bucket), Prefix)) {
    signal?.throwIfAborted();
    if (!isDataFile(object)) continue;
    files += 1;
    bytes += object.size;
    newest = Math.max(newest, object.modifiedAt);
  }
  return { files, bytes, lastModified: newest === 0 ? null : isoTimestamp(newest) };
}

/** Bucket and prefix of `s3://…/`; or of Athena's "$path". */
export function s3Location(location: string): { readonly Bucket: string; readonly Prefix: string } {
  const [, Bucket = '', Prefix = ''] = /^s3[an]?:\/\/([^/]+)\/(.*)$/s.exec(location) ?? [];
  return { Bucket, Prefix };
}

/** Counts the rows of the filled days. It reads the footers of files only. */
async function countDays(
  deployment: Deployment,
  table: Pick<TableSummary, 'name'>,
  days: readonly TableDay[],
): Promise<{ readonly rows: ReadonlyMap<UtcDay, number>; readonly scannedBytes: number }> {
  const filled = days.filter(({ state }) => state === 'filled').map(({ day }) => day);
  const last = filled[0];
  const first = filled.at(-1);
  if (first === undefined || last === undefined) return { rows: new Map(), scannedBytes: 0 };
  const { rows, scannedBytes } = await askAthena(
    deployment,
    `SELECT CAST("ds" AS varchar) AS "day", count(*) AS "rows"
FROM ${qualifiedName(deployment.config, table.name)}
WHERE "ds" BETWEEN DATE '${first}' AND DATE '${last}'
GROUP BY "ds"`,
  );
  return { rows: new Map(rows.map(({ day, rows: n }) => [day ?? '', Number(n)])), scannedBytes };
}
