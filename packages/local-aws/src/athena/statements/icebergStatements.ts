import { DuckDBListType, DuckDBStructType, type DuckDBType } from '@duckdb/node-api';
import type { TableEntry } from '../../glue/index.ts';
import { type IcebergField, type IcebergType, schemaOf } from '../../iceberg/index.ts';
import { listObjects } from '../engine/dataFiles.ts';
import { CATALOG } from '../engine/Session.ts';
import { notEmulated, statementError } from '../engine/StatementError.ts';
import { type CommitRun, commitChange, loadMetadata, type TableId } from '../iceberg/commit.ts';
import { ddlFailure, toIcebergFailure } from '../iceberg/failures.ts';
import { isIcebergTable } from '../iceberg/glueTable.ts';
import { optimize } from '../iceberg/maintenance/optimize.ts';
import { vacuum } from '../iceberg/maintenance/vacuum.ts';
import { trinoTypeOf } from '../iceberg/read/shownTypes.ts';
import { openTableFiles } from '../iceberg/tableFiles.ts';
import {
  alterIcebergTable,
  type DeclaredColumn,
  dropIcebergTable,
  renameIcebergTable,
  type TableAlteration,
} from '../iceberg/tables/alterTable.ts';
import { createTable, defineTable, tableLocation } from '../iceberg/tables/createTable.ts';
import { parsePartitioning } from '../iceberg/tables/partitioning.ts';
import { changedProperties, icebergProperties, unsetProperties } from '../iceberg/tables/tableProperties.ts';
import { declaredType, requireMicroseconds, storedTypeOf } from '../iceberg/types.ts';
import { writeDataFiles } from '../iceberg/writeData.ts';
import { requireTable } from './alterTable.ts';
import { assertInsertColumns, assertInsertTypes } from './insertChecks.ts';
import { type OpenQuery, openQuery, type QueryRun, rowsFrom } from './queryStatements.ts';
import { type ColumnDefinition, resolveTableName, type Statement, type TableName } from './Statement.ts';
import {
  assertColumnNames,
  assertColumns,
  closeWith,
  type QueryResult,
  toStatementFailure,
  toStatementResult,
} from './writeStatements.ts';

type CreateTableAs = Extract<Statement, { kind: 'createTableAs' }>;
type Insert = Extract<Statement, { kind: 'insert' }>;

/** Whether CREATE TABLE AS makes an Iceberg table. */
export function isIcebergTableAs({ properties }: CreateTableAs): boolean {
  const type = properties.get('table_type');
  return typeof type === 'string' && type.toLowerCase() === 'iceberg';
}

/** The Iceberg table that a statement names; undefined for another table and for none. */
export function findIcebergTable(
  { runner, context }: Pick<QueryRun, 'runner' | 'context'>,
  name: TableName,
): TableEntry | undefined {
  const target = resolveTableName(name, context.database);
  const database = runner.catalog.databases().find(({ input }) => input.Name === target.database);
  const entry = database?.tables.get(target.name);
  return entry !== undefined && isIcebergTable(entry.input) ? entry : undefined;
}

/**
 * Runs a statement that only changes Glue and metadata, when it is about an Iceberg table: CREATE, DROP, ALTER TABLE, VACUUM.
 *
 * @returns Whether it was one.
 */
export async function runIcebergDdl(
  statement: Statement,
  run: Pick<QueryRun, 'runner' | 'context'>,
): Promise<boolean> {
  try {
    return await runDdl(statement, run);
  } catch (error) {
    throw toIcebergFailure(error);
  }
}

async function runDdl(statement: Statement, run: Pick<QueryRun, 'runner' | 'context'>): Promise<boolean> {
  if (statement.kind === 'createIcebergTable') {
    await createIcebergTable(statement, run);
    return true;
  }
  if (statement.kind === 'dropDatabase' && statement.cascade) await dropTablesOf(statement.name, run);
  if (!('name' in statement) || typeof statement.name === 'string') return false;
  const target = findIcebergTable(run, statement.name);
  if (target === undefined) {
    if (isIcebergOnly(statement)) throw refusedForOthers(statement, run);
    return false;
  }
  const table = { database: target.databaseName, name: target.input.Name };
  if (statement.kind === 'dropTable') await dropIcebergTable(run, table);
  else if (statement.kind === 'vacuum') await vacuum(run, table);
  else if (statement.kind === 'renameTable') {
    const { database, name } = resolveTableName(
      { database: table.database, ...statement.to },
      run.context.database,
    );
    renameIcebergTable(run, table, { database, name });
  } else if (PARTITION_STATEMENTS.has(statement.kind)) {
    throw ddlFailure(`${partitionStatement(statement.kind)} is not supported for Iceberg tables`);
  } else {
    const alteration = alterationOf(statement);
    if (alteration === undefined) return false;
    await alterIcebergTable(run, table, alteration);
  }
  return true;
}

