import { createHash } from 'node:crypto';
import { closeSync, createReadStream, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import type { z } from 'zod';
import { DiskError } from '../base/errors.ts';
import { codeOf } from '../base/nodeErrors.ts';
import { parseChecked, withChecksum } from './checked.ts';

/** Names that are their own file names: those of other case would be the same file on macOS. */
const PLAIN_NAME = /^[a-z0-9_-]{1,200}$/;

/**
 * The name of the file or folder of a thing, of which no two are the same on any file system: a plain name in lower case as it
 * is, any other name as a hash. The file has to contain the name.
 */
export function fileNameOf(name: string): string {
  return PLAIN_NAME.test(name) ? name : `~${createHash('sha256').update(name).digest('hex')}`;
}

/** Writes every byte: the kernel may write only a part per call. */
export function writeWhole(descriptor: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) {
    written += writeSync(descriptor, bytes, written);
  }
}

/**
 * Replaces the content of a file by writing a temporary file and renaming it, so that a reader, even in another
 * process or after a kill, sees the old content or the new, never a part. A failed write, for example on a full disk,
 * leaves only the old one. Nothing is flushed to the disk: a power failure may lose the last moments.
 */
function replaceFile(file: string, content: string): void {
  closeSync(replaceAndKeepOpen(file, content));
}

/**
 * Like {@link replaceFile}, but returns the new file's descriptor, open for appending. If the file were opened after
 * the rename, opening could fail and leave the caller with the old descriptor.
 */
export function replaceAndKeepOpen(file: string, content: string): number {
  const beside = `${file}.tmp`;
  // Content left by a killed process would otherwise stay in front.
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

/** The content of a file. Its errors name the file; Node's own error for a directory does not. */
export function readWhole(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    if (!(error instanceof Error) || 'path' in error) throw error;
    throw Object.assign(new Error(`${error.message} '${file}'`), error, { path: file });
  }
}

/**
 * The content of a file in pieces. The file is opened when the first piece is asked for. If it were opened at once and could
 * not be read, the stream would emit an error, which ends the process when nobody reads the stream.
 */
export async function* readPieces(file: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(file);
}

/** Replaces a file by a value as JSON, with a checksum. */
export function writeJsonFile(file: string, value: unknown): void {
  replaceFile(file, `${withChecksum(JSON.stringify(value))}\n`);
}

/**
 * The validated content of a JSON file; undefined when it doesn't exist.
 *
 * @throws DiskError DISK_DAMAGED with the file's name.
 */
export function readJsonFile<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
): z.output<Schema> | undefined {
  const text = read(file);
  if (text === undefined) return undefined;
  try {
    return schema.parse(parseChecked(text.replace(/\n$/, '')));
  } catch (error) {
    throw new DiskError('DISK_DAMAGED', `${file}.`, { cause: error });
  }
}

/** The text of a file; undefined when the file or its folder does not exist. */
function read(file: string): string | undefined {
  try {
    return readWhole(file).toString('utf8');
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
