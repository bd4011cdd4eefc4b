import { closeSync, constants, openSync, write as writeBytes } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { mapLimit } from '../base/concurrency.ts';
import { nodeErrorCode, SluiceError } from '../base/errors.ts';
import { eachAttempt } from '../base/retry.ts';
import type { EngineFile } from './FileSchema.ts';

/**
 * Parallel reads of a bucket. Small files cost a round trip each, so there are more than the bandwidth needs, and fewer than
 * the SDK's 50 sockets.
 */
const PARALLEL_READS = 32;
/** Bytes of one read. Larger files are read in ranges of this size, in parallel. */
const READ_BYTES = 32 * 1024 * 1024;
/** Time limit of one read, milliseconds, against stalled connections. */
const READ_TIMEOUT_MS = 120_000;
/** Attempts of one read whose body breaks off, besides the SDK's own attempts. */
const RETRIES = { tries: 3, baseMs: 200, capMs: 2_000 } as const;
/** Ranges of one file are written in parallel: the file is created if it is missing, and never truncated. */
const OPEN = constants.O_CREAT | constants.O_WRONLY;
/** Writes bytes at a place of a file. */
const writeAt = promisify(writeBytes);
/** Bytes that are gathered for one write: small files are written at once. */
const WRITE_BYTES = 1024 * 1024;
/** Signals that an object has changed. */
const CHANGED = Symbol('changed');

/** An object to fetch, as it was listed. */
export interface FetchedObject {
  /** The key of the object. */
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** The ETag with its quotes, as `If-Match` expects it. */
  readonly eTag: string;
  /** Whether the object is in an archive class, as a listing says. */
  readonly isArchived?: boolean | undefined;
}

/** A bucket whose objects are fetched. */
export interface FetchedBucket {
  /**
   * The bytes of an object as it was listed; null if it has changed or is gone since.
   *
   * @param range First and last byte, both included. Default all.
   * @throws SluiceError of the object, if it can't be read.
   */
  read(
    object: Pick<FetchedObject, 'key' | 'eTag'>,
    range?: { readonly first: number; readonly last: number },
  ): Promise<Readable | null>;
}

/** An error of the local disk, which is not the bucket's fault and which a retry does not resolve. */
class DiskError extends Error {
  readonly kind: 'full_disk' | 'disk';

  constructor(cause: unknown) {
    const code = nodeErrorCode(cause) || 'unknown';
    super(`The disk: ${code}.`, { cause });
    this.kind = code === 'ENOSPC' || code === 'EDQUOT' ? 'full_disk' : 'disk';
  }
}

/** One read: a whole file or a range of it. */
interface FilePart {
  /** The object as it was listed. */
  readonly object: FetchedObject;
  /** Where the file is written: an absolute path. */
  readonly path: string;
  /** First and last byte, both included. Undefined for the whole file. */
  readonly range: { readonly first: number; readonly last: number } | undefined;
}

/** Options of {@link fetchFiles}. */
export interface FetchOptions {
  /** Existing folder for the files: absolute path. */
  readonly directory: string;
  /** Resolves after that many milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
  /** A number from 0 to below 1. */
  readonly random: () => number;
  /** Ends all reads, which throw the signal's reason. */
  readonly signal: AbortSignal;
  /** Called for a file that could not be read. Default: nothing. */
  readonly onFailed?: (key: string, error: SluiceError) => void;
  /**
   * Makes the error for a body that broke off each time, or a disk that takes no more bytes or no file.
   *
   * @param key Of the object whose body broke off; undefined for the disk.
   */
  readonly makeError: (
    kind: 'body' | DiskError['kind'],
    detail: string,
    cause: unknown,
    key?: string,
  ) => SluiceError;
}

/**
 * Downloads objects to the local disk with many parallel reads, large files in ranges. Every read names the listed
 * ETag.
 *
 * @returns The files in their order; null if one of them has changed or is gone, and the caller must list again.
 * @throws What the bucket throws; what `makeError` makes of a body or the disk; the signal's reason.
 */
