import type { NeededPermission, RecordedCall } from '../../packages/local-aws/src/iam/index.ts';
import { decide } from './decide.ts';
import { narrower } from './narrower.ts';
import type { Policies } from './Policies.ts';

/** Finds calls of a role that its policy denies, and permissions of its policy that no call needs. */
export async function judgeRole(
  policies: Policies,
  logicalId: string,
  calls: readonly RecordedCall[],
): Promise<{ readonly denied: readonly string[]; readonly idle: readonly string[] }> {
  const role = policies.roles.find((one) => one.logicalId === logicalId);
  if (role === undefined) throw new Error(`the template has no ${logicalId}`);
  const needed = new Map<string, NeededPermission>(
    calls
      .filter(({ principal }) => principal === role.arn)
      .flatMap(({ permissions }) => permissions.map((one) => [JSON.stringify(one), one] as const)),
  );
  const denied = async (statements: typeof role.statements, action?: string) => {
    const roles = policies.roles.map((one) => (one === role ? { ...role, statements } : one));
    const found: string[] = [];
    for (const permission of needed.values()) {
      if (action !== undefined && permission.action !== action) continue;
      if ((await decide(role.arn, permission, { ...policies, roles })) !== 'Allowed')
        found.push(`${permission.action} on ${permission.resource}`);
    }
    return found;
  };
  const idle: string[] = [];
  for (const { without, action, statements } of narrower(role.statements))
    if ((await denied(statements, action)).length === 0) idle.push(without);
  return { denied: await denied(role.statements), idle };
}
