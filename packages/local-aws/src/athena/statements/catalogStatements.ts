import { type Catalog, type Column, isView, removePartition, type TableEntry } from '../../glue/index.ts';
import { parseHiveType } from '../../trino/index.ts';
import { assertNotIceberg } from '../engine/QueryScope.ts';
import { notEmulated, statementError } from '../engine/StatementError.ts';
import type { StatementResult } from '../engine/StatementRunner.ts';
import { type CatalogRun, createView } from './createView.ts';
import { rowsFrom } from './queryStatements.ts';
import { type ColumnDefinition, type PartitionSpec, resolveTableName, type Statement } from './Statement.ts';
import { runShow, type Show } from './show/showStatements.ts';
import { addPartitions, defaultLocation, findPartition } from './write/tablePartitions.ts';

/** The lines of a statement, as Athena returns them: one column of texts. */
type CatalogAnswer = Pick<StatementResult, 'columns' | 'rows'>;

/**
 * Runs SHOW, DESCRIBE, CREATE, DROP and ALTER. Only the first two answer with lines.
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
  await runChange(statement, run);
  return { columns: [], rows: rowsFrom([]) };
}

/** Whether a statement answers with lines about the catalog. */
function isShow(statement: Statement): statement is Show {
  return statement.kind.startsWith('show') || statement.kind === 'describe';
}

/** Runs a statement that changes the catalog. */
async function runChange(statement: Statement, run: CatalogRun): Promise<void> {
  switch (statement.kind) {
    case 'createDatabase':
      return createDatabase(statement, run);
    case 'createTable':
      return createTable(statement, run);
    case 'createView':
      return createView(statement, run);
    case 'dropTable':
    case 'dropView':
      return dropTable(statement, run);
    case 'addPartitions':
    case 'dropPartitions':
      return changePartitions(statement, run);
    case 'setProperties':
      return setProperties(statement, run);
    default:
      throw notEmulated(statement.kind);
  }
}

/** Announces a call of Glue that the statement makes. */
function callGlue({ context }: CatalogRun, operation: string, input: Readonly<Record<string, string>>): void {
  context.onCall({ service: 'glue', operation, input });
}

/** A statement of one kind. */
type StatementOf<Kind extends Statement['kind']> = Extract<Statement, { kind: Kind }>;

/** CREATE DATABASE. @throws StatementError */
function createDatabase(statement: StatementOf<'createDatabase'>, run: CatalogRun): void {
  const { comment, location, ifNotExists } = statement;
  const name = statement.name.toLowerCase();
  if (ifNotExists && run.runner.catalog.hasDatabase(name)) return;
  callGlue(run, 'CreateDatabase', { Name: name });
  run.runner.catalog.createDatabase({
    Name: name,
    ...(comment === undefined ? {} : { Description: comment }),
    ...(location === undefined ? {} : { LocationUri: location }),
  });
}

/** CREATE EXTERNAL TABLE. @throws StatementError */
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
      Columns: columns.map(glueColumn),
      Location: withoutLastSlash(location),
      ...storage,
    },
  });
}

/** DROP TABLE and DROP VIEW, each of which refuses what the other removes. @throws StatementError */
function dropTable(statement: StatementOf<'dropTable' | 'dropView'>, run: CatalogRun): void {
  const { catalog } = run.runner;
  const { database, name } = resolveTableName(statement.name, run.context.database);
  if (statement.ifExists && catalog.findTable(database, name) === undefined) return;
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

/** ALTER TABLE … SET TBLPROPERTIES: adds properties, and replaces those of the same names. @throws StatementError */
function setProperties(statement: StatementOf<'setProperties'>, run: CatalogRun): void {
  const { catalog } = run.runner;
  const { database, name } = resolveTableName(statement.name, run.context.database);
  const { input } = requireTable(catalog, database, name);
  const Parameters = { ...input.Parameters, ...Object.fromEntries(statement.properties) };
  callGlue(run, 'UpdateTable', { DatabaseName: database, Name: name });
  catalog.updateTable(database, { ...input, Parameters });
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
function glueColumn({ name, type, comment }: ColumnDefinition): Column {
  if (parseHiveType(type) === undefined)
    throw statementError('DDL', `ParseException: cannot recognize the type ${type} of the column ${name}`);
  return { Name: name, Type: type, ...(comment === undefined ? {} : { Comment: comment }) };
}

/** Runs ALTER TABLE ADD and DROP PARTITION. */
function changePartitions(statement: StatementOf<'addPartitions' | 'dropPartitions'>, run: CatalogRun): void {
  const { runner, context } = run;
  const { database, name } = resolveTableName(statement.name, context.database);
  const table = requireTable(runner.catalog, database, name);
  const keys = (table.input.PartitionKeys ?? []).map((key) => key.Name);
  if (keys.length === 0)
    throw statementError('DDL', `SemanticException: Table ${name} is not a partitioned table`);
  const specs = statement.partitions.map((spec) => ({ spec, values: partitionValues(spec, keys) }));
  if (statement.kind === 'addPartitions') {
    const base = table.input.StorageDescriptor?.Location ?? '';
    const added = specs
      .filter(({ values }) => !(statement.ifNotExists && findPartition(table, values)))
      .map(({ spec, values }) => ({
        values,
        location: spec.location ?? defaultLocation(base, keys, values),
      }));
    addPartitions(run, { database, name }, added);
    return;
  }
  const present = specs.filter(({ values }) => !statement.ifExists || findPartition(table, values));
  callGlue(run, 'BatchDeletePartition', { DatabaseName: database, TableName: name });
  runner.catalog.changePartitions(database, name, (before) =>
    present.reduce((changed, { values }) => removePartition(changed, values), before),
  );
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
