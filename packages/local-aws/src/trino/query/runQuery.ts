import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance, StatementType } from '@duckdb/node-api';
import { messageOf, QueryError } from '../../base/errors.ts';
import { quoteName, quoteText } from '../../base/sql.ts';
import { dataFolders } from '../../disk/dataDirectory.ts';
import { isView, readCatalog, type TableEntry } from '../../glue/index.ts';
import { bucketFolders, encodedFolder } from '../../s3/model/BucketFiles.ts';
import { type JsonValue, toJsonValue } from './jsonValue.ts';
import { readQueryTable, tableViewSql } from './tableView.ts';
import { createViews, isListing, readViews, viewsNeededBy } from './views.ts';

/** One row of a result, by column name. */
export type QueryRow = Readonly<Record<string, JsonValue>>;

/**
 * Runs SQL in DuckDB's dialect over the registered partitions of the local catalog. It only reads the disk, so the
 * emulator need not run. Tables and views can be named with or without their database.
 *
 * @param directory The data directory of the local cloud.
 * @throws QueryError `QUERY_NO_DATA` without a catalog, `QUERY_FAILED` with DuckDB's own message.
 */
export async function runQuery(directory: string, sql: string): Promise<QueryRow[]> {
  return withTables(directory, sql, async (connection) => {
    const reader = await connection.runAndReadAll(sql);
    const names = reader.deduplicatedColumnNames();
    return reader
      .getRows()
      .map((row) => Object.fromEntries(names.map((name, index) => [name, toJsonValue(row[index] ?? null)])));
  });
}

/** The first rows of a query. */
interface QueryPage {
  /** Names, which may repeat, and DuckDB's types. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** The rows, each with a value per column. */
  readonly rows: readonly (readonly JsonValue[])[];
  /** Whether the result has more rows. */
  readonly more: boolean;
}

/** Memory of a query that runs in the process of the local cloud. */
const MEMORY = '1GB';
/** DuckDB loses an interruption that arrives between two steps of a query, so it is repeated. */
const INTERRUPT_MS = 50;
/** A text without a statement, for which DuckDB has no error of its own: spaces, comments and semicolons. */
const NO_STATEMENT = /^(?:[\s;]|--[^\n]*(?:\n|$)|\/\*(?:[^*]|\*(?!\/))*\*\/)*$/;

/**
 * Runs one SELECT for a caller that is not trusted with this machine: it reads the objects in the buckets of the local S3,
 * and no other file. Otherwise like {@link runQuery}.
 *
 * @param options `most`: rows at the most. When the signal aborts, the query is interrupted.
 * @throws QueryError `QUERY_NO_SELECT` for any other statement, for none and for several; errors of {@link runQuery}.
 */
export async function readQuery(
  directory: string,
  sql: string,
  { most, signal }: { readonly most: number; readonly signal: AbortSignal },
): Promise<QueryPage> {
  return withTables(directory, sql, async (connection, readable) => {
    const paths = readable.map((path) => quoteText(`${path}/`)).join(', ');
    await connection.run(
      `SET memory_limit = '${MEMORY}'; SET allowed_directories = [${paths}];
       SET enable_external_access = false; SET lock_configuration = true`,
    );
    if (NO_STATEMENT.test(sql)) throw new QueryError('QUERY_NO_SELECT', 'Got 0 statements.');
    const statements = await connection.extractStatements(sql);
    if (statements.count !== 1)
      throw new QueryError('QUERY_NO_SELECT', `Got ${statements.count} statements.`);
    const prepared = await statements.prepare(0);
    if (prepared.statementType !== StatementType.SELECT) throw new QueryError('QUERY_NO_SELECT');
    const interrupt = setInterval(() => {
      if (signal.aborted) connection.interrupt();
    }, INTERRUPT_MS);
    try {
      const reader = await prepared.streamAndReadUntil(most + 1);
      const types = reader.columnTypes();
      const rows = reader.getRows();
      return {
        columns: reader.columnNames().map((name, i) => ({ name, type: String(types[i]) })),
        rows: rows.slice(0, most).map((row) => row.map(toJsonValue)),
        more: rows.length > most,
      };
    } finally {
      clearInterval(interrupt);
    }
  });
}

/** The folders that have objects: the files of the store itself, and older versions, are beside them. */
function objectFolders(s3Directory: string): string[] {
  if (!existsSync(s3Directory)) return [];
  return readdirSync(s3Directory)
    .filter((name) => !name.startsWith('.'))
    .map((name) => bucketFolders(s3Directory, name))
    .flatMap((folders) => [folders.objects, encodedFolder(folders)]);
}

/**
 * Opens DuckDB with the tables and views that a query needs. Those that cannot be read are left out of it.
 *
 * @param work Gets the folders that the views and the query itself read.
 */
async function withTables<Result>(
  directory: string,
  sql: string,
  work: (connection: DuckDBConnection, readable: readonly string[]) => Promise<Result>,
): Promise<Result> {
  const folders = dataFolders(directory);
  const databases = readCatalog(folders.glue);
  if (databases.length === 0) throw new QueryError('QUERY_NO_DATA', `Looked in ${folders.root}.`);
  const left: string[] = [];
  const views = viewsNeededBy(sql, readViews(databases));
  const texts = [sql, ...views.map((view) => view.sql)].map((text) => text.toLowerCase());
  const isNeeded = ({ input }: TableEntry) =>
    isListing(sql) || texts.some((text) => text.includes(input.Name));
  // By default DuckDB spills into the current directory, with files that everybody can read.
  const scratch = mkdtempSync(join(tmpdir(), 'local-aws-query-'));
  using opened = new DisposableStack();
  opened.defer(() => rmSync(scratch, { recursive: true, force: true }));
  try {
    const instance = await DuckDBInstance.create(':memory:', { temp_directory: scratch });
    opened.defer(() => instance.closeSync());
    const connection = await instance.connect();
    opened.defer(() => connection.closeSync());
    await connection.run("SET TimeZone = 'UTC'");
    for (const database of databases) {
      await connection.run(`CREATE SCHEMA IF NOT EXISTS ${quoteName(database.input.Name)}`);
      for (const table of database.tables.values()) {
        if (isView(table) || !isNeeded(table)) continue;
        try {
          await connection.run(tableViewSql(readQueryTable(table, folders.s3)));
        } catch (error) {
          left.push(
            `The table ${database.input.Name}.${table.input.Name} could not be read: ${messageOf(error)}`,
          );
        }
      }
    }
    for (const { view, reason } of await createViews(connection, views))
      left.push(`The view ${view.name} could not be created: ${reason}`);
    const path = databases.map(({ input }) => quoteName(input.Name)).join(',');
    await connection.run(`SET search_path = ${quoteText(path)}`);
    return await work(connection, [...objectFolders(folders.s3), scratch]);
  } catch (error) {
    if (error instanceof QueryError) throw error;
    throw new QueryError('QUERY_FAILED', [messageOf(error), ...left].join('\n'), { cause: error });
  }
}
