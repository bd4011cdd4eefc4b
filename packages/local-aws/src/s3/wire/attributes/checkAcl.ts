import { AwsError } from '../../../protocol/AwsError.ts';
import type { S3Call } from '../S3Operation.ts';

/**
 * Checks the ACL that a request sets on an object. Buckets have no ACLs here, as those created since April 2023: their owner
 * owns every object, and a request may only say so.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
 *
 * @throws AwsError `AccessControlListNotSupported`.
 */
export function checkAcl({ headers }: Pick<S3Call, 'headers'>): void {
  const acl = headers['x-amz-acl'];
  const grants = Object.keys(headers).some((name) => name.startsWith('x-amz-grant-'));
  if (grants || (acl !== undefined && acl !== 'bucket-owner-full-control'))
    throw new AwsError('AccessControlListNotSupported', 400, 'The bucket does not allow ACLs');
}
