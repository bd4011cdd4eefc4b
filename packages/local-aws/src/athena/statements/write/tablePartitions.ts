import { insertPartition, partitionFolder, type TableEntry } from '../../../glue/index.ts';
import type { QueryRun } from '../queryStatements.ts';

/** A table of Glue, by names in lower case. */
export interface TablePlace {
  /** Name of the database. */
  readonly database: string;
  /** Name of the table. */
  readonly name: string;
}

/** A partition that a statement creates. */
export interface NewPartition {
  /** In the order of the table's keys. */
  readonly values: readonly string[];
  /** E.g. `s3://bucket/orders/ds=2026-11-20/`. */
  readonly location: string;
}

/** The partition of a table that has these values; undefined if there is none. */
export function findPartition(
  { partitions }: TableEntry,
  values: readonly string[],
): TableEntry['partitions'][number] | undefined {
  return partitions.find((partition) => partition.values.every((value, index) => value === values[index]));
}

/**
 * The folder of a partition that states no location: below its table's, with a slash at its end.
 *
 * @param location The table's, with or without a slash at its end.
 * @param keys Names of the partition keys. Without any, the table's own folder is returned.
 */
export function defaultLocation(
  location: string,
  keys: readonly string[],
  values: readonly string[],
): string {
  const folder = withTrailingSlash(location);
  return keys.length === 0 ? folder : `${folder}${partitionFolder(keys, values)}/`;
}

/** A location with a slash at its end. */
export function withTrailingSlash(location: string): string {
  return location.endsWith('/') ? location : `${location}/`;
}

/**
 * Creates partitions of a table in Glue: all of them, or none if this throws. They are stored as their table is. The caller needs
 * the permission even if there are none to create.
 *
 * @throws AwsError AlreadyExistsException
 */
export function addPartitions(
  { runner, context }: Pick<QueryRun, 'runner' | 'context'>,
  { database, name }: TablePlace,
  partitions: readonly NewPartition[],
): void {
  const input = { DatabaseName: database, TableName: name };
  context.onCall({ service: 'glue', operation: 'BatchCreatePartition', input });
  const now = runner.clock.now();
  runner.catalog.changePartitions(database, name, (table) => {
    let changed = table;
    for (const { values, location } of partitions) {
      const StorageDescriptor = { ...table.input.StorageDescriptor, Location: location };
      changed = insertPartition(changed, { Values: [...values], Parameters: {}, StorageDescriptor }, now);
    }
    return changed;
  });
}
