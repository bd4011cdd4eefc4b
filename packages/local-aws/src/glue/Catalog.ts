import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import { DiskError } from '../base/errors.ts';
import { reportDefect } from '../base/reportDefect.ts';
import { fileNameOf, readJsonFile, writeJsonFile } from '../disk/files.ts';
import { readProperties } from '../protocol/readProperties.ts';
import type { DatabaseEntry, TableEntry } from './entries.ts';
import {
  alreadyExists,
  concurrentModification,
  databaseNotFound,
  invalidInput,
  tableNotFound,
} from './errors.ts';
import {
  type DatabaseInput,
  databaseInputSchema,
  partitionInputSchema,
  partitionValuesSchema,
  type TableInput,
  tableInputSchema,
} from './inputs.ts';

/**
 * The Data Catalog: databases, tables and their partitions. A change is on disk before the method returns and becomes
 * visible only then. Names are looked up in lower case, as in Glue.
 *
 * Every method throws an AwsError with Glue's error code when something is missing, exists already or is invalid.
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

  /** Sorted by name. */
  databases(): DatabaseEntry[] {
    return sortByKey(this.#databases);
  }

  /** @throws AwsError EntityNotFoundException */
  database(name: string): DatabaseEntry {
    const entry = this.#databases.get(name.toLowerCase());
    if (entry === undefined) throw databaseNotFound(name);
    return entry;
  }

  /** @throws AwsError AlreadyExistsException */
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

  /** Deletes the database with its tables and partitions. */
  deleteDatabase(name: string): void {
    const { input } = this.database(name);
    eraseDatabase(this.#directory, input.Name);
    this.#databases.delete(input.Name);
  }

  /** Sorted by name. */
  tables(databaseName: string): TableEntry[] {
    return sortByKey(this.database(databaseName).tables);
  }

  /** @throws AwsError EntityNotFoundException */
  table(databaseName: string, name: string): TableEntry {
    const entry = this.database(databaseName).tables.get(name.toLowerCase());
    if (entry === undefined) throw tableNotFound(name);
    return entry;
  }

  /** @throws AwsError EntityNotFoundException, AlreadyExistsException, InvalidInputException */
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

  /** Deletes the table with its partitions. */
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

  #saveDatabase(entry: DatabaseEntry): void {
    writeDatabase(this.#directory, entry);
    this.#databases.set(entry.input.Name, entry);
  }

  #saveTable(table: TableEntry): void {
    writeTable(this.#directory, table);
    this.#updateTables(table.databaseName, (tables) => tables.set(table.input.Name, table));
  }

  #updateTables(databaseName: string, change: (tables: Map<string, TableEntry>) => unknown): void {
    const database = this.database(databaseName);
    const tables = new Map(database.tables);
    change(tables);
    this.#databases.set(database.input.Name, { ...database, tables });
  }
}

/** @throws AwsError InvalidInputException for partition keys that Glue refuses. */
function assertPartitionKeys(input: TableInput): void {
  // The message is Glue's own.
  if (input.PartitionKeys?.some(({ Parameters }) => Parameters !== undefined)) {
    throw invalidInput('Parameters not supported for partition columns');
  }
}

function sortByKey<Entry>(entries: ReadonlyMap<string, Entry>): Entry[] {
  return [...entries].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, entry]) => entry);
}

const DATABASE_FILE = 'database.json';
/** A folder of a database that is being deleted. No database's own folder begins like this. */
const DELETED = /^\.deleted-/;
const TABLE_FILE = /^table-.*\.json$/;

const databaseFileSchema = z.strictObject({ createdAt: z.number(), input: databaseInputSchema });

const tableFileSchema = z.strictObject({
  databaseName: z.string(),
  createdAt: z.number(),
  updatedAt: z.number(),
  version: z.number(),
  input: tableInputSchema,
  partitions: z.array(
    z.strictObject({ values: partitionValuesSchema, createdAt: z.number(), input: partitionInputSchema }),
  ),
});

/**
 * The catalog on disk: one folder per database, one JSON file per table with its partitions. Every file is replaced
 * as a whole. Writes are synchronous: the catalog changes only a few times a day, and a change that is on disk before
 * the next request is read needs no further ordering.
 */
function writeDatabase(directory: string, entry: DatabaseEntry): void {
  const folder = databaseFolder(directory, entry.input.Name);
  mkdirSync(folder, { recursive: true });
  writeJsonFile(join(folder, DATABASE_FILE), { createdAt: entry.createdAt, input: entry.input });
}

/** Writes one table. Its database must have been written before. */
function writeTable(directory: string, table: TableEntry): void {
  writeJsonFile(tableFile(directory, table.databaseName, table.input.Name), table);
}

/** Deletes a database and all its tables from disk, in one step: after a kill, a new database of the name finds none of them. */
function eraseDatabase(directory: string, name: string): void {
  const deleted = join(directory, `.deleted-${fileNameOf(name)}`);
  eraseFolder(deleted);
  renameSync(databaseFolder(directory, name), deleted);
  try {
    eraseFolder(deleted);
  } catch (error) {
    // The database is gone already. The next start tries again to free its place on disk.
    reportDefect(error);
  }
}

function eraseFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Deletes a table and its partitions from disk. */
function eraseTable(directory: string, databaseName: string, name: string): void {
  rmSync(tableFile(directory, databaseName, name), { force: true });
}

/** The databases under `directory`, by name. A directory that does not exist is an empty catalog. @throws DiskError DISK_DAMAGED */
function readDatabases(directory: string): Map<string, DatabaseEntry> {
  const databases = new Map<string, DatabaseEntry>();
  for (const folder of listFolder(directory)) {
    if (DELETED.test(folder)) continue;
    const path = join(directory, folder);
    const database = readJsonFile(join(path, DATABASE_FILE), databaseFileSchema);
    if (database === undefined) {
      // An interrupted create leaves an empty folder.
      const orphan = listFolder(path).find((file) => TABLE_FILE.test(file));
      if (orphan === undefined) continue;
      throw new DiskError('DISK_DAMAGED', `${join(path, DATABASE_FILE)} is missing, ${orphan} is there.`);
    }
    const { createdAt, input } = database;
    const tables = new Map<string, TableEntry>();
    for (const file of listFolder(path)) {
      const table = TABLE_FILE.test(file) ? readJsonFile(join(path, file), tableFileSchema) : undefined;
      if (table !== undefined) tables.set(table.input.Name, table);
    }
    databases.set(input.Name, { createdAt, input, tables });
  }
  return databases;
}

function databaseFolder(directory: string, name: string): string {
  return join(directory, fileNameOf(name));
}

function tableFile(directory: string, databaseName: string, name: string): string {
  return join(databaseFolder(directory, databaseName), `table-${fileNameOf(name)}.json`);
}

/** The names in a folder, sorted; none if it does not exist. */
function listFolder(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Whether a folder could not be listed because it does not exist, or because it is a file. */
function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

/**
 * Reads the catalog in a directory without opening it: for tools that run while the emulator runs in another process,
 * or not at all. Databases and tables are sorted by name. A missing directory is an empty catalog.
 */
export function readCatalog(directory: string): readonly DatabaseEntry[] {
  return [...readDatabases(directory).values()];
}
