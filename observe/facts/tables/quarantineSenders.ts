import type { QueryRow } from '../../../lib/base/sql.ts';
import { isoTimestamp } from '../../../lib/base/time.ts';
import { type TableKind, tableKinds } from '../../../lib/schema/kinds.ts';
import { readTime } from './tracedRows.ts';

/** Who sent rows of quarantine with one reason. */
export interface QuarantineSender {
  /** Type and version of the SDK; null if the requests did not say. */
  readonly sdk: string | null;
  /** Label of the key, or the source and dataset of a customer's file; null without one. */
  readonly key: string | null;
  /** Key of a customer's file, or path of requests that do not name their SDK; else null. */
  readonly path: string | null;
  /** Number of its rows. */
  readonly rows: number;
  /** First time of receipt, ISO 8601. */
  readonly firstAt: string;
  /** Last time of receipt, ISO 8601. */
  readonly lastAt: string;
}

/** The most senders that are named of a reason. A sender chooses its SDK and version, so there may be any number of them. */
const MOST_SENDERS = 5;

/** Columns of a sender, to be selected from quarantine and grouped by. `sdk` is empty if a row names no SDK. */
export const senderColumns = [
  `concat_ws(' ', "sdk_type", "sdk_version") AS "sdk"`,
  '"key_label" AS "key"',
  'CASE WHEN "sdk_type" IS NULL THEN "path" END AS "path"',
] as const;

/** {@link senderColumns} of rows that have no sender. */
export const noSenderColumns = ['sdk', 'key', 'path'].map((name) => `CAST(NULL AS varchar) AS "${name}"`);

/**
 * SQL that keeps the {@link MOST_SENDERS} senders with the most rows of each reason; equal ones by their names, so that
 * each run names the same. Its rows have the columns of `grouped` and:
 *
 * - `all_row_count` and `all_<sum>`: sums of all senders of the reason;
 * - `all_first`, `all_last`: times of receipt of all senders, as text; `own_first`, `own_last`: those of the sender;
 * - `place`: 1 for the sender with the most rows.
 *
 * @param grouped A query with the columns `by` and `sums`, {@link senderColumns}, `row_count`, `first_at` and `last_at`,
 *   and a row for each sender of a reason.
 * @param by Columns that name a reason.
 * @param sums Further counts to be summed up.
 */
export function topSendersSql(grouped: string, by: readonly string[], sums: readonly string[]): string {
  const parts = by.map((name) => `"${name}"`).join(', ');
  const summed = ['row_count', ...sums].map(
    (name) => `sum("${name}") OVER (PARTITION BY ${parts}) AS "all_${name}"`,
  );
  return `SELECT *, CAST("all_first_at" AS varchar) AS "all_first", CAST("all_last_at" AS varchar) AS "all_last"
FROM (
  SELECT *,
    ${summed.join(',\n    ')},
    min("first_at") OVER (PARTITION BY ${parts}) AS "all_first_at",
    max("last_at") OVER (PARTITION BY ${parts}) AS "all_last_at",
    CAST("first_at" AS varchar) AS "own_first",
    CAST("last_at" AS varchar) AS "own_last",
    row_number() OVER (PARTITION BY ${parts} ORDER BY "row_count" DESC, "sdk", "key", "path") AS "place"
  FROM (
    ${grouped}
  ) AS "senders"
) AS "ranked"
WHERE "place" <= ${MOST_SENDERS}
ORDER BY "place"`;
}

/** The sender of a row of {@link topSendersSql}. @throws RangeError for any other row. */
export function senderOf(row: Readonly<Record<string, string | null>>): QuarantineSender {
  return {
    // concat_ws gives an empty text for a row without an SDK.
    sdk: row['sdk'] || null,
    key: row['key'] ?? null,
    path: row['path'] ?? null,
    rows: Number(row['row_count']),
    firstAt: isoTimestamp(readTime(row['own_first'])),
    lastAt: isoTimestamp(readTime(row['own_last'])),
  };
}

/** Rows of quarantine with one reason. */
export interface QuarantineCount {
  /** Code of the reason. */
  readonly reason: string;
  /** Number of rows. A row can stand for several events of one batch: docs/quarantine.md. */
  readonly rows: number;
  /** `received_at` of the first, ISO 8601. */
  readonly firstAt: string;
  /** `received_at` of the newest, ISO 8601. */
  readonly newestAt: string;
  /** Who sent most of them, the most first. */
  readonly senders: readonly QuarantineSender[];
}

/** Rows that a table, or quarantine for one reason, received within 24 hours. */
interface ReceivedCounts {
  /** The table, by its kind. */
  readonly table: TableKind;
  /** Code of the reason; empty where the table is not quarantine. */
  readonly reason: string;
  /** Rows of 24 hours. */
  readonly rows: number;
  /** Rows of the last hour. */
  readonly recent: number;
  /** When the first was received, epoch milliseconds. */
  readonly first: number;
  /** When the newest was received, epoch milliseconds. */
  readonly newest: number;
  /** Who sent most of them, the most first. */
  readonly senders: readonly QuarantineSender[];
}

/**
 * Counts by table and reason, of rows that {@link topSendersSql} answers where a query is grouped by `kind`, the table, and by `why`, the reason.
 *
 * @throws RangeError for any other row.
 */
export function receivedCounts(rows: readonly QueryRow[]): readonly ReceivedCounts[] {
  return Array.from(
    Map.groupBy(rows, (row) => `${row['kind']} ${row['why']}`),
    ([, senders]) => {
      const [row = {}] = senders;
      const table = tableKinds.find((kind) => kind === row['kind']);
      if (table === undefined) throw new RangeError(`${row['kind']} is no table.`);
      return {
        table,
        reason: row['why'] ?? '',
        rows: Number(row['all_row_count']),
        recent: Number(row['all_recent']),
        first: readTime(row['all_first']),
        newest: readTime(row['all_last']),
        senders: senders.map(senderOf),
      };
    },
  );
}

/** The reasons of quarantine, the most frequent first; equal ones by their codes. */
export function quarantineCounts(counts: readonly ReceivedCounts[]): readonly QuarantineCount[] {
  return counts
    .filter(({ table }) => table === 'quarantine')
    .toSorted((a, b) => b.rows - a.rows || (a.reason < b.reason ? -1 : 1))
    .map(({ reason, rows, first, newest, senders }) => ({
      reason,
      rows,
      firstAt: isoTimestamp(first),
      newestAt: isoTimestamp(newest),
      senders,
    }));
}
