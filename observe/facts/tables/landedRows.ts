import { addDays, DAY_MS, isoTimestamp, utcDay } from '../../../lib/base/time.ts';
import type { Config } from '../../../lib/schema/config.ts';
import { type TableKind, tableKinds } from '../../../lib/schema/kinds.ts';
import { dayFolder } from '../../../lib/tables/tableFolders.ts';
import { qualifiedName } from '../../../lib/views/View.ts';
import { askAthena, type Deployment } from '../../deployment.ts';
import { HOUR_MS } from '../flow/hourlyMetrics.ts';
import { type LandedFile, listLandedFiles } from './landedFiles.ts';

/** Rows that were received within so many seconds of each other count with their mean time. */
const SLOT_SECONDS = 10;
/** Groups of rows that one answer has: an hour of full files has about 1,000. */
const MOST_GROUPS = 5_000;
/** Folders of days that are listed to date files, besides today's. */
const MOST_FOLDERS = 6;

/** The rows of a table from the last 24 hours. */
export interface TableArrivals {
  readonly table: TableKind;
  /** Name of the table in the catalog. */
  readonly name: string;
  /** `received_at` of the newest row, ISO 8601; null if none was received within 24 hours. */
  readonly newestRowAt: string | null;
  /** Seconds since then. */
  readonly lagSeconds: number | null;
  /**
   * Seconds from `received_at`, which is a few milliseconds before the 202, until S3 had the row's file and queries find
   * it: of the rows that were received within the last hour and have landed. Null without such rows.
   */
  readonly p50Seconds: number | null;
  readonly p99Seconds: number | null;
  /** Rows received within the last hour that have landed. */
  readonly rowsLastHour: number;
  /** Files that landed in today's folder within the last hour (around midnight also in yesterday's), and the newest. */
  readonly filesLastHour: number;
  readonly newestFileAt: string | null;
}

/** Rows of quarantine with one reason. */
export interface QuarantineCount {
  readonly reason: string;
  /** A row can stand for several events of one batch: docs/quarantine.md. */
  readonly rows: number;
  /** `received_at` of the newest, ISO 8601. */
  readonly newestAt: string;
}

/** The rows that arrived in the tables. */
export interface LandedRows {
  readonly tables: readonly TableArrivals[];
  /** Of rows that were received within 24 hours, the most frequent first. */
  readonly quarantine: readonly QuarantineCount[];
  /** Limits of the answer. */
  readonly notes: readonly string[];
  readonly scannedBytes: number;
}

/** Rows of one table, file and slot. */
interface Group {
  readonly table: TableKind;
  readonly reason: string | null;
  /** Key of the file; null of rows that were received more than an hour ago. */
  readonly file: string | null;
  readonly rows: number;
  /** Epoch milliseconds. */
  readonly newest: number;
  readonly mean: number;
}

/**
 * Reads with one query what the tables received within 24 hours, and by the times of their files how long the rows of the
 * last hour took. Only rows whose event is of yesterday, today or tomorrow are read, so that few partitions are.
 *
 * @throws ObserveError; what the clients of Athena and S3 throw.
 */
export async function readLandedRows(deployment: Deployment): Promise<LandedRows> {
  const { config, now } = deployment;
  const answer = await askAthena(deployment, landedSql(config, now));
  const groups = answer.rows.slice(0, MOST_GROUPS).flatMap((row) => readGroup(row, config.bucket));
  const { files, byKey, isComplete } = await dateFiles(deployment, groups);
  const tables = tableKinds.map((table): TableArrivals => {
    const own = groups.filter((group) => group.table === table);
    const newest = own.reduce((most, group) => Math.max(most, group.newest), 0);
    const delays = own.flatMap(({ file, rows, mean }) => {
      const landedAt = file === null ? undefined : byKey.get(file);
      return landedAt === undefined ? [] : [{ rows, seconds: Math.max(0, (landedAt - mean) / 1_000) }];
    });
    const recent = (files.get(table) ?? []).filter(({ landedAt }) => landedAt >= now - HOUR_MS);
    const newestFile = (files.get(table) ?? []).reduce((most, { landedAt }) => Math.max(most, landedAt), 0);
    return {
      table,
      name: config.tables[table],
      newestRowAt: newest === 0 ? null : isoTimestamp(newest),
      lagSeconds: newest === 0 ? null : Math.max(0, Math.round((now - newest) / 1_000)),
      p50Seconds: percentile(delays, 0.5),
      p99Seconds: percentile(delays, 0.99),
      rowsLastHour: own.filter(({ file }) => file !== null).reduce((sum, { rows }) => sum + rows, 0),
      filesLastHour: recent.length,
      newestFileAt: newestFile === 0 ? null : isoTimestamp(newestFile),
    };
  });
  const notes = [
    ...(answer.rows.length > MOST_GROUPS
      ? [`The percentiles are of the newest rows of the last hour: it has very many files.`]
      : []),
    ...(isComplete ? [] : ['Some files could not be dated: the percentiles are of the others.']),
  ];
  return { tables, quarantine: countReasons(groups), notes, scannedBytes: answer.scannedBytes };
}

