import {
  ListObjectsV2Command,
  type S3Client,
  type _Object as S3Object,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { type Attempts, readPages } from '../landing/catalog/catalogCalls.ts';

/**
 * Whether a GET was refused because its object does not exist. S3 answers 404 only to callers that may list the bucket
 * without a prefix, and 403 to others, such as the session of one dataset (lib/access/sessionPolicies.ts). A list call for
 * the key decides. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 *
 * @param error The error of the GET.
 * @returns False if it is unknown.
 */
export async function isMissingAfter(
  error: unknown,
  client: S3Client,
  { Key, ...place }: { readonly Bucket: string; readonly Key: string; readonly ExpectedBucketOwner?: string },
): Promise<boolean> {
  if (!(error instanceof S3ServiceException) || error.name !== 'AccessDenied') return false;
  try {
    const { Contents = [] } = await client.send(
      new ListObjectsV2Command({ ...place, Prefix: Key, MaxKeys: 1 }),
    );
    return Contents[0]?.Key !== Key;
  } catch {
    return false;
  }
}

/**
 * Objects under a prefix, 1,000 to a page; undefined if there are more than `mostPages`. Only the client retries.
 *
 * @param attempts Only its deadline is used: no page is requested after it.
 * @throws CatalogCallError if there is no time left; the errors of the client.
 */
export function listObjects(
  client: S3Client,
  place: { readonly Bucket: string; readonly ExpectedBucketOwner?: string; readonly Prefix: string },
  mostPages: number,
  attempts: Attempts,
): Promise<readonly S3Object[] | undefined> {
  return readPages(attempts, mostPages, async (token) => {
    const { Contents, IsTruncated, NextContinuationToken } = await client.send(
      new ListObjectsV2Command({ ...place, ContinuationToken: token }),
    );
    return { items: Contents ?? [], next: IsTruncated === true ? NextContinuationToken : undefined };
  });
}
