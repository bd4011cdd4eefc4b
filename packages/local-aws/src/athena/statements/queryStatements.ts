import type { RunnerOptions } from '../engine/RunnerOptions.ts';
import { textColumn } from '../engine/resultColumn.ts';
import type { Session } from '../engine/Session.ts';
import type { StatementContext, StatementResult } from '../engine/StatementRunner.ts';
import { openQuery } from './openQuery.ts';
import { givenRows, resultColumns, resultRows } from './resultRows.ts';
import type { Statement } from './Statement.ts';

/** What a statement that reads or writes rows is run with. */
export interface QueryRun {
  readonly runner: RunnerOptions;
  readonly session: Session;
  readonly context: StatementContext;
  /** The whole statement. */
  readonly statement: string;
}

/** Runs a query; its rows come while it runs. */
export async function runSelect(
  { query }: Extract<Statement, { kind: 'query' }>,
  run: QueryRun,
): Promise<Omit<StatementResult, 'statementType' | 'substatementType'>> {
  const open = await openQuery(query, { ...run, nameColumns: true });
  const { session, context } = run;
  try {
    const scannedBytes = await open.fill();
    const result = await session.stream(open.sql);
    return {
      columns: resultColumns(open.columns, /^[\s(]*values\b/i.test(query.sql)),
      rows: resultRows(open, result, context.signal),
      scannedBytes: () => scannedBytes,
      output: 'csv',
    };
  } catch (error) {
    session.close();
    throw context.signal.aborted ? context.signal.reason : open.failure(error);
  }
}

/** The plan of a query, DuckDB's own: its lines are rows of one column. */
export async function runExplain(
  { query, analyze }: Extract<Statement, { kind: 'explain' }>,
  run: QueryRun,
): Promise<Omit<StatementResult, 'statementType' | 'substatementType'>> {
  const open = await openQuery(query, { ...run, nameColumns: true });
  const { session, context } = run;
  const words = analyze ? 'EXPLAIN ANALYZE ' : 'EXPLAIN ';
  try {
    const scannedBytes = await open.fill();
    const reader = await session.read(`${words}${open.sql}`);
    const plan = reader.getRowsJS().map((row) => String(row[1]));
    return {
      columns: [{ ...textColumn('Query Plan'), type: 'varchar', precision: 2_147_483_647 }],
      rows: givenRows(plan.flatMap((text) => text.trimEnd().split('\n')).map((line) => [line])),
      scannedBytes: () => (analyze ? scannedBytes : 0),
      output: 'txt',
    };
  } catch (error) {
    throw context.signal.aborted ? context.signal.reason : open.failure(error, words.length);
  } finally {
    session.close();
  }
}
