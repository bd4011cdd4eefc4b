import type { Readable } from 'node:stream';
import { errorCode, type SluiceError } from '../../base/errors.ts';
import type { CustomerBucket, DropObject } from '../CustomerBucket.ts';
import { SourceError } from '../SourceError.ts';

/** How an object is read. */
export interface ReadOptions {
  /** Refuses a read that has not begun. Default: none does. */
  readonly signal?: AbortSignal;
  /** Called with the key of an object that could not be read, before the error is thrown. */
  readonly failed?: (key: string, error: SluiceError) => void;
}

/**
 * Uses the bytes of an object as it was listed; null if it has changed or is gone since.
 *
 * @param range As of {@link CustomerBucket.read}.
 * @throws SourceError as the bucket does, what `use` throws, and `SLUICE_SOURCE_UNAVAILABLE` if the bytes break off.
 */
export async function readObject<Result>(
  bucket: Pick<CustomerBucket, 'read'>,
  object: Pick<DropObject, 'key' | 'eTag'>,
  use: (bytes: AsyncIterable<Uint8Array>) => Promise<Result>,
  { signal, failed }: ReadOptions,
  range?: { readonly first: number; readonly last: number },
): Promise<Result | null> {
  signal?.throwIfAborted();
  let body: Readable | null = null;
  try {
    body = await bucket.read(object, range);
    return body === null ? null : await use(bytesOf(body, object.key));
  } catch (error) {
    if (error instanceof SourceError) failed?.(object.key, error);
    throw error;
  } finally {
    body?.destroy();
  }
}

/** The bytes of a body. An error of whoever uses them does not come here, so that it is not told as one of S3. */
async function* bytesOf(body: Readable, key: string): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (cause) {
    throw new SourceError('SLUICE_SOURCE_UNAVAILABLE', `${key}: ${errorCode(cause)}.`, { cause });
  }
}