/**
 * Drops a database's Iceberg tables, with their files.
 * https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-additional-operations.html
 */
async function dropTablesOf(name: string, run: Pick<QueryRun, 'runner' | 'context'>): Promise<void> {
  const database = run.runner.catalog.databases().find(({ input }) => input.Name === name.toLowerCase());
  for (const { databaseName, input } of [...(database?.tables.values() ?? [])])
    if (isIcebergTable(input)) await dropIcebergTable(run, { database: databaseName, name: input.Name });
}

const PARTITION_STATEMENTS: ReadonlySet<string> = new Set([
  'addPartitions',
  'dropPartitions',
  'repairTable',
  'replaceColumns',
]);

function partitionStatement(kind: string): string {
  if (kind === 'repairTable') return 'MSCK REPAIR TABLE';
  if (kind === 'replaceColumns') return 'ALTER TABLE REPLACE COLUMNS';
  return kind === 'addPartitions' ? 'ALTER TABLE ADD PARTITION' : 'ALTER TABLE DROP PARTITION';
}

/** Statements that no other table has. */
function isIcebergOnly({ kind }: Statement): boolean {
  return /^(?:changeColumn|dropColumn|unsetProperties|renameTable|vacuum|optimize)$/.test(kind);
}

/** Why a statement of Iceberg fails for another table, or for none. */
function refusedForOthers(
  statement: Statement,
  { runner, context }: Pick<QueryRun, 'runner' | 'context'>,
): unknown {
  const named = 'name' in statement && typeof statement.name !== 'string' ? statement.name : undefined;
  if (named === undefined) return notEmulated(statement.kind);
  const { database, name } = resolveTableName(named, context.database);
  if (statement.kind === 'vacuum' || statement.kind === 'optimize') runner.catalog.table(database, name);
  else requireTable(runner.catalog, database, name);
  const what: Readonly<Record<string, string>> = {
    changeColumn: 'ALTER TABLE CHANGE COLUMN',
    dropColumn: 'ALTER TABLE DROP COLUMN',
    unsetProperties: 'ALTER TABLE UNSET TBLPROPERTIES',
    renameTable: 'ALTER TABLE RENAME',
    vacuum: 'VACUUM',
    optimize: 'OPTIMIZE',
  };
  return statement.kind === 'vacuum' || statement.kind === 'optimize'
    ? statementError('NOT_SUPPORTED', `${what[statement.kind]} is only supported for Iceberg tables`)
    : notEmulated(`${what[statement.kind]} of a table that isn't Iceberg's`);
}

function alterationOf(statement: Statement): TableAlteration | undefined {
  switch (statement.kind) {
    case 'addColumns':
      return { kind: 'add', columns: statement.columns.map(declaredColumn) };
    case 'dropColumn':
      return { kind: 'drop', column: statement.column };
    case 'changeColumn': {
      const { column, to, after } = statement;
      return { kind: 'change', column, to: declaredColumn(to), ...(after === undefined ? {} : { after }) };
    }
    case 'setProperties':
      return { kind: 'set', properties: changedProperties(statement.properties) };
    case 'unsetProperties':
      return { kind: 'unset', properties: unsetProperties(statement.properties) };
    default:
      return undefined;
  }
}

function declaredColumn({ name, type, comment }: ColumnDefinition): DeclaredColumn {
  return { name, type: declaredType(type), comment };
}

/** https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-creating-tables.html */
async function createIcebergTable(
  statement: Extract<Statement, { kind: 'createIcebergTable' }>,
  run: CommitRun & Pick<QueryRun, 'context'>,
): Promise<void> {
  const { refused, columns, partitioning, comment, location, properties } = statement;
  if (refused !== undefined) throw refused;
  const table = resolveTableName(statement.name, run.context.database);
  if (run.runner.catalog.database(table.database).tables.has(table.name)) {
    if (statement.ifNotExists) return;
    throw statementError('DDL', 'Execution Error: AlreadyExistsException(message:Table already exists.)');
  }
  const metadata = defineTable(run, {
    fields: columns.map(declaredColumn).map(({ name, type, comment: doc }, index) => ({
      id: index + 1,
      name,
      required: false,
      type,
      ...(doc === undefined ? {} : { doc }),
    })),
    partitioning,
    location: tableLocation(run, location),
    properties: { ...icebergProperties(properties), ...(comment === undefined ? {} : { comment }) },
  });
  await createTable(run, table, metadata);
}

