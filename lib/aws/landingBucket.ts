import { type FileHandle, open } from 'node:fs/promises';
import { CopyObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { mapLimit } from '../base/concurrency.ts';
import { errorText } from '../base/errors.ts';
import { anyVersion, type ObjectStore } from '../base/ObjectStore.ts';
import { LoadError } from '../drops/load/LoadError.ts';
import type { LandingBucket } from '../ledger/LandingBucket.ts';
import { PARQUET_MEDIA_TYPE } from '../tables/objectKeys.ts';
import { copySource } from './copySource.ts';
import { multipartUpload, PARALLEL_PARTS, PART_BYTES, type SendPart } from './multipartUpload.ts';
import { s3ObjectStore } from './s3ObjectStore.ts';

/** The deployment's bucket in S3. Only the client retries. */
export function landingBucket(client: S3Client, bucket: string): LandingBucket {
  const store = s3ObjectStore(client, bucket);
  return {
    upload: (path, key, signal) => named(key, () => uploadFile(client, store, { path, bucket, key, signal })),

    putNote: (key) => named(key, async () => void (await store.write(key, new Uint8Array()))),

    text: (key) => ({
      read: () => named(key, () => store.read(key, { listsIfDenied: true })),
      write: (text, expected) => named(key, () => store.write(key, text, { expected })),
    }),

    putText: (key, text) => named(key, async () => void (await store.write(key, text))),

    readText: (key) => named(key, async () => (await store.read(key, { listsIfDenied: true }))?.text ?? null),

    copy: (from, to) =>
      named(to, async () => {
        const CopySource = copySource(bucket, from);
        await client.send(new CopyObjectCommand({ Bucket: bucket, Key: to, CopySource }));
      }),

    listPage: (prefix, options) => named(prefix, () => store.listPage(prefix, options)),

    list: (prefix, after) =>
      named(prefix, async () => (await store.listPage(prefix, { after })).items.map(({ key }) => key)),

    remove: (keys) =>
      named(keys[0] ?? '', async () => {
        const { left } = await store.removeAll(anyVersion(keys));
        const [first] = left;
        if (first !== undefined)
          throw new LoadError('SLUICE_LOAD_BUCKET_FAILED', `${first.key}: ${first.why}.`);
      }),
  };
}

/** A file of the local disk, and the object that it becomes. */
interface Upload {
  /** Path of the file. */
  readonly path: string;
  /** The bucket of the object. */
  readonly bucket: string;
  /** The key of the object. */
  readonly key: string;
  /** Ends the upload. */
  readonly signal: AbortSignal;
}

/** Uploads a file, in parts if it is larger than a part. */
async function uploadFile(
  client: S3Client,
  store: ObjectStore,
  { path, bucket, key, signal }: Upload,
): Promise<void> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if (size <= PART_BYTES) {
      await store.write(key, await readPart(file, 0, size), { contentType: PARQUET_MEDIA_TYPE, signal });
      return;
    }
    const starts = Array.from({ length: Math.ceil(size / PART_BYTES) }, (_, i) => i * PART_BYTES);
    const destination = { Bucket: bucket, Key: key };
    const attributes = { ContentType: PARQUET_MEDIA_TYPE };
    const sendAll = (send: SendPart) =>
      mapLimit(starts, PARALLEL_PARTS, async (start) =>
        send(start / PART_BYTES + 1, await readPart(file, start, size)),
      );
    await multipartUpload(client, destination, attributes, sendAll, signal);
  } finally {
    await file.close();
  }
}

/** Reads the part of a file that begins at a byte. @throws RangeError if the file has become shorter. */
async function readPart(file: FileHandle, start: number, size: number): Promise<Uint8Array> {
  const bytes = Buffer.alloc(Math.min(PART_BYTES, size - start));
  const { bytesRead } = await file.read(bytes, 0, bytes.byteLength, start);
  if (bytesRead !== bytes.byteLength) throw new RangeError(`${bytesRead} of ${bytes.byteLength} bytes read.`);
  return bytes;
}

/** Does a step. @throws LoadError `SLUICE_LOAD_BUCKET_FAILED`, which names the step. */
async function named<Result>(what: string, run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof LoadError) throw error;
    throw new LoadError('SLUICE_LOAD_BUCKET_FAILED', `${what}: ${errorText(error)}.`, { cause: error });
  }
}
