import { notImplemented } from '../protocol/AwsError.ts';
import type { Policy } from './Policy.ts';
import { PolicyProblem } from './PolicyProblem.ts';

const ACCOUNT = /^\d{12}$|^arn:aws:iam::\d{12}:root$/;
const IDENTITY = /^arn:aws:iam::\d{12}:(?:role|user)\/[\w+=,.@/-]+$/;
const SESSION = /^arn:aws:sts::\d{12}:(?:assumed-role|federated-user)\/.+$/;
const SERVICE = /^[a-z0-9.-]+\.amazonaws\.com$/;

/**
 * Whether the principals of a policy that stands at a resource are some: `*`, an account, a role or user that is there,
 * a service. `*` within an ARN means nobody.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
 *
 * @param exists Whether there is a role or user; AWS looks, too.
 * @param words The service's own for a principal that is none.
 * @throws PolicyProblem; AwsError `NotImplemented` for a session, as which nobody is known here.
 */
export function checkPrincipals(policy: Policy, exists: (arn: string) => boolean, words: string): void {
  for (const { principals } of policy) {
    if (principals === undefined) throw new PolicyProblem('Missing required field Principal');
    if (principals.length === 0) throw new PolicyProblem(words);
    for (const principal of principals) {
      if (SESSION.test(principal)) throw notImplemented(`A policy with the principal ${principal}`);
      const known =
        principal === '*' ||
        ACCOUNT.test(principal) ||
        SERVICE.test(principal) ||
        (IDENTITY.test(principal) && exists(principal));
      if (!known) throw new PolicyProblem(words);
    }
  }
}
