import { readFileSync } from 'node:fs';

/** A service that is trusted without `aws:SourceAccount` and `aws:SourceArn` both, and what stands in their place. */
interface TrustException {
  /** Its principal, as a policy names it. */
  readonly service: string;
  /** Condition keys that are there instead. */
  readonly instead: readonly ('sts:ExternalId' | 'aws:SourceArn')[];
  readonly why: string;
  readonly source: string;
}

/** Actions that a policy of ours allows on `*`, and why they name nothing narrower. */
interface UnscopedActions {
  readonly actions: readonly string[];
  /** Whose policy: a part of the stack, a kind of reader, or whoever deploys. */
  readonly who: 'key' | 'reconcile' | 'metabase' | 'owox' | 'deploy' | 'trial';
  readonly why: string;
  readonly source: string;
}

interface PolicyExceptions {
  /**
   * Every other service principal carries both keys: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html.
   * A condition on a key that the service doesn't send locks it out for good, so these have what AWS documents of each.
   */
  readonly trusts: readonly TrustException[];
  /** Every `*` that stands where a resource would. No stream has one, and one function. */
  readonly unscoped: readonly UnscopedActions[];
}

/** All exceptions. docs/reference/permissions.md shows both tables. */
export const policyExceptions: PolicyExceptions = JSON.parse(
  readFileSync(new URL('policyExceptions.json', import.meta.url), 'utf8'),
);