/** The query of {@link readLandedRows}. */
export function landedSql(config: Pick<Config, 'database' | 'tables'>, now: number): string {
  const [from, to] = [addDays(utcDay(now), -1), addDays(utcDay(now), 1)];
  const at = (epochMs: number) => `TIMESTAMP '${isoTimestamp(epochMs).replace('T', ' ').replace('Z', '')}'`;
  const isRecent = `"received_at" >= ${at(now - HOUR_MS)}`;
  const branches = tableKinds.map(
    (kind) => `SELECT
    '${kind}' AS "kind",
    ${kind === 'quarantine' ? '"reason"' : 'CAST(NULL AS varchar)'} AS "why",
    CASE WHEN ${isRecent} THEN "$path" END AS "file",
    CASE WHEN ${isRecent} THEN floor(to_unixtime("received_at") / ${SLOT_SECONDS}) END AS "slot",
    "received_at"
  FROM ${qualifiedName(config, config.tables[kind])}
  WHERE "ds" BETWEEN DATE '${from}' AND DATE '${to}' AND "received_at" >= ${at(now - DAY_MS)}`,
  );
  return `SELECT
  "kind",
  "why",
  "file",
  count(*) AS "row_count",
  CAST(max("received_at") AS varchar) AS "newest",
  avg(to_unixtime("received_at")) AS "mean"
FROM (
  ${branches.join('\n  UNION ALL\n  ')}
) AS "received"
GROUP BY "kind", "why", "file", "slot"
ORDER BY max("received_at") DESC
LIMIT ${MOST_GROUPS + 1}`;
}

function readGroup(row: Readonly<Record<string, string | null>>, bucket: string): Group[] {
  const table = tableKinds.find((kind) => kind === row['kind']);
  if (table === undefined) return [];
  const path = row['file'] ?? null;
  return [
    {
      table,
      reason: row['why'] ?? null,
      file: path === null ? null : path.slice(`s3://${bucket}/`.length),
      rows: Number(row['row_count']),
      newest: Date.parse(`${(row['newest'] ?? '').slice(0, 23).replace(' ', 'T')}Z`),
      mean: Number(row['mean']) * 1_000,
    },
  ];
}

/** The times of the files of groups, and all files of the tables' present folders. */
async function dateFiles(deployment: Deployment, groups: readonly Group[]) {
  const { config, now } = deployment;
  const present = new Set([utcDay(now), utcDay(now - HOUR_MS)]);
  const byKey = new Map<string, number>();
  const files = new Map<TableKind, LandedFile[]>();
  let isComplete = true;
  const read = async (folder: string) => {
    const { files: found, hasMore } = await listLandedFiles(deployment, folder);
    if (hasMore) isComplete = false;
    for (const { key, landedAt } of found) byKey.set(key, landedAt);
    return found;
  };
  for (const table of tableKinds) {
    const own: LandedFile[] = [];
    for (const day of present) own.push(...(await read(dayFolder(config, table, day))));
    files.set(table, own);
  }
  const others = new Map<string, number>();
  for (const { file, rows } of groups) {
    if (file === null || byKey.has(file)) continue;
    const folder = file.slice(0, file.lastIndexOf('/') + 1);
    others.set(folder, (others.get(folder) ?? 0) + rows);
  }
  const most = [...others].sort(([, a], [, b]) => b - a);
  if (most.length > MOST_FOLDERS) isComplete = false;
  for (const [folder] of most.slice(0, MOST_FOLDERS)) await read(folder);
  return { files, byKey, isComplete };
}

/** By nearest rank; null without rows. Tenths of a second. */
function percentile(
  delays: readonly { readonly rows: number; readonly seconds: number }[],
  share: number,
): number | null {
  const total = delays.reduce((sum, { rows }) => sum + rows, 0);
  const rank = Math.max(1, Math.ceil(share * total));
  let seen = 0;
  for (const { rows, seconds } of [...delays].sort((a, b) => a.seconds - b.seconds)) {
    seen += rows;
    if (seen >= rank) return Math.round(seconds * 10) / 10;
  }
  return null;
}

function countReasons(groups: readonly Group[]): QuarantineCount[] {
  const reasons = new Map<string, { rows: number; newest: number }>();
  for (const { table, reason, rows, newest } of groups) {
    if (table !== 'quarantine') continue;
    const sum = reasons.get(reason ?? '') ?? { rows: 0, newest: 0 };
    reasons.set(reason ?? '', { rows: sum.rows + rows, newest: Math.max(sum.newest, newest) });
  }
  return [...reasons]
    .sort(([, a], [, b]) => b.rows - a.rows)
    .map(([reason, { rows, newest }]) => ({ reason, rows, newestAt: isoTimestamp(newest) }));
}
