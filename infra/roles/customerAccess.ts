import { kmsViaS3 } from '../../lib/access/arns.ts';
import type { Source } from '../../lib/schema/sources.ts';
import { PSEUDO_PARAMETERS, sub } from '../template/Resource.ts';
import type { AllowStatement } from './policies.ts';

/** Actions on a customer's bucket, on objects in folders of it, and on its key. Default none. */
interface CustomerActions {
  /** Actions on the bucket itself: `s3:ListBucket`. */
  readonly onBucket?: readonly string[];
  /** Actions on objects in the folders: `s3:GetObject`. */
  readonly onObjects?: readonly string[];
  /** Actions on the key that encrypts the bucket: `kms:Decrypt`. */
  readonly onKey?: readonly string[];
}

/**
 * Statements for a customer's bucket, folders and key, whose policies allow the role; or a statement to assume the
 * customer's role. The key is used through S3 in the region of the bucket, which is also the key's region.
 *
 * @param folders Folders of the bucket, each with a slash at its end.
 */
export function customerStatements(
  customer: Pick<Source, 'bucket' | 'role' | 'kmsKeyArn' | 'region'>,
  folders: readonly string[],
  { onBucket = [], onObjects = [], onKey = [] }: CustomerActions,
): readonly AllowStatement[] {
  const { bucket, role, kmsKeyArn, region = PSEUDO_PARAMETERS.region } = customer;
  if (role !== undefined) return [{ Action: ['sts:AssumeRole'], Resource: [role.arn] }];
  const arn = `arn:\${AWS::Partition}:s3:::${bucket}`;
  const statements: readonly AllowStatement[] = [
    { Action: onBucket, Resource: [sub(arn)] },
    { Action: onObjects, Resource: folders.map((folder) => sub(`${arn}/${folder}*`)) },
    {
      Action: onKey,
      Resource: kmsKeyArn === undefined ? [] : [kmsKeyArn],
      Condition: { StringEquals: { 'kms:ViaService': sub(kmsViaS3({ region })) } },
    },
  ];
  return statements.filter(({ Action, Resource }) => Action.length > 0 && Resource.length > 0);
}
