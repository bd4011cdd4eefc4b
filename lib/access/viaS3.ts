import type { Place } from './Place.ts';

/**
 * What the condition key `kms:ViaService` must be for a key that is used by way of S3 only.
 * https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
 */
export function viaS3({ region }: Pick<Place, 'region'>): string {
  return `s3.${region}.amazonaws.com`;
}
