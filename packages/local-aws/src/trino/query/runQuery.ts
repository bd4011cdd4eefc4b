import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DuckDBArrayValue,
  DuckDBDecimalValue,
  DuckDBInstance,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import { QueryError } from '../../base/errors.ts';
import { quoteName } from '../../base/sql.ts';
import { dataFolders } from '../../disk/dataDirectory.ts';
import { readCatalog, type TableEntry } from '../../glue/index.ts';
import { listPartitionFiles, type QueryTable, tableViewSql } from './tableView.ts';
import { createViews, type FailedView, isView, readViews, viewsNeededBy } from './views.ts';

/** One row of an answer, by column name. */
export type QueryRow = Readonly<Record<string, JsonValue>>;

/**
 * Answers SQL (DuckDB's dialect) over the registered partitions of the local catalog. Reads only what is on
 * disk, so it needs no running cloud; a table or view can be named with or without its database.
 *
 * @param directory The data directory of the local cloud.
 * @throws QueryError `QUERY_NO_DATA` without a catalog, `QUERY_FAILED` with DuckDB's own message.
 */
export async function runQuery(directory: string, sql: string): Promise<QueryRow[]> {
  const folders = dataFolders(directory);
  const databases = readCatalog(folders.glue);
  if (databases.length === 0) throw new QueryError('QUERY_NO_DATA', `Looked in ${folders.root}.`);
  let unmade: readonly FailedView[] = [];
  // DuckDB's own place for what does not fit into memory is in the current directory, readable by everybody.
  const scratch = mkdtempSync(join(tmpdir(), 'local-aws-query-'));
  const instance = await DuckDBInstance.create(':memory:', { temp_directory: scratch });
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    for (const database of databases) {
      await connection.run(`CREATE SCHEMA IF NOT EXISTS ${quoteName(database.input.Name)}`);
      for (const table of database.tables.values()) {
        if (!isView(table)) await connection.run(tableViewSql(toQueryTable(table, folders.s3)));
      }
    }
    unmade = await createViews(connection, viewsNeededBy(sql, readViews(databases)));
    const path = databases.map(({ input }) => quoteName(input.Name)).join(',');
    await connection.run(`SET search_path = '${path.replaceAll("'", "''")}'`);
    const reader = await connection.runAndReadAll(sql);
    const names = reader.deduplicatedColumnNames();
    return reader
      .getRows()
      .map((row) => Object.fromEntries(names.map((name, index) => [name, toJsonValue(row[index] ?? null)])));
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    const reasons = unmade.map(({ view, reason }) => `\nThe view ${view.name} could not be made: ${reason}`);
    throw new QueryError('QUERY_FAILED', [message, ...reasons].join(''), { cause: error });
  } finally {
    connection.closeSync();
    instance.closeSync();
    rmSync(scratch, { recursive: true, force: true });
  }
}

function toQueryTable(table: TableEntry, s3Directory: string): QueryTable {
  const columns = (list: TableEntry['input']['PartitionKeys'] = []) =>
    list.map(({ Name, Type = 'string' }) => ({ name: Name, type: Type }));
  const { Location = '', SerdeInfo } = table.input.StorageDescriptor ?? {};
  const partitions =
    (table.input.PartitionKeys ?? []).length === 0
      ? [{ values: [], location: Location }]
      : table.partitions.map(({ values, input }) => ({
          values,
          location: input.StorageDescriptor?.Location ?? '',
        }));
  return {
    database: table.databaseName,
    name: table.input.Name,
    columns: columns(table.input.StorageDescriptor?.Columns),
    partitionKeys: columns(table.input.PartitionKeys),
    partitions: partitions.map(({ values, location }) => ({
      values,
      files: listPartitionFiles(s3Directory, location),
    })),
    format: SerdeInfo?.SerializationLibrary?.endsWith('JsonSerDe') === true ? 'json' : 'parquet',
  };
}

/** What `JSON.stringify` takes as it is. */
type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/**
 * A DuckDB value as JSON: whole numbers are numbers as long as they are exact (beyond 2^53 text), decimals are
 * numbers, lists and structs are arrays and objects, and dates, timestamps, intervals and the like are text
 * as SQL prints them.
 */
function toJsonValue(value: DuckDBValue): JsonValue {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof DuckDBDecimalValue) return value.toDouble();
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue)
    return value.items.map(toJsonValue);
  if (value instanceof DuckDBStructValue) {
    return Object.fromEntries(Object.entries(value.entries).map(([name, item]) => [name, toJsonValue(item)]));
  }
  if (value instanceof DuckDBMapValue) {
    return value.entries.map(({ key, value: item }) => ({ key: toJsonValue(key), value: toJsonValue(item) }));
  }
  return value.toString();
}
