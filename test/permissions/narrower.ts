import type { Statement } from './Policies.ts';

/** The statements of a policy with one thing less, and what that is. */
export interface Narrower {
  readonly without: string;
  /** The action that is not allowed any more, on something; undefined when a condition's value went. */
  readonly action: string | undefined;
  readonly statements: readonly Statement[];
}

/**
 * Everything that a policy could do without: each action on each resource that a statement names it with, and each
 * value that a condition lists. Permissions that are allowed twice are found too: either could go.
 */
export function narrower(statements: readonly Statement[]): Narrower[] {
  return statements.flatMap((statement, at) => {
    const instead = (...others: Statement[]) => [
      ...statements.slice(0, at),
      ...others,
      ...statements.slice(at + 1),
    ];
    const { Action, Resource = ['*'], Condition = {} } = statement;
    const pairs = Action.flatMap((action) =>
      Resource.map((resource) => ({
        without: `${action} on ${resource}`,
        action,
        statements: instead(
          { ...statement, Action: Action.filter((one) => one !== action) },
          { ...statement, Action: [action], Resource: Resource.filter((one) => one !== resource) },
        ).filter((left) => left.Action.length > 0 && left.Resource?.length !== 0),
      })),
    );
    const values = Object.entries(Condition).flatMap(([operator, keys]) =>
      Object.entries(keys).flatMap(([key, value]) =>
        typeof value === 'string' || value.length < 2
          ? []
          : value.map((one) => ({
              without: `${key} ${one}`,
              action: undefined,
              statements: instead({
                ...statement,
                Condition: {
                  ...Condition,
                  [operator]: { ...keys, [key]: value.filter((other) => other !== one) },
                },
              }),
            })),
      ),
    );
    return [...pairs, ...values];
  });
}
