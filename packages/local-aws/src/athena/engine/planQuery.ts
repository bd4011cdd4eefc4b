import type { DuckDBResult, DuckDBType } from '@duckdb/node-api';
import { type Session, STATISTICS_OPTIMIZERS } from './Session.ts';

/**
 * Optimizers that must not change the plan: they conclude from the statistics of empty tables that there are no rows,
 * or read a table a second time by row numbers, or make a join of a list of values.
 */
const DISABLED_OPTIMIZERS =
  'statistics_propagation,empty_result_pullup,join_filter_pushdown,late_materialization,in_clause';

/** What stands before a query that is planned: positions in DuckDB's errors count from its beginning, also while it runs. */
export const PLAN_PREFIX = 'PREPARE query AS ';

/** A query that DuckDB has planned over empty tables. */
export interface PlannedQuery {
  /** The columns of its result. */
  readonly columns: readonly QueryColumn[];
  /** DuckDB's plan in JSON. That the tables are empty has not changed it. */
  readonly plan: string;
  /** Runs it over the tables as they are then: if they have changed, DuckDB plans it again. */
  stream(): Promise<DuckDBResult>;
}

/** A column of a query's result. */
interface QueryColumn {
  /** Its name. */
  readonly name: string;
  /** DuckDB's type. */
  readonly type: DuckDBType;
}

/**
 * Plans the query of a session. A large query takes longer to plan than to run over a few rows: it is planned once for its columns, its plan
 * and its run, and again over the files. A text that is streamed is planned twice over files, once to prepare it and once to run it.
 *
 * @param sql The query in DuckDB's SQL.
 */
export async function planQuery(session: Session, sql: string): Promise<PlannedQuery> {
  await session.run(`SET disabled_optimizers = '${DISABLED_OPTIMIZERS}'`);
  await session.run(`${PLAN_PREFIX}${sql}`);
  const plan = (await session.read('EXPLAIN (FORMAT json) EXECUTE query')).getRowsJS()[0]?.[1];
  const run = await session.prepare('EXECUTE query');
  await session.run(`SET disabled_optimizers = '${STATISTICS_OPTIMIZERS}'`);
  const columns = Array.from({ length: run.columnCount }, (_, index) => ({
    name: run.columnName(index),
    type: run.columnType(index),
  }));
  return { columns, plan: String(plan), stream: () => session.stream(run) };
}
