import type { TableEntry } from '../../glue/entries.ts';
import { insertPartition, removePartition } from '../../glue/partitionChanges.ts';
import { listObjects, parseLocation } from '../engine/dataFiles.ts';
import { partitionFolder } from '../engine/partitionFolder.ts';
import { statementFailure } from '../engine/statementFailure.ts';
import type { CatalogRun } from './catalogStatements.ts';
import type { PartitionSpec, Statement } from './Statement.ts';
import { tableOf } from './tableOf.ts';

/** ALTER TABLE ADD and DROP PARTITION, MSCK REPAIR TABLE. @returns What Hive tells of it. */
export function changePartitions(
  statement: Extract<Statement, { kind: 'addPartitions' | 'dropPartitions' | 'repairTable' }>,
  { runner, context }: CatalogRun,
): readonly string[] {
  const { database, name } = tableOf(statement.name, context.database);
  const table = runner.catalog.table(database, name);
  const keys = (table.input.PartitionKeys ?? []).map((key) => key.Name);
  if (keys.length === 0)
    throw statementFailure('DDL', `SemanticException: Table ${name} is not a partitioned table`);
  const now = runner.clock.now();
  const call = (operation: string) =>
    context.onCall({ service: 'glue', operation, input: { DatabaseName: database, TableName: name } });
  if (statement.kind === 'repairTable') {
    const found = foldersOf(runner.store, table, keys).filter((values) => !has(table, values));
    if (found.length === 0) return [];
    call('BatchCreatePartition');
    runner.catalog.changePartitions(database, name, (before) =>
      found.reduce(
        (changed, values) => insertPartition(changed, partition(before, keys, values), now),
        before,
      ),
    );
    const folders = found.map((values) => `${name}:${partitionFolder(keys, values)}`);
    return [
      `Partitions not in metastore:\t${folders.join('\t')}`,
      ...folders.map((folder) => `Repair: Added partition to metastore ${folder}`),
    ];
  }
  const specs = statement.partitions.map((spec) => ({ spec, values: valuesOf(spec, keys) }));
  if (statement.kind === 'addPartitions') {
    const fresh = specs.filter(({ values }) => !(statement.ifNotExists && has(table, values)));
    call('BatchCreatePartition');
    runner.catalog.changePartitions(database, name, (before) =>
      fresh.reduce(
        (changed, { spec, values }) =>
          insertPartition(changed, partition(before, keys, values, spec.location), now),
        before,
      ),
    );
    return [];
  }
  const present = specs.filter(({ values }) => !(statement.ifExists && !has(table, values)));
  call('BatchDeletePartition');
  runner.catalog.changePartitions(database, name, (before) =>
    present.reduce((changed, { values }) => removePartition(changed, values), before),
  );
  return [];
}

function has({ partitions }: TableEntry, values: readonly string[]): boolean {
  return partitions.some((partition) => partition.values.every((value, index) => value === values[index]));
}

function valuesOf({ values }: PartitionSpec, keys: readonly string[]): string[] {
  const unknown = [...values.keys()].find((key) => !keys.includes(key));
  if (unknown !== undefined || values.size !== keys.length) {
    throw statementFailure(
      'DDL',
      `SemanticException: The partition must have a value for each of ${keys.join(', ')}, and for nothing else`,
    );
  }
  return keys.map((key) => values.get(key) ?? '');
}

function partition(
  { input }: TableEntry,
  keys: readonly string[],
  values: readonly string[],
  location?: string,
) {
  const base = input.StorageDescriptor?.Location ?? '';
  const own = `${base.endsWith('/') ? base : `${base}/`}${partitionFolder(keys, values)}/`;
  return {
    Values: [...values],
    StorageDescriptor: { ...input.StorageDescriptor, Location: location ?? own },
  };
}

/** The values of the folders below a table that are named as Hive names them: `ds=2026-11-20/`. */
function foldersOf(
  store: CatalogRun['runner']['store'],
  { input }: TableEntry,
  keys: readonly string[],
): string[][] {
  const location = input.StorageDescriptor?.Location ?? '';
  const place = parseLocation(location);
  const found = new Map<string, string[]>();
  for (const { key } of listObjects(store, location)) {
    const folders = key
      .slice(place?.folder.length ?? 0)
      .split('/')
      .slice(0, keys.length);
    const values = folders.map((folder, index) =>
      folder.startsWith(`${keys[index]}=`)
        ? decodeURIComponent(folder.slice(folder.indexOf('=') + 1))
        : undefined,
    );
    const named = values.filter((value) => value !== undefined);
    if (named.length === keys.length) found.set(JSON.stringify(named), named);
  }
  return [...found.values()];
}
