import type { Policy } from './Policy.ts';

/** Conditions that say who may be meant: with one of them a policy for everybody is not public. */
const NARROWING: ReadonlySet<string> = new Set([
  'aws:principalaccount',
  'aws:principalarn',
  'aws:principalorgid',
  'aws:sourceaccount',
  'aws:sourcearn',
]);

/**
 * Whether a policy lets everybody in, as S3 Block Public Access judges it: an allowing statement for `*` that no
 * condition on fixed values narrows.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
 */
export function isPublic(policy: Policy): boolean {
  return policy.some(
    ({ effect, principals = [], conditions }) =>
      effect === 'Allow' &&
      principals.includes('*') &&
      !Object.entries(conditions).some(
        ([operator, keys]) =>
          !operator.includes('Not') &&
          Object.entries(keys).some(
            ([key, values]) => NARROWING.has(key.toLowerCase()) && !values.includes('*'),
          ),
      ),
  );
}
