import { alreadyExists, invalidInput, partitionNotFound } from './errors.ts';
import type { DatabaseInput, PartitionInput, TableInput } from './inputs.ts';

/** A partition in the catalog. Times are epoch milliseconds. */
export interface PartitionEntry {
  /** In the order of the table's partition keys. */
  readonly values: readonly string[];
  /** The partition as its client has sent it, or last updated it. */
  readonly input: PartitionInput;
  /** When it was created. */
  readonly createdAt: number;
}

/** A table in the catalog. Times are epoch milliseconds. */
export interface TableEntry {
  /** Name of the database, in lower case. */
  readonly databaseName: string;
  /** The table as its client has sent it, or last updated it. */
  readonly input: TableInput;
  /** When it was created. */
  readonly createdAt: number;
  /** When it was last updated; the time of its creation before. */
  readonly updatedAt: number;
  /** The number of updates, starting at 0: Glue's `VersionId`. */
  readonly version: number;
  /** Sorted by {@link compareValues}. */
  readonly partitions: readonly PartitionEntry[];
}

/** Whether a table is a view, of any engine. */
export function isView({ input }: Pick<TableEntry, 'input'>): boolean {
  return input.TableType === 'VIRTUAL_VIEW';
}

/** A database in the catalog. */
export interface DatabaseEntry {
  /** The database as its client has sent it. */
  readonly input: DatabaseInput;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** By name in lower case. */
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
  const { exists, index } = locatePartition(table, values);
  const entry = table.partitions[index];
  if (!exists || entry === undefined) throw partitionNotFound();
  return entry;
}

/** The table with an additional partition. `now` is in epoch milliseconds. @throws AwsError AlreadyExistsException */
export function insertPartition(table: TableEntry, input: PartitionInput, now: number): TableEntry {
  // The API model makes the values optional. Without them, their number is wrong for every table with partition keys.
  const values = input.Values ?? [];
  assertValueCount(table, values);
  const { exists, index } = locatePartition(table, values);
  if (exists) throw alreadyExists('Partition');
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

/** The index of the first partition that does not sort before `values`, and whether it has these values. */
function locatePartition(
  table: TableEntry,
  values: readonly string[],
): { readonly exists: boolean; readonly index: number } {
  let low = 0;
  let high = table.partitions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const entry = table.partitions[middle];
    if (entry !== undefined && compareValues(entry.values, values) < 0) low = middle + 1;
    else high = middle;
  }
  const entry = table.partitions[low];
  return { exists: entry !== undefined && compareValues(entry.values, values) === 0, index: low };
}

/** Checks that there is one value for each partition key. @throws AwsError InvalidInputException */
function assertValueCount(table: TableEntry, values: readonly string[]): void {
  if (values.length !== (table.input.PartitionKeys ?? []).length) {
    throw invalidInput('The number of partition keys do not match the number of partition values');
  }
}

/** A folder of S3. */
export interface S3Folder {
  /** Name of the bucket. */
  readonly bucket: string;
  /** A prefix of keys. It ends with a slash or is empty. */
  readonly folder: string;
}

/** Parses `s3://bucket/folder`; undefined for another scheme. */
export function parseLocation(location: string): S3Folder | undefined {
  const [, bucket, key = ''] = /^s3:\/\/([^/]+)(?:\/(.*))?$/s.exec(location) ?? [];
  return bucket === undefined
    ? undefined
    : { bucket, folder: key === '' || key.endsWith('/') ? key : `${key}/` };
}

/** Characters that Hive escapes as `%XX` in the names of partition folders. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: Hive escapes control characters.
const ESCAPED_IN_FOLDERS = /[\u0000-\u001f"#%'*/:=?\\\u007f{[\]^]/g;

/** The folder of a partition in Hive's format, `ds=2026-11-20/hour=5`, without a trailing slash. */
export function partitionFolder(keys: readonly string[], values: readonly string[]): string {
  return keys.map((key, index) => `${key}=${escapeValue(values[index] ?? '')}`).join('/');
}

/** A partition's value in the name of a folder, where Hive escapes some characters: `10:05` is `10%3A05`. */
function escapeValue(value: string): string {
  return value.replaceAll(
    ESCAPED_IN_FOLDERS,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

/** The value of a partition key. Hive's default partition stands for null. */
export function partitionKeyValue(value: string): string | null {
  return value === '__HIVE_DEFAULT_PARTITION__' ? null : value;
}
