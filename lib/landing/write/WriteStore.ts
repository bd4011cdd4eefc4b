import { createWriteStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { claim, type HeldClaim } from '../../base/claim.ts';
import { errorName } from '../../base/errors.ts';
import {
  type ListedObject,
  listObjects,
  type ObjectHead,
  type ObjectStore,
  type ObjectText,
} from '../../base/ObjectStore.ts';
import type { Clock } from '../../base/time.ts';
import { claimKey } from '../../tables/ledgerKeys.ts';
import { WriteError } from './WriteError.ts';

/** The bucket, as the writer needs it. Every method throws `SLUICE_WRITE_BUCKET_FAILED` for any error of the store. */
export interface WriteStore {
  /**
   * Claims an object until a time (epoch milliseconds) or until it is released; null while another invocation has the claim.
   */
  claim(key: string, until: number): Promise<HeldClaim | null>;
  /** Fetches an object into a file; null if there is none. */
  fetch(
    key: string,
    path: string,
    signal?: AbortSignal,
  ): Promise<{ readonly eTag: string; readonly bytes: number } | null>;
  /** Reads a small text; null if there is none. */
  read(key: string, signal?: AbortSignal): Promise<ObjectText | null>;
  /** Reads an object's metadata; null if the object does not exist. */
  head(key: string): Promise<ObjectHead | null>;
  /**
   * Puts an object.
   *
   * @param over ETag of what it takes the place of; null: there must be no object with its key.
   * @returns Whether it did.
   */
  put(key: string, object: NewObject, over: string | null, signal?: AbortSignal): Promise<boolean>;
  /** Writes a small text over an object with that ETag. @returns Its new ETag; null if the object has another, or is gone. */
  replace(key: string, text: string, eTag: string): Promise<string | null>;
  /** Writes a small text, whatever was there. */
  write(key: string, text: string): Promise<void>;
  /** Deletes an object if it still has that ETag. */
  remove(key: string, eTag: string): Promise<'removed' | 'gone' | 'changed'>;
  /** Deletes an object, whatever it holds. */
  discard(key: string): Promise<void>;
  /** Objects below a prefix, by their keys. */
  list(prefix: string): AsyncIterable<ListedObject>;
}

/** An object to be put: bytes, or a file. */
export interface NewObject {
  readonly body: Uint8Array | { readonly path: string };
  readonly contentType: string;
  /** Why it is parked, or what it was made of. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** The bucket of a writer. */
export function writeStore(store: ObjectStore, clock: Clock): WriteStore {
  return {
    claim: (key, until) => named(key, () => claim(store, clock, claimKey(key), until)),

    fetch: (key, path, signal) =>
      named(
        key,
        async () => {
          const object = await store.open(key, { signal });
          if (object === null) return null;
          await pipeline(object.body, createWriteStream(path), signal === undefined ? {} : { signal });
          const { size } = await stat(path);
          if (size !== object.bytes) throw new RangeError(`${size} bytes of ${object.bytes}.`);
          return { eTag: object.eTag, bytes: size };
        },
        signal,
      ),

    read: (key, signal) => named(key, () => store.read(key, { signal }), signal),

    head: (key) => named(key, () => store.head(key)),

    // In one piece: the file of a part is far smaller than what S3 takes at once.
    put: (key, { body, contentType, metadata }, expected, signal) =>
      named(
        key,
        async () => {
          const bytes = body instanceof Uint8Array ? body : await readFile(body.path);
          // A conflict with another write at the same time says nothing of what exists in the end: it is an error.
          const put = { expected, throwsConflict: true, contentType, metadata, signal };
          return (await store.write(key, bytes, put)) !== null;
        },
        signal,
      ),

    replace: (key, text, expected) => named(key, () => store.write(key, text, { expected })),

    write: (key, text) => named(key, async () => void (await store.write(key, text))),

    remove: (key, eTag) => named(key, () => store.remove(key, eTag)),

    discard: (key) => named(key, async () => void (await store.remove(key))),

    async *list(prefix) {
      try {
        yield* listObjects(store, prefix);
      } catch (error) {
        throw bucketFailed(prefix, error);
      }
    },
  };
}

async function named<Result>(
  key: string,
  call: () => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    signal?.throwIfAborted();
    throw bucketFailed(key, error);
  }
}

function bucketFailed(what: string, error: unknown): Error {
  return new WriteError('SLUICE_WRITE_BUCKET_FAILED', `${what}: ${errorName(error)}.`, { cause: error });
}
