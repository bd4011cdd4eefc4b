import type { Conditions } from './conditions.ts';

/** One statement, its lists made lists. */
export interface PolicyStatement {
  readonly sid: string | undefined;
  readonly effect: 'Allow' | 'Deny';
  /** ARNs and accounts, or `*`; undefined in a policy of an identity. */
  readonly principals: readonly string[] | undefined;
  /** Patterns in lower case: actions are compared without regard to case. */
  readonly actions: readonly string[];
  /** Whether `actions` are those that it is not about. */
  readonly notActions: boolean;
  /** Patterns; undefined where what the policy is attached to is meant, as in trust policies. */
  readonly resources: readonly string[] | undefined;
  readonly notResources: boolean;
  readonly conditions: Conditions;
}

/** A policy document as it was read. */
export type Policy = readonly PolicyStatement[];
