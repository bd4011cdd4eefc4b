import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../base/clock.ts';
import { readProperties } from '../protocol/readProperties.ts';
import {
  DELETED,
  eraseDatabase,
  eraseFolder,
  eraseTable,
  listFolder,
  readDatabases,
  writeDatabase,
  writeTable,
} from './catalogFiles.ts';
import type { DatabaseEntry, TableEntry } from './entries.ts';
import {
  alreadyExists,
  concurrentModification,
  databaseNotFound,
  invalidInput,
  tableNotFound,
} from './errors.ts';
import { type DatabaseInput, databaseInputSchema, type TableInput, tableInputSchema } from './inputs.ts';

/**
 * The Data Catalog: databases, tables and their partitions. A change is on disk before the method returns and becomes
 * visible only then. Names are looked up in lower case, as in Glue.
 *
 * Methods throw an AwsError with Glue's error code when something is missing, exists already or is invalid.
 *
 * @example
 * const catalog = Catalog.open({ directory: 'data/glue', clock: realClock });
 * catalog.ensureDatabase({ Name: 'analytics' });
 */
export class Catalog {
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #databases: Map<string, DatabaseEntry>;

  private constructor(directory: string, clock: Clock) {
    this.#directory = directory;
    this.#clock = clock;
    for (const name of listFolder(directory)) if (DELETED.test(name)) eraseFolder(join(directory, name));
    this.#databases = readDatabases(directory);
  }

  /** Opens the catalog in `directory`; creates it if it doesn't exist. Only one process at a time may have it open. */
  static open(options: { readonly directory: string; readonly clock: Clock }): Catalog {
    return new Catalog(options.directory, options.clock);
  }

