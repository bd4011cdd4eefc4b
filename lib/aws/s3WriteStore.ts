import { readFile } from 'node:fs/promises';
import { DeleteObjectsCommand, type S3Client } from '@aws-sdk/client-s3';
import { listObjects } from '../base/ObjectStore.ts';
import { WriteError } from '../landing/write/WriteError.ts';
import type { WriteStore } from '../landing/write/WriteStore.ts';
import { s3ObjectStore } from './s3ObjectStore.ts';

/** Objects that S3 deletes with one call: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
const MOST_DELETED = 1_000;

/** A bucket of S3 for the writer. Only the client retries. */
export function s3WriteStore(client: S3Client, bucket: string): WriteStore {
  const store = s3ObjectStore(client, bucket);
  return {
    async fetch(key, most, signal) {
      const object = await store.open(key, { signal });
      if (object === null) return null;
      if ((object.bytes ?? 0) > most) {
        object.body.destroy();
        throw new WriteError('SLUICE_WRITE_OBJECT_TOO_LARGE', `${key}: ${object.bytes} bytes.`);
      }
      const pieces: Buffer[] = [];
      for await (const piece of object.body) pieces.push(piece);
      const bytes = Buffer.concat(pieces);
      if (bytes.length !== object.bytes) throw new RangeError(`${bytes.length} bytes of ${object.bytes}.`);
      return bytes;
    },

    async put(key, body, contentType, signal) {
      const bytes = body instanceof Uint8Array ? body : await readFile(body.path);
      await store.write(key, bytes, { contentType, signal });
    },

    // A call that deletes nothing of some keys answers 200, with an error for each.
    async remove(keys) {
      const left: { key: string; why: string }[] = [];
      for (let from = 0; from < keys.length; from += MOST_DELETED) {
        const Objects = keys.slice(from, from + MOST_DELETED).map((Key) => ({ Key }));
        const { Errors = [] } = await client.send(
          new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
        );
        for (const { Key = '', Code = '' } of Errors) left.push({ key: Key, why: Code });
      }
      return left;
    },

    list: (prefix) => listObjects(store, prefix),
  };
}
