import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import { readJsonFile, replaceFile } from '../disk/files.ts';
import { readProperties } from '../protocol/readProperties.ts';
import type { DatabaseEntry, TableEntry } from './entries.ts';
import { alreadyExists, databaseNotFound, invalidInput, tableNotFound } from './errors.ts';
import {
  type DatabaseInput,
  databaseInputSchema,
  partitionInputSchema,
  partitionValuesSchema,
  type TableInput,
  tableInputSchema,
} from './inputs.ts';

/**
 * The Data Catalog: databases, tables and their partitions. A change is on disk before the method returns,
 * and only then visible. Names are looked up in lower case, as Glue does.
 *
 * Every method throws an AwsError under Glue's own name for what is missing, there already or impossible.
 *
 * @example
 * const catalog = Catalog.open({ directory: 'data/glue', clock: realClock });
 * catalog.ensureDatabase({ Name: 'sluice' });
 */
export class Catalog {
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #databases: Map<string, DatabaseEntry>;

  private constructor(directory: string, clock: Clock) {
    this.#directory = directory;
    this.#clock = clock;
    this.#databases = readDatabases(directory);
  }

  /** Opens the catalog that lies in `directory`, or starts one there. One process at a time may have it open. */
  static open(options: { readonly directory: string; readonly clock: Clock }): Catalog {
    return new Catalog(options.directory, options.clock);
  }

  /** In the order of their names. */
  databases(): DatabaseEntry[] {
    return sortByKey(this.#databases);
  }

  database(name: string): DatabaseEntry {
    const entry = this.#databases.get(name.toLowerCase());
    if (entry === undefined) throw databaseNotFound(name);
    return entry;
  }

  createDatabase(input: DatabaseInput): void {
    if (this.#databases.has(input.Name)) throw alreadyExists('Database');
    this.#keepDatabase({ input, createdAt: this.#clock.now(), tables: new Map() });
  }

  updateDatabase(name: string, input: DatabaseInput): void {
    const entry = this.database(name);
    if (input.Name !== entry.input.Name) throw invalidInput('A database cannot be renamed.');
    this.#keepDatabase({ ...entry, input });
  }

  /** With its tables and partitions. */
  deleteDatabase(name: string): void {
    const { input } = this.database(name);
    eraseDatabase(this.#directory, input.Name);
    this.#databases.delete(input.Name);
  }

  /** In the order of their names. */
  tables(databaseName: string): TableEntry[] {
    return sortByKey(this.database(databaseName).tables);
  }

  table(databaseName: string, name: string): TableEntry {
    const entry = this.database(databaseName).tables.get(name.toLowerCase());
    if (entry === undefined) throw tableNotFound(name);
    return entry;
  }

  createTable(databaseName: string, input: TableInput): void {
    const database = this.database(databaseName);
    if (database.tables.has(input.Name)) throw alreadyExists('Table');
    assertPartitionKeys(input);
    const now = this.#clock.now();
    this.#keepTable({
      databaseName: database.input.Name,
      input,
      createdAt: now,
      updatedAt: now,
      version: 0,
      partitions: [],
    });
  }

  /** Describes the table anew, in every member: what the input leaves out is gone. Partitions stay as they are. */
  updateTable(databaseName: string, input: TableInput): void {
    const table = this.table(databaseName, input.Name);
    assertPartitionKeys(input);
    const keyCount = (input.PartitionKeys ?? []).length;
    if (table.partitions.length > 0 && keyCount !== (table.input.PartitionKeys ?? []).length) {
      throw invalidInput('The partition keys of a table that has partitions cannot change in number.');
    }
    this.#keepTable({ ...table, input, updatedAt: this.#clock.now(), version: table.version + 1 });
  }

  /** With its partitions. */
  deleteTable(databaseName: string, name: string): void {
    const table = this.table(databaseName, name);
    eraseTable(this.#directory, table.databaseName, table.input.Name);
    this.#putTables(table.databaseName, (tables) => tables.delete(table.input.Name));
  }

  /**
   * Changes a table's partitions: all that `change` does is written once, and nothing of it when it throws.
   * The changes themselves are in `partitionChanges.ts`.
   */
  changePartitions(databaseName: string, name: string, change: (table: TableEntry) => TableEntry): void {
    const table = this.table(databaseName, name);
    const changed = change(table);
    if (changed !== table) this.#keepTable(changed);
  }

  /**
   * Creates the database, or brings it to the `DatabaseInput` of a template's `AWS::Glue::Database`, as an
   * update of a stack would. Its tables stay.
   */
  ensureDatabase(databaseInput: unknown): void {
    const input = readProperties(databaseInputSchema, databaseInput, 'AWS::Glue::Database DatabaseInput');
    const existing = this.#databases.get(input.Name);
    if (existing === undefined) this.createDatabase(input);
    else if (!isDeepStrictEqual(existing.input, input)) this.updateDatabase(input.Name, input);
  }

  /**
   * Creates the table, or brings it to the `TableInput` of a template's `AWS::Glue::Table`, as an update of a
   * stack would. Its partitions stay.
   */
  ensureTable(databaseName: string, tableInput: unknown): void {
    const input = readProperties(tableInputSchema, tableInput, 'AWS::Glue::Table TableInput');
    const existing = this.database(databaseName).tables.get(input.Name);
    if (existing === undefined) this.createTable(databaseName, input);
    else if (!isDeepStrictEqual(existing.input, input)) this.updateTable(databaseName, input);
  }

  #keepDatabase(entry: DatabaseEntry): void {
    writeDatabase(this.#directory, entry);
    this.#databases.set(entry.input.Name, entry);
  }

  #keepTable(table: TableEntry): void {
    writeTable(this.#directory, table);
    this.#putTables(table.databaseName, (tables) => tables.set(table.input.Name, table));
  }

  #putTables(databaseName: string, change: (tables: Map<string, TableEntry>) => unknown): void {
    const database = this.database(databaseName);
    const tables = new Map(database.tables);
    change(tables);
    this.#databases.set(database.input.Name, { ...database, tables });
  }
}

function assertPartitionKeys(input: TableInput): void {
  // Seen in the wild: "Parameters not supported for partition columns".
  if (input.PartitionKeys?.some(({ Parameters }) => Parameters !== undefined)) {
    throw invalidInput('Parameters not supported for partition columns');
  }
}

function sortByKey<Entry>(entries: ReadonlyMap<string, Entry>): Entry[] {
  return [...entries].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, entry]) => entry);
}

