import {
  type Catalog,
  EXPANDED_TEXT,
  encodePrestoView,
  insertPartition,
  isView,
  removePartition,
  type TableEntry,
} from '../../glue/index.ts';
import { parseHiveType } from '../../trino/index.ts';
import { hiveTypeName, textColumn, trinoTypeName } from '../engine/columnTypes.ts';
import { parquetStorageDescriptor, partitionFolder } from '../engine/dataFiles.ts';
import { assertNotIceberg } from '../engine/QueryScope.ts';
import type { Session } from '../engine/Session.ts';
import { notEmulated, statementError } from '../engine/StatementError.ts';
import type { RunnerOptions, StatementContext, StatementResult } from '../engine/StatementRunner.ts';
import { openQuery, rowsFrom } from './queryStatements.ts';
import { type ColumnDefinition, type PartitionSpec, resolveTableName, type Statement } from './Statement.ts';
import { runShow } from './show/showStatements.ts';
import { assertColumnNames, assertColumns } from './writeStatements.ts';

/** A catalog statement with its context. */
interface CatalogRun {
  readonly runner: RunnerOptions;
  readonly context: StatementContext;
  readonly statement: string;
  /** Opens a session for statements that contain a query. */
  readonly takeSession: () => Promise<Session>;
}

/** The lines of a statement, as Athena returns them: one column of texts. */
type CatalogAnswer = Pick<StatementResult, 'columns' | 'rows'>;

/** The answer of a statement that prints nothing. */
const NO_LINES: readonly string[] = [];

/**
 * Runs SHOW, DESCRIBE, CREATE, DROP and ALTER.
 *
 * @throws StatementError; AwsError of the catalog.
 */
export async function runCatalogStatement(statement: Statement, run: CatalogRun): Promise<CatalogAnswer> {
  const { runner, context } = run;
  if (isShow(statement)) {
    const { columns, lines } = runShow(statement, {
      catalog: runner.catalog,
      database: context.database,
      onCall: context.onCall,
    });
    return { columns, rows: rowsFrom(lines.map((line) => [line])) };
  }
  const lines =
    statement.kind === 'createView' ? await createView(statement, run) : runChange(statement, run);
  return {
    columns: lines.length === 0 ? [] : [textColumn('result')],
    rows: rowsFrom(lines.map((line) => [line])),
  };
}

function isShow(statement: Statement): statement is Parameters<typeof runShow>[0] {
  return statement.kind.startsWith('show') || statement.kind === 'describe';
}

/** Runs a statement that changes the catalog. */
function runChange(statement: Statement, run: CatalogRun): readonly string[] {
  switch (statement.kind) {
    case 'createDatabase':
      createDatabase(statement, run);
      return NO_LINES;
    case 'createTable':
      createTable(statement, run);
      return NO_LINES;
    case 'dropTable':
    case 'dropView':
      dropTable(statement, run);
      return NO_LINES;
    case 'addPartitions':
    case 'dropPartitions':
      changePartitions(statement, run);
      return NO_LINES;
    case 'setProperties':
      setProperties(statement, run);
      return NO_LINES;
    default:
      throw notEmulated(statement.kind);
  }
}

/** Announces a call of Glue that the statement makes. */
function callGlue({ context }: CatalogRun, operation: string, input: Readonly<Record<string, string>>): void {
  context.onCall({ service: 'glue', operation, input });
}

type StatementOf<Kind extends Statement['kind']> = Extract<Statement, { kind: Kind }>;

function createDatabase(statement: StatementOf<'createDatabase'>, run: CatalogRun): void {
  const { comment, location, ifNotExists } = statement;
  const name = statement.name.toLowerCase();
  if (ifNotExists && hasDatabase(run, name)) return;
  callGlue(run, 'CreateDatabase', { Name: name });
  run.runner.catalog.createDatabase({
    Name: name,
    ...(comment === undefined ? {} : { Description: comment }),
    ...(location === undefined ? {} : { LocationUri: location }),
  });
}

