import { alreadyExists, invalidInput, partitionNotFound } from './errors.ts';
import type { DatabaseInput, PartitionInput, TableInput } from './inputs.ts';

/** A partition in the catalog. Times are epoch milliseconds. */
export interface PartitionEntry {
  readonly values: readonly string[];
  readonly input: PartitionInput;
  readonly createdAt: number;
}

/** A table in the catalog. Its partitions are sorted by their values. */
export interface TableEntry {
  readonly databaseName: string;
  readonly input: TableInput;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** The number of updates, starting at 0: Glue's `VersionId`. */
  readonly version: number;
  readonly partitions: readonly PartitionEntry[];
}

/** Whether a table is a view, of any engine. */
export function isView({ input }: Pick<TableEntry, 'input'>): boolean {
  return input.TableType === 'VIRTUAL_VIEW';
}

/** A database in the catalog. */
export interface DatabaseEntry {
  readonly input: DatabaseInput;
  readonly createdAt: number;
  readonly tables: ReadonlyMap<string, TableEntry>;
}

/** The order in which partitions are stored and listed: by value, key by key, as UTF-16 text. */
export function compareValues(left: readonly string[], right: readonly string[]): number {
  for (const [index, value] of left.entries()) {
    const rightValue = right[index];
    if (rightValue === undefined || value > rightValue) return 1;
    if (value < rightValue) return -1;
  }
  return left.length - right.length;
}

/**
 * The partition of a table, by its values.
 *
 * @throws AwsError EntityNotFoundException, or InvalidInputException when the number of values is wrong.
 */
function findPartition(table: TableEntry, values: readonly string[]): PartitionEntry {
  assertValueCount(table, values);
  const { found, index } = locatePartition(table, values);
  const entry = table.partitions[index];
  if (!found || entry === undefined) throw partitionNotFound();
  return entry;
}

/** The table with an additional partition. `now` is in epoch milliseconds. @throws AwsError AlreadyExistsException */
export function insertPartition(table: TableEntry, input: PartitionInput, now: number): TableEntry {
  const values = input.Values ?? [];
  assertValueCount(table, values);
  const { found, index } = locatePartition(table, values);
  if (found) throw alreadyExists('Partition');
  return { ...table, partitions: table.partitions.toSpliced(index, 0, { values, input, createdAt: now }) };
}

/**
 * The table with the partition `values` replaced as a whole: members that the input omits are removed. If the input's
 * own values differ, the partition is renamed.
 */
export function replacePartition(
  table: TableEntry,
  values: readonly string[],
  input: PartitionInput,
): TableEntry {
  const { createdAt } = findPartition(table, values);
  return insertPartition(removePartition(table, values), input, createdAt);
}

/** The table without the partition `values`. @throws AwsError EntityNotFoundException */
export function removePartition(table: TableEntry, values: readonly string[]): TableEntry {
  findPartition(table, values);
  return { ...table, partitions: table.partitions.toSpliced(locatePartition(table, values).index, 1) };
}

/** The index of the first partition that does not sort before `values`: its position, or where to insert it. */
function locatePartition(table: TableEntry, values: readonly string[]): { found: boolean; index: number } {
  let low = 0;
  let high = table.partitions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = table.partitions[middle];
    if (at !== undefined && compareValues(at.values, values) < 0) low = middle + 1;
    else high = middle;
  }
  const at = table.partitions[low];
  return { found: at !== undefined && compareValues(at.values, values) === 0, index: low };
}

function assertValueCount(table: TableEntry, values: readonly string[]): void {
  if (values.length !== (table.input.PartitionKeys ?? []).length) {
    throw invalidInput('The number of partition keys do not match the number of partition values');
  }
}
