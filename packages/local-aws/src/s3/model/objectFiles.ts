import { createHash, randomUUID } from 'node:crypto';
import { copyFileSync, linkSync, mkdirSync, renameSync, rmdirSync, rmSync, unlinkSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { codeOf } from '../../base/nodeErrors.ts';
import { Checksum, type ChecksumAlgorithm } from '../checksums.ts';
import { s3Errors } from '../errors.ts';
import type { StoredChecksum } from './StoredObject.ts';

/** Length of the longest file name that all common file systems allow, in bytes. */
const SEGMENT_BYTES = 255;

/**
 * Characters that no natural path contains: control characters, what Windows forbids, and what DuckDB treats as a
 * pattern in the path of a file.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const UNSAFE = /[\u0000-\u001f\u007f\\:*?"<>|[\]{}]/;

/**
 * Whether a key can be stored in the bucket's folder at its own path. It can't if a segment is empty, `.` or
 * `..`, ends in a dot or a space (Windows drops those), or is too long for a file name.
 */
export function isNaturalPath(key: string): boolean {
  if (UNSAFE.test(key)) return false;
  return key
    .split('/')
    .every(
      (segment) => segment !== '' && !/[. ]$/.test(segment) && Buffer.byteLength(segment) <= SEGMENT_BYTES,
    );
}

/** File name for a key without a natural path: flat, of fixed length, always the same for the same key. */
export function encodedName(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/**
 * Which natural paths of a bucket are taken. Two keys can't share one: `a` and `a/b` (a file is not a folder), and keys
 * that differ only by case or Unicode form, because macOS and Windows treat them as the same name.
 */
export class Placement {
  readonly #files = new Set<string>();
  /** Folder → number of files below it. */
  readonly #folders = new Map<string, number>();

  /** Whether a file can be put at a path. */
  hasRoomFor(path: string): boolean {
    const folded = fold(path);
    return (
      !this.#files.has(folded) &&
      !this.#folders.has(folded) &&
      !parents(folded).some((folder) => this.#files.has(folder))
    );
  }

  /** Takes a path. */
  add(path: string): void {
    const folded = fold(path);
    this.#files.add(folded);
    for (const folder of parents(folded)) this.#folders.set(folder, (this.#folders.get(folder) ?? 0) + 1);
  }

  /** Gives a path back. */
  remove(path: string): void {
    const folded = fold(path);
    this.#files.delete(folded);
    for (const folder of parents(folded)) {
      const left = (this.#folders.get(folder) ?? 1) - 1;
      if (left === 0) this.#folders.delete(folder);
      else this.#folders.set(folder, left);
    }
  }
}

/** A path in the form in which a file system without case, or with another Unicode form, compares it. */
function fold(path: string): string {
  return path.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');
}

/** The folders above a path, the outermost first. */
function parents(path: string): string[] {
  const folders: string[] = [];
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
    folders.push(path.slice(0, slash));
  }
  return folders;
}

/** Moves a file to its place atomically. Creates missing folders and replaces an existing file. */
export function moveFile(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    mkdirSync(dirname(to), { recursive: true });
    renameSync(from, to);
  }
}

/**
 * Gives a file a second name, in place of one that a killed process has left. On a file system without second names the file is
 * copied. Nothing happens for a file that something else has removed: an error comes when it is read.
 */
export function linkFile(from: string, to: string): void {
  rmSync(to, { force: true });
  try {
    linkSync(from, to);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    copyFileSync(from, to);
  }
}

/** Whether a move failed because a foreign file is in the way. */
export function isBlocked(error: unknown): boolean {
  return ['EISDIR', 'ENOTDIR', 'EEXIST', 'ENOTEMPTY', 'EPERM', 'ENAMETOOLONG'].includes(codeOf(error) ?? '');
}

/** Removes a file, if it exists, and every folder up to (not including) `root` that becomes empty. */
export function removeFile(path: string, root: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') throw error;
  }
  for (let folder = dirname(path); folder.startsWith(root) && folder !== root; folder = dirname(folder)) {
    try {
      rmdirSync(folder);
    } catch {
      return; // Not empty: it holds other objects, or a file of the user's own.
    }
  }
}

/** Bytes in a temporary file, counted and hashed, that belong to no object yet. */
export interface StagedFile {
  /** Path of the file. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** MD5 of the bytes, 16 bytes. */
  readonly md5: Uint8Array;
  /** The checksum of the whole file; undefined if none was asked for. */
  readonly checksum: StoredChecksum | undefined;
}

/** The bytes of an object, which are read once. */
export type ObjectBody = Readable | AsyncIterable<Uint8Array> | Uint8Array | string;

/**
 * Writes a body to a temporary file and hashes it. A failure leaves nothing behind.
 *
 * @param algorithm The algorithm of its checksum; undefined for none.
 * @param limitBytes A longer body is refused as `EntityTooLarge`.
 */
export async function stageBody(
  folder: string,
  body: ObjectBody,
  algorithm: ChecksumAlgorithm | undefined,
  limitBytes: number,
): Promise<StagedFile> {
  const path = join(folder, randomUUID());
  const md5 = createHash('md5');
  const checksum = algorithm === undefined ? undefined : new Checksum(algorithm);
  let size = 0;
  const file = await open(path, 'wx').catch((error: unknown) => {
    // Nobody reads it now, and the source of a copy is an open file.
    if (body instanceof Readable) body.destroy();
    throw error;
  });
  try {
    for await (const chunk of chunksOf(body)) {
      size += chunk.byteLength;
      if (size > limitBytes) throw s3Errors.entityTooLarge(limitBytes);
      md5.update(chunk);
      checksum?.update(chunk);
      for (let written = 0; written < chunk.byteLength; ) {
        written += (await file.write(chunk, written)).bytesWritten;
      }
    }
  } catch (error) {
    await file.close();
    await rm(path, { force: true });
    throw error;
  }
  await file.close();
  return {
    path,
    size,
    md5: md5.digest(),
    checksum: checksum && { algorithm: checksum.algorithm, type: 'FULL_OBJECT', value: checksum.digest() },
  };
}

/** The bytes of a body, whatever form it has. */
async function* chunksOf(body: ObjectBody): AsyncGenerator<Uint8Array> {
  if (typeof body === 'string') yield Buffer.from(body);
  else if (body instanceof Uint8Array) yield body;
  else {
    for await (const chunk of body) {
      const bytes: unknown = chunk;
      if (typeof bytes === 'string') yield Buffer.from(bytes);
      else if (bytes instanceof Uint8Array) yield bytes;
      else throw new TypeError('A body is a stream of bytes or text, not of other values.');
    }
  }
}