/** https://docs.aws.amazon.com/athena/latest/ug/create-table-as.html#ctas-table-properties */
const TABLE_PROPERTIES = new Set([
  'table_type',
  'is_external',
  'location',
  'partitioning',
  'parquet_compression',
]);
/** Properties of Hive's tables. */
const NOT_OF_ICEBERG = new Set([
  'external_location',
  'partitioned_by',
  'bucketed_by',
  'bucket_count',
  'field_delimiter',
  'orc_compression',
]);

/** The properties of CREATE TABLE AS. @throws StatementError for those that an Iceberg table doesn't have, or needs. */
function tableAsProperties(statement: CreateTableAs) {
  const own = new Map<string, string>();
  for (const [name, value] of statement.properties) {
    if (NOT_OF_ICEBERG.has(name))
      throw statementError(
        'INVALID_TABLE_PROPERTY',
        `Table property '${name}' is not supported for Iceberg tables`,
      );
    if (TABLE_PROPERTIES.has(name)) continue;
    if (typeof value !== 'string') throw notEmulated(`A list as the property ${name}`);
    own.set(name, value);
  }
  const compression = statement.properties.get('parquet_compression');
  if (typeof compression === 'string') own.set('write_compression', compression);
  const external = statement.properties.get('is_external');
  if (typeof external !== 'string' || external.toLowerCase() !== 'false')
    throw statementError('INVALID_TABLE_PROPERTY', 'is_external must be false for Iceberg tables');
  const location = statement.properties.get('location');
  if (typeof location !== 'string')
    throw ddlFailure('No location was specified for table. An S3 location must be specified');
  const partitioning = statement.properties.get('partitioning') ?? [];
  return {
    location,
    properties: changedProperties(own),
    partitioning: (typeof partitioning === 'string' ? [partitioning] : partitioning).map(parsePartitioning),
  };
}

/** Runs CREATE TABLE AS for an Iceberg table: its rows are its first snapshot. */
export async function runCreateIcebergTableAs(statement: CreateTableAs, run: QueryRun): Promise<QueryResult> {
  const { runner, context, session } = run;
  try {
    const table = resolveTableName(statement.name, context.database);
    const asked = tableAsProperties(statement);
    if (runner.catalog.database(table.database).tables.has(table.name)) {
      if (statement.ifNotExists)
        return closeWith(run, toStatementResult({ rows: 0, scannedBytes: 0, locations: [], partitions: [] }));
      throw statementError(
        'TABLE_ALREADY_EXISTS',
        `Table '${CATALOG}.${table.database}.${table.name}' already exists`,
      );
    }
    const location = tableLocation(run, asked.location);
    requireEmptyLocation(run, location);
    assertColumnNames(statement, run.statement);
    const open = await openQuery(statement.query, { ...run, nameColumns: false });
    await assertColumns(open, run.statement);
    const metadata = defineTable(run, {
      fields: queryFields(open),
      partitioning: asked.partitioning,
      location,
      properties: asked.properties,
    });
    const scannedBytes = statement.withData ? await open.attachFiles() : 0;
    const written = statement.withData
      ? await writeDataFiles(run, metadata, open.sql, { translateError: open.translateError })
      : { files: [], rows: 0 };
    await createTable(run, table, metadata, written.files);
    const locations = written.files.map((file) => file.location);
    return toStatementResult({ rows: written.rows, scannedBytes, locations, partitions: [] });
  } catch (error) {
    throw toStatementFailure(toIcebergFailure(error));
  } finally {
    session.close();
  }
}

/** Converts a query's columns to a table's. @throws StatementError `NOT_SUPPORTED` for types that Iceberg lacks. */
function queryFields({ columns }: OpenQuery): IcebergField[] {
  return columns.map(({ name, type, text, digits }, index) => {
    requireMicroseconds(type, digits);
    return { id: index + 1, name: name.toLowerCase(), required: false, type: storedTypeOf(type, text) };
  });
}

