import { mkdirSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { DuckDBType } from '@duckdb/node-api';
import { quoteName, quoteText } from '../../base/sql.ts';
import { readPieces } from '../../disk/files.ts';
import { insertPartition, isView, type TableEntry } from '../../glue/index.ts';
import { AwsError } from '../../protocol/AwsError.ts';
import { parseHiveType, TokenList, unnamedItems } from '../../trino/index.ts';
import { hiveTypeName, trinoTypeName } from '../engine/columnTypes.ts';
import {
  listObjects,
  parquetStorageDescriptor,
  parseLocation,
  partitionFolder,
} from '../engine/dataFiles.ts';
import { assertNotIceberg, assertNotProjected, sessionColumns } from '../engine/QueryScope.ts';
import { notEmulated, statementError } from '../engine/StatementError.ts';
import { STATEMENT_LIMITS, type StatementResult } from '../engine/StatementRunner.ts';
import { tableFormatOf } from '../engine/tableFormat.ts';
import { type OpenQuery, openQuery, type QueryRun, rowsFrom } from './queryStatements.ts';
import { type Properties, type PropertyValue, resolveTableName, type Statement } from './Statement.ts';

/** The result of a statement but for its kind. */
type QueryResult = Omit<StatementResult, 'statementType' | 'substatementType'>;

/** The properties of CREATE TABLE AS that are emulated: https://docs.aws.amazon.com/athena/latest/ug/create-table-as.html */
const TABLE_PROPERTIES = [
  'format',
  'external_location',
  'partitioned_by',
  'parquet_compression',
  'write_compression',
  'table_type',
  'is_external',
];

type CreateTableAs = Extract<Statement, { kind: 'createTableAs' }>;
type Insert = Extract<Statement, { kind: 'insert' }>;

/** The result of a statement that writes no rows. */
const NOTHING_WRITTEN: WriteResult = { rows: 0, scannedBytes: 0, locations: [], partitions: [] };

/** Runs CREATE TABLE AS: writes the rows, then creates the table and its partitions in Glue. */
export async function runCreateTableAs(statement: CreateTableAs, run: QueryRun): Promise<QueryResult> {
  const { runner, context, session } = run;
  try {
    const { database, name } = resolveTableName(statement.name, context.database);
    if (textProperty(statement.properties.get('table_type'))?.toUpperCase() === 'ICEBERG')
      throw notEmulated('CREATE TABLE of an Iceberg table');
    const properties = requireKnownProperties(statement.properties);
    if (runner.catalog.database(database).tables.has(name)) {
      if (!statement.ifNotExists)
        throw statementError(
          'TABLE_ALREADY_EXISTS',
          `Table 'awsdatacatalog.${database}.${name}' already exists`,
        );
      session.close();
      return toStatementResult(NOTHING_WRITTEN);
    }
    return await createTableAs(statement, properties, { database, name }, run);
  } catch (error) {
    session.close();
    throw toStatementFailure(error);
  }
}

/** Creates a table that does not exist from the rows of a query. */
async function createTableAs(
  statement: CreateTableAs,
  properties: Properties,
  { database, name }: { readonly database: string; readonly name: string },
  run: QueryRun,
): Promise<QueryResult> {
  const { context } = run;
  const location = withTrailingSlash(
    textProperty(properties.get('external_location')) ??
      `${context.outputLocation}tables/${context.executionId}/`,
  );
  assertEmptyLocation(
    run,
    location,
    `Target directory for table '${database}.${name}' already exists: ${location}`,
  );
  const keys = nameList(properties.get('partitioned_by'));
  assertColumnNames(statement, run.statement);
  const open = await openQuery(statement.query, { ...run, nameColumns: false });
  assertColumns(open, run.statement);
  const columns = hiveColumns(open);
  const dataColumns = columns.slice(0, columns.length - keys.length);
  const keyColumns = columns.slice(columns.length - keys.length);
  assertKeysLast(keys, keyColumns);
  const locationOf = (values: readonly string[]) => `${location}${partitionPath(keys, values)}`;
  const written = statement.withData
    ? await writeRows(open, run, {
        columns: columns.map(({ Name, Type }, index) => ({ name: Name, sql: castTo(`c${index}`, Type) })),
        keys,
        compression: parquetCompression(
          textProperty(properties.get('parquet_compression') ?? properties.get('write_compression')),
        ),
        locationOf,
      })
    : NOTHING_WRITTEN;
  context.onCall({
    service: 'glue',
    operation: 'CreateTable',
    input: { DatabaseName: database, Name: name },
  });
  run.runner.catalog.createTable(database, {
    Name: name,
    TableType: 'EXTERNAL_TABLE',
    Parameters: { EXTERNAL: 'TRUE', has_encrypted_data: 'false' },
    PartitionKeys: keyColumns,
    StorageDescriptor: parquetStorageDescriptor(dataColumns, location),
  });
  addPartitions(run, database, name, keys, written.partitions, locationOf);
  return toStatementResult(written);
}

/** Requires that the partition keys are the last columns of a query. @throws StatementError `HIVE_COLUMN_ORDER_MISMATCH` */
function assertKeysLast(keys: readonly string[], lastColumns: readonly { readonly Name: string }[]): void {
  if (keys.every((key, index) => lastColumns[index]?.Name === key)) return;
  throw statementError(
    'HIVE_COLUMN_ORDER_MISMATCH',
    `Partition keys must be the last columns in the table and in the same order as the table properties: [${keys.join(', ')}]`,
  );
}

/** The folder of a partition below its table's, with a slash at its end; '' for a table without partition keys. */
function partitionPath(keys: readonly string[], values: readonly string[]): string {
  return keys.length === 0 ? '' : `${partitionFolder(keys, values)}/`;
}

/** Runs INSERT INTO … SELECT or VALUES. https://docs.aws.amazon.com/athena/latest/ug/insert-into.html */
export async function runInsert(statement: Insert, run: QueryRun): Promise<QueryResult> {
  const { context, session } = run;
  try {
    const { database, name } = resolveTableName(statement.name, context.database);
    const entry = requireInsertTarget(statement, database, name, run);
    const location = withTrailingSlash(entry.input.StorageDescriptor?.Location ?? '');
    const keyColumns = sessionColumns(entry.input.PartitionKeys);
    const columns = [...sessionColumns(entry.input.StorageDescriptor?.Columns), ...keyColumns];
    const names = columns.map((column) => column.name);
    const keys = keyColumns.map((key) => key.name);
    const locationOf = (values: readonly string[]) =>
      partitionLocation(entry, values) ?? `${location}${partitionPath(keys, values)}`;
    const listed = statement.columns ?? names;
    const open = await openQuery(statement.query, { ...run, nameColumns: true });
    assertInsertColumns(listed, names);
    const listedColumns = listed.flatMap((name) => columns.filter((column) => column.name === name));
    assertInsertCount(
      listedColumns.map(({ trino }) => trino),
      open,
    );
    const written = await writeRows(open, run, {
      columns: columns.map((column) => {
        const index = listed.indexOf(column.name);
        const value = index < 0 ? 'NULL' : `c${index}`;
        return { name: column.name, sql: `CAST(${value} AS ${column.type})` };
      }),
      keys,
      compression: 'gzip',
      locationOf,
    });
    const newPartitions = written.partitions.filter(
      (values) => partitionLocation(entry, values) === undefined,
    );
    addPartitions(run, database, name, keys, newPartitions, locationOf);
    return toStatementResult(written);
  } catch (error) {
    session.close();
    throw toStatementFailure(error);
  }
}

/** The table of an INSERT. @throws StatementError for a table that does not exist or to which nothing can be added here. */
function requireInsertTarget(
  statement: Insert,
  database: string,
  name: string,
  { runner, context, statement: sql }: QueryRun,
): TableEntry {
  context.onCall({ service: 'glue', operation: 'GetTable', input: { DatabaseName: database, Name: name } });
  const entry = runner.catalog
    .databases()
    .find(({ input }) => input.Name === database)
    ?.tables.get(name);
  if (entry === undefined) {
    throw statementError('TABLE_NOT_FOUND', `Table 'awsdatacatalog.${database}.${name}' does not exist`, {
      sql,
      offset: statement.name.offset,
    });
  }
  if (isView(entry)) throw statementError('NOT_SUPPORTED', 'Inserting into views is not supported');
  assertNoBuckets(entry);
  assertNotIceberg(entry);
  assertNotProjected(entry);
  if (tableFormatOf(entry).kind !== 'parquet') throw notEmulated('Writing texts');
  return entry;
}

/**
 * Requires that the columns of an INSERT are the table's, each once: Trino's StatementAnalyzer.visitInsert.
 *
 * @param listed The names of the statement, in lower case. @param known Those of the table.
 * @throws StatementError `COLUMN_NOT_FOUND`, `DUPLICATE_COLUMN_NAME`
 */
function assertInsertColumns(listed: readonly string[], known: readonly string[]): void {
  for (const [index, column] of listed.entries()) {
    if (!known.includes(column))
      throw statementError(
        'COLUMN_NOT_FOUND',
        `Insert column name does not exist in target table: ${column}`,
      );
    if (listed.indexOf(column) < index)
      throw statementError(
        'DUPLICATE_COLUMN_NAME',
        `Insert column name is specified more than once: ${column}`,
      );
  }
}

/**
 * Requires that a query has a column for each that the statement names. Their types are not looked at: each value is cast.
 *
 * @param table Trino's types of the table's columns, in the statement's order.
 * @throws StatementError `TYPE_MISMATCH`
 */
function assertInsertCount(table: readonly string[], { columns }: OpenQuery): void {
  if (table.length === columns.length) return;
  const types = columns.map(({ type }) => trinoTypeName(type));
  throw statementError(
    'TYPE_MISMATCH',
    `Insert query has mismatched column types: Table: [${table.join(', ')}], Query: [${types.join(', ')}]`,
  );
}

/** The result of a statement that has written rows. */
function toStatementResult({ rows, scannedBytes, locations }: WriteResult): QueryResult {
  return {
    columns: [{ name: 'rows', type: 'bigint', precision: 19, scale: 0, nullable: 'UNKNOWN' }],
    rows: rowsFrom([]),
    updateCount: rows,
    scannedBytes: () => scannedBytes,
    output: 'txt',
    manifest: locations,
  };
}

/** An error of the catalog as the failure of the statement. Other errors stay as they are. */
function toStatementFailure(error: unknown): unknown {
  return error instanceof AwsError ? statementError('DDL', error.message, undefined, error) : error;
}

/** @throws StatementError for a property or a format that is not emulated. */
function requireKnownProperties(properties: Properties): Properties {
  for (const name of properties.keys()) {
    if (!TABLE_PROPERTIES.includes(name)) throw notEmulated(`The property ${name}`);
  }
  const format = textProperty(properties.get('format')) ?? 'PARQUET';
  if (format.toUpperCase() !== 'PARQUET')
    throw notEmulated(`Writing in the format ${format}, which is not PARQUET,`);
  return properties;
}

/** DuckDB's name of a compression. @param name Athena's name. Default: gzip, as in Athena. */
function parquetCompression(name = 'gzip'): string {
  const known: Readonly<Record<string, string>> = {
    gzip: 'gzip',
    snappy: 'snappy',
    zstd: 'zstd',
    lz4: 'lz4_raw',
    none: 'uncompressed',
    uncompressed: 'uncompressed',
  };
  const compression = known[name.toLowerCase()];
  if (compression === undefined) throw notEmulated(`The compression ${name}`);
  return compression;
}

/** Requires that nothing is at the location of a new table. @throws StatementError */
function assertEmptyLocation({ runner, context }: QueryRun, location: string, message: string): void {
  const place = parseLocation(location);
  if (place === undefined) throw statementError('INVALID_TABLE_PROPERTY', `Not an S3 location: ${location}`);
  if (!runner.store.hasBucket(place.bucket))
    throw statementError('HIVE_METASTORE_ERROR', `The specified bucket does not exist: ${place.bucket}`);
  context.onCall({ service: 's3', operation: 'ListBucket', bucket: place.bucket, key: place.folder });
  if (listObjects(runner.store, location).length > 0)
    throw statementError('HIVE_PATH_ALREADY_EXISTS', message);
}

/** Requires a name for each column of the query that makes a table. @throws StatementError `MISSING_COLUMN_NAME` */
export function assertColumnNames(
  { query }: { readonly query: { readonly sql: string; readonly offset: number } },
  statement: string,
): void {
  const list = new TokenList(query.sql);
  const unnamed = unnamedItems(list)[0];
  if (unnamed === undefined) return;
  throw statementError('MISSING_COLUMN_NAME', 'Column name not specified', {
    sql: statement,
    offset: query.offset + list.offset(unnamed.from),
  });
}

/**
 * Requires distinct names of the columns of the query that makes a table or a view.
 *
 * @param statement The whole statement.
 * @throws StatementError `DUPLICATE_COLUMN_NAME`: Trino's StatementAnalyzer.validateColumns
 */
export function assertColumns({ columns }: OpenQuery, statement: string): void {
  const names = columns.map(({ name }) => name.toLowerCase());
  const list = new TokenList(statement);
  const create = list.tokens.findIndex((_, index) => list.word(index) === 'create');
  const place = { sql: statement, offset: list.offset(Math.max(0, create)) };
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice === undefined) return;
  throw statementError('DUPLICATE_COLUMN_NAME', `Column name '${twice}' specified more than once`, place);
}

