import type { Bucket } from './Bucket.ts';
import type { ObjectAttributes } from './StoredObject.ts';

/** The headers of an object's encryption, as {@link ObjectAttributes} keeps them. */
export const encryptionHeaderNames = {
  algorithm: 'x-amz-server-side-encryption',
  key: 'x-amz-server-side-encryption-aws-kms-key-id',
  bucketKey: 'x-amz-server-side-encryption-bucket-key-enabled',
} as const;

/**
 * How a bucket encrypts objects whose writers ask for no encryption; empty for S3's own keys. Whether a bucket key is used also
 * holds for objects that name a key themselves.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption.html
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/configuring-bucket-key-object.html
 */
export function defaultEncryption({ settings }: Pick<Bucket, 'settings'>): ObjectAttributes['encryption'] {
  const [rule] = settings.BucketEncryption?.ServerSideEncryptionConfiguration ?? [];
  const { SSEAlgorithm, KMSMasterKeyID } = rule?.ServerSideEncryptionByDefault ?? {};
  if (SSEAlgorithm !== 'aws:kms') return {};
  return {
    [encryptionHeaderNames.algorithm]: 'aws:kms',
    ...(KMSMasterKeyID === undefined ? {} : { [encryptionHeaderNames.key]: KMSMasterKeyID }),
    ...(rule?.BucketKeyEnabled === true ? { [encryptionHeaderNames.bucketKey]: 'true' } : {}),
  };
}