/** Trino's IcebergMetadata.beginCreateTable. */
function requireEmptyLocation({ runner, context }: QueryRun, location: string): void {
  const [, bucket = '', folder = ''] = /^s3[an]?:\/\/([^/]+)\/?(.*)$/s.exec(location) ?? [];
  context.onCall({ service: 's3', operation: 'ListBucket', bucket, key: folder === '' ? '' : `${folder}/` });
  if (listObjects(runner.store, `s3://${bucket}/${folder}`).length > 0)
    throw statementError(
      'ICEBERG_FILESYSTEM_ERROR',
      `Cannot create a table on a non-empty location: ${location}, set 'iceberg.unique-table-location=true' in your Iceberg catalog properties to use unique table locations for every table.`,
    );
}

/** Runs INSERT INTO an Iceberg table. */
export async function runIcebergInsert(
  statement: Insert,
  run: QueryRun,
  { databaseName, input }: TableEntry,
): Promise<QueryResult> {
  const { runner, context, session } = run;
  try {
    const table: TableId = { database: databaseName, name: input.Name };
    const files = openTableFiles({ store: runner.store, onCall: context.onCall });
    const { metadata } = await loadMetadata(run, files, table);
    const { fields } = schemaOf(metadata);
    const names = fields.map(({ name }) => name.toLowerCase());
    const listed = statement.columns ?? names;
    const open = await openQuery(statement.query, { ...run, nameColumns: true });
    assertInsertColumns(listed, names);
    const types = fields.map(({ type }) => trinoTypeOf(type));
    await assertInsertTypes(
      listed.map((column) => types[names.indexOf(column)] ?? ''),
      open,
    );
    const scannedBytes = await open.attachFiles();
    const values = fields.map(({ type }, index) => {
      const at = listed.indexOf(names[index] ?? '');
      const source = open.columns[at];
      return source === undefined ? 'NULL' : byPosition(`c${at}`, source.type, type);
    });
    const before = `SELECT ${values.join(', ')} FROM (`;
    const columns = listed.map((_, index) => `c${index}`).join(', ');
    const written = await writeDataFiles(run, metadata, `${before}${open.sql}) AS s(${columns})`, {
      translateError: (error, prefix) => open.translateError(error, prefix + before.length),
    });
    if (written.files.length > 0)
      await commitChange(run, table, {
        operation: 'append',
        added: written.files,
        tableUuid: metadata['table-uuid'],
      });
    const locations = written.files.map((file) => file.location);
    return toStatementResult({ rows: written.rows, scannedBytes, locations, partitions: [] });
  } catch (error) {
    throw toStatementFailure(toIcebergFailure(error));
  } finally {
    session.close();
  }
}

/**
 * A row's fields under the names of the table: Trino goes by their position, DuckDB's casts by their names.
 * Rows in maps keep their names.
 */
function byPosition(value: string, from: DuckDBType, to: IcebergType, depth = 0): string {
  if (typeof to === 'string') return value;
  if (to.type === 'list' && from instanceof DuckDBListType) {
    const item = `item${depth}`;
    const inner = byPosition(item, from.valueType, to.element, depth + 1);
    return inner === item ? value : `list_transform(${value}, lambda ${item}: ${inner})`;
  }
  if (to.type !== 'struct' || !(from instanceof DuckDBStructType)) return value;
  const parts = to.fields.map(({ name, type }, index) => {
    const part = `struct_extract_at(${value}, ${index + 1})`;
    const entry = from.entryTypes[index];
    return { name, part, own: entry === undefined ? 'NULL' : byPosition(part, entry, type, depth + 1) };
  });
  const isSame = parts.every(
    ({ name, part, own }, index) =>
      own === part && from.entryNames[index]?.toLowerCase() === name.toLowerCase(),
  );
  if (isSame) return value;
  const packed = parts.map(({ name, own }) => `"${name.replaceAll('"', '""')}" := ${own}`);
  return `CASE WHEN ${value} IS NULL THEN NULL ELSE struct_pack(${packed.join(', ')}) END`;
}

/** Runs OPTIMIZE. */
export async function runOptimize(
  statement: Extract<Statement, { kind: 'optimize' }>,
  run: QueryRun,
): Promise<QueryResult> {
  const { session } = run;
  try {
    const target = findIcebergTable(run, statement.name);
    if (target === undefined) throw refusedForOthers(statement, run);
    const table = { database: target.databaseName, name: target.input.Name };
    const scannedBytes = await optimize(run, table);
    return { columns: [], rows: rowsFrom([]), scannedBytes: () => scannedBytes, output: 'txt' };
  } catch (error) {
    throw toStatementFailure(toIcebergFailure(error));
  } finally {
    session.close();
  }
}