/** Converts a query's columns to a Glue table's. @throws StatementError `NOT_SUPPORTED` for types that Hive lacks. */
function hiveColumns({ columns }: OpenQuery): { readonly Name: string; readonly Type: string }[] {
  return columns.map(({ name, type }) => ({ Name: name.toLowerCase(), Type: storedType(type) }));
}

/** Hive's type of a column. @throws StatementError `NOT_SUPPORTED` */
function storedType(type: DuckDBType): string {
  const hive = hiveTypeName(type);
  if (hive === undefined)
    throw statementError('NOT_SUPPORTED', `Unsupported Hive type: ${trinoTypeName(type)}`);
  return hive;
}

/**
 * Athena adds no rows to bucketed tables. The message for tables without partitions is Presto's.
 * https://docs.aws.amazon.com/athena/latest/ug/ctas-partitioning-and-bucketing-what-is-bucketing.html
 */
function assertNoBuckets({ input }: TableEntry): void {
  const { BucketColumns = [], NumberOfBuckets = 0 } = input.StorageDescriptor ?? {};
  if (BucketColumns.length === 0 || NumberOfBuckets < 1) return;
  if ((input.PartitionKeys ?? []).length === 0)
    throw statementError('HIVE_PARTITION_READ_ONLY', 'Cannot insert into bucketed unpartitioned Hive table');
  throw statementError(
    'NOT_SUPPORTED',
    'Athena does not support using INSERT INTO to add new records to bucketed tables',
  );
}

