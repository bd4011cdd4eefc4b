import { AwsError } from '../protocol/AwsError.ts';
import { checkPrincipals } from './checkPrincipals.ts';
import { checkStatementIds } from './checkStatementIds.ts';
import type { Policy } from './Policy.ts';
import { PolicyProblem } from './PolicyProblem.ts';
import { readPolicy } from './readPolicy.ts';

/** A trust policy says who may assume the role, and nothing else. @throws AwsError `MalformedPolicyDocument`. */
export function checkTrust(document: string, hasIdentity: (arn: string) => boolean): void {
  const policy = read(document);
  asMalformed(() => checkPrincipals(policy, hasIdentity, 'Invalid principal in policy'));
  for (const { actions, resources } of policy) {
    if (resources !== undefined) throw malformed('Has prohibited field Resource');
    if (!actions.every((action) => action === '*' || action.startsWith('sts:')))
      throw malformed('AssumeRole policy may only specify STS AssumeRole actions.');
  }
}

/** A role's own policy, or a session's, says what it may do, never who. @throws AwsError `MalformedPolicyDocument`. */
export function checkOwnPolicy(document: string): void {
  for (const { principals, resources, actions } of read(document)) {
    if (principals !== undefined) throw malformed('Policy document should not specify a principal.');
    if (resources === undefined || resources.length === 0)
      throw malformed('Policy statement must contain resources.');
    if (!actions.every((action) => action === '*' || action.includes(':')))
      throw malformed('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.');
  }
}

function read(document: string): Policy {
  const policy = asMalformed(() => readPolicy(JSON.parse(document)));
  if (policy.length === 0) throw malformed('Syntax errors in policy.');
  if (policy.some(({ actions }) => actions.length === 0))
    throw malformed('Policy statement must contain actions.');
  asMalformed(() => checkStatementIds(policy));
  return policy;
}

function asMalformed<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof PolicyProblem || error instanceof SyntaxError) throw malformed(error.message);
    throw error;
  }
}

function malformed(message: string): AwsError {
  return new AwsError('MalformedPolicyDocument', 400, message);
}
