import { viaS3 } from '../../lib/access/viaS3.ts';
import type { Source } from '../../lib/config/sourcesSchema.ts';
import { HERE, sub } from '../template/intrinsics.ts';
import { OTHER_ACCOUNTS } from './otherAccounts.ts';
import type { Allowance } from './policies.ts';
import { type Choices, fewerOf } from './policySize.ts';

/** A customer's key, and the region of the bucket that it encrypts: no bucket has a key of another region. */
interface CustomersKey {
  readonly arn: string;
  /** In the notation of `Fn::Sub`. */
  readonly region: string;
}

/**
 * Uses customers' keys by way of S3: by name, else any in their accounts, but in ours only the first that are configured,
 * as many as there is room for.
 */
export function usesCustomersKeys(
  customers: readonly Pick<Source, 'kmsKeyArn' | 'region'>[],
  Action: readonly string[],
): Choices {
  const keys = customers.flatMap(({ kmsKeyArn, region = HERE.region }) =>
    kmsKeyArn === undefined ? [] : [{ arn: kmsKeyArn, region }],
  );
  if (keys.length === 0) return [];
  const byName = (some: readonly CustomersKey[]): Allowance[] =>
    [...Map.groupBy(some, ({ region }) => region)].map(([region, of]) => ({
      Action,
      Resource: [...new Set(of.map(({ arn }) => arn))],
      Condition: { StringEquals: { 'kms:ViaService': sub(viaS3({ region })) } },
    }));
  const inTheirAccounts: Allowance = {
    Action,
    Resource: [...new Set(keys.map(({ arn }) => arn.replace(/:kms:[^:]*:(\d+):.*$/, ':kms:*:$1:key/*')))],
    Condition: { StringLike: { 'kms:ViaService': viaS3({ region: '*' }) }, ...OTHER_ACCOUNTS },
  };
  return [byName(keys), ...fewerOf(keys).map((first) => [inTheirAccounts, ...byName(first)])];
}
