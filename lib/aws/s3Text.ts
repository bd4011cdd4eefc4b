import { GetObjectCommand, PutObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';

/** One object of a bucket. */
export interface ObjectPlace {
  readonly Bucket: string;
  readonly Key: string;
}

/** The content of a small object, and its version for a conditional write. */
export interface ObjectText {
  readonly text: string;
  readonly eTag: string;
}

/**
 * Another write came first: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html. 404 if the object
 * to replace is gone.
 */
const OTHER_CAME_FIRST: ReadonlySet<string> = new Set([
  'PreconditionFailed',
  'ConditionalRequestConflict',
  'NoSuchKey',
]);

/**
 * Reads a small object; null if there is none.
 *
 * @param options.ifMatch The version to read. Default: any.
 * @throws The client's error. Without permission to list, a missing object is AccessDenied: see `isMissingAfter`.
 */
export async function readText(
  client: S3Client,
  object: ObjectPlace,
  options: { readonly ifMatch?: string | undefined; readonly abortSignal?: AbortSignal } = {},
): Promise<ObjectText | null> {
  const { ifMatch, abortSignal } = options;
  try {
    const { Body, ETag = '' } = await client.send(
      new GetObjectCommand({ ...object, IfMatch: ifMatch }),
      abortSignal === undefined ? {} : { abortSignal },
    );
    return { text: (await Body?.transformToString()) ?? '', eTag: ETag };
  } catch (error) {
    if (error instanceof S3ServiceException && error.name === 'NoSuchKey') return null;
    throw error;
  }
}

/**
 * Writes a small object if it is still as expected.
 *
 * @param expected Its ETag; null: it does not exist.
 * @param ContentType Default `application/json`.
 * @returns The new ETag; null if another write came first.
 * @throws The client's error if the outcome is not known.
 */
export async function writeTextIf(
  client: S3Client,
  object: ObjectPlace,
  text: string,
  expected: string | null,
  ContentType = 'application/json',
): Promise<string | null> {
  const condition = expected === null ? { IfNoneMatch: '*' } : { IfMatch: expected };
  try {
    const { ETag = '' } = await client.send(
      new PutObjectCommand({ ...object, ...condition, Body: text, ContentType }),
    );
    return ETag;
  } catch (error) {
    if (error instanceof S3ServiceException && OTHER_CAME_FIRST.has(error.name)) return null;
    throw error;
  }
}
