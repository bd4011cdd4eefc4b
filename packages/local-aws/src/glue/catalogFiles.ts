import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { DiskError } from '../base/errors.ts';
import { codeOf } from '../base/nodeErrors.ts';
import { reportDefect } from '../base/reportDefect.ts';
import { fileNameOf, readJsonFile, writeJsonFile } from '../disk/files.ts';
import type { DatabaseEntry, TableEntry } from './entries.ts';
import {
  databaseInputSchema,
  partitionInputSchema,
  partitionValuesSchema,
  tableInputSchema,
} from './inputs.ts';

/** The file of a database in its folder. */
const DATABASE_FILE = 'database.json';

/** A folder of a database that is being deleted. No database's own folder begins like this. */
export const DELETED = /^\.deleted-/;

/** A file of a table in the folder of its database. */
const TABLE_FILE = /^table-.*\.json$/;

/** A database as its file has it. */
const databaseFileSchema = z.strictObject({ createdAt: z.number(), input: databaseInputSchema });

/** A table with its partitions as its file has it. */
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

// The catalog on disk: one folder per database, one JSON file per table with its partitions. Every file is replaced as a
// whole. Writes are synchronous: the catalog changes only a few times a day, and a change that is on disk before the next
// request is read needs no further ordering.

/** Writes the definition of one database, without its tables. */
export function writeDatabase(directory: string, entry: DatabaseEntry): void {
  const folder = databaseFolder(directory, entry.input.Name);
  mkdirSync(folder, { recursive: true });
  writeJsonFile(join(folder, DATABASE_FILE), { createdAt: entry.createdAt, input: entry.input });
}

/** Writes one table. Its database must have been written before. */
export function writeTable(directory: string, table: TableEntry): void {
  writeJsonFile(tableFile(directory, table.databaseName, table.input.Name), table);
}

/** Deletes a database and all its tables from disk, in one step: after a kill, a new database of the name finds none of them. */
export function eraseDatabase(directory: string, name: string): void {
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

/** Removes a folder with its files; a folder that is not there is no error. */
export function eraseFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Deletes a table and its partitions from disk. */
export function eraseTable(directory: string, databaseName: string, name: string): void {
  rmSync(tableFile(directory, databaseName, name), { force: true });
}

/** The databases under `directory`, by name. A directory that does not exist is an empty catalog. @throws DiskError DISK_DAMAGED */
export function readDatabases(directory: string): Map<string, DatabaseEntry> {
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

/** The folder of a database. */
function databaseFolder(directory: string, name: string): string {
  return join(directory, fileNameOf(name));
}

/** The file of a table. */
function tableFile(directory: string, databaseName: string, name: string): string {
  return join(databaseFolder(directory, databaseName), `table-${fileNameOf(name)}.json`);
}

/** The names in a folder, sorted; none if it does not exist. */
export function listFolder(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Whether a folder could not be listed because it does not exist, or because it is a file. */
function isMissing(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/**
 * Reads the catalog in a directory without opening it: for tools that run while the emulator runs in another process,
 * or not at all. Databases and tables are sorted by name. A missing directory is an empty catalog.
 */
export function readCatalog(directory: string): readonly DatabaseEntry[] {
  return [...readDatabases(directory).values()];
}
