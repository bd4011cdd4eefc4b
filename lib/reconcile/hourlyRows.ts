import { quoteName, quoteText } from '../base/sql.ts';
import { addDays, isoTimestamp, type UtcDay } from '../base/time.ts';
import { manyRefused, rowFailures } from '../landing/quarantineReasons.ts';
import type { Config } from '../schema/config.ts';
import { type ForwardedKind, forwardedKinds, type TableKind } from '../schema/kinds.ts';
import { rowPath } from '../tables/objectKeys.ts';
import { qualifiedName } from '../views/View.ts';

/** Rows in a table from the requests that were received within one hour. */
export interface RowCounts {
  /** Rows that differ in their ID or in `received_at`; of quarantine, the events that they hold. */
  readonly found: number;
  /** Further rows with the same ID and the same `received_at`: rows are written at least once. */
  readonly doubles: number;
  /** Rows that the table did not take: they are in quarantine. */
  readonly givenUp: number;
}

/** Runs a statement in Athena; null if it could not. */
export type AskRows = (sql: string) => Promise<{
  readonly rows: readonly Readonly<Record<string, string | null>>[];
} | null>;

/** Where the rows are. */
type RowsConfig = Pick<Config, 'database' | 'tables' | 'timeWindow'>;

/** The counts by table and hour: `events 2026-11-20 07`. */
export type HourlyRows = ReadonlyMap<string, RowCounts>;

/** The reason of a row that holds several events. Its detail counts them: lib/collect/rows/refusedEvents.ts. */
const MANY =
  'SLUICE_EVENT_MANY_REFUSED' satisfies keyof typeof import('../wire/EventError.ts').EventError.entries;

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
  const parts = [
    ...forwardedKinds.map((kind) => forwardedRowsSql(config, kind, day, today)),
    quarantineRowsSql(config, day),
  ];
  const answer = await ask(parts.join('\nUNION ALL\n'));
  if (answer === null) return null;
  const counts = new Map<string, RowCounts>();
  for (const row of answer.rows) {
    const at = hourKey(row['table'], row['hour']);
    const { found, doubles, givenUp } = counts.get(at) ?? NO_ROWS;
    const events = manyRefused(row['detail'] ?? '') ?? 1;
    counts.set(at, {
      found: found + Number(row['found']) * events,
      doubles: doubles + Number(row['doubles']) * events,
      givenUp: givenUp + Number(row['given_up']),
    });
  }
  return counts;
}

/** The counts of a table in the hour that begins then, epoch milliseconds. */
export function rowsAt(counts: HourlyRows, kind: TableKind, hour: number): RowCounts {
  return counts.get(hourKey(kind, isoTimestamp(hour).replace('T', ' '))) ?? NO_ROWS;
}

/** @param time As Athena has it: `2026-11-20 07:00:00.000`. */
function hourKey(table: string | null = null, time: string | null = null): string {
  return `${table} ${time?.slice(0, 13)}`;
}

const NO_ROWS: RowCounts = { found: 0, doubles: 0, givenUp: 0 };

/** Reasons of rows that are in quarantine in place of their table. */
const ROW_FAILURES = rowFailures.map(quoteText).join(', ');

/**
 * A row's day is that of its event, so rows of a day of receipt are under all days of the time window. Rows that
 * were given up count once, whether or not they were redriven since.
 */
function forwardedRowsSql(config: RowsConfig, kind: ForwardedKind, day: UtcDay, today: UtcDay): string {
  const { pastDays, futureDays } = config.timeWindow;
  const member = (name: string) => `json_extract_scalar("raw", '$.${name}')`;
  // Rows have it as 2026-11-20T07:32:00.123Z.
  const receivedAt = `TRY_CAST(replace(replace(${member('received_at')}, 'T', ' '), 'Z', '') AS timestamp)`;
  return `SELECT
  ${quoteText(kind)} AS "table",
  CAST(date_trunc('hour', "received_at") AS varchar) AS "hour",
  '' AS "detail",
  count_if("row_count" > 0) AS "found",
  sum(CASE WHEN "row_count" > 1 THEN "row_count" - 1 ELSE 0 END) AS "doubles",
  count_if("row_count" = 0) AS "given_up"
FROM (
  SELECT "event_id", "received_at", sum("landed") AS "row_count"
  FROM (
    SELECT "event_id", "received_at", 1 AS "landed"
    FROM ${qualifiedName(config, config.tables[kind])}
    WHERE ${between('ds', addDays(day, -pastDays), addDays(day, futureDays))}
    UNION ALL
    SELECT ${member('event_id')}, ${receivedAt}, 0
    FROM ${qualifiedName(config, config.tables.quarantine)}
    WHERE ${between('ds', day, addDays(today, 1))}
      AND "reason" IN (${ROW_FAILURES})
      AND "path" LIKE ${quoteText(rowPath('%', kind, '%'))}
  ) AS "all_rows"
  WHERE ${receivedOn(day)}
  GROUP BY 1, 2
) AS "counted"
GROUP BY 2`;
}

function quarantineRowsSql(config: Pick<Config, 'database' | 'tables'>, day: UtcDay): string {
  return `SELECT
  'quarantine' AS "table",
  CAST(date_trunc('hour', "received_at") AS varchar) AS "hour",
  "detail",
  count(*) AS "found",
  sum("row_count" - 1) AS "doubles",
  0 AS "given_up"
FROM (
  SELECT "quarantine_id", "received_at", CASE WHEN "reason" = '${MANY}' THEN "detail" END AS "detail", count(*) AS "row_count"
  FROM ${qualifiedName(config, config.tables.quarantine)}
  WHERE ${between('ds', day, day)}
    AND ${receivedOn(day)}
    AND "reason" NOT IN (${ROW_FAILURES})
    AND "reason" NOT LIKE 'SLUICE_INGEST_%'
  GROUP BY 1, 2, 3
) AS "counted"
GROUP BY 2, 3`;
}

function between(column: string, from: UtcDay, to: UtcDay): string {
  return `${quoteName(column)} BETWEEN DATE '${from}' AND DATE '${to}'`;
}

function receivedOn(day: UtcDay): string {
  return `"received_at" >= TIMESTAMP '${day} 00:00:00' AND "received_at" < TIMESTAMP '${addDays(day, 1)} 00:00:00'`;
}
