import { findPartition, replacePartition, type TableInput } from '../../glue/index.ts';
import { parseLocation } from '../engine/dataFiles.ts';
import { statementError } from '../engine/StatementError.ts';
import type { RunnerOptions, StatementContext } from '../engine/StatementRunner.ts';
import { glueColumn, requireTable } from './alterTable.ts';
import { type PartitionSpec, resolveTableName, type Statement, type TableName } from './Statement.ts';
import type { StatementReader } from './StatementReader.ts';

/** ALTER TABLE of places, partitions and single columns. */
export type HiveAlter = Extract<Statement, { kind: 'setLocation' | 'renamePartition' | 'changeColumn' }>;

/**
 * Parses `SET LOCATION`, `PARTITION (…) SET LOCATION` and `PARTITION (…) RENAME TO PARTITION (…)`; undefined for
 * others. https://docs.aws.amazon.com/athena/latest/ug/alter-table-set-location.html,
 * alter-table-rename-partition.html
 */
export function parseHiveAlter(reader: StatementReader, name: TableName): HiveAlter | undefined {
  if (reader.take('set', 'location')) return { kind: 'setLocation', name, location: reader.text() };
  if (!reader.startsPartitionChange()) return undefined;
  const partition = reader.partition();
  if (reader.take('set', 'location'))
    return { kind: 'setLocation', name, partition, location: reader.text() };
  reader.expect('rename', 'to');
  return { kind: 'renamePartition', name, partition, to: reader.partition() };
}

/**
 * Runs {@link HiveAlter}. No object moves: a partition keeps its location when it is renamed, and a column that is
 * renamed is looked for in the files under its new name.
 *
 * @throws StatementError `DDL`; AwsError of the catalog.
 */
export function alterHiveTable(
  statement: HiveAlter,
  { runner, context }: { readonly runner: RunnerOptions; readonly context: StatementContext },
): void {
  const { database, name } = resolveTableName(statement.name, context.database);
  const { catalog } = runner;
  const { input } = requireTable(catalog, database, name);
  const call = (operation: string, member: 'Name' | 'TableName') =>
    context.onCall({ service: 'glue', operation, input: { DatabaseName: database, [member]: name } });
  const keys = (input.PartitionKeys ?? []).map((key) => key.Name);
  if (statement.kind === 'changeColumn') {
    const changed = withColumn(input, statement);
    call('UpdateTable', 'Name');
    catalog.updateTable(database, changed);
    return;
  }
  if (statement.kind === 'renamePartition') {
    const values = specValues(statement.partition, keys);
    const to = specValues(statement.to, keys);
    call('UpdatePartition', 'TableName');
    catalog.changePartitions(database, name, (table) =>
      replacePartition(table, values, { ...findPartition(table, values).input, Values: to }),
    );
    return;
  }
  const { location, partition } = statement;
  if (parseLocation(location) === undefined)
    throw statementError('DDL', `SemanticException [Error 10025]: Not a location in S3: ${location}`);
  if (partition === undefined) {
    call('UpdateTable', 'Name');
    catalog.updateTable(database, {
      ...input,
      StorageDescriptor: { ...input.StorageDescriptor, Location: location },
    });
    return;
  }
  const values = specValues(partition, keys);
  call('UpdatePartition', 'TableName');
  catalog.changePartitions(database, name, (table) => {
    const { input: before } = findPartition(table, values);
    const StorageDescriptor = { ...before.StorageDescriptor, Location: location };
    return replacePartition(table, values, { ...before, StorageDescriptor });
  });
}

/** The values of a specification of one partition, in the order of the table's keys. @throws StatementError `DDL` */
export function specValues({ values }: PartitionSpec, keys: readonly string[]): string[] {
  const unknown = [...values.keys()].find((key) => !keys.includes(key));
  if (unknown !== undefined || values.size !== keys.length)
    throw statementError(
      'DDL',
      `SemanticException: The partition must have a value for each of ${keys.join(', ')}, and for nothing else`,
    );
  return keys.map((key) => values.get(key) ?? '');
}

function withColumn(
  input: TableInput,
  { column, to, after }: Extract<HiveAlter, { kind: 'changeColumn' }>,
): TableInput {
  const columns = [...(input.StorageDescriptor?.Columns ?? [])];
  const at = columns.findIndex(({ Name }) => Name === column);
  if (at < 0)
    throw statementError('DDL', `SemanticException [Error 10002]: Invalid column reference ${column}`);
  const others = [...columns.toSpliced(at, 1), ...(input.PartitionKeys ?? [])];
  if (others.some(({ Name }) => Name === to.name))
    throw statementError('DDL', `Execution Error: Duplicate column name: ${to.name}`);
  // Without a new comment the column keeps its own.
  const changed = { ...columns[at], ...glueColumn(to) };
  const rest = columns.toSpliced(at, 1);
  const before = rest.findIndex(({ Name }) => Name === after);
  if (typeof after === 'string' && before < 0)
    throw statementError('DDL', `SemanticException [Error 10002]: Invalid column reference ${after}`);
  const place = after === undefined ? at : before + 1;
  return {
    ...input,
    StorageDescriptor: { ...input.StorageDescriptor, Columns: rest.toSpliced(place, 0, changed) },
  };
}
