import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';
import { mapLimit } from '../../base/concurrency.ts';
import type { SluiceError } from '../../base/errors.ts';
import { eachAttempt } from '../../base/retry.ts';
import { type CustomerBucket, type DropObject, SourceError } from '../CustomerBucket.ts';
import type { EngineFile } from '../engine/Engine.ts';
import { PARALLEL_READS, READ_BYTES, READ_TIMEOUT_MS, READ_TRIES } from '../limits.ts';
import { LoadError } from './LoadError.ts';

/** Ranges of one file are written side by side: it is made when it is not there, and never cut to nothing. */
const OPEN = constants.O_CREAT | constants.O_WRONLY;
const RETRIES = { tries: READ_TRIES, baseMs: 200, capMs: 2_000 } as const;
/** Says that an object is another by now. */
const CHANGED = Symbol('changed');

/** One read of a file: all of it, or a range. */
interface FilePart {
  readonly object: DropObject;
  readonly path: string;
  /** Undefined: all. First and last byte, both included. */
  readonly range: { readonly first: number; readonly last: number } | undefined;
}

/** What fetching needs besides the bucket. */
export interface FetchOptions {
  readonly directory: string;
  readonly wait: (ms: number) => Promise<void>;
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** Told of the file that could not be read. */
  readonly failed: (key: string, error: SluiceError) => void;
}

/**
 * Brings a day's files to the local disk, many reads at a time, large files in ranges. Every read names the ETag that
 * was listed.
 *
 * @returns the files in their order; null when one of them is another by now, or gone: list again.
 * @throws SourceError; LoadError of the disk; the signal's reason.
 */
export async function fetchFiles(
  bucket: Pick<CustomerBucket, 'read'>,
  objects: readonly DropObject[],
  { directory, wait, random, signal, failed }: FetchOptions,
): Promise<readonly EngineFile[] | null> {
  const files = objects.map(({ key }, index) => ({
    name: key,
    path: join(directory, `${String(index).padStart(6, '0')}.parquet`),
  }));
  const parts = objects.flatMap((object, index) => splitFile(object, files[index]?.path ?? ''));
  // The first that fails stops the others, which may be long.
  const stop = new AbortController();
  const reading = { wait, random, signal: AbortSignal.any([signal, stop.signal]) };
  try {
    await mapLimit(parts, PARALLEL_READS, async (part) => {
      try {
        if (!(await fetchPart(bucket, part, reading))) throw CHANGED;
      } catch (error) {
        // Those after it fail because they are stopped; and what the disk refuses is not the file's.
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

function splitFile(object: DropObject, path: string): FilePart[] {
  if (object.size <= READ_BYTES) return [{ object, path, range: undefined }];
  const parts: FilePart[] = [];
  for (let first = 0; first < object.size; first += READ_BYTES) {
    const last = Math.min(first + READ_BYTES, object.size) - 1;
    parts.push({ object, path, range: { first, last } });
  }
  return parts;
}

/** False when the object is another by now. */
async function fetchPart(
  bucket: Pick<CustomerBucket, 'read'>,
  { object, path, range }: FilePart,
  { wait, random, signal }: Pick<FetchOptions, 'wait' | 'random' | 'signal'>,
): Promise<boolean> {
  const first = range?.first ?? 0;
  const expected = range === undefined ? object.size : range.last - first + 1;
  const file = await onDisk(() => open(path, OPEN));
  try {
    let failure: unknown;
    for await (const _ of eachAttempt({ ...RETRIES, wait, random, signal })) {
      const body = await bucket.read(object, range);
      if (body === null) return false;
      try {
        addAbortSignal(AbortSignal.any([signal, AbortSignal.timeout(READ_TIMEOUT_MS)]), body);
        await write(body, file, first, expected);
        return true;
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof LoadError) throw error;
        failure = error;
      } finally {
        // What is not read to its end holds a connection.
        body.destroy();
      }
    }
    const name = failure instanceof Error ? failure.message : String(failure);
    throw new SourceError('SLUICE_SOURCE_UNAVAILABLE', `${object.key}: ${name}`, { cause: failure });
  } finally {
    await file.close();
  }
}

/** Writes a body from a place of the file on. @throws RangeError when it has other than so many bytes; LoadError of the disk. */
async function write(body: Readable, file: FileHandle, first: number, expected: number): Promise<void> {
  let bytes = 0;
  for await (const piece of body) {
    const chunk: Uint8Array = piece;
    // Beyond the range is another read's.
    if (bytes + chunk.byteLength > expected) throw new RangeError(`More than ${expected} bytes came.`);
    for (let at = 0; at < chunk.byteLength; ) {
      const { bytesWritten } = await onDisk(() => file.write(chunk, at, undefined, first + bytes + at));
      at += bytesWritten;
    }
    bytes += chunk.byteLength;
  }
  if (bytes !== expected) throw new RangeError(`${bytes} of ${expected} bytes came.`);
}

/** What our own disk refuses is not the bucket's fault, and reading again mends nothing. */
async function onDisk<Result>(run: () => Promise<Result>): Promise<Result> {
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
