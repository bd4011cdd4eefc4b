import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { EngineFile } from '../../engine/Engine.ts';
import { backoffMs } from '../../time/backoff.ts';
import type { CustomerBucket } from '../drop/CustomerBucket.ts';
import type { DropObject } from '../drop/DropObject.ts';
import { eachOf } from '../eachOf.ts';
import { SourceError } from '../SourceError.ts';
import { PARALLEL_READS, READ_BYTES, READ_TIMEOUT_MS, READ_TRIES } from './limits.ts';

/** Ranges of one file are written side by side: it is made when it is not there, and never cut to nothing. */
const OPEN = constants.O_CREAT | constants.O_WRONLY;
const BACKOFF = { baseMs: 200, capMs: 2_000 } as const;

/** One read of a file: all of it, or a range. */
interface Part {
  readonly object: DropObject;
  readonly path: string;
  /** Undefined: all. First and last byte, both included. */
  readonly range: { readonly first: number; readonly last: number } | undefined;
}

/** What fetching needs besides the bucket. */
export interface Fetching {
  readonly directory: string;
  readonly wait: (ms: number) => Promise<void>;
  readonly random: () => number;
  readonly signal: AbortSignal;
}

/**
 * Brings a day's files to the local disk, many reads at a time, large files in ranges. Every read names the ETag that
 * was listed.
 *
 * @returns the files in their order; null when one of them is another by now, or gone: list again.
 * @throws SourceError; the signal's reason.
 */
export async function fetchFiles(
  bucket: Pick<CustomerBucket, 'read'>,
  objects: readonly DropObject[],
  { directory, wait, random, signal }: Fetching,
): Promise<readonly EngineFile[] | null> {
  const files = objects.map(({ key }, index) => ({
    name: key,
    path: join(directory, `${String(index).padStart(6, '0')}.parquet`),
  }));
  const parts = objects.flatMap((object, index) => partsOf(object, files[index]?.path ?? ''));
  // The first that fails stops the others, and none writes any more once this returns.
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const failures: unknown[] = [];
  let changed = false;
  await eachOf(parts, PARALLEL_READS, async (part) => {
    if (either.aborted) return;
    try {
      if (await fetchPart(bucket, part, { wait, random, signal: either })) return;
      changed = true;
    } catch (error) {
      failures.push(error);
    }
    stop.abort();
  });
  signal.throwIfAborted();
  if (changed) return null;
  if (failures.length > 0) throw failures[0];
  return files;
}

function partsOf(object: DropObject, path: string): Part[] {
  if (object.size <= READ_BYTES) return [{ object, path, range: undefined }];
  const parts: Part[] = [];
  for (let first = 0; first < object.size; first += READ_BYTES) {
    const last = Math.min(first + READ_BYTES, object.size) - 1;
    parts.push({ object, path, range: { first, last } });
  }
  return parts;
}

/** False when the object is another by now. */
async function fetchPart(
  bucket: Pick<CustomerBucket, 'read'>,
  { object, path, range }: Part,
  { wait, random, signal }: Pick<Fetching, 'wait' | 'random' | 'signal'>,
): Promise<boolean> {
  const expected = range === undefined ? object.size : range.last - range.first + 1;
  for (let tries = 1; ; tries += 1) {
    const body = await bucket.read(object, range);
    if (body === null) return false;
    try {
      let bytes = 0;
      const count = new Transform({
        transform(chunk: Uint8Array, _, done) {
          bytes += chunk.byteLength;
          done(null, chunk);
        },
      });
      const file = await open(path, OPEN);
      await pipeline(body, count, file.createWriteStream({ start: range?.first ?? 0 }), {
        signal: AbortSignal.any([signal, AbortSignal.timeout(READ_TIMEOUT_MS)]),
      });
      if (bytes === expected) return true;
      throw new RangeError(`${bytes} of ${expected} bytes came.`);
    } catch (error) {
      signal.throwIfAborted();
      if (tries === READ_TRIES) {
        const name = error instanceof Error ? error.message : String(error);
        throw new SourceError('SLUICE_SOURCE_UNAVAILABLE', `${object.key}: ${name}`, { cause: error });
      }
      await wait(backoffMs(tries, random, BACKOFF));
    }
  }
}
