import { AwsError, notImplemented } from '../protocol/AwsError.ts';
import { type Policy, PolicyProblem, readPolicy } from './policy.ts';

/** An account as a principal: its number, or the ARN of its root. */
const ACCOUNT = /^\d{12}$|^arn:aws:iam::\d{12}:root$/;
/** ARN of a role or user. */
const IDENTITY = /^arn:aws:iam::\d{12}:(?:role|user)\/[\w+=,.@/-]+$/;
/** ARN of a session. */
const SESSION = /^arn:aws:sts::\d{12}:(?:assumed-role|federated-user)\/.+$/;
/** A service of AWS as a principal: `events.amazonaws.com`. */
const SERVICE = /^[a-z0-9.-]+\.amazonaws\.com$/;

/**
 * Checks that the principals of a resource's policy are valid: `*`, an account, an existing role or user, or a service.
 * `*` within an ARN matches no principal.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
 *
 * @param exists Whether a role or user exists; AWS checks this, too.
 * @param message The service's own message for an invalid principal.
 * @throws PolicyProblem; AwsError `NotImplemented` for a session, because sessions are not known by name here.
 */
export function checkPrincipals(policy: Policy, exists: (arn: string) => boolean, message: string): void {
  for (const { principals } of policy) {
    if (principals === undefined) throw new PolicyProblem('Missing required field Principal');
    if (principals.length === 0) throw new PolicyProblem(message);
    for (const principal of principals) {
      if (SESSION.test(principal)) throw notImplemented(`A policy with the principal ${principal}`);
      const known =
        principal === '*' ||
        ACCOUNT.test(principal) ||
        SERVICE.test(principal) ||
        (IDENTITY.test(principal) && exists(principal));
      if (!known) throw new PolicyProblem(message);
    }
  }
}

/**
 * Checks that no two statements have the same `Sid`. An empty one is ignored: Terraform writes it into every statement.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html; for bucket policies see
 * https://docs.aws.amazon.com/AmazonS3/latest/dev/AccessPolicyLanguage_SpecialInfo.html
 *
 * @throws PolicyProblem in IAM's words.
 */
export function checkStatementIds(policy: Policy): void {
  const ids = policy.flatMap(({ sid }) => (sid === undefined || sid === '' ? [] : [sid]));
  if (new Set(ids).size < ids.length)
    throw new PolicyProblem('Statement IDs (SID) in a single policy must be unique.');
}

/** Checks that a trust policy only states who may assume the role. @throws AwsError `MalformedPolicyDocument`, `LimitExceeded`. */
export function checkTrust(document: string, hasIdentity: (arn: string) => boolean): void {
  const { trustCharacters } = POLICY_LIMITS;
  checkSize([document], trustCharacters, `Cannot exceed quota for ACLSizePerRole: ${trustCharacters}`);
  const policy = read(document);
  asMalformed(() => checkPrincipals(policy, hasIdentity, 'Invalid principal in policy'));
  for (const { actions, resources } of policy) {
    if (resources !== undefined) throw malformed('Has prohibited field Resource');
    if (!actions.every((action) => action === '*' || action.startsWith('sts:')))
      throw malformed('AssumeRole policy may only specify STS AssumeRole actions.');
  }
}

/**
 * Checks that a role's or session's own policy names actions and resources, and no principal.
 *
 * @param isKnown As for readPolicy: of a policy that grants nothing yet, every condition key is accepted.
 * @throws AwsError `MalformedPolicyDocument`.
 */
export function checkOwnPolicy(document: string, isKnown?: (key: string) => boolean): void {
  for (const { principals, resources, actions } of read(document, isKnown)) {
    if (principals !== undefined) throw malformed('Policy document should not specify a principal.');
    if (resources === undefined || resources.length === 0)
      throw malformed('Policy statement must contain resources.');
    const nameless = resources.find((resource) => resource !== '*' && !resource.startsWith('arn:'));
    if (nameless !== undefined) throw malformed(`Resource ${nameless} must be in ARN format or "*".`);
    if (!actions.every((action) => action === '*' || action.includes(':')))
      throw malformed('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.');
  }
}

/** Limits of policies, white space not counted: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length */
export const POLICY_LIMITS = {
  managedCharacters: 6_144,
  /** The sum over all inline policies of a role. */
  inlineCharacters: 10_240,
  trustCharacters: 2_048,
} as const;

/** Checks the size of documents, white space not counted. @throws AwsError `LimitExceeded`. */
export function checkSize(documents: readonly string[], most: number, message: string): void {
  const characters = documents.join('').replace(/\s/g, '').length;
  if (characters > most) throw new AwsError('LimitExceeded', 409, message);
}

/**
 * Checks that IAM would create a managed policy. It grants nothing before it is attached, so that conditions which are not
 * evaluated here are accepted.
 *
 * @throws AwsError `MalformedPolicyDocument`, `LimitExceeded`.
 */
export function checkManagedPolicy(document: string): void {
  checkOwnPolicy(document, () => true);
  const { managedCharacters: most } = POLICY_LIMITS;
  checkSize([document], most, `Cannot exceed quota for PolicySize: ${most}`);
}

/** A document that has statements with actions. @throws AwsError `MalformedPolicyDocument` */
function read(document: string, isKnown?: (key: string) => boolean): Policy {
  const policy = asMalformed(() => readPolicy(JSON.parse(document), isKnown));
  if (policy.length === 0) throw malformed('Syntax errors in policy.');
  if (policy.some(({ actions }) => actions.length === 0))
    throw malformed('Policy statement must contain actions.');
  asMalformed(() => checkStatementIds(policy));
  return policy;
}

/** Does something with a policy. @throws AwsError `MalformedPolicyDocument` with the sentence of its problem. */
function asMalformed<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof PolicyProblem || error instanceof SyntaxError) throw malformed(error.message);
    throw error;
  }
}

/** IAM's refusal of a document. */
function malformed(message: string): AwsError {
  return new AwsError('MalformedPolicyDocument', 400, message);
}
