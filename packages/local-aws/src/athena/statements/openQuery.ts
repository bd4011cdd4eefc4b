import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type DuckDBType, DuckDBTypeId } from '@duckdb/node-api';
import { reusedAliases } from '../../trino/translate/reusedAliases.ts';
import { TokenList } from '../../trino/translate/TokenList.ts';
import { type Translation, translate } from '../../trino/translate/translate.ts';
import { checkTypes } from '../engine/checkTypes.ts';
import { duckDbFailure } from '../engine/duckDbFailure.ts';
import { QueryScope } from '../engine/QueryScope.ts';
import type { RunnerOptions } from '../engine/RunnerOptions.ts';
import type { Session } from '../engine/Session.ts';
import type { StatementContext } from '../engine/StatementRunner.ts';
import { fromSqlError } from '../engine/statementFailure.ts';
import { textLengths } from '../engine/textLengths.ts';
import { parameterLiterals } from './parameterLiterals.ts';
import type { QueryText } from './Statement.ts';

/** A query whose names are resolved, ready to be run in its session. */
export interface OpenQuery {
  readonly session: Session;
  /** In DuckDB's words. */
  readonly sql: string;
  /** The columns of its result. */
  readonly columns: readonly {
    readonly name: string;
    readonly type: DuckDBType;
    /** `varchar(10)` or `char(3)` of a text whose length is known. */
    readonly text?: string | undefined;
  }[];
  /** Gives the tables the rows that the query wants. @returns The bytes of their files. */
  fill(): Promise<number>;
  /** An error of DuckDB in the user's words. @param prefix Characters before the query in what was run. */
  failure(error: unknown, prefix?: number): unknown;
}

/**
 * Translates a query, resolves what it names and finds its columns, all by the catalog alone: no file is read yet.
 *
 * @param statement The whole text that the query is a part of.
 * @param nameColumns Whether unnamed columns get a name, as those of a result do.
 * @throws StatementError; the session is closed then.
 */
export async function openQuery(
  query: QueryText,
  options: {
    readonly runner: RunnerOptions;
    readonly session: Session;
    readonly context: StatementContext;
    readonly statement: string;
    readonly nameColumns: boolean;
  },
): Promise<OpenQuery> {
  const { runner, session, context, statement, nameColumns } = options;
  const { database, parameters, onCall } = context;
  const scope = new QueryScope({ catalog: runner.catalog, store: runner.store, session, onCall });
  try {
    const literals = parameterLiterals(parameters);
    let translation: Translation = translate(query.sql, { parameters: literals, nameColumns });
    const list = new TokenList(query.sql);
    await session.setNow(runner.clock.now());
    await session.define(translation.sql);
    await scope.resolve(list, database);
    const failure = (error: unknown, prefix = 0, of = translation) =>
      duckDbFailure(error, {
        sql: statement,
        shift: query.offset,
        translation: of,
        prefix,
        missingTable: (name) => scope.missing(name, database),
        columns: new Set(
          scope.tables.flatMap((table) => [...table.columns, ...table.keys].map(({ name }) => name)),
        ),
        locationOf: (path) => scope.locationOf(path),
      });
    const check = (checked: Translation) =>
      checkTypes(session, {
        translation: checked,
        list,
        place: { sql: statement, shift: query.offset },
        database: database?.toLowerCase(),
        columnTypes: scope.columnTypes,
      });
    let columns: OpenQuery['columns'];
    let unnestPairs: 'map' | 'rows' = 'map';
    try {
      columns = await describe(session, translation.sql);
    } catch (error) {
      const rows = translate(query.sql, { parameters: literals, nameColumns, unnestPairs: 'rows' });
      if (rows.sql === translation.sql) {
        await check(translation);
        throw failure(error);
      }
      // What is unnested in pairs may be an array of rows instead of a map.
      const found = await describe(session, rows.sql).catch(() => undefined);
      if (found === undefined) throw failure(error);
      columns = found;
      translation = rows;
      unnestPairs = 'rows';
    }
    const hiddenNames = reusedAliases(list);
    if (hiddenNames.size > 0) {
      const bare = translate(query.sql, { parameters: literals, nameColumns, unnestPairs, hiddenNames });
      const error = await describe(session, bare.sql).catch((reason: unknown) => reason);
      const refused = error instanceof Error ? failure(error, 0, bare) : undefined;
      const name = refused instanceof Error ? UNRESOLVED.exec(refused.message)?.[1] : undefined;
      if (name !== undefined && hiddenNames.has(name)) throw refused;
    }
    const tree = await check(translation);
    const lengths =
      tree === undefined ? [] : textLengths(tree, (schema, name) => scope.columnsOf(schema, name));
    // Fewer or more are known where a `*` shows what isn't: then none can be told.
    const texts = lengths.length === columns.length ? lengths : [];
    return {
      session,
      sql: translation.sql,
      columns: columns.map((column, index) =>
        column.type.typeId === DuckDBTypeId.VARCHAR ? { ...column, text: texts[index]?.text } : column,
      ),
      failure,
      async fill() {
        const files = await scope.fill(translation.sql);
        return files.reduce((sum, { size }) => sum + size, 0);
      },
    };
  } catch (error) {
    session.close();
    throw fromSqlError(error, statement, query.offset);
  }
}

/** What a query says of a name that only a select item has, and of one that isn't grouped. */
const UNRESOLVED = /^(?:COLUMN_NOT_FOUND: .*?Column|EXPRESSION_NOT_AGGREGATE: (?:line \S+ )?) ?'(.*?)' /s;

/** The columns that a query has over empty tables. */
async function describe(session: Session, sql: string): Promise<OpenQuery['columns']> {
  const prepared = await session.prepare(sql);
  try {
    return Array.from({ length: prepared.columnCount }, (_, index) => ({
      name: prepared.columnName(index),
      type: prepared.columnType(index),
    }));
  } finally {
    prepared.destroySync();
  }
}

/** Where a statement's session keeps its files. */
export function sessionDirectory(runner: RunnerOptions): string {
  return join(runner.directory, randomUUID());
}
