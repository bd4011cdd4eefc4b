import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { DuckDBDataChunk, DuckDBResult } from '@duckdb/node-api';
import { refuseTextsForDates, TokenList, translate, UNNAMED, writtenNames } from '../../trino/index.ts';
import { resultColumn } from '../engine/columnTypes.ts';
import { translateDuckDbError } from '../engine/duckDbErrors.ts';
import { PLAN_PREFIX, type PlannedQuery, planQuery } from '../engine/planQuery.ts';
import { QueryScope } from '../engine/QueryScope.ts';
import type { Session } from '../engine/Session.ts';
import { toStatementError } from '../engine/StatementError.ts';
import type {
  AthenaColumn,
  RunnerOptions,
  StatementContext,
  StatementResult,
} from '../engine/StatementRunner.ts';
import { textFormatter } from '../engine/textFormat.ts';
import { parameterLiterals } from './executionParameters.ts';
import type { QueryText, Statement } from './Statement.ts';

/** A query with resolved names that is ready to run in its session. */
export interface OpenQuery extends PlannedQuery {
  /** The session of DuckDB, which {@link openQuery} has prepared for the query. */
  readonly session: Session;
  /** The query in DuckDB's SQL. */
  readonly sql: string;
  /** Attaches the files that the query needs. @returns Their size in bytes. */
  attachFiles(): Promise<number>;
  /**
   * Translates an error of DuckDB.
   *
   * @param prefix The number of characters before the query in the text that ran. Default that of a planned query.
   */
  translateError(error: unknown, prefix?: number): unknown;
}

/**
 * Translates a query, resolves its names and determines its columns, using the catalog only: no file is read.
 *
 * @throws StatementError, after closing the session.
 */
export async function openQuery(
  query: QueryText,
  options: {
    /** The catalog and the store that the statement works on. */
    readonly runner: RunnerOptions;
    /** The session of DuckDB, which the statement closes at its end. */
    readonly session: Session;
    /** Names, parameters and permissions of the execution. */
    readonly context: StatementContext;
    /** The whole statement that contains the query, for the places of errors. */
    readonly statement: string;
    /** Whether unnamed columns get a name, as in a result. */
    readonly nameColumns: boolean;
    /** Whether the result is stored as a view or in a table, where other queries read it. Default false. */
    readonly isStored?: boolean;
  },
): Promise<OpenQuery> {
  const { runner, session, context, statement, nameColumns, isStored = false } = options;
  const { database, parameters, onCall } = context;
  const { catalog, store } = runner;
  const scope = new QueryScope({ catalog, store, session, onCall });
  try {
    const translation = translate(query.sql, {
      parameters: parameterLiterals(parameters),
      nameColumns,
      isStored,
    });
    const list = new TokenList(query.sql);
    await session.setNow(runner.clock.now());
    await session.defineMacros(translation.sql);
    await scope.resolve(list, database);
    refuseTextsForDates(list, scope.columnTypes);
    const failed = {
      sql: statement,
      shift: query.offset,
      translation,
      missingTable: (name: string) => scope.missingTable(name, database),
      locationOf: (path: string) => scope.locationOf(path),
    };
    const translateError = (error: unknown, prefix = PLAN_PREFIX.length) =>
      translateDuckDbError(error, { ...failed, prefix });
    const planned = await planQuery(session, translation.sql).catch((error: unknown) => {
      throw translateError(error);
    });
    return {
      ...planned,
      session,
      sql: translation.sql,
      translateError,
      async attachFiles() {
        const files = await scope.attachFiles(planned.plan);
        return files.reduce((sum, { size }) => sum + size, 0);
      },
    };
  } catch (error) {
    session.close();
    throw toStatementError(error, statement, query.offset);
  }
}

/** The folder of a new session. */
export function sessionDirectory(runner: RunnerOptions): string {
  return join(runner.directory, randomUUID());
}

/** A statement that reads or writes rows, with its context. */
export interface QueryRun {
  /** The catalog and the store that the statement works on. */
  readonly runner: RunnerOptions;
  /** The session of DuckDB, which the statement closes at its end. */
  readonly session: Session;
  /** Names, parameters and permissions of the execution. */
  readonly context: StatementContext;
  /** The whole statement. */
  readonly statement: string;
}

/** Runs a query and streams its rows. */
export async function runSelect(
  { query }: Extract<Statement, { kind: 'query' }>,
  run: QueryRun,
): Promise<Omit<StatementResult, 'statementType' | 'substatementType'>> {
  const open = await openQuery(query, { ...run, nameColumns: true });
  const { session, context } = run;
  try {
    const scannedBytes = await open.attachFiles();
    const result = await open.stream();
    const list = new TokenList(query.sql);
    return {
      columns: resultColumns(open.columns, list, writtenNames(list)),
      rows: resultRows(open, result, context.signal),
      scannedBytes: () => scannedBytes,
      output: 'csv',
    };
  } catch (error) {
    session.close();
    throw context.signal.aborted ? context.signal.reason : open.translateError(error);
  }
}

/**
 * The columns of a query's result. Unnamed columns, as all of VALUES, are named by their position, starting at 0.
 *
 * @param query The query as it is written.
 * @param written The names as the statement writes them, where they differ in case only.
 */
export function resultColumns(
  columns: OpenQuery['columns'],
  query: TokenList,
  written: readonly (string | undefined)[] = [],
): AthenaColumn[] {
  const first = query.tokens.find(({ raw }) => raw !== '(');
  const isValues = first?.kind === 'word' && first.value === 'values';
  return columns.map(({ name, type }, index) => {
    const writtenName = written[index];
    const shown = writtenName?.toLowerCase() === name.toLowerCase() ? writtenName : name;
    return resultColumn(isValues || name.startsWith(UNNAMED) ? `_col${index}` : shown, type);
  });
}

/** The rows of a result as text, in DuckDB's chunks of 2,048 rows. Closes the session after the last one. */
async function* resultRows(
  query: OpenQuery,
  result: DuckDBResult,
  signal: AbortSignal,
): StatementResult['rows'] & AsyncGenerator<readonly (readonly (string | null)[])[]> {
  try {
    const texts = result.columnTypes().map((type) => textFormatter(type));
    for (;;) {
      signal.throwIfAborted();
      const chunk = await query.session.nextChunk(result);
      if (chunk === undefined) return;
      yield chunkRows(chunk, texts);
    }
  } catch (error) {
    throw signal.aborted ? signal.reason : query.translateError(error);
  } finally {
    query.session.close();
  }
}

/** The rows of a chunk of DuckDB's, with each value as text. @param texts A formatter per column. */
function chunkRows(
  chunk: DuckDBDataChunk,
  texts: readonly ReturnType<typeof textFormatter>[],
): (string | null)[][] {
  const rows: (string | null)[][] = Array.from({ length: chunk.rowCount }, () => []);
  for (const [index, text] of texts.entries()) {
    const vector = chunk.getColumnVector(index);
    for (const [row, values] of rows.entries()) values.push(text(vector.getItem(row)));
  }
  return rows;
}

/** Given rows as a stream. */
export async function* rowsFrom(
  rows: readonly (readonly (string | null)[])[],
): AsyncGenerator<readonly (readonly (string | null)[])[]> {
  if (rows.length > 0) yield rows;
}
