import { type Place, s3Arn } from './Place.ts';
import type { NeededPermission } from './RecordedCall.ts';

/**
 * What S3 asks of the caller's permissions on a bucket's key. With a bucket key the encryption context is the bucket's
 * ARN, not the object's: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
 */
export function kmsNeeds(
  place: Place,
  bucket: string,
  actions: readonly ('kms:Decrypt' | 'kms:GenerateDataKey')[],
): NeededPermission[] {
  const key = place.bucketKey(bucket);
  if (key === undefined) return [];
  return actions.map((action) => ({
    action,
    resource: key,
    context: {
      'kms:ViaService': `s3.${place.region}.amazonaws.com`,
      'kms:CallerAccount': place.account,
      'kms:EncryptionContext:aws:s3:arn': s3Arn(place, bucket),
    },
  }));
}
