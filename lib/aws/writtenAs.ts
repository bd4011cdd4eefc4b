import type { PutObjectCommandInput } from '@aws-sdk/client-s3';
import { parseArn } from '../base/arn.ts';
import type { Source } from '../schema/sources.ts';

/** How objects are written into a bucket. */
export type WrittenAs = Pick<
  PutObjectCommandInput,
  'ACL' | 'SSEKMSKeyId' | 'ServerSideEncryption' | 'BucketKeyEnabled'
>;

/**
 * The encryption that puts into a customer's bucket state. S3 takes the same for a copy and for the start of an upload in
 * parts, and refuses it for a part. Without any, the bucket's own encryption applies.
 */
export function encryptedBy({
  encryption,
  kmsKeyArn: SSEKMSKeyId,
}: Pick<Source, 'encryption' | 'kmsKeyArn'>): WrittenAs {
  if (SSEKMSKeyId !== undefined)
    return { ServerSideEncryption: 'aws:kms', SSEKMSKeyId, BucketKeyEnabled: true };
  return encryption === undefined ? {} : { ServerSideEncryption: encryption };
}

/** An object was encrypted with a key that the owner of its bucket cannot use. S3 has no error of this name. */
class ForeignKey extends Error {
  override readonly name = 'KMS.ForeignKey';
}

/**
 * Refuses the key that encrypts what is written, if the owner of the bucket cannot use it. `aws:kms` without a key is
 * `aws/s3` of the account that writes, which no other account can be allowed to use, and not the key of the bucket:
 * https://github.com/aws/aws-cdk/issues/18262
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
 *
 * @param usedKey ARN of the key, as S3 answers a put, or the start of an upload in parts.
 * @throws ForeignKey
 */
export function assertUsableKey(
  owner: string | undefined,
  { ServerSideEncryption, SSEKMSKeyId }: WrittenAs,
  usedKey: string | undefined,
): void {
  const isDefault = ServerSideEncryption === 'aws:kms' && SSEKMSKeyId === undefined;
  if (!isDefault || usedKey?.startsWith('arn:') !== true) return;
  if (parseArn(usedKey).account !== owner)
    throw new ForeignKey(`${usedKey} encrypted it, which ${owner} cannot use`);
}