/** SQL of a column as the type of its table. */
function castTo(column: string, hive: string): string {
  return `CAST(${column} AS ${parseHiveType(hive)?.duckDb ?? 'VARCHAR'})`;
}

/** The location of a partition that exists, with a slash at its end; undefined if it does not. */
function partitionLocation({ partitions }: TableEntry, values: readonly string[]): string | undefined {
  const existing = partitions.find((partition) =>
    partition.values.every((value, index) => value === values[index]),
  );
  return existing && withTrailingSlash(existing.input.StorageDescriptor?.Location ?? '');
}

/** Creates partitions of a table in Glue. */
function addPartitions(
  { runner, context }: QueryRun,
  database: string,
  name: string,
  keys: readonly string[],
  partitions: WriteResult['partitions'],
  locationOf: (values: readonly string[]) => string,
): void {
  if (keys.length === 0 || partitions.length === 0) return;
  context.onCall({
    service: 'glue',
    operation: 'BatchCreatePartition',
    input: { DatabaseName: database, TableName: name },
  });
  const now = runner.clock.now();
  runner.catalog.changePartitions(database, name, (table) =>
    partitions.reduce(
      (changed, values) =>
        insertPartition(
          changed,
          {
            Values: [...values],
            Parameters: {},
            StorageDescriptor: {
              ...table.input.StorageDescriptor,
              Location: locationOf(values),
            },
          },
          now,
        ),
      table,
    ),
  );
}

