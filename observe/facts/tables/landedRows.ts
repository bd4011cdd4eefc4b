import { type QueryRow, qualifiedName } from '../../../lib/base/sql.ts';
import { sum } from '../../../lib/base/sum.ts';
import { addDays, DAY_MS, HOUR_MS, isoTimestamp, utcDay } from '../../../lib/base/time.ts';
import type { Config } from '../../../lib/schema/config.ts';
import { type TableKind, tableKinds } from '../../../lib/schema/kinds.ts';
import { askAthena, type Deployment } from '../../deployment.ts';
import {
  noSenderColumns,
  type QuarantineSender,
  senderColumns,
  senderOf,
  topSendersSql,
} from './quarantineSenders.ts';
import { readTime, timestampText } from './tracedRows.ts';

/** The rows of a table from the last 24 hours. */
export interface TableArrivals {
  /** The table, by its kind. */
  readonly table: TableKind;
  /** Name of the table in the catalog. */
  readonly name: string;
  /** `received_at` of the newest row, ISO 8601; null if none was received within 24 hours whose event is of yesterday, today or tomorrow. */
  readonly newestRowAt: string | null;
  /** Rows received within the last hour whose event is of yesterday, today or tomorrow. */
  readonly rowsLastHour: number;
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

/** The rows that arrived in the tables. */
export interface LandedRows {
  /** One for each table. */
  readonly tables: readonly TableArrivals[];
  /** Rows of quarantine that were received within 24 hours; the most frequent reason first. */
  readonly quarantine: readonly QuarantineCount[];
  /** Bytes that Athena read. */
  readonly scannedBytes: number;
}

/**
 * Reads with one query what the tables received within 24 hours. Only rows whose event is of yesterday, today or tomorrow are
 * read, so that few partitions are.
 *
 * @throws ObserveError; what Athena's client throws.
 */
export async function readLandedRows(deployment: Deployment): Promise<LandedRows> {
  const { config, now } = deployment;
  const { rows, scannedBytes } = await askAthena(deployment, landedSql(config, now));
  const counted = countsOf(rows);
  return {
    tables: tableKinds.map((table) => {
      const countsOfTable = counted.filter((count) => count.table === table);
      const isEmpty = countsOfTable.length === 0;
      return {
        table,
        name: config.tables[table],
        newestRowAt: isEmpty ? null : isoTimestamp(Math.max(...countsOfTable.map(({ newest }) => newest))),
        rowsLastHour: sum(countsOfTable.map(({ recent }) => recent)),
      };
    }),
    quarantine: quarantineOf(counted),
    scannedBytes,
  };
}

/** Sums of a table, or of a reason of quarantine, and its senders. */
export interface Counts {
  /** Kind of the table, as the query names it. */
  readonly table: string | null;
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

/** Sums by table and reason, of the rows that {@link topSendersSql} answers. */
export function countsOf(rows: readonly QueryRow[]): readonly Counts[] {
  return Array.from(
    Map.groupBy(rows, (row) => `${row['kind']} ${row['why']}`),
    ([, senders]) => {
      const [row = {}] = senders;
      return {
        table: row['kind'] ?? null,
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

/** The reasons of quarantine, the most frequent first. */
export function quarantineOf(counts: readonly Counts[]): readonly QuarantineCount[] {
  return counts
    .filter(({ table }) => table === 'quarantine')
    .toSorted((a, b) => b.rows - a.rows)
    .map(({ reason, rows, first, newest, senders }) => ({
      reason,
      rows,
      firstAt: isoTimestamp(first),
      newestAt: isoTimestamp(newest),
      senders,
    }));
}

/** The query of {@link readLandedRows}. @param now Epoch milliseconds. */
export function landedSql(config: Pick<Config, 'database' | 'tables'>, now: number): string {
  const from = addDays(utcDay(now), -1);
  const to = addDays(utcDay(now), 1);
  const branches = tableKinds.map(
    (kind) => `SELECT
    '${kind}' AS "kind",
    ${kind === 'quarantine' ? '"reason"' : 'CAST(NULL AS varchar)'} AS "why",
    ${(kind === 'quarantine' ? senderColumns : noSenderColumns).join(', ')},
    "received_at"
  FROM ${qualifiedName(config, config.tables[kind])}
  WHERE "ds" BETWEEN DATE '${from}' AND DATE '${to}' AND "received_at" >= ${timestampText(now - DAY_MS)}`,
  );
  const grouped = `SELECT
  "kind",
  "why",
  "sdk",
  "key",
  "path",
  count(*) AS "row_count",
  count_if("received_at" >= ${timestampText(now - HOUR_MS)}) AS "recent",
  min("received_at") AS "first_at",
  max("received_at") AS "last_at"
FROM (
  ${branches.join('\n  UNION ALL\n  ')}
) AS "received"
GROUP BY "kind", "why", "sdk", "key", "path"`;
  return topSendersSql(grouped, ['kind', 'why'], ['recent']);
}
