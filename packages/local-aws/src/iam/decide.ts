import { AwsError } from '../protocol/AwsError.ts';
import type { EdgeCall } from '../protocol/AwsService.ts';
import { type Caller, isUnbound } from './Caller.ts';
import type { NeededPermission } from './permissions.ts';
import {
  conditionsHold,
  matchesPattern,
  type Policy,
  type PolicyStatement,
  type RequestContext,
} from './policy.ts';

/** One action on one resource, asked by someone. */
export interface AccessRequest {
  readonly caller: Caller;
  /** IAM's name: `s3:GetObject`. */
  readonly action: string;
  /** ARN. */
  readonly resource: string;
  /** What the request carries besides what the caller itself tells. */
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
  /** Whose the resource is. */
  readonly owner: string;
  /** What stands at the resource; undefined where nothing does. */
  readonly resourcePolicy: Policy | undefined;
  /** Nobody gets by without its word, as with the trust of a role and the policy of a key. Default false. */
  readonly resourceDecides?: boolean;
}

/** Whether a request is allowed, and if not, why. */
export type Decision = { readonly allowed: true } | { readonly allowed: false; readonly because: string };

/**
 * Decides as IAM does: an explicit denial counts before everything; in the account of the resource one side's word is
 * enough, across accounts it takes both. A session policy limits what the others allow, by whomever: policies name roles
 * here, never one session of a role, which alone a session policy would not limit.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
 */
export function decide(request: AccessRequest): Decision {
  const context = contextOf(request);
  const decision = decideWithoutSession(request, context);
  const { sessionPolicy } = request.caller;
  if (!decision.allowed || sessionPolicy === undefined) return decision;
  switch (policyEffect(sessionPolicy(), request, context, () => true)) {
    case 'Allow':
      return decision;
    case 'Deny':
      return denied(request, 'with an explicit deny in a session policy');
    default:
      return denied(request, `because no session policy allows the ${request.action} action`);
  }
}

function decideWithoutSession(request: AccessRequest, context: RequestContext): Decision {
  const { caller, owner, resourcePolicy = [] } = request;
  const resourceEffect = policyEffect(resourcePolicy, request, context, matchesPrincipal);
  if (resourceEffect === 'Deny') return denied(request, 'with an explicit deny in a resource-based policy');
  if (request.resourceDecides === true && resourceEffect !== 'Allow')
    return denied(request, `because no resource-based policy allows the ${request.action} action`);
  const same = caller.account === owner;
  if (same && (caller.deployed === true || caller.policies === undefined)) return { allowed: true };
  const own = caller.policies === undefined ? 'Allow' : identityEffect(caller.policies(), request, context);
  if (own === 'Deny') return denied(request, 'with an explicit deny in an identity-based policy');
  if (same) {
    // A statement for the account leaves it to the account's own policies; one for the caller itself is enough.
    return own === 'Allow' || policyEffect(resourcePolicy, request, context, matchesCaller) === 'Allow'
      ? { allowed: true }
      : denied(request, `because no identity-based policy allows the ${request.action} action`);
  }
  if (resourceEffect !== 'Allow')
    return denied(request, `because no resource-based policy allows the ${request.action} action`);
  return own === 'Allow'
    ? { allowed: true }
    : denied(request, `because no identity-based policy allows the ${request.action} action`);
}

function identityEffect(policies: readonly Policy[], request: AccessRequest, context: RequestContext) {
  return policyEffect(policies.flat(), request, context, () => true);
}

/** What a policy says: undefined when nothing of this request. */
function policyEffect(
  policy: Policy,
  request: AccessRequest,
  context: RequestContext,
  isFor: (statement: PolicyStatement, caller: Caller) => boolean,
): 'Allow' | 'Deny' | undefined {
  let says: 'Allow' | undefined;
  for (const statement of policy) {
    if (!isFor(statement, request.caller)) continue;
    if (!matchesRequest(statement, request) || !conditionsHold(statement.conditions, context)) continue;
    if (statement.effect === 'Deny') return 'Deny';
    says = 'Allow';
  }
  return says;
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html */
function matchesPrincipal(statement: PolicyStatement, caller: Caller): boolean {
  const { account } = caller;
  if (matchesCaller(statement, caller)) return true;
  return (statement.principals ?? []).some(
    (principal) =>
      principal === account || (principal.endsWith(`::${account}:root`) && principal.startsWith('arn:')),
  );
}

function matchesCaller({ principals = [] }: PolicyStatement, { arn }: Caller): boolean {
  return principals.some((principal) => principal === '*' || principal === arn);
}

function matchesRequest(statement: PolicyStatement, { action, resource }: AccessRequest): boolean {
  const named = statement.actions.some((pattern) => matchesPattern(pattern, action.toLowerCase()));
  if (named === statement.notActions) return false;
  if (statement.resources === undefined) return true;
  const meant = statement.resources.some((pattern) => matchesPattern(pattern, resource));
  return meant !== statement.notResources;
}

/** Loopback carries no TLS and counts as if it did: on AWS the same call would. */
function contextOf({ caller, owner, context = {} }: AccessRequest): RequestContext {
  return new Map(
    Object.entries({
      'aws:securetransport': 'true',
      'aws:principalarn': caller.arn,
      'aws:principalaccount': caller.account,
      'aws:resourceaccount': owner,
      'aws:viaawsservice': 'false',
      'aws:principalisawsservice': 'false',
      ...Object.fromEntries(Object.entries(context).map(([key, value]) => [key.toLowerCase(), value])),
    }),
  );
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html */
function denied({ caller, action, resource }: AccessRequest, because: string): Decision {
  return {
    allowed: false,
    because: `User: ${caller.arn} is not authorized to perform: ${action} on resource: "${resource}" ${because}`,
  };
}

/** Services that have something of every account, and judge by themselves who may do what. */
const OF_ALL_ACCOUNTS: ReadonlySet<string> = new Set(['s3', 'kms', 'iam', 'sts']);

/** Of the protocols that answer in XML; the others say `AccessDeniedException`. */
const QUERY_SERVICES: ReadonlySet<string> = new Set(['cloudformation']);

/**
 * Guards the services that belong to the deployment's account (Glue, queues, streams, Athena, secrets, the stack) as AWS
 * does: callers of the account, roles made in it and sessions as far as their policies allow, and no other account.
 *
 * @returns What throws AwsError `AccessDeniedException` for a call that is not allowed.
 */
export function identityPolicyGuard(options: {
  readonly callerOf: (accessKeyId: string) => Caller;
  readonly needsOf: (call: EdgeCall) => readonly NeededPermission[];
  /** The deployment's. */
  readonly account: string;
}): (call: EdgeCall) => void {
  return (call) => {
    if (OF_ALL_ACCOUNTS.has(call.service)) return;
    const caller = options.callerOf(call.accessKeyId);
    if (caller.account === options.account && isUnbound(caller)) return;
    for (const need of options.needsOf(call)) {
      const decision = decide({ caller, ...need, owner: options.account, resourcePolicy: undefined });
      if (decision.allowed) continue;
      throw QUERY_SERVICES.has(call.service)
        ? new AwsError('AccessDenied', 403, decision.because)
        : new AwsError('AccessDeniedException', 400, decision.because);
    }
  };
}
