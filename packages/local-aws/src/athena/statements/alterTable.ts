import { type Catalog, isView, type TableEntry, type TableInput } from '../../glue/index.ts';
import { parseHiveType } from '../../trino/index.ts';
import { assertNotIceberg } from '../engine/QueryScope.ts';
import { notEmulated, statementError } from '../engine/StatementError.ts';
import type { RunnerOptions, StatementContext } from '../engine/StatementRunner.ts';
import { type ColumnDefinition, resolveTableName, type Statement } from './Statement.ts';

/**
 * Runs ALTER TABLE ADD COLUMNS, REPLACE COLUMNS and SET TBLPROPERTIES, each as one new version of the table in Glue.
 * The files stay as they are: columns are found in them by name, so one that is added later is null in older files.
 * https://docs.aws.amazon.com/athena/latest/ug/alter-table-replace-columns.html
 *
 * @throws StatementError `DDL` for a view, for a column that is there already, and for a type that Hive doesn't have;
 *   AwsError of the catalog.
 */
export function alterTable(
  statement: Extract<Statement, { kind: 'addColumns' | 'replaceColumns' | 'setProperties' }>,
  { runner, context }: { readonly runner: RunnerOptions; readonly context: StatementContext },
): void {
  const { database, name } = resolveTableName(statement.name, context.database);
  const entry = requireTable(runner.catalog, database, name);
  assertNotIceberg(entry);
  const { input } = entry;
  if (
    statement.kind === 'setProperties' &&
    statement.properties.get('table_type')?.toLowerCase() === 'iceberg'
  )
    throw notEmulated("ALTER TABLE that makes a table one of Iceberg's");
  const altered =
    statement.kind === 'setProperties'
      ? { ...input, Parameters: { ...input.Parameters, ...Object.fromEntries(statement.properties) } }
      : withColumns(input, statement.columns, statement.kind === 'addColumns');
  context.onCall({
    service: 'glue',
    operation: 'UpdateTable',
    input: { DatabaseName: database, Name: name },
  });
  runner.catalog.updateTable(database, altered);
}

/** A table that is no view. @throws StatementError `DDL`; AwsError of the catalog. */
export function requireTable(catalog: Catalog, database: string, name: string): TableEntry {
  const entry = catalog.table(database, name);
  // Hive's error 10131: https://github.com/apache/hive/blob/master/common/src/java/org/apache/hadoop/hive/ql/ErrorMsg.java
  if (isView(entry))
    throw statementError(
      'DDL',
      'SemanticException [Error 10131]: To alter a view you need to use the ALTER VIEW command.',
    );
  return entry;
}

/** The table with columns after its own, or instead of them. Its partition keys stay. */
function withColumns(input: TableInput, columns: readonly ColumnDefinition[], keepOwn: boolean): TableInput {
  const own = keepOwn ? (input.StorageDescriptor?.Columns ?? []) : [];
  const known = new Set([...own, ...(input.PartitionKeys ?? [])].map(({ Name }) => Name));
  for (const { name } of columns) {
    if (known.has(name)) throw statementError('DDL', `Execution Error: Duplicate column name: ${name}`);
    known.add(name);
  }
  return {
    ...input,
    StorageDescriptor: { ...input.StorageDescriptor, Columns: [...own, ...columns.map(glueColumn)] },
  };
}

/** A column of a statement in Glue. @throws StatementError `DDL` for a type that Hive doesn't have. */
export function glueColumn({ name, type, comment }: ColumnDefinition) {
  if (parseHiveType(type) === undefined)
    throw statementError('DDL', `ParseException: cannot recognize the type ${type} of the column ${name}`);
  return { Name: name, Type: type, ...(comment === undefined ? {} : { Comment: comment }) };
}
