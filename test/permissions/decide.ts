import type { NeededPermission } from '../../packages/local-aws/src/iam/index.ts';
import { decideCall } from '../lib/access/decideCall.ts';
import type { Policies, Statement } from './Policies.ts';

/**
 * AWS's decision on one permission that a principal needs, by its own statements and by the statements at the resource.
 * All resources are in one account, and every call uses TLS.
 *
 * @throws Error for what IAM doesn't know: an action, or a resource of the wrong kind for it.
 */
export async function decide(
  principal: string,
  { action, resource, context }: NeededPermission,
  policies: Policies,
): Promise<string> {
  const own = policies.roles.find(({ arn }) => arn === principal)?.statements ?? [];
  // A bucket's policy speaks for its objects.
  const at = policies.atResources.get(resource) ?? policies.atResources.get(resource.split('/')[0] ?? '');
  return decideCall(
    {
      principal,
      policies: own.length === 0 ? [] : [document(own)],
      resourceAccount: ACCOUNT,
      resourcePolicy: at === undefined || at.length === 0 ? undefined : document(at),
    },
    { action, resources: [resource], context },
  );
}

const ACCOUNT = '000000000000';

function document(statements: readonly Statement[]) {
  return { Version: '2012-10-17', Statement: statements } as const;
}
