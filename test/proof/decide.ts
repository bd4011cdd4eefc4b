import { runSimulation } from '@cloud-copilot/iam-simulate';
import type { NeededPermission } from '../../local/record/RecordedCall.ts';
import type { Policies, Statement } from './Policies.ts';

/** What AWS would decide. */
export type Decision = 'Allowed' | 'ExplicitlyDenied' | 'ImplicitlyDenied';

/**
 * What AWS would decide of one permission that a principal needs: by its own statements, and by what stands at the
 * resource. All is one account, and every call goes over TLS.
 *
 * @throws Error for what IAM doesn't know: an action, or a resource of the wrong kind for it.
 */
export async function decide(
  principal: string,
  { action, resource, context }: NeededPermission,
  policies: Policies,
): Promise<Decision> {
  const own = policies.roles.find(({ arn }) => arn === principal)?.statements ?? [];
  // A bucket's policy speaks for its objects.
  const at = policies.atResources.get(resource) ?? policies.atResources.get(resource.split('/')[0] ?? '');
  const result = await runSimulation(
    {
      request: {
        principal,
        action,
        resource: { resource, accountId: ACCOUNT },
        contextVariables: { 'aws:SecureTransport': 'true', ...context },
      },
      identityPolicies: own.length === 0 ? [] : [{ name: 'own', policy: document(own) }],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      ...(at === undefined || at.length === 0 ? {} : { resourcePolicy: document(at) }),
    },
    {},
  );
  if (result.resultType === 'error')
    throw new Error(`${principal} ${action} on ${resource}: ${JSON.stringify(result.errors)}`);
  return result.overallResult;
}

const ACCOUNT = '000000000000';

function document(statements: readonly Statement[]) {
  return { Version: '2012-10-17', Statement: statements };
}
