import type { Source } from '../../lib/config/sourcesSchema.ts';
import { bucketArn, objectsArn } from '../data/bucketArn.ts';
import { sub } from '../template/intrinsics.ts';
import type { Stack } from '../template/Stack.ts';
import { OTHER_ACCOUNTS } from './otherAccounts.ts';
import type { Allowance } from './policies.ts';
import { type Choices, fewerOf } from './policySize.ts';

/** A customer's bucket and the folders in it that a role works in, each with the slash at its end. */
export interface FoldersOf extends Pick<Source, 'bucket' | 'owner'> {
  readonly folders: readonly string[];
}

/** Actions on buckets, and on objects in their folders. */
interface BucketActions {
  readonly onBucket: readonly string[];
  /** None: none. */
  readonly onObjects: readonly string[];
}

/**
 * What a role may do in customers' buckets that let it in themselves: by folder, else by bucket, else in all of the
 * accounts that own them, but in ours only in the first that are configured, as many as there is room for. Into our own
 * bucket no wide statement leads, whoever owns it.
 */
export function inCustomersBuckets(
  stack: Stack,
  customers: readonly FoldersOf[],
  { onBucket, onObjects }: BucketActions,
): Choices {
  if (customers.length === 0) return [];
  const textOf = ({ bucket }: FoldersOf) => `arn:\${AWS::Partition}:s3:::${bucket}`;
  const on = (Action: readonly string[], texts: readonly string[]): Allowance[] =>
    Action.length === 0 || texts.length === 0
      ? []
      : [{ Action, Resource: [...new Set(texts)].map((text) => sub(text)) }];
  const byBucket = (some: readonly FoldersOf[]) => [
    ...on(onBucket, some.map(textOf)),
    ...on(
      onObjects,
      some.map((one) => `${textOf(one)}/*`),
    ),
  ];
  const folders = customers.flatMap((one) => one.folders.map((folder) => `${textOf(one)}/${folder}*`));
  const inTheirAccounts: Allowance = {
    Action: [...onBucket, ...onObjects],
    NotResource: [bucketArn(stack), objectsArn(stack)],
    Condition: {
      StringEquals: { 'aws:ResourceAccount': [...new Set(customers.map(({ owner }) => owner))] },
      ...OTHER_ACCOUNTS,
    },
  };
  return [
    [...on(onBucket, customers.map(textOf)), ...on(onObjects, folders)],
    byBucket(customers),
    ...fewerOf(customers).map((first) => [inTheirAccounts, ...byBucket(first)]),
  ];
}
