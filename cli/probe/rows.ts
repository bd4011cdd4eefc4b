import { quoteName, quoteText } from '../../lib/base/sql.ts';
import { DAY_MS, utcDay } from '../../lib/base/time.ts';
import type { Athena } from './Athena.ts';
import { ERROR_KEY_PREFIX, eventName, NAME_PREFIX, type Run } from './Run.ts';

/** A row that the probe's events became. */
export interface Row {
  /** Last part of the event's name. */
  readonly part: string;
  readonly eventId: string;
  readonly value: string | null;
  /** The event's metadata, JSON. */
  readonly metadata: string | null;
  readonly environment: string | null;
  /** `2026-11-20 10:15:30.123` */
  readonly timestamp: string | null;
  readonly ds: string | null;
  /** `s3://` address of the file that holds it. */
  readonly file: string;
}

/** Where the rows are. */
export interface ProbedTable {
  readonly database: string;
  readonly table: string;
}

/** The rows of a run that Athena sees now. */
export async function readRows(athena: Athena, where: ProbedTable, run: Run): Promise<readonly Row[]> {
  const begin = eventName(run, '');
  const rows = await athena.query(
    `SELECT event_name, event_id, event_value, company_metadata, environment, CAST("timestamp" AS varchar), CAST(ds AS varchar), "$path" FROM ${from(where)} WHERE ${aroundDay(run)} AND event_name LIKE ${quoteText(`${begin}%`)}`,
  );
  return rows.map(
    ([
      name,
      eventId,
      value = null,
      metadata = null,
      environment = null,
      timestamp = null,
      ds = null,
      file,
    ]) => ({
      part: (name ?? '').slice(begin.length),
      eventId: eventId ?? '',
      value,
      metadata,
      environment,
      timestamp,
      ds,
      file: file ?? '',
    }),
  );
}

/** Which rows of a table are a probe's: by what its column begins with. */
export const OURS = {
  events: { column: 'event_name', begin: NAME_PREFIX },
  quarantine: { column: 'path', begin: ERROR_KEY_PREFIX },
} as const;

/** How many rows a file has, and how many of them are the probe's. */
export interface FileRows {
  readonly file: string;
  readonly rows: number;
  readonly ours: number;
}

/** How many rows of quarantine are of one object under `errors/`. */
export async function countQuarantined(
  athena: Athena,
  where: ProbedTable,
  run: Run,
  key: string,
): Promise<number> {
  const [[count] = []] = await athena.query(
    `SELECT count(*) FROM ${from(where)} WHERE ${aroundDay(run)} AND path = ${quoteText(key)}`,
  );
  return Number(count ?? 0);
}

/** The files of some days that hold rows of this probe or of an earlier one. */
export async function readFiles(
  athena: Athena,
  where: ProbedTable,
  run: Run,
  { column, begin }: (typeof OURS)[keyof typeof OURS],
): Promise<readonly FileRows[]> {
  const ours = `count_if(${column} LIKE ${quoteText(`${begin}%`)})`;
  const rows = await athena.query(
    `SELECT "$path", count(*), ${ours} FROM ${from(where)} WHERE ${aroundDay(run)} GROUP BY "$path" HAVING ${ours} > 0`,
  );
  return rows.map(([file, all, mine]) => ({ file: file ?? '', rows: Number(all), ours: Number(mine) }));
}

function from({ database, table }: ProbedTable): string {
  return `${quoteName(database)}.${quoteName(table)}`;
}

/** A sender's clock may be beyond midnight before the collector's. */
function aroundDay({ time }: Run): string {
  return `ds BETWEEN DATE ${quoteText(utcDay(time - DAY_MS))} AND DATE ${quoteText(utcDay(time + DAY_MS))}`;
}
