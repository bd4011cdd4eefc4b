import { mapLimit } from '../base/concurrency.ts';
import type { SluiceError } from '../base/errors.ts';
import { type CustomerBucket, type DropObject, SourceError } from './CustomerBucket.ts';
import type { Drop } from './Drop.ts';
import { PARALLEL_LOOKS } from './limits.ts';

/**
 * The magic bytes at both ends of a Parquet file. `PARE` marks an encrypted footer, which a load refuses by name.
 * https://parquet.apache.org/docs/file-format/ and https://github.com/apache/parquet-format/blob/master/Encryption.md
 */
const MARKS: readonly string[] = ['PAR1', 'PARE'];
const MARK_BYTES = 4;

/** How the bytes are read. */
export interface InspectOptions {
  readonly signal?: AbortSignal;
  /** Called for an object that could not be read. */
  readonly failed?: (key: string, error: SluiceError) => void;
}

/**
 * Inspects objects whose names have not the extension of Parquet. Names are not reliable: some writers end Parquet files with
 * `.snappy` or `.c000`, and Athena's UNLOAD gives them no ending. The first four bytes are read, and if they do not decide, the last four. An object with either
 * magic is a file to load, whole or damaged.
 *
 * @returns The same day with those files; null if one of the objects has changed or is gone, and the caller must list again.
 * @throws SourceError as the bucket does.
 */
export async function inspectObjects(
  bucket: Pick<CustomerBucket, 'read'>,
  drop: Drop,
  { signal, failed }: InspectOptions = {},
): Promise<Drop | null> {
  const unknown = drop.leftOut.flatMap(({ object, reason }) => (reason === 'not_parquet' ? [object] : []));
  if (unknown.length === 0) return drop;
  const looks = await mapLimit(unknown, PARALLEL_LOOKS, async (object) => {
    signal?.throwIfAborted();
    try {
      return [object, await isParquet(bucket, object)] as const;
    } catch (error) {
      if (error instanceof SourceError) failed?.(object.key, error);
      throw error;
    }
  });
  if (looks.some(([, look]) => look === null)) return null;
  const parquet = new Set(looks.flatMap(([object, look]) => (look === true ? [object] : [])));
  return {
    ...drop,
    files: [...drop.files, ...parquet].sort((a, b) => (a.key < b.key ? -1 : 1)),
    leftOut: drop.leftOut.filter(({ object }) => !parquet.has(object)),
  };
}

/** Null if the object has changed. */
async function isParquet(bucket: Pick<CustomerBucket, 'read'>, object: DropObject): Promise<boolean | null> {
  if (object.size < 2 * MARK_BYTES) return false;
  for (const first of [0, object.size - MARK_BYTES]) {
    const mark = await readMark(bucket, object, first);
    if (mark === null) return null;
    if (MARKS.includes(mark)) return true;
  }
  return false;
}

async function readMark(
  bucket: Pick<CustomerBucket, 'read'>,
  object: DropObject,
  first: number,
): Promise<string | null> {
  const body = await bucket.read(object, { first, last: first + MARK_BYTES - 1 });
  if (body === null) return null;
  try {
    const pieces: Uint8Array[] = [];
    for await (const piece of body) pieces.push(piece);
    return Buffer.concat(pieces).toString('latin1');
  } catch (error) {
    const name = error instanceof Error ? error.name : String(error);
    throw new SourceError('SLUICE_SOURCE_UNAVAILABLE', `${object.key}: ${name}.`, { cause: error });
  } finally {
    body.destroy();
  }
}
