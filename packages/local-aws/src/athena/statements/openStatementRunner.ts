import { mkdirSync, rmSync } from 'node:fs';
import { SqlError } from '../../trino/index.ts';
import { CATALOG, SessionPool } from '../engine/Session.ts';
import { statementError, toStatementError, toStatementFailure } from '../engine/StatementError.ts';
import type {
  RunnerOptions,
  StatementContext,
  StatementResult,
  StatementRunner,
} from '../engine/StatementRunner.ts';
import { runCatalogStatement } from './catalogStatements.ts';
import { executionParameters } from './executionParameters.ts';
import { parseStatement } from './parseStatement.ts';
import { type QueryRun, runSelect, sessionDirectory } from './queryStatements.ts';
import { runExplain } from './runExplain.ts';
import { type QueryText, type Statement, statementKind } from './Statement.ts';
import { SyntaxCheck } from './SyntaxCheck.ts';
import { runInsert } from './write/insertStatement.ts';
import { runCreateTableAs } from './write/runCreateTableAs.ts';
import type { QueryResult } from './write/writeRows.ts';

/**
 * Opens the runner of Athena statements. DuckDB runs queries over the objects of the local S3; databases, tables,
 * partitions and views are in the local Glue.
 *
 * Each statement that reads or writes rows has its own DuckDB with bounded memory, which can only open the files of
 * the partitions that the statement needs.
 *
 * @example
 * const runner = await openStatementRunner({ catalog, store, prepared, clock: realClock, directory: 'data/athena/tmp' });
 */
export async function openStatementRunner(options: RunnerOptions): Promise<StatementRunner> {
  rmSync(options.directory, { recursive: true, force: true });
  mkdirSync(options.directory, { recursive: true });
  const sessions = new SessionPool(() => sessionDirectory(options));
  const syntax = await SyntaxCheck.open();
  return {
    async classify(sql) {
      try {
        const statement = parseStatement(sql);
        if ('query' in statement) await syntax.check(statement.query, sql);
        return statementKind(statement);
      } catch (error) {
        throw toStatementError(error, sql);
      }
    },
    async run(sql, context) {
      context.signal.throwIfAborted();
      return await runStatement(sql, normalized(context), options, sessions);
    },
    async close() {
      syntax.close();
      await sessions.close();
    },
  };
}

/** The context with the database's plain name, since awswrangler quotes it, and with parameters in SQL. */
function normalized(context: StatementContext): StatementContext {
  return {
    ...context,
    database: context.database?.replace(/^`(.*)`$/, '$1'),
    parameters: executionParameters(context.parameters),
  };
}

/** A statement that reads or writes rows, in a session of DuckDB. */
type RowsStatement = Exclude<Extract<Statement, { query: QueryText }>, { kind: 'createView' }>;

/** Runs a statement of any kind. @throws StatementError; the signal's reason when it aborts. */
async function runStatement(
  sql: string,
  context: StatementContext,
  runner: RunnerOptions,
  sessions: SessionPool,
): Promise<StatementResult> {
  const statement = parse(sql);
  if (context.catalog.toLowerCase() !== CATALOG) {
    throw statementError('CATALOG_NOT_FOUND', `Catalog '${context.catalog}' does not exist`);
  }
  if (statement.kind === 'execute') {
    const prepared = preparedText(statement.name, context.workGroup, runner);
    // Parameters of USING or, without it, parameters of the request.
    const parameters = statement.parameters.length === 0 ? context.parameters : statement.parameters;
    return await runStatement(prepared, { ...context, parameters }, runner, sessions);
  }
  const kind = statementKind(statement);
  if (usesRows(statement)) {
    const session = await sessions.take();
    return { ...kind, ...(await runOnRows(statement, { runner, session, context, statement: sql })) };
  }
  const takeSession = () => sessions.take();
  try {
    const result = await runCatalogStatement(statement, { runner, context, statement: sql, takeSession });
    return { ...kind, scannedBytes: () => 0, output: 'txt', ...result };
  } catch (error) {
    throw toStatementFailure(error);
  }
}

/** The text of a prepared statement. @throws StatementError if there is none, or it executes another. */
function preparedText(name: string, workGroup: string, { prepared }: RunnerOptions): string {
  const text = prepared.find(workGroup, name);
  if (text === undefined) throw statementError('NOT_FOUND', `Prepared statement not found: ${name}`);
  if (parse(text).kind === 'execute')
    throw statementError('NOT_SUPPORTED', 'A prepared statement cannot execute another');
  return text;
}

/** Whether a statement reads or writes rows. A view keeps its query, and runs nothing. */
function usesRows(statement: Statement): statement is RowsStatement {
  return 'query' in statement && statement.kind !== 'createView';
}

/** Runs a statement in its session, which ends with it. @throws StatementError; the signal's reason when it aborts. */
function runOnRows(statement: RowsStatement, run: QueryRun): Promise<QueryResult> {
  const { session, context } = run;
  if (context.signal.aborted) session.close();
  context.signal.throwIfAborted();
  session.closeOnAbort(context.signal);
  switch (statement.kind) {
    case 'query':
      return runSelect(statement, run);
    case 'explain':
      return runExplain(statement, run);
    case 'createTableAs':
      return runCreateTableAs(statement, run);
    case 'insert':
      return runInsert(statement, run);
  }
}

/** Parses a statement. @throws StatementError for a text that is none. */
function parse(sql: string): Statement {
  try {
    return parseStatement(sql);
  } catch (error) {
    throw error instanceof SqlError ? toStatementError(error, sql) : error;
  }
}
