import { closeSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import type { z } from 'zod';
import { DiskError } from '../base/errors.ts';

/** Writes every byte: the kernel may take a part of them at a time. */
export function writeWhole(descriptor: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) {
    written += writeSync(descriptor, bytes, written);
  }
}

/**
 * Gives a file its content: written beside its place first and renamed into it, so that a reader, even one in another
 * process or after a kill, sees the old content or the new, never a part. A write that fails, as
 * with a full disk, leaves the old one and nothing beside it. Nothing is forced to the disk: a machine that loses
 * power may lose the last moments.
 */
export function replaceFile(file: string, content: string): void {
  closeSync(replaceAndKeepOpen(file, content));
}

/**
 * The same; answers the new file's descriptor, open for appending. Of two files that were renamed and opened one after
 * the other the second step could fail, which would leave the caller with the old one.
 */
export function replaceAndKeepOpen(file: string, content: string): number {
  const beside = `${file}.tmp`;
  // What a kill left would otherwise be appended to.
  rmSync(beside, { force: true });
  const descriptor = openSync(beside, 'ax');
  try {
    writeWhole(descriptor, Buffer.from(content));
    renameSync(beside, file);
  } catch (error) {
    closeSync(descriptor);
    rmSync(beside, { force: true });
    throw error;
  }
  return descriptor;
}

/**
 * What a file of JSON holds, validated; undefined where there is none.
 *
 * @throws DiskError DISK_DAMAGED, naming the file.
 */
export function readJsonFile<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
): z.output<Schema> | undefined {
  const text = read(file);
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new DiskError('DISK_DAMAGED', `${file}.`, { cause: error });
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
