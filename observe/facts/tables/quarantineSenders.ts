import { isoTimestamp } from '../../../lib/base/time.ts';
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
