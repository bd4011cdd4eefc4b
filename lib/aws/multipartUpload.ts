import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';

/** Limits of S3, and what our adapters take of them. https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */

/**
 * Bytes of one part, and the largest object that goes up in one piece; S3 takes parts from 5 MiB to 5 GiB. Some are in
 * memory together, and {@link MOST_PARTS} of this size are more than a function's disk holds.
 */
export const PART_BYTES = 16 * 1024 ** 2;
/** Parts of one upload: larger objects have larger parts. */
export const MOST_PARTS = 10_000;
/** Parts of one file of ours that are sent at the same time. */
export const PARALLEL_PARTS = 4;
/** Keys of one DeleteObjects. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
export const DELETE_KEYS = 1_000;

/** The media type of Parquet: https://www.iana.org/assignments/media-types/application/vnd.apache.parquet */
export const PARQUET_MEDIA_TYPE = 'application/vnd.apache.parquet';

/** Where an object goes. */
interface Place {
  readonly Bucket: string;
  readonly Key: string;
  readonly ExpectedBucketOwner?: string;
}

/** A part that is there. */
export interface UploadedPart {
  readonly PartNumber: number;
  readonly ETag: string | undefined;
}

/** Sends one part; numbers begin at 1. */
export type SendPart = (PartNumber: number, Body: Uint8Array) => Promise<UploadedPart>;

/**
 * Uploads an object in parts: there whole or not at all. What fails on the way is given up, so that no part stays and costs.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
 *
 * @param attributes What the object shall have: its media type, its encryption.
 * @param sendAll Sends every part, and answers them in their order. Must not reject while a part is under way.
 */
export async function multipartUpload(
  client: S3Client,
  place: Place,
  attributes: Omit<CreateMultipartUploadCommandInput, keyof Place>,
  sendAll: (send: SendPart) => Promise<readonly UploadedPart[]>,
  abortSignal?: AbortSignal,
): Promise<void> {
  const until = abortSignal === undefined ? {} : { abortSignal };
  const { UploadId } = await client.send(
    new CreateMultipartUploadCommand({ ...place, ...attributes }),
    until,
  );
  const upload = { ...place, UploadId };
  try {
    const parts = await sendAll(async (PartNumber, Body) => {
      const { ETag } = await client.send(new UploadPartCommand({ ...upload, PartNumber, Body }), until);
      return { PartNumber, ETag };
    });
    const MultipartUpload = { Parts: [...parts] };
    await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload }), until);
  } catch (error) {
    // Should this fail, the bucket's lifecycle does it after some days.
    await client.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined);
    throw error;
  }
}
