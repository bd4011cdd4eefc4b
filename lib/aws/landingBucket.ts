import { open } from 'node:fs/promises';
import {
  CopyObjectCommand,
  DeleteObjectsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { mapLimit } from '../base/concurrency.ts';
import { LoadError } from '../drops/load/LoadError.ts';
import type { LandingBucket } from '../drops/load/Loader.ts';
import { multipartUpload, PARALLEL_PARTS, PARQUET_MEDIA_TYPE, PART_BYTES } from './multipartUpload.ts';
import { readText } from './s3Text.ts';

/** The deployment's bucket in S3. Only the client retries. */
export function landingBucket(client: S3Client, bucket: string): LandingBucket {
  return {
    upload: (path, key, signal) =>
      named(key, async () => {
        const file = await open(path);
        try {
          const { size } = await file.stat();
          const read = async (start: number) => {
            const bytes = Buffer.alloc(Math.min(PART_BYTES, size - start));
            await file.read(bytes, 0, bytes.byteLength, start);
            return bytes;
          };
          if (size > PART_BYTES) {
            const starts = Array.from({ length: Math.ceil(size / PART_BYTES) }, (_, i) => i * PART_BYTES);
            return await multipartUpload(
              client,
              { Bucket: bucket, Key: key },
              { ContentType: PARQUET_MEDIA_TYPE },
              (send) =>
                mapLimit(starts, PARALLEL_PARTS, async (start) =>
                  send(start / PART_BYTES + 1, await read(start)),
                ),
              signal,
            );
          }
          await client.send(
            new PutObjectCommand({
              Bucket: bucket,
              Key: key,
              Body: await read(0),
              ContentType: PARQUET_MEDIA_TYPE,
            }),
            { abortSignal: signal },
          );
        } finally {
          await file.close();
        }
      }),

    putNote: (key) =>
      named(key, async () => {
        await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: new Uint8Array() }));
      }),

    putText: (key, text) =>
      named(key, async () => {
        await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: text }));
      }),

    readText: (key) =>
      named(key, async () => (await readText(client, { Bucket: bucket, Key: key }))?.text ?? null),

    copy: (from, to) =>
      named(to, async () => {
        const CopySource = encodeURIComponent(`${bucket}/${from}`);
        await client.send(new CopyObjectCommand({ Bucket: bucket, Key: to, CopySource }));
      }),

    list: (prefix, after) =>
      named(prefix, async () => {
        const { Contents = [] } = await client.send(
          new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, StartAfter: after }),
        );
        return Contents.flatMap(({ Key }) => Key ?? []);
      }),

    remove: (keys) =>
      named(keys[0] ?? '', async () => {
        const { Errors = [] } = await client.send(
          new DeleteObjectsCommand({
            Bucket: bucket,
            Delete: { Objects: keys.map((Key) => ({ Key })), Quiet: true },
          }),
        );
        const [first] = Errors;
        if (first !== undefined) {
          throw new LoadError('SLUICE_LOAD_BUCKET_FAILED', `${first.Key}: ${first.Code}.`);
        }
      }),
  };
}

async function named<Result>(what: string, run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof LoadError) throw error;
    const name = error instanceof Error ? error.name : 'unknown';
    throw new LoadError('SLUICE_LOAD_BUCKET_FAILED', `${what}: ${name}.`, { cause: error });
  }
}
