import { qualifiedName } from '../../../lib/base/sql.ts';
import { sum } from '../../../lib/base/sum.ts';
import { addDays, DAY_MS, HOUR_MS, isoTimestamp, utcDay } from '../../../lib/base/time.ts';
import type { Config } from '../../../lib/schema/config.ts';
import { type TableKind, tableKinds } from '../../../lib/schema/kinds.ts';
import { askAthena, type Deployment } from '../../deployment.ts';
import {
  noSenderColumns,
  type QuarantineCount,
  quarantineCounts,
  receivedCounts,
  senderColumns,
  topSendersSql,
} from './quarantineSenders.ts';
import { timestampText } from './tracedRows.ts';

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
  const counts = receivedCounts(rows);
  return {
    tables: tableKinds.map((table) => {
      const countsOfTable = counts.filter((count) => count.table === table);
      const isEmpty = countsOfTable.length === 0;
      return {
        table,
        name: config.tables[table],
        newestRowAt: isEmpty ? null : isoTimestamp(Math.max(...countsOfTable.map(({ newest }) => newest))),
        rowsLastHour: sum(countsOfTable.map(({ recent }) => recent)),
      };
    }),
    quarantine: quarantineCounts(counts),
    scannedBytes,
  };
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