function createTable(statement: StatementOf<'createTable'>, run: CatalogRun): void {
  const { catalog } = run.runner;
  const { database, name } = resolveTableName(statement.name, run.context.database);
  if (statement.ifNotExists && catalog.database(database).tables.has(name)) return;
  const { columns, partitionKeys, comment, location, properties, storage } = statement;
  if (!/^s3:\/\/[^/]+\//.test(location))
    throw statementError('DDL', `SemanticException: Not a location of a folder in S3: ${location}`);
  callGlue(run, 'CreateTable', { DatabaseName: database, Name: name });
  catalog.createTable(database, {
    Name: name,
    TableType: 'EXTERNAL_TABLE',
    // Athena stores the comment as a property: https://docs.aws.amazon.com/athena/latest/ug/create-table.html
    Parameters: {
      EXTERNAL: 'TRUE',
      ...(comment === undefined ? {} : { comment }),
      ...Object.fromEntries(properties),
    },
    PartitionKeys: partitionKeys.map(glueColumn),
    StorageDescriptor: {
      ...parquetStorageDescriptor(columns.map(glueColumn), withoutLastSlash(location)),
      ...storage,
    },
  });
}

function dropTable(statement: StatementOf<'dropTable' | 'dropView'>, run: CatalogRun): void {
  const { catalog } = run.runner;
  const { database, name } = resolveTableName(statement.name, run.context.database);
  const exists = hasDatabase(run, database) && catalog.database(database).tables.has(name);
  if (statement.ifExists && !exists) return;
  const entry = catalog.table(database, name);
  assertNotIceberg(entry);
  const isOfView = isView(entry);
  if (isOfView !== (statement.kind === 'dropView')) {
    throw statementError(
      'DDL',
      `SemanticException Cannot drop a ${isOfView ? 'view with DROP TABLE' : 'base table with DROP VIEW'}`,
    );
  }
  callGlue(run, 'DeleteTable', { DatabaseName: database, Name: name });
  catalog.deleteTable(database, name);
}

function setProperties(statement: StatementOf<'setProperties'>, run: CatalogRun): void {
  const { catalog } = run.runner;
  const { database, name } = resolveTableName(statement.name, run.context.database);
  const { input } = requireTable(catalog, database, name);
  const Parameters = { ...input.Parameters, ...Object.fromEntries(statement.properties) };
  callGlue(run, 'UpdateTable', { DatabaseName: database, Name: name });
  catalog.updateTable(database, { ...input, Parameters });
}

function hasDatabase({ runner }: CatalogRun, name: string): boolean {
  return runner.catalog.databases().some(({ input }) => input.Name === name.toLowerCase());
}

/** Stores the view in Glue in Athena's format. https://docs.aws.amazon.com/athena/latest/ug/create-view.html */
async function createView(
  statement: Extract<Statement, { kind: 'createView' }>,
  run: CatalogRun,
): Promise<readonly string[]> {
  const { runner, context } = run;
  const { catalog } = runner;
  const { database, name } = resolveTableName(statement.name, context.database);
  const sql = statement.query.sql.trimEnd();
  const existing = catalog.database(database).tables.get(name);
  if (existing !== undefined && !statement.replace) {
    throw statementError('TABLE_ALREADY_EXISTS', `View already exists: '${database}.${name}'`);
  }
  if (existing !== undefined && !isView(existing)) {
    throw statementError(
      'NOT_SUPPORTED',
      `'${database}.${name}' is a table: it cannot be replaced by a view`,
    );
  }
  const session = await run.takeSession();
  const open = await openQuery(statement.query, { ...run, session, nameColumns: false });
  try {
    assertColumnNames(statement, run.statement);
    assertColumns(open, run.statement);
  } finally {
    session.close();
  }
  const input = {
    Name: name,
    TableType: 'VIRTUAL_VIEW',
    Parameters: { presto_view: 'true', comment: 'Presto View' },
    PartitionKeys: [],
    StorageDescriptor: {
      // Types that Hive does not have are strings in Glue. The view's definition has the exact type.
      Columns: open.columns.map((column) => ({
        Name: column.name.toLowerCase(),
        Type: hiveTypeName(column.type) ?? 'string',
      })),
      Location: '',
    },
    ViewOriginalText: encodePrestoView({
      originalSql: sql,
      catalog: 'awsdatacatalog',
      schema: context.database?.toLowerCase() ?? database,
      columns: open.columns.map((column) => ({
        name: column.name.toLowerCase(),
        type: trinoTypeName(column.type),
      })),
    }),
    ViewExpandedText: EXPANDED_TEXT,
  };
  const operation = existing === undefined ? 'CreateTable' : 'UpdateTable';
  context.onCall({ service: 'glue', operation, input: { DatabaseName: database, Name: name } });
  if (existing === undefined) catalog.createTable(database, input);
  else catalog.updateTable(database, input);
  return NO_LINES;
}

/** A table that is no view, and none of Iceberg's. @throws StatementError `DDL`, `NOT_SUPPORTED`; AwsError of the catalog. */
function requireTable(catalog: Catalog, database: string, name: string): TableEntry {
  const entry = catalog.table(database, name);
  // Hive's error 10131: https://github.com/apache/hive/blob/master/common/src/java/org/apache/hadoop/hive/ql/ErrorMsg.java
  if (isView(entry))
    throw statementError(
      'DDL',
      'SemanticException [Error 10131]: To alter a view you need to use the ALTER VIEW command.',
    );
  assertNotIceberg(entry);
  return entry;
}

/** A column of a statement in Glue. @throws StatementError `DDL` for a type that Hive doesn't have. */
function glueColumn({ name, type, comment }: ColumnDefinition) {
  if (parseHiveType(type) === undefined)
    throw statementError('DDL', `ParseException: cannot recognize the type ${type} of the column ${name}`);
  return { Name: name, Type: type, ...(comment === undefined ? {} : { Comment: comment }) };
}

/** Runs ALTER TABLE ADD and DROP PARTITION. */
function changePartitions(
  statement: Extract<Statement, { kind: 'addPartitions' | 'dropPartitions' }>,
  { runner, context }: CatalogRun,
): void {
  const { database, name } = resolveTableName(statement.name, context.database);
  const table = requireTable(runner.catalog, database, name);
  const keys = (table.input.PartitionKeys ?? []).map((key) => key.Name);
  if (keys.length === 0)
    throw statementError('DDL', `SemanticException: Table ${name} is not a partitioned table`);
  const now = runner.clock.now();
  const call = (operation: string) =>
    context.onCall({ service: 'glue', operation, input: { DatabaseName: database, TableName: name } });
  const specs = statement.partitions.map((spec) => ({ spec, values: partitionValues(spec, keys) }));
  if (statement.kind === 'addPartitions') {
    const newSpecs = specs.filter(({ values }) => !(statement.ifNotExists && hasPartition(table, values)));
    call('BatchCreatePartition');
    runner.catalog.changePartitions(database, name, (before) =>
      newSpecs.reduce(
        (changed, { spec, values }) =>
          insertPartition(changed, toPartitionInput(before, keys, values, spec.location), now),
        before,
      ),
    );
    return;
  }
  const present = specs.filter(({ values }) => !(statement.ifExists && !hasPartition(table, values)));
  call('BatchDeletePartition');
  runner.catalog.changePartitions(database, name, (before) =>
    present.reduce((changed, { values }) => removePartition(changed, values), before),
  );
}

function hasPartition({ partitions }: TableEntry, values: readonly string[]): boolean {
  return partitions.some((partition) => partition.values.every((value, index) => value === values[index]));
}

/** The values of a partition, in the order of the keys. @throws StatementError unless there is a value for each key. */
function partitionValues({ values }: PartitionSpec, keys: readonly string[]): string[] {
  const unknown = [...values.keys()].find((key) => !keys.includes(key));
  if (unknown !== undefined || values.size !== keys.length) {
    throw statementError(
      'DDL',
      `SemanticException: The partition must have a value for each of ${keys.join(', ')}, and for nothing else`,
    );
  }
  return keys.flatMap((key) => values.get(key) ?? []);
}

/**
 * A location as Hive's DDL keeps it: its `Path` drops the last slash, except a bucket's.
 * https://hadoop.apache.org/docs/stable/api/org/apache/hadoop/fs/Path.html
 */
function withoutLastSlash(location: string): string {
  return location.replace(/(?<=^s3:\/\/[^/]+\/.*[^/])\/+$/, '');
}

/** A partition in Glue. @param location Default: the folder of its values below the table's. */
function toPartitionInput(
  { input }: TableEntry,
  keys: readonly string[],
  values: readonly string[],
  location?: string,
) {
  const base = input.StorageDescriptor?.Location ?? '';
  const folder = base.endsWith('/') ? base : `${base}/`;
  const defaultLocation = `${folder}${partitionFolder(keys, values)}/`;
  return {
    Values: [...values],
    Parameters: {},
    StorageDescriptor: { ...input.StorageDescriptor, Location: location ?? defaultLocation },
  };
}
