import { parseHiveType } from '../../../trino/index.ts';
import { listObjects } from '../../engine/dataFiles.ts';
import {
  notEmulated,
  type StatementError,
  statementError,
  toStatementFailure,
} from '../../engine/StatementError.ts';
import { PARQUET_STORAGE } from '../../engine/tableFormat.ts';
import { openQuery, type QueryRun } from '../queryStatements.ts';
import { type Properties, type PropertyValue, resolveTableName, type Statement } from '../Statement.ts';
import { assertColumnNames, assertColumns, hiveColumns } from './queryColumns.ts';
import { addPartitions, defaultLocation, type TablePlace, withTrailingSlash } from './tablePartitions.ts';
import {
  NOTHING_WRITTEN,
  type QueryResult,
  requireLocation,
  toStatementResult,
  writeRows,
} from './writeRows.ts';

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

/** CREATE TABLE … AS. */
type CreateTableAs = Extract<Statement, { kind: 'createTableAs' }>;

/**
 * Runs CREATE TABLE AS: writes the rows, then creates the table and its partitions in Glue.
 *
 * @throws StatementError, after closing the session.
 */
export async function runCreateTableAs(statement: CreateTableAs, run: QueryRun): Promise<QueryResult> {
  const { runner, context, session } = run;
  try {
    const { database, name } = resolveTableName(statement.name, context.database);
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
  { database, name }: TablePlace,
  run: QueryRun,
): Promise<QueryResult> {
  const { context } = run;
  const location = withTrailingSlash(
    textProperty(properties, 'external_location') ??
      `${context.outputLocation}tables/${context.executionId}/`,
  );
  assertEmptyLocation(
    run,
    location,
    `Target directory for table '${database}.${name}' already exists: ${location}`,
  );
  const keys = partitionKeys(properties);
  assertColumnNames(statement, run.statement);
  const open = await openQuery(statement.query, { ...run, nameColumns: false, isStored: true });
  assertColumns(open, run.statement);
  const columns = hiveColumns(open);
  const dataColumns = columns.slice(0, columns.length - keys.length);
  const keyColumns = columns.slice(columns.length - keys.length);
  assertKeysLast(
    keys,
    columns.map(({ Name }) => Name),
  );
  const written = await writeRows(open, run, {
    columns: columns.map(({ Name, Type }, index) => ({ name: Name, sql: castTo(`c${index}`, Type) })),
    keys,
    compression: parquetCompression(
      textProperty(properties, 'parquet_compression') ?? textProperty(properties, 'write_compression'),
    ),
    locationOf: (values) => defaultLocation(location, keys, values),
  });
  const input = { DatabaseName: database, Name: name };
  context.onCall({ service: 'glue', operation: 'CreateTable', input });
  run.runner.catalog.createTable(database, {
    Name: name,
    TableType: 'EXTERNAL_TABLE',
    Parameters: { EXTERNAL: 'TRUE', has_encrypted_data: 'false' },
    PartitionKeys: keyColumns,
    StorageDescriptor: { Columns: dataColumns, Location: location, ...PARQUET_STORAGE },
  });
  if (written.partitions.length > 0) addPartitions(run, { database, name }, written.partitions);
  return toStatementResult(written);
}

/**
 * Requires that the partition keys are the last columns of a query, and not all of them: Trino's
 * HiveMetadata.validatePartitionColumns.
 *
 * @param names The names of the query's columns, in lower case.
 * @throws StatementError `INVALID_TABLE_PROPERTY`, `HIVE_COLUMN_ORDER_MISMATCH`
 */
function assertKeysLast(keys: readonly string[], names: readonly string[]): void {
  const missing = keys.filter((key) => !names.includes(key));
  if (missing.length > 0)
    throw statementError(
      'INVALID_TABLE_PROPERTY',
      `Partition columns [${missing.join(', ')}] not present in schema`,
    );
  if (keys.length === names.length)
    throw statementError('INVALID_TABLE_PROPERTY', 'Table contains only partition columns');
  const lastNames = names.slice(names.length - keys.length);
  if (keys.every((key, index) => lastNames[index] === key)) return;
  throw statementError(
    'HIVE_COLUMN_ORDER_MISMATCH',
    `Partition keys must be the last columns in the table and in the same order as the table properties: [${keys.join(', ')}]`,
  );
}

/**
 * The properties of the table, all of them known. @throws StatementError for a property, a format or a type of table that is
 * not emulated.
 */
function requireKnownProperties(properties: Properties): Properties {
  for (const name of properties.keys()) {
    if (!TABLE_PROPERTIES.includes(name)) throw notEmulated(`The property ${name}`);
  }
  const type = textProperty(properties, 'table_type') ?? 'HIVE';
  if (type.toUpperCase() === 'ICEBERG') throw notEmulated('CREATE TABLE of an Iceberg table');
  if (type.toUpperCase() !== 'HIVE') throw notEmulated(`The table type ${type}`);
  const external = textProperty(properties, 'is_external') ?? 'true';
  if (external.toLowerCase() !== 'true') throw notEmulated(`The property is_external = ${external}`);
  const format = textProperty(properties, 'format') ?? 'PARQUET';
  if (format.toUpperCase() !== 'PARQUET')
    throw notEmulated(`Writing in the format ${format}, which is not PARQUET,`);
  return properties;
}

/** DuckDB's names of Parquet's compressions, by Athena's: https://docs.aws.amazon.com/athena/latest/ug/create-table-as.html */
const COMPRESSIONS: ReadonlyMap<string, string> = new Map([
  ['gzip', 'gzip'],
  ['snappy', 'snappy'],
  ['zstd', 'zstd'],
  ['lz4', 'lz4_raw'],
  ['none', 'uncompressed'],
  ['uncompressed', 'uncompressed'],
]);

/** DuckDB's name of a compression. @param name Athena's name. Default: gzip, as in Athena. */
function parquetCompression(name = 'gzip'): string {
  const compression = COMPRESSIONS.get(name.toLowerCase());
  if (compression === undefined) throw notEmulated(`The compression ${name}`);
  return compression;
}

/** Requires that nothing is at the location of a new table. @throws StatementError */
function assertEmptyLocation({ runner, context }: QueryRun, location: string, message: string): void {
  const place = requireLocation(location);
  if (!runner.store.hasBucket(place.bucket))
    throw statementError('HIVE_METASTORE_ERROR', `The specified bucket does not exist: ${place.bucket}`);
  context.onCall({ service: 's3', operation: 'ListBucket', bucket: place.bucket, key: place.folder });
  if (listObjects(runner.store, location).length > 0)
    throw statementError('HIVE_PATH_ALREADY_EXISTS', message);
}

/** SQL of a column as the type of its table. */
function castTo(column: string, hive: string): string {
  return `CAST(${column} AS ${parseHiveType(hive)?.duckDb ?? 'VARCHAR'})`;
}

/** A property that is one value; undefined if it is not set. @throws StatementError `INVALID_TABLE_PROPERTY` for an array. */
function textProperty(properties: Properties, name: string): string | undefined {
  const value = properties.get(name);
  if (value === undefined || typeof value === 'string') return value;
  throw invalidProperty(name, value);
}

/** The partition keys, in lower case. @throws StatementError `INVALID_TABLE_PROPERTY` for a value that is no array. */
function partitionKeys(properties: Properties): string[] {
  const keys = properties.get('partitioned_by') ?? [];
  if (typeof keys === 'string') throw invalidProperty('partitioned_by', keys);
  return keys.map((key) => key.toLowerCase());
}

/** The error of a property whose value is of another type than the property. */
function invalidProperty(name: string, value: PropertyValue): StatementError {
  return statementError('INVALID_TABLE_PROPERTY', `Unable to set table property '${name}' to [${value}]`);
}
