import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readJsonFile, replaceFile } from '../disk/files.ts';
import { databaseInputSchema } from './databaseInput.ts';
import type { DatabaseEntry, TableEntry } from './entries.ts';
import { partitionInputSchema, partitionValuesSchema } from './partitionInput.ts';
import { tableInputSchema } from './tableInput.ts';

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
export function writeDatabase(directory: string, entry: DatabaseEntry): void {
  const folder = databaseFolder(directory, entry.input.Name);
  mkdirSync(folder, { recursive: true });
  replaceFile(
    join(folder, DATABASE_FILE),
    JSON.stringify({ createdAt: entry.createdAt, input: entry.input }),
  );
}

/** Writes one table of a database that is written already. */
export function writeTable(directory: string, table: TableEntry): void {
  replaceFile(tableFile(directory, table.databaseName, table.input.Name), JSON.stringify(table));
}

/** Removes a database with all its tables from the disk. */
export function eraseDatabase(directory: string, name: string): void {
  rmSync(databaseFolder(directory, name), { recursive: true, force: true });
}

/** Removes a table from the disk, its partitions with it. */
export function eraseTable(directory: string, databaseName: string, name: string): void {
  rmSync(tableFile(directory, databaseName, name), { force: true });
}

/** Everything under `directory`, by database name; nothing there is an empty catalog. @throws DiskError SLUICE_DISK_DAMAGED */
export function readDatabases(directory: string): Map<string, DatabaseEntry> {
  const databases = new Map<string, DatabaseEntry>();
  for (const folder of list(directory)) {
    const path = join(directory, folder);
    const database = readJsonFile(join(path, DATABASE_FILE), databaseFileSchema);
    // A folder without its file is one whose making or erasing was cut off.
    if (database === undefined) continue;
    const { createdAt, input } = database;
    const tables = new Map<string, TableEntry>();
    for (const file of list(path)) {
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

function list(directory: string): string[] {
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