function withTrailingSlash(location: string): string {
  return location.endsWith('/') ? location : `${location}/`;
}

/** A property that is a text; undefined for a list, and for a property that is not set. */
function textProperty(value: PropertyValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The names in a property, in lower case. */
function nameList(value: PropertyValue | undefined): string[] {
  if (value === undefined) return [];
  return (typeof value === 'string' ? [value] : [...value]).map((name) => name.toLowerCase());
}

/** A column to write: SQL over `q`, whose columns are `c0`, `c1`, … */
interface OutputColumn {
  readonly name: string;
  readonly sql: string;
}

/** The result of writing rows. */
interface WriteResult {
  readonly rows: number;
  readonly scannedBytes: number;
  /** The `s3://` locations of the objects. */
  readonly locations: readonly string[];
  /** The values of each partition that received rows, in the order of the partition keys. */
  readonly partitions: readonly (readonly string[])[];
}

/**
 * Writes a query's rows as Parquet files to disk and then uploads them.
 *
 * @param keys Names of the partition columns, which are not written to the files.
 * @param locationOf The location of a partition. It ends with a slash.
 */
async function writeRows(
  open: OpenQuery,
  run: QueryRun,
  into: {
    readonly columns: readonly OutputColumn[];
    readonly keys: readonly string[];
    readonly compression: string;
    readonly locationOf: (values: readonly string[]) => string;
  },
): Promise<WriteResult> {
  const { session, context, runner } = run;
  const { columns, keys, compression, locationOf } = into;
  const folder = join(session.directory, 'out');
  mkdirSync(folder);
  const names = open.columns.map((_, index) => `c${index}`).join(', ');
  const list = columns
    .map(({ name, sql }) => `${keys.includes(name) ? folderText(sql) : sql} AS ${quoteName(name)}`)
    .join(', ');
  const before = `COPY (SELECT ${list} FROM (`;
  const split =
    keys.length === 0 ? '' : `, PARTITION_BY (${keys.map(quoteName).join(', ')}), FILENAME_PATTERN '{i}'`;
  const target = keys.length === 0 ? join(folder, '0.parquet') : folder;
  const copy = `${before}${open.sql}) AS q(${names})) TO ${quoteText(target)} (FORMAT parquet, COMPRESSION ${compression}${split})`;
  const put: { readonly bucket: string; readonly key: string }[] = [];
  try {
    const scannedBytes = await open.attachFiles();
    const rows = Number((await session.read(copy)).getRowsJS()[0]?.[0] ?? 0);
    const files = rows === 0 ? [] : listWritten(folder, keys);
    const partitions = new Map(files.map(({ values }) => [JSON.stringify(values), values]));
    if (partitions.size > STATEMENT_LIMITS.writtenPartitions) {
      throw statementError(
        'HIVE_TOO_MANY_OPEN_PARTITIONS',
        `Exceeded limit of ${STATEMENT_LIMITS.writtenPartitions} open writers for partitions/buckets`,
      );
    }
    for (const [index, { path, values }] of files.entries()) {
      context.signal.throwIfAborted();
      const place = parseLocation(locationOf(values));
      if (place === undefined)
        throw statementError('INVALID_TABLE_PROPERTY', `Not an S3 location: ${locationOf(values)}`);
      const key = `${place.folder}${context.executionId}_${index}`;
      context.onCall({ service: 's3', operation: 'PutObject', bucket: place.bucket, key });
      await runner.store.put(place.bucket, key, readPieces(path));
      put.push({ bucket: place.bucket, key });
    }
    const locations = put.map(({ bucket, key }) => `s3://${bucket}/${key}`);
    return {
      rows,
      scannedBytes,
      locations,
      partitions: keys.length === 0 ? [] : [...partitions.values()],
    };
  } catch (error) {
    // Readers of the table would find these objects: if the statement is run again, its rows would be there twice.
    for (const { bucket, key } of put) runner.store.delete(bucket, key);
    throw context.signal.aborted ? context.signal.reason : open.translateError(error, before.length);
  } finally {
    session.close();
  }
}

/** A Parquet file that DuckDB has written. */
interface WrittenFile {
  readonly path: string;
  /** The values of its partition, in the order of the partition keys. */
  readonly values: readonly string[];
}

/** The Parquet files that DuckDB has written, in folders by partition. */
function listWritten(folder: string, keys: readonly string[]): WrittenFile[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((file) => ({
      path: join(file.parentPath, file.name),
      values: keys.length === 0 ? [] : relative(folder, file.parentPath).split('/').map(partitionValue),
    }));
}

/** DuckDB's name of the folder of rows whose partition key is null, which is Hive's, too. */
const NULL_PARTITION = '__HIVE_DEFAULT_PARTITION__';

/**
 * SQL of a partition key as it stands in a folder's name: hexadecimal digits, because two values that differ only by case would
 * have one folder on macOS.
 */
function folderText(sql: string): string {
  return `hex(CAST(${sql} AS VARCHAR))`;
}

/** The value in a folder's name, such as `ds=323032362D31312D3230`. */
function partitionValue(folder: string): string {
  const text = decodeURIComponent(folder.slice(folder.indexOf('=') + 1));
  return text === NULL_PARTITION ? text : Buffer.from(text, 'hex').toString('utf8');
}
