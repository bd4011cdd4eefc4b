import { closeSync, constants, openSync, write as writeBytes } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { mapLimit } from '../../base/concurrency.ts';
import type { SluiceError } from '../../base/errors.ts';
import { eachAttempt } from '../../base/retry.ts';
import { type CustomerBucket, type DropObject, SourceError } from '../CustomerBucket.ts';
import type { EngineFile } from '../engine/Engine.ts';
import { PARALLEL_READS, READ_BYTES, READ_TIMEOUT_MS, READ_TRIES } from '../limits.ts';
import { LoadError } from './LoadError.ts';

/** Ranges of one file are written in parallel: the file is created if it is missing, and never truncated. */
const OPEN = constants.O_CREAT | constants.O_WRONLY;
const writeAt = promisify(writeBytes);
/** Bytes that are gathered for one write: small files are written at once. */
const WRITE_BYTES = 1024 * 1024;
const RETRIES = { tries: READ_TRIES, baseMs: 200, capMs: 2_000 } as const;
/** Signals that an object has changed. */
const CHANGED = Symbol('changed');

/** Properties of an object that a read needs. */
type FetchedObject = Pick<DropObject, 'key' | 'size' | 'eTag'>;

/** One read: a whole file or a range of it. */
interface FilePart {
  readonly object: FetchedObject;
  readonly path: string;
  /** First and last byte, both included. Undefined for the whole file. */
  readonly range: { readonly first: number; readonly last: number } | undefined;
}

/** Options of {@link fetchFiles}. */
export interface FetchOptions {
  readonly directory: string;
  readonly wait: (ms: number) => Promise<void>;
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** Called for a file that could not be read. */
  readonly failed: (key: string, error: SluiceError) => void;
}

/**
 * Downloads a day's files to the local disk with many parallel reads, large files in ranges. Every read names the listed
 * ETag.
 *
 * @returns The files in their order; null if one of them has changed or is gone, and the caller must list again.
 * @throws SourceError; LoadError of the disk; the signal's reason.
 */
export async function fetchFiles(
  bucket: Pick<CustomerBucket, 'read'>,
  objects: readonly FetchedObject[],
  { directory, wait, random, signal, failed }: FetchOptions,
): Promise<readonly EngineFile[] | null> {
  const files = objects.map(({ key }, index) => ({
    name: key,
    path: join(directory, `${String(index).padStart(6, '0')}.parquet`),
  }));
  const parts = objects.flatMap((object, index) => splitFile(object, files[index]?.path ?? ''));
  // The first failure stops the other reads, which may be long.
  const stop = new AbortController();
  const reading = { wait, random, signal: AbortSignal.any([signal, stop.signal]) };
  try {
    await mapLimit(parts, PARALLEL_READS, async (part) => {
      try {
        if (!(await fetchPart(bucket, part, reading))) throw CHANGED;
      } catch (error) {
        // Later reads fail because they are stopped, and errors of the disk are not the file's.
        if (!stop.signal.aborted && error instanceof SourceError) failed(part.object.key, error);
        stop.abort();
        throw error;
      }
    });
  } catch (error) {
    signal.throwIfAborted();
    if (error === CHANGED) return null;
    throw error;
  }
  return files;
}

function splitFile(object: FetchedObject, path: string): FilePart[] {
  if (object.size <= READ_BYTES) return [{ object, path, range: undefined }];
  const parts: FilePart[] = [];
  for (let first = 0; first < object.size; first += READ_BYTES) {
    const last = Math.min(first + READ_BYTES, object.size) - 1;
    parts.push({ object, path, range: { first, last } });
  }
  return parts;
}

/** False if the object has changed. */
async function fetchPart(
  bucket: Pick<CustomerBucket, 'read'>,
  { object, path, range }: FilePart,
  { wait, random, signal }: Pick<FetchOptions, 'wait' | 'random' | 'signal'>,
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
        if (error instanceof LoadError) throw error;
        failure = error;
      } finally {
        release();
        // A body that is not read to its end would keep its connection.
        body.destroy();
      }
    }
    const name = failure instanceof Error ? failure.message : String(failure);
    throw new SourceError('SLUICE_SOURCE_UNAVAILABLE', `${object.key}: ${name}`, { cause: failure });
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

/** Writes a body at an offset of the file. @throws RangeError if its length is not as expected; LoadError of the disk. */
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

/** Converts errors of the function's disk, which are not the bucket's fault and which a retry does not resolve. */
async function onDisk<Result>(run: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    const full = code === 'ENOSPC' || code === 'EDQUOT';
    throw new LoadError(full ? 'SLUICE_LOAD_DAY_TOO_LARGE' : 'SLUICE_LOAD_STOPPED', `The disk: ${code}.`, {
      cause: error,
    });
  }
}
