import { qualifiedName, quoteText } from '../base/sql.ts';
import { addDays, type UtcDay } from '../base/time.ts';
import { manyRefused, rowFailures } from '../landing/quarantineReasons.ts';
import type { Config } from '../schema/config.ts';
import { type ForwardedKind, forwardedKinds, type TableKind } from '../schema/kinds.ts';
import { rowPath } from '../tables/objectKeys.ts';

/** Rows in a table from the requests that were received within one hour. */
export interface RowCounts {
  /** Rows that differ in their ID or in `received_at`; of quarantine, the events that they hold. */
  readonly found: number;
  /** Further rows with the same ID and the same `received_at`: rows are written at least once. */
  readonly doubles: number;
  /**
   * Those of `doubles` within one file. An object is written into a file once, so these are of equal requests in the
   * same millisecond.
   */
  readonly equal: number;
  /** Rows that the table did not take: they are in quarantine. */
  readonly givenUp: number;
}

/** Runs a statement in Athena. The values of a row are in the order of the columns. Null if Athena gave no answer. */
export type AskRows = (sql: string) => Promise<readonly (readonly (string | null)[])[] | null>;

/** The parts of the configuration that say where the rows are. */
type RowsConfig = Pick<Config, 'database' | 'tables' | 'timeWindow'>;

/** The counts by table and hour of the day: `events 7`. */
export type HourlyRows = ReadonlyMap<string, RowCounts>;

/** The reason of a row that holds several events. Its detail counts them: lib/collect/rows/refusedEvents.ts. */
const MANY =
  'SLUICE_EVENT_MANY_REFUSED' satisfies keyof typeof import('../wire/EventError.ts').EventError.entries;

/** The counts of an hour of which a table has no rows. */
const NO_ROWS: RowCounts = { found: 0, doubles: 0, equal: 0, givenUp: 0 };

/**
 * Counts the rows by the hour in which the collector received them.
 *
 * @returns Null if Athena gave no answer.
 * @param day Day of receipt.
 * @param today The present day: rows that were given up late are in quarantine under a later day.
 * @throws What `ask` throws.
 */
export async function readHourlyRows(
  config: RowsConfig,
  ask: AskRows,
  day: UtcDay,
  today: UtcDay,
): Promise<HourlyRows | null> {
  const rows = await ask(hourlySql(config, day, today));
  if (rows === null) return null;
  const counts = new Map<string, RowCounts>();
  for (const [table, hour, detail, found, doubles, givenUp, equal] of rows) {
    const tableAndHour = `${table} ${hour}`;
    const earlier = counts.get(tableAndHour) ?? NO_ROWS;
    const events = manyRefused(detail ?? '') ?? 1;
    counts.set(tableAndHour, {
      found: earlier.found + Number(found) * events,
      doubles: earlier.doubles + Number(doubles) * events,
      equal: earlier.equal + Number(equal) * events,
      givenUp: earlier.givenUp + Number(givenUp),
    });
  }
  return counts;
}

/** The counts of a table in an hour of the day. */
export function rowsAt(counts: HourlyRows, kind: TableKind, hour: number): RowCounts {
  return counts.get(`${kind} ${hour}`) ?? NO_ROWS;
}

/** Reasons of rows that are in quarantine in place of their table. */
const ROW_FAILURES = rowFailures.map(quoteText).join(', ');

/** The query of a day. Rows that were given up count once, whether or not they were redriven since. */
function hourlySql(config: RowsConfig, day: UtcDay, today: UtcDay): string {
  const parts = [
    ...forwardedKinds.flatMap((kind) => rowsOf(config, kind, day, today)),
    refusedOn(config, day),
  ];
  return `SELECT
  "table",
  hour("received_at") AS "hour",
  "detail",
  count_if("row_count" > 0) AS "found",
  sum(greatest("row_count" - 1, 0)) AS "doubles",
  count_if("row_count" = 0) AS "given_up",
  sum(greatest("in_file" - 1, 0)) AS "equal"
FROM (
  SELECT "table", "detail", "id", "received_at", sum("landed") AS "row_count", max("landed") AS "in_file"
  FROM (
    SELECT "table", "detail", "id", "received_at", sum("landed") AS "landed"
    FROM (
    ${parts.join('\n    UNION ALL\n    ')}
    ) AS "all_rows"
    WHERE "received_at" >= TIMESTAMP '${day} 00:00:00' AND "received_at" < TIMESTAMP '${addDays(day, 1)} 00:00:00'
    GROUP BY 1, 2, 3, 4, "file"
  ) AS "filed"
  GROUP BY 1, 2, 3, 4
) AS "counted"
GROUP BY 1, 2, 3`;
}

/**
 * The parts of the query for one table: its rows, and those that were given up. A row is in the folder of its event's
 * day, so rows of a day of receipt are in the folders of all days of the time window.
 */
function rowsOf(config: RowsConfig, kind: ForwardedKind, day: UtcDay, today: UtcDay): string[] {
  const { pastDays, futureDays } = config.timeWindow;
  const member = (name: string) => `json_extract_scalar("raw", '$.${name}')`;
  // In the JSON of a row the time is 2026-11-20T07:32:00.123Z.
  const receivedAt = `TRY_CAST(replace(replace(${member('received_at')}, 'T', ' '), 'Z', '') AS timestamp)`;
  const begin = `SELECT ${quoteText(kind)} AS "table", '' AS "detail",`;
  return [
    `${begin} "event_id" AS "id", "received_at", 1 AS "landed", "$path" AS "file"
    FROM ${qualifiedName(config, config.tables[kind])}
    WHERE ${between(addDays(day, -pastDays), addDays(day, futureDays))}`,
    `${begin} ${member('event_id')}, ${receivedAt}, 0, "$path"
    FROM ${qualifiedName(config, config.tables.quarantine)}
    WHERE ${between(day, addDays(today, 1))}
      AND "reason" IN (${ROW_FAILURES})
      AND "path" LIKE ${quoteText(rowPath('%', kind, '%'))}`,
  ];
}

/** The part of the query for refused events, which are in quarantine under their day of receipt. */
function refusedOn(config: RowsConfig, day: UtcDay): string {
  return `SELECT 'quarantine', CASE WHEN "reason" = '${MANY}' THEN "detail" END, "quarantine_id", "received_at", 1, "$path"
    FROM ${qualifiedName(config, config.tables.quarantine)}
    WHERE ${between(day, day)}
      AND "reason" NOT IN (${ROW_FAILURES})
      AND "reason" NOT LIKE 'SLUICE_INGEST_%'`;
}

/** SQL condition that a partition is one of some days, both ends included. */
function between(from: UtcDay, to: UtcDay): string {
  return `"ds" BETWEEN DATE '${from}' AND DATE '${to}'`;
}
