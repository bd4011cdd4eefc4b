import type { Source } from '../../lib/config/sourcesSchema.ts';
import { OTHER_ACCOUNTS } from './otherAccounts.ts';
import type { Allowance } from './policies.ts';
import { type Choices, fewerOf } from './policySize.ts';

/**
 * Takes the roles by which customers let us in: by name, else any in their accounts, but in ours only the first that are
 * configured, as many as there is room for.
 */
export function assumesRoles(customers: readonly { readonly role?: Source['role'] }[]): Choices {
  const roles = [...new Set(customers.flatMap(({ role }) => role?.arn ?? []))];
  if (roles.length === 0) return [];
  const take = (names: readonly string[]): Allowance[] =>
    names.length === 0 ? [] : [{ Action: ['sts:AssumeRole'], Resource: names }];
  const inTheirAccounts: Allowance = {
    Action: ['sts:AssumeRole'],
    Resource: [...new Set(roles.map((arn) => arn.replace(/:role\/.*$/, ':role/*')))],
    Condition: OTHER_ACCOUNTS,
  };
  return [take(roles), ...fewerOf(roles).map((first) => [inTheirAccounts, ...take(first)])];
}
