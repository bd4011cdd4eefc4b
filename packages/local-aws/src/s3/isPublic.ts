import type { Policy, PolicyStatement } from '../iam/policy.ts';

/** Condition keys that restrict the caller, in lower case, of those that are evaluated here. */
const NARROWING: ReadonlySet<string> = new Set([
  'aws:principalaccount',
  'aws:principalarn',
  'aws:principalorgid',
  'aws:sourceaccount',
  'aws:sourcearn',
]);

/**
 * Operators that hold only for a request with one of the values. Others hold without the key, too: negated ones, `Null`, `…IfExists` and
 * `ForAllValues:…`.
 */
const REQUIRING = /^(?:ForAnyValue:)?(?:String(?:Equals|EqualsIgnoreCase|Like)|Arn(?:Equals|Like))$/;

/**
 * Whether a policy is public by the rules of S3 Block Public Access: it has a statement that allows something to `*`, without a
 * condition that restricts the callers to fixed values, which have no wildcard.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
 */
export function isPublic(policy: Policy): boolean {
  return policy.some(
    (statement) =>
      statement.effect === 'Allow' && statement.principals?.includes('*') === true && !isNarrowed(statement),
  );
}

/** Whether a condition of a statement restricts the callers to fixed values. */
function isNarrowed({ conditions }: PolicyStatement): boolean {
  const required = Object.entries(conditions).flatMap(([operator, keys]) =>
    REQUIRING.test(operator) ? Object.entries(keys) : [],
  );
  return required.some(
    ([key, values]) => NARROWING.has(key.toLowerCase()) && !values.some((value) => /[*?]/.test(value)),
  );
}
