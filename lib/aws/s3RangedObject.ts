import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { RangedObject } from '../landing/frames/RecordWalker.ts';

/**
 * An object as it was listed, which is read by ranges. Reading throws what the client throws: `NoSuchKey` once it is gone, `PreconditionFailed`
 * once something else has its key.
 */
export function s3RangedObject(
  client: S3Client,
  {
    Bucket,
    Key,
    size,
    eTag,
  }: { readonly Bucket: string; readonly Key: string; readonly size: number; readonly eTag: string },
  signal?: AbortSignal,
): RangedObject {
  const until = signal === undefined ? {} : { abortSignal: signal };
  return {
    size,
    async read(from, to) {
      const part = { Bucket, Key, IfMatch: eTag, Range: `bytes=${from}-${to - 1}` };
      const { Body } = await client.send(new GetObjectCommand(part), until);
      return (await Body?.transformToByteArray()) ?? new Uint8Array();
    },
  };
}
