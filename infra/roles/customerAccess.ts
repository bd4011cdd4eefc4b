import { kmsViaS3 } from '../../lib/access/arns.ts';
import type { Source } from '../../lib/schema/sources.ts';
import { PSEUDO_PARAMETERS, sub } from '../template/Resource.ts';
import type { AllowStatement } from './policies.ts';

/** A customer's bucket and the folders in it that a role uses, each with a slash at its end. */
export interface CustomerFolders extends Pick<Source, 'bucket'> {
  readonly folders: readonly string[];
}

/** Actions on buckets, and on objects in their folders. */
interface BucketActions {
  readonly onBucket: readonly string[];
  /** Empty: no access to objects. */
  readonly onObjects: readonly string[];
}

/** Statements for customers' buckets whose policies allow the role, and for the folders in them. */
export function customerBucketStatements(
  customers: readonly CustomerFolders[],
  { onBucket, onObjects }: BucketActions,
): readonly AllowStatement[] {
  const textOf = ({ bucket }: CustomerFolders) => `arn:\${AWS::Partition}:s3:::${bucket}`;
  const on = (Action: readonly string[], texts: readonly string[]): AllowStatement[] =>
    Action.length === 0 || texts.length === 0
      ? []
      : [{ Action, Resource: [...new Set(texts)].map((text) => sub(text)) }];
  const folders = customers.flatMap((one) => one.folders.map((folder) => `${textOf(one)}/${folder}*`));
  return [...on(onBucket, customers.map(textOf)), ...on(onObjects, folders)];
}

/** Statements for customers' keys, used through S3 in the region of the bucket, which is the key's. */
export function customerKeyStatements(
  customers: readonly Pick<Source, 'kmsKeyArn' | 'region'>[],
  Action: readonly string[],
): readonly AllowStatement[] {
  const keys = customers.flatMap(({ kmsKeyArn, region = PSEUDO_PARAMETERS.region }) =>
    kmsKeyArn === undefined ? [] : [{ arn: kmsKeyArn, region }],
  );
  return [...Map.groupBy(keys, ({ region }) => region)].map(([region, of]) => ({
    Action,
    Resource: [...new Set(of.map(({ arn }) => arn))],
    Condition: { StringEquals: { 'kms:ViaService': sub(kmsViaS3({ region })) } },
  }));
}

/** Statements to assume customers' roles. */
export function customerRoleStatements(
  customers: readonly { readonly role?: Source['role'] }[],
): readonly AllowStatement[] {
  const roles = [...new Set(customers.flatMap(({ role }) => role?.arn ?? []))];
  return roles.length === 0 ? [] : [{ Action: ['sts:AssumeRole'], Resource: roles }];
}
