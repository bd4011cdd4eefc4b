import type { DatabaseInput } from './databaseInput.ts';
import type { PartitionInput } from './partitionInput.ts';
import type { TableInput } from './tableInput.ts';

/** A partition in the catalog. Times are epoch milliseconds. */
export interface PartitionEntry {
  readonly values: readonly string[];
  readonly input: PartitionInput;
  readonly createdAt: number;
}

/** A table in the catalog, its partitions in the order of their values. */
export interface TableEntry {
  readonly databaseName: string;
  readonly input: TableInput;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Counts updates, from 0: Glue's `VersionId`. */
  readonly version: number;
  readonly partitions: readonly PartitionEntry[];
}

/** A database in the catalog. */
export interface DatabaseEntry {
  readonly input: DatabaseInput;
  readonly createdAt: number;
  readonly tables: ReadonlyMap<string, TableEntry>;
}

/** The order in which partitions are kept and listed: by value, key after key, as UTF-16 text. */
export function compareValues(left: readonly string[], right: readonly string[]): number {
  for (const [index, value] of left.entries()) {
    const other = right[index];
    if (other === undefined || value > other) return 1;
    if (value < other) return -1;
  }
  return left.length - right.length;
}
