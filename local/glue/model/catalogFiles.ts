import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
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
 * The catalog on disk: a folder a database, a JSON file a table with its partitions. Every file is written
 * beside its place and renamed into it, so that a reader, even one in another process, sees the old or the
 * new one and never a part. Writes are synchronous: the catalog changes a few times a day, and a change
 * that is on disk before the next request is read needs no further order.
 */
export function writeDatabase(directory: string, entry: DatabaseEntry): void {
  const folder = databaseFolder(directory, entry.input.Name);
  mkdirSync(folder, { recursive: true });
  writeWhole(join(folder, DATABASE_FILE), { createdAt: entry.createdAt, input: entry.input });
}

/** Writes one table of a database that is written already. */
export function writeTable(directory: string, table: TableEntry): void {
  writeWhole(tableFile(directory, table.databaseName, table.input.Name), table);
}

export function eraseDatabase(directory: string, name: string): void {
  rmSync(databaseFolder(directory, name), { recursive: true, force: true });
}

export function eraseTable(directory: string, databaseName: string, name: string): void {
  rmSync(tableFile(directory, databaseName, name), { force: true });
}

/** Everything under `directory`, by database name; nothing there is an empty catalog. */
export function readDatabases(directory: string): Map<string, DatabaseEntry> {
  const databases = new Map<string, DatabaseEntry>();
  for (const folder of list(directory)) {
    const path = join(directory, folder);
    const text = read(join(path, DATABASE_FILE));
    // A folder without its file is one whose making or erasing was cut off.
    if (text === undefined) continue;
    const { createdAt, input } = databaseFileSchema.parse(JSON.parse(text));
    const tables = new Map<string, TableEntry>();
    for (const file of list(path)) {
      const tableText = TABLE_FILE.test(file) ? read(join(path, file)) : undefined;
      if (tableText === undefined) continue;
      const table = tableFileSchema.parse(JSON.parse(tableText));
      tables.set(table.input.Name, table);
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

function writeWhole(file: string, content: unknown): void {
  const beside = `${file}.tmp`;
  writeFileSync(beside, JSON.stringify(content));
  renameSync(beside, file);
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
