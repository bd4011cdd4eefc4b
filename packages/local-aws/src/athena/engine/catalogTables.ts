import { quoteName, quoteText } from '../../base/sql.ts';
import {
  type Catalog,
  isView,
  partitionKeyValue,
  readPrestoView,
  type TableEntry,
} from '../../glue/index.ts';
import { parseHiveType } from '../../trino/index.ts';
import { CATALOG } from './Session.ts';
import { qualifiedName, type SessionColumn } from './tableSql.ts';

/** The schema of the session that has the tables below. Queries of every database read it. */
const SCHEMA = `${CATALOG}.athena_information_schema`;
/** The name of the schema that every database contains. */
const INFORMATION_SCHEMA = 'information_schema';

/** A row of these tables, in the order of its table's columns. */
type Row = readonly (string | number | null)[];

/** The columns of each table of `information_schema`, with DuckDB's types. */
const TABLES: Readonly<Record<string, string>> = {
  schemata: 'catalog_name VARCHAR, schema_name VARCHAR',
  tables: 'table_catalog VARCHAR, table_schema VARCHAR, table_name VARCHAR, table_type VARCHAR',
  views: 'table_catalog VARCHAR, table_schema VARCHAR, table_name VARCHAR, view_definition VARCHAR',
  columns:
    'table_catalog VARCHAR, table_schema VARCHAR, table_name VARCHAR, column_name VARCHAR, ordinal_position BIGINT, column_default VARCHAR, is_nullable VARCHAR, data_type VARCHAR, comment VARCHAR, extra_info VARCHAR',
};

/**
 * SQL that creates `information_schema` of the Data Catalog.
 * https://docs.aws.amazon.com/athena/latest/ug/querying-glue-catalog.html
 */
export function informationSchemaSql(catalog: Catalog): string {
  const databases = catalog.databases();
  const entries = databases.flatMap(({ tables }) => [...tables.values()]);
  const rows: Readonly<Record<string, readonly Row[]>> = {
    schemata: [...databases.map(({ input }) => input.Name), INFORMATION_SCHEMA].map((name) => [
      CATALOG,
      name,
    ]),
    tables: entries.map((entry) => [
      CATALOG,
      entry.databaseName,
      entry.input.Name,
      isView(entry) ? 'VIEW' : 'BASE TABLE',
    ]),
    views: entries
      .filter(isView)
      .map(({ databaseName, input }) => [
        CATALOG,
        databaseName,
        input.Name,
        readPrestoView(input.ViewOriginalText ?? '')?.originalSql ?? null,
      ]),
    columns: entries.flatMap(columnRows),
  };
  const statements = Object.entries(TABLES).map(([name, columns]) => {
    const values = (rows[name] ?? []).map((row) => `(${row.map(sqlLiteral).join(', ')})`);
    const insert = values.length === 0 ? '' : `INSERT INTO ${SCHEMA}.${name} VALUES ${values.join(', ')};`;
    return `CREATE TABLE ${SCHEMA}.${name} (${columns}); ${insert}`;
  });
  return `CREATE SCHEMA ${SCHEMA}; ${statements.join('\n')}`;
}

/** The rows of `information_schema.columns` for a table: first its data's columns, then its partition keys. */
function columnRows({ databaseName, input }: TableEntry): Row[] {
  const dataColumns = input.StorageDescriptor?.Columns ?? [];
  const keys = input.PartitionKeys ?? [];
  return [...dataColumns, ...keys].map(({ Name, Type = 'string', Comment }, index) => [
    CATALOG,
    databaseName,
    input.Name,
    Name,
    index + 1,
    null,
    'YES',
    parseHiveType(Type)?.trino ?? Type,
    Comment ?? null,
    index < dataColumns.length ? null : 'partition key',
  ]);
}

/** A value in SQL. */
function sqlLiteral(value: string | number | null): string {
  return typeof value === 'string' ? quoteText(value) : String(value ?? 'NULL');
}

/**
 * SQL that creates `"table$partitions"`, with one row of values per partition.
 * https://docs.aws.amazon.com/athena/latest/ug/show-partitions.html
 */
export function partitionsTableSql(
  database: string,
  name: string,
  keys: readonly SessionColumn[],
  partitions: readonly (readonly string[])[],
): string {
  const rows = JSON.stringify(partitions.map((partition) => partition.map(partitionKeyValue)));
  const columns = keys.map(
    (key, index) => `CAST(value[${index + 1}] AS ${key.type}) AS ${quoteName(key.name)}`,
  );
  // The values are one text of JSON, because DuckDB takes seconds to parse thousands of rows.
  const values = `SELECT unnest(from_json(${quoteText(rows)}, '[["VARCHAR"]]')) AS value`;
  return `CREATE TABLE ${qualifiedName(database, name)} AS SELECT ${columns.join(', ')} FROM (${values})`;
}
