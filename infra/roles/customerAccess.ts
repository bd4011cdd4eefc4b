import { kmsViaS3 } from '../../lib/access/arns.ts';
import type { Source } from '../../lib/schema/sources.ts';
import { bucketArn, objectsArn } from '../data/bucket.ts';
import { PSEUDO_PARAMETERS, sub } from '../template/Resource.ts';
import type { Stack } from '../template/Stack.ts';
import type { AllowStatement } from './policies.ts';
import type { StatementAlternatives } from './policySize.ts';

/**
 * Limits a statement about customers' accounts to accounts other than the deployment's own, which may be one of them.
 * Within the same account an identity policy alone grants access, so the statement would open everything there.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-resourceaccount
 */
const NOT_OWN_ACCOUNT = { StringNotEquals: { 'aws:ResourceAccount': sub(PSEUDO_PARAMETERS.account) } };

/**
 * Statements that name everything; if those do not fit, one on the accounts of customers, and as many names as fit, for what is
 * in the deployment's own account: all, half of them, a quarter, and in the end none.
 *
 * @param items In the order in which names are kept.
 */
function namedOrByAccount<Item>(
  items: readonly Item[],
  named: (some: readonly Item[]) => readonly AllowStatement[],
  inTheirAccounts: AllowStatement,
): StatementAlternatives {
  const shorter: AllowStatement[][] = [];
  for (let count = items.length; count > 0; ) {
    count = Math.floor(count / 2);
    shorter.push([inTheirAccounts, ...named(items.slice(0, count))]);
  }
  return items.length === 0 ? [] : [named(items), ...shorter];
}

/** A customer's bucket and the folders in it that a role uses, each with a slash at its end. */
export interface CustomerFolders extends Pick<Source, 'bucket' | 'owner'> {
  readonly folders: readonly string[];
}

/** Actions on buckets, and on objects in their folders. */
interface BucketActions {
  readonly onBucket: readonly string[];
  /** Empty: no access to objects. */
  readonly onObjects: readonly string[];
}

/**
 * Statements for customers' buckets whose policies allow the role. They name folders; if those do not fit, buckets; if
 * those do not fit either, accounts: those without an owner are named first. No wide statement includes the deployment's own
 * bucket.
 */
export function customerBucketStatements(
  stack: Stack,
  customers: readonly CustomerFolders[],
  { onBucket, onObjects }: BucketActions,
): StatementAlternatives {
  if (customers.length === 0) return [];
  const ownFirst = [...customers].sort(
    (a, b) => Number(b.owner === undefined) - Number(a.owner === undefined),
  );
  const textOf = ({ bucket }: CustomerFolders) => `arn:\${AWS::Partition}:s3:::${bucket}`;
  const on = (Action: readonly string[], texts: readonly string[]): AllowStatement[] =>
    Action.length === 0 || texts.length === 0
      ? []
      : [{ Action, Resource: [...new Set(texts)].map((text) => sub(text)) }];
  const byBucket = (some: readonly CustomerFolders[]) => [
    ...on(onBucket, some.map(textOf)),
    ...on(
      onObjects,
      some.map((one) => `${textOf(one)}/*`),
    ),
  ];
  const folders = customers.flatMap((one) => one.folders.map((folder) => `${textOf(one)}/${folder}*`));
  return [
    [...on(onBucket, customers.map(textOf)), ...on(onObjects, folders)],
    ...namedOrByAccount(ownFirst, byBucket, {
      Action: [...onBucket, ...onObjects],
      NotResource: [bucketArn(stack), objectsArn(stack)],
      Condition: {
        StringEquals: { 'aws:ResourceAccount': [...new Set(customers.flatMap(({ owner = [] }) => owner))] },
        ...NOT_OWN_ACCOUNT,
      },
    }),
  ];
}

/** Statements for customers' keys, used through S3 in the region of the bucket, which is the key's. */
export function customerKeyStatements(
  customers: readonly Pick<Source, 'kmsKeyArn' | 'region'>[],
  Action: readonly string[],
): StatementAlternatives {
  const keys = customers.flatMap(({ kmsKeyArn, region = PSEUDO_PARAMETERS.region }) =>
    kmsKeyArn === undefined ? [] : [{ arn: kmsKeyArn, region }],
  );
  const byName = (some: readonly (typeof keys)[number][]): AllowStatement[] =>
    [...Map.groupBy(some, ({ region }) => region)].map(([region, of]) => ({
      Action,
      Resource: [...new Set(of.map(({ arn }) => arn))],
      Condition: { StringEquals: { 'kms:ViaService': sub(kmsViaS3({ region })) } },
    }));
  return namedOrByAccount(keys, byName, {
    Action,
    Resource: [...new Set(keys.map(({ arn }) => arn.replace(/:kms:[^:]*:(\d+):.*$/, ':kms:*:$1:key/*')))],
    Condition: { StringLike: { 'kms:ViaService': kmsViaS3({ region: '*' }) }, ...NOT_OWN_ACCOUNT },
  });
}

/** Statements to assume customers' roles. */
export function customerRoleStatements(
  customers: readonly { readonly role?: Source['role'] }[],
): StatementAlternatives {
  const roles = [...new Set(customers.flatMap(({ role }) => role?.arn ?? []))];
  const take = (names: readonly string[]): AllowStatement[] =>
    names.length === 0 ? [] : [{ Action: ['sts:AssumeRole'], Resource: names }];
  return namedOrByAccount(roles, take, {
    Action: ['sts:AssumeRole'],
    Resource: [...new Set(roles.map((arn) => arn.replace(/:role\/.*$/, ':role/*')))],
    Condition: NOT_OWN_ACCOUNT,
  });
}