export async function fetchFiles(
  bucket: FetchedBucket,
  objects: readonly FetchedObject[],
  { directory, wait, random, signal, onFailed, makeError }: FetchOptions,
): Promise<readonly EngineFile[] | null> {
  const files = objects.map(({ key }, index) => ({
    name: key,
    path: join(directory, `${String(index).padStart(6, '0')}.parquet`),
  }));
  const parts = objects.flatMap((object, index) => splitFile(object, files[index]?.path ?? ''));
  // The first failure stops the other reads, which may be long.
  const stop = new AbortController();
  const reading = { wait, random, makeError, signal: AbortSignal.any([signal, stop.signal]) };
  try {
    await mapLimit(parts, PARALLEL_READS, async (part) => {
      try {
        if (!(await fetchPart(bucket, part, reading))) throw CHANGED;
      } catch (error) {
        // Reads that are stopped fail, too, and errors of the disk are not the file's.
        if (!reading.signal.aborted && error instanceof SluiceError) onFailed?.(part.object.key, error);
        stop.abort();
        throw error;
      }
    });
  } catch (error) {
    signal.throwIfAborted();
    if (error === CHANGED) return null;
    throw error instanceof DiskError ? makeError(error.kind, error.message, error.cause) : error;
  }
  return files;
}

/** The parts in which a file is read. */
function splitFile(object: FetchedObject, path: string): FilePart[] {
  if (object.size <= READ_BYTES) return [{ object, path, range: undefined }];
  const parts: FilePart[] = [];
  for (let first = 0; first < object.size; first += READ_BYTES) {
    const last = Math.min(first + READ_BYTES, object.size) - 1;
    parts.push({ object, path, range: { first, last } });
  }
  return parts;
}

/** Reads a part of an object into its file; false if the object has changed or is gone. */
async function fetchPart(
  bucket: FetchedBucket,
  { object, path, range }: FilePart,
  { wait, random, signal, makeError }: Omit<FetchOptions, 'directory' | 'onFailed'>,
): Promise<boolean> {
  const first = range?.first ?? 0;
  const expected = range === undefined ? object.size : range.last - first + 1;
  const file = await onDisk(() => openSync(path, OPEN));
  try {
    let failure: unknown;
    for await (const _ of eachAttempt({ ...RETRIES, wait, random, signal })) {
      const body = await bucket.read(object, range);
      if (body === null) return false;
      const release = limitRead(body, signal);
      try {
        await write(body, file, first, expected);
        return true;
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof DiskError) throw error;
        failure = error;
      } finally {
        release();
        // A body that is not read to its end would keep its connection.
        body.destroy();
      }
    }
    const message = failure instanceof Error ? failure.message : String(failure);
    throw makeError('body', `${object.key}: ${message}`, failure, object.key);
  } finally {
    closeSync(file);
  }
}

/**
 * Ends a body at the signal or after the time limit. One timer and one listener: composed signals take longer than a small
 * file.
 *
 * @returns Releases the body from both.
 */
function limitRead(body: Readable, signal: AbortSignal): () => void {
  const stop = () => body.destroy(new Error('The read was stopped.'));
  const timer = setTimeout(
    () => body.destroy(new Error(`No end after ${READ_TIMEOUT_MS / 1_000} seconds.`)),
    READ_TIMEOUT_MS,
  );
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  return () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  };
}

/** Writes a body at an offset of the file. @throws RangeError if its length is not as expected; DiskError. */
async function write(body: Readable, file: number, first: number, expected: number): Promise<void> {
  let bytes = 0;
  let gathered: Uint8Array[] = [];
  let gatheredBytes = 0;
  const flush = async () => {
    const chunk = Buffer.concat(gathered, gatheredBytes);
    const position = first + bytes - gatheredBytes;
    for (let at = 0; at < chunk.byteLength; ) {
      const { bytesWritten } = await onDisk(() => writeAt(file, chunk, at, undefined, position + at));
      at += bytesWritten;
    }
    gathered = [];
    gatheredBytes = 0;
  };
  for await (const piece of body) {
    const chunk: Uint8Array = piece;
    // Bytes beyond the range belong to another read.
    if (bytes + chunk.byteLength > expected) throw new RangeError(`More than ${expected} bytes received.`);
    bytes += chunk.byteLength;
    gatheredBytes += chunk.byteLength;
    gathered.push(chunk);
    if (gatheredBytes >= WRITE_BYTES) await flush();
  }
  if (bytes !== expected) throw new RangeError(`${bytes} of ${expected} bytes received.`);
  await flush();
}

/** Does work with a file. @throws DiskError for what the disk refuses. */
async function onDisk<Result>(run: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    throw new DiskError(error);
  }
}
