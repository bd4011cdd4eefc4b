import { quoteText } from '../../lib/base/sql.ts';
import { addDays, type UtcDay, utcDay } from '../../lib/base/time.ts';
import { partitionKey } from '../../lib/tables/sharedColumns.ts';
import { qualifiedName } from '../../lib/views/View.ts';
import type { Deployment } from '../deployment.ts';
import { findTable, TablesError } from '../facts/tables/tables.ts';
import { runSql, SqlError, type SqlPage } from '../runSql.ts';

/** Some rows of a table or view. */
export interface RowSample extends SqlPage {
  /** Athena's ID of the query, with which `next` is asked for. */
  readonly id: string;
  /** The query, to continue with. */
  readonly sql: string;
  readonly scannedBytes: number;
}

/** Options of {@link sampleRows}. */
export interface SampleOptions {
  readonly table: string;
  /** Only rows of this day. A view with the column `ds` takes it, too. Default, if it has days: those of the last week. */
  readonly day?: UtcDay | undefined;
  /** Only rows of this file, `s3://…`. */
  readonly file?: string | undefined;
  /** Rows of a page. Default 20. */
  readonly limit?: number | undefined;
}

const USUAL_SAMPLE = 20;
/** Rows of the query, which pages go through. */
const MOST_SAMPLED = 1_000;

/**
 * Reads some rows, in no order: a query that stops at its limit, so that it reads little.
 *
 * @throws TablesError; SqlError `SLUICE_SQL_FAILED`; what the clients of AWS throw.
 */
export async function sampleRows(
  deployment: Deployment,
  { table: name, day, file, limit = USUAL_SAMPLE }: SampleOptions,
): Promise<RowSample> {
  const table = await findTable(deployment, name);
  if (day !== undefined && !table.hasDayColumn)
    throw new TablesError('SLUICE_TABLES_NO_DAYS', `${table.name}.`);
  const weekAgo = addDays(utcDay(deployment.now), -7);
  const conditions = [
    ...(day === undefined ? [] : [`"${partitionKey.name}" = DATE '${day}'`]),
    ...(day === undefined && table.hasDayColumn ? [`"${partitionKey.name}" >= DATE '${weekAgo}'`] : []),
    ...(file === undefined ? [] : [`"$path" = ${quoteText(file)}`]),
  ];
  const where = conditions.length === 0 ? '' : `\nWHERE ${conditions.join(' AND ')}`;
  const from = `SELECT *\nFROM ${qualifiedName(deployment.config, table.name)}${where}`;
  const sql = `${from}\nLIMIT ${MOST_SAMPLED}`;
  const { run, page } = await runSql(deployment, { sql, limit });
  if (page === null || run.id === null) throw new SqlError('SLUICE_SQL_FAILED', run.problem?.message ?? '');
  return { ...page, id: run.id, sql, scannedBytes: run.scannedBytes };
}