  /** All databases, sorted by name. */
  databases(): DatabaseEntry[] {
    return sortByKey(this.#databases);
  }

  /** Whether there is a database, whatever the case of its name. */
  hasDatabase(name: string): boolean {
    return this.#databases.has(name.toLowerCase());
  }

  /** A database, whatever the case of its name. @throws AwsError EntityNotFoundException */
  database(name: string): DatabaseEntry {
    const entry = this.#databases.get(name.toLowerCase());
    if (entry === undefined) throw databaseNotFound(name);
    return entry;
  }

  /** Creates a database without tables. @throws AwsError AlreadyExistsException */
  createDatabase(input: DatabaseInput): void {
    if (this.#databases.has(input.Name)) throw alreadyExists('Database');
    this.#saveDatabase({ input, createdAt: this.#clock.now(), tables: new Map() });
  }

  /** Replaces the definition of the database. Its tables stay. @throws AwsError InvalidInputException for another name. */
  updateDatabase(name: string, input: DatabaseInput): void {
    const entry = this.database(name);
    if (input.Name !== entry.input.Name) throw invalidInput('A database cannot be renamed.');
    this.#saveDatabase({ ...entry, input });
  }

  /** Deletes the database with its tables and partitions. @throws AwsError EntityNotFoundException */
  deleteDatabase(name: string): void {
    const { input } = this.database(name);
    eraseDatabase(this.#directory, input.Name);
    this.#databases.delete(input.Name);
  }

  /** The tables and views of a database, sorted by name. @throws AwsError EntityNotFoundException */
  tables(databaseName: string): TableEntry[] {
    return sortByKey(this.database(databaseName).tables);
  }

  /** A table or view, whatever the case of its name; undefined if there is none, or not the database. */
  findTable(databaseName: string, name: string): TableEntry | undefined {
    return this.#databases.get(databaseName.toLowerCase())?.tables.get(name.toLowerCase());
  }

  /** A table or view, whatever the case of its name. @throws AwsError EntityNotFoundException */
  table(databaseName: string, name: string): TableEntry {
    const entry = this.database(databaseName).tables.get(name.toLowerCase());
    if (entry === undefined) throw tableNotFound(name);
    return entry;
  }

  /** Creates a table without partitions. @throws AwsError EntityNotFoundException, AlreadyExistsException, InvalidInputException */
  createTable(databaseName: string, input: TableInput): void {
    const database = this.database(databaseName);
    if (database.tables.has(input.Name)) throw alreadyExists('Table');
    assertPartitionKeys(input);
    const now = this.#clock.now();
    this.#saveTable({
      databaseName: database.input.Name,
      input,
      createdAt: now,
      updatedAt: now,
      version: 0,
      partitions: [],
    });
  }

  /**
   * Replaces the whole definition of the table: members that the input omits are removed. Partitions do not change.
   *
   * @param options.versionId The version that the caller has read. If the table has changed since, nothing is written.
   *   Default any.
   * @throws AwsError EntityNotFoundException, ConcurrentModificationException, InvalidInputException
   */
  updateTable(
    databaseName: string,
    input: TableInput,
    { versionId }: { readonly versionId?: string | undefined } = {},
  ): void {
    const table = this.table(databaseName, input.Name);
    if (versionId !== undefined && versionId !== String(table.version)) {
      throw concurrentModification();
    }
    assertPartitionKeys(input);
    const keyCount = (input.PartitionKeys ?? []).length;
    if (table.partitions.length > 0 && keyCount !== (table.input.PartitionKeys ?? []).length) {
      throw invalidInput('The partition keys of a table that has partitions cannot change in number.');
    }
    this.#saveTable({ ...table, input, updatedAt: this.#clock.now(), version: table.version + 1 });
  }

  /** Deletes the table with its partitions. @throws AwsError EntityNotFoundException */
  deleteTable(databaseName: string, name: string): void {
    const table = this.table(databaseName, name);
    eraseTable(this.#directory, table.databaseName, table.input.Name);
    this.#updateTables(table.databaseName, (tables) => tables.delete(table.input.Name));
  }

  /**
   * Changes a table's partitions. The result of `change` is written once; nothing is written when it throws. The
   * changes themselves are in `entries.ts`.
   */
  changePartitions(databaseName: string, name: string, change: (table: TableEntry) => TableEntry): void {
    const table = this.table(databaseName, name);
    const changed = change(table);
    if (changed !== table) this.#saveTable(changed);
  }

  /**
   * Creates or updates the database from the `DatabaseInput` of a template's `AWS::Glue::Database`, as a stack update
   * does. Its tables are kept.
   */
  ensureDatabase(databaseInput: unknown): void {
    const input = readProperties(databaseInputSchema, databaseInput, 'AWS::Glue::Database DatabaseInput');
    const existing = this.#databases.get(input.Name);
    if (existing === undefined) this.createDatabase(input);
    else if (!isDeepStrictEqual(existing.input, input)) this.updateDatabase(input.Name, input);
  }

  /**
   * Creates or updates the table from the `TableInput` of a template's `AWS::Glue::Table`, as a stack update does.
   * Its partitions are kept.
   */
  ensureTable(databaseName: string, tableInput: unknown): void {
    const input = readProperties(tableInputSchema, tableInput, 'AWS::Glue::Table TableInput');
    const existing = this.database(databaseName).tables.get(input.Name);
    if (existing === undefined) this.createTable(databaseName, input);
    else if (!isDeepStrictEqual(existing.input, input)) this.updateTable(databaseName, input);
  }

  /** Stores a database, on disk first. */
  #saveDatabase(entry: DatabaseEntry): void {
    writeDatabase(this.#directory, entry);
    this.#databases.set(entry.input.Name, entry);
  }

  /** Stores a table with its partitions, on disk first. */
  #saveTable(table: TableEntry): void {
    writeTable(this.#directory, table);
    this.#updateTables(table.databaseName, (tables) => tables.set(table.input.Name, table));
  }

  /** Replaces the tables of a database in memory: readers keep the map that they have. */
  #updateTables(databaseName: string, change: (tables: Map<string, TableEntry>) => unknown): void {
    const database = this.database(databaseName);
    const tables = new Map(database.tables);
    change(tables);
    this.#databases.set(database.input.Name, { ...database, tables });
  }
}

/** Checks the partition keys of a table. @throws AwsError InvalidInputException for keys that Glue refuses. */
function assertPartitionKeys(input: TableInput): void {
  // The message is Glue's own.
  if (input.PartitionKeys?.some(({ Parameters }) => Parameters !== undefined)) {
    throw invalidInput('Parameters not supported for partition columns');
  }
}

/** The values, sorted by their keys. */
function sortByKey<Entry>(entries: ReadonlyMap<string, Entry>): Entry[] {
  return [...entries].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, entry]) => entry);
}
