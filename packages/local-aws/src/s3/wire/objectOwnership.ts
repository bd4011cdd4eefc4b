import { AwsError, notImplemented } from '../../protocol/AwsError.ts';
import { s3Errors } from '../errors.ts';
import type { Bucket } from '../model/Bucket.ts';
import type { ObjectOwnership } from '../model/bucketSettings.ts';
import type { ObjectAttributes, StoredObject } from '../model/StoredObject.ts';
import type { S3Call } from './S3Operation.ts';

/** Canned ACLs accepted here for objects; any other is refused by name. */
const CANNED_ACLS = ['private', 'bucket-owner-full-control'] as const;

/**
 * How a bucket decides who owns its objects. Buckets created since April 2023 disable ACLs, so their owner owns
 * everything; those without controls, as older ones, are `ObjectWriter`.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
 */
export function objectOwnership({ settings }: Pick<Bucket, 'settings'>): ObjectOwnership {
  const without = settings.withoutOwnershipControls === true ? 'ObjectWriter' : 'BucketOwnerEnforced';
  return settings.OwnershipControls?.Rules[0]?.ObjectOwnership ?? without;
}

/**
 * The attributes of an object that a request writes, with its owner if that is not the bucket's.
 *
 * @throws AwsError `AccessControlListNotSupported` for an ACL in a bucket that disables them; 501 for an ACL that is
 * not
 *   emulated.
 */
export function withOwner(
  { caller, headers }: Pick<S3Call, 'caller' | 'headers'>,
  bucket: Pick<Bucket, 'settings' | 'info'>,
  attributes: ObjectAttributes,
): ObjectAttributes {
  const asked = headers['x-amz-acl'];
  const granted = Object.keys(headers).find((name) => name.startsWith('x-amz-grant-'));
  const ownership = objectOwnership(bucket);
  if (ownership === 'BucketOwnerEnforced') {
    if ((asked !== undefined && asked !== 'bucket-owner-full-control') || granted !== undefined)
      throw new AwsError('AccessControlListNotSupported', 400, 'The bucket does not allow ACLs');
    return attributes;
  }
  const acl = CANNED_ACLS.find((name) => name === (asked ?? 'private'));
  if (granted !== undefined) throw notImplemented(`S3 ${granted}`);
  if (acl === undefined) throw notImplemented(`S3 x-amz-acl: ${asked}`);
  if (caller.account === bucket.info.account) return attributes;
  const isHandedOver = acl === 'bucket-owner-full-control';
  if (isHandedOver && ownership === 'BucketOwnerPreferred') return attributes;
  return { ...attributes, owner: caller.account, bucketOwnerMayRead: isHandedOver };
}

/**
 * Refuses to read an object that another account owns: neither the bucket's owner nor its policy may grant access,
 * unless the object's ACL names the bucket's owner. The owner of a bucket that disables ACLs owns every object,
 * regardless of its writer.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-policy-language-overview.html
 *
 * @throws AwsError `AccessDenied`.
 */
export function requireReadableByOwnership(
  { caller }: Pick<S3Call, 'caller'>,
  bucket: Pick<Bucket, 'settings' | 'info'>,
  { attributes: { owner, bucketOwnerMayRead = false } }: Pick<StoredObject, 'attributes'>,
): void {
  if (owner === undefined || objectOwnership(bucket) === 'BucketOwnerEnforced') return;
  if (caller.account === owner) return;
  if (bucketOwnerMayRead && caller.account === bucket.info.account) return;
  throw s3Errors.accessDenied(`The object belongs to the account ${owner}, which wrote it.`);
}