const DATABASE_FILE = 'database.json';
const TABLE_FILE = /^table-.*\.json$/;
/** Names that are file names as they are; others go by their hash, and the file says what they are. */
const PLAIN_NAME = /^[a-z0-9_-]{1,200}$/;

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
 * The catalog on disk: a folder a database, a JSON file a table with its partitions. Every file is replaced as a
 * whole. Writes are synchronous: the catalog changes a few times a day, and a change that is on disk before the next
 * request is read needs no further order.
 */
function writeDatabase(directory: string, entry: DatabaseEntry): void {
  const folder = databaseFolder(directory, entry.input.Name);
  mkdirSync(folder, { recursive: true });
  replaceFile(
    join(folder, DATABASE_FILE),
    JSON.stringify({ createdAt: entry.createdAt, input: entry.input }),
  );
}

/** Writes one table of a database that is written already. */
function writeTable(directory: string, table: TableEntry): void {
  replaceFile(tableFile(directory, table.databaseName, table.input.Name), JSON.stringify(table));
}

/** Removes a database with all its tables from the disk. */
function eraseDatabase(directory: string, name: string): void {
  rmSync(databaseFolder(directory, name), { recursive: true, force: true });
}

/** Removes a table from the disk, its partitions with it. */
function eraseTable(directory: string, databaseName: string, name: string): void {
  rmSync(tableFile(directory, databaseName, name), { force: true });
}

/** Everything under `directory`, by database name; nothing there is an empty catalog. @throws DiskError DISK_DAMAGED */
function readDatabases(directory: string): Map<string, DatabaseEntry> {
  const databases = new Map<string, DatabaseEntry>();
  for (const folder of listFolder(directory)) {
    const path = join(directory, folder);
    const database = readJsonFile(join(path, DATABASE_FILE), databaseFileSchema);
    // A folder without its file is one whose making or erasing was cut off.
    if (database === undefined) continue;
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
  return join(directory, fileName(name));
}

function tableFile(directory: string, databaseName: string, name: string): string {
  return join(databaseFolder(directory, databaseName), `table-${fileName(name)}.json`);
}

function fileName(name: string): string {
  return PLAIN_NAME.test(name) ? name : `~${createHash('sha256').update(name).digest('hex')}`;
}

function listFolder(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

/**
 * The catalog as it lies in a directory, for reading only: for tools that answer while the local cloud runs
 * in another process, or not at all. Databases and their tables in the order of their names; a directory
 * that isn't there is an empty catalog.
 */
export function readCatalog(directory: string): readonly DatabaseEntry[] {
  return [...readDatabases(directory).values()];
}
