import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { assertUsableKey } from './writtenAs.ts';

/**
 * The most parts of one upload: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html. Larger objects have
 * larger parts.
 */
export const MOST_PARTS = 10_000;
/**
 * Bytes of one part, and of the largest object that is uploaded in one piece. S3 accepts parts from 5 MiB to 5 GiB
 * (same page). Several are in memory together, and {@link MOST_PARTS} of this size are more than the disk of a
 * function.
 */
export const PART_BYTES = 16 * 1024 ** 2;
/** Parts of one file that are uploaded in parallel. */
export const PARALLEL_PARTS = 4;

/** The destination of an object. */
export interface Destination {
  /** The name of the bucket. */
  readonly Bucket: string;
  /** The key of the object. */
  readonly Key: string;
  /** The account that must own the bucket. Default: any. */
  readonly ExpectedBucketOwner?: string | undefined;
}

/** An uploaded part. */
export interface UploadedPart {
  /** Its number in the object, from 1. */
  readonly PartNumber: number;
  /** The ETag of the part, by which the upload is completed; undefined if S3 gave none. */
  readonly ETag: string | undefined;
}

/** Uploads one part. Numbers begin at 1. */
export type SendPart = (PartNumber: number, Body: Uint8Array) => Promise<UploadedPart>;

/**
 * Uploads an object in parts, atomically. A failed upload is aborted, so that no part remains and costs money.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
 *
 * @param attributes Attributes of the object, such as media type and encryption.
 * @param sendAll Uploads every part, and returns them in order. It must not reject while a part is still uploading.
 */
export async function multipartUpload(
  client: S3Client,
  destination: Destination,
  attributes: Omit<CreateMultipartUploadCommandInput, keyof Destination>,
  sendAll: (send: SendPart) => Promise<readonly UploadedPart[]>,
  abortSignal?: AbortSignal,
): Promise<void> {
  const until = abortSignal === undefined ? {} : { abortSignal };
  const { UploadId, SSEKMSKeyId } = await client.send(
    new CreateMultipartUploadCommand({ ...destination, ...attributes }),
    until,
  );
  const upload = { ...destination, UploadId };
  try {
    assertUsableKey(destination.ExpectedBucketOwner, attributes, SSEKMSKeyId);
    const parts = await sendAll(async (PartNumber, Body) => {
      const { ETag } = await client.send(new UploadPartCommand({ ...upload, PartNumber, Body }), until);
      return { PartNumber, ETag };
    });
    const MultipartUpload = { Parts: [...parts] };
    await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload }), until);
  } catch (error) {
    // If this fails, the bucket's lifecycle aborts the upload after some days.
    await client.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined);
    throw error;
  }
}
