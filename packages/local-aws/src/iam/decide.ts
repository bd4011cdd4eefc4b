import { channel } from 'node:diagnostics_channel';
import { AwsError } from '../protocol/AwsError.ts';
import type { EdgeCall } from '../protocol/AwsService.ts';
import { type Caller, isUnbound, type Signer } from './Caller.ts';
import type { NeededPermission } from './permissions.ts';
import {
  conditionsHold,
  matchesPattern,
  type Policy,
  type PolicyStatement,
  type RequestContext,
} from './policy.ts';

/** One action of a caller on one resource. */
export interface AccessRequest {
  /** Who makes the call, with the policies that limit the caller. */
  readonly caller: Caller;
  /** Name in IAM: `s3:GetObject`. */
  readonly action: string;
  /** ARN of the resource. */
  readonly resource: string;
  /** Condition keys of the request besides the caller's. */
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
  /** Account that owns the resource. */
  readonly owner: string;
  /** The resource's policy; undefined when it has none. */
  readonly resourcePolicy: Policy | undefined;
  /** Whether the resource's policy must allow every call, as for trust policies and keys. Default false. */
  readonly resourceDecides?: boolean;
}

/** Whether a request is allowed, or the reason why not. */
export type Decision = { readonly allowed: true } | { readonly allowed: false; readonly because: string };

/**
 * Decides like IAM: an explicit denial overrides everything. Within the resource's account, one policy that allows is
 * enough; across accounts both sides must allow. A session policy limits what the other policies allow. The exception,
 * a resource policy that names one session of a role, does not occur here: policies name roles only.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
 */
export function decide(request: AccessRequest): Decision {
  return publish(request, decideWithSession(request));
}

/** Publishes each decision, so that a subscriber sees which permissions a deployment really uses. */
const decisions = channel('local-aws:decisions');

/** Publishes the decision on a call. @returns The decision. */
function publish(request: AccessRequest, decision: Decision): Decision {
  decisions.publish({ ...request, ...decision });
  return decision;
}

/** Decides by all policies. The session's can only take away what the others allow. */
function decideWithSession(request: AccessRequest): Decision {
  const context = contextOf(request);
  const decision = decideWithoutSession(request, context);
  const { sessionPolicy } = request.caller;
  if (!decision.allowed || sessionPolicy === undefined) return decision;
  switch (policyEffect(sessionPolicy(), request, context, forEverybody)) {
    case 'Allow':
      return decision;
    case 'Deny':
      return denied(request, 'with an explicit deny in a session policy');
    default:
      return denied(request, `because no session policy allows the ${request.action} action`);
  }
}

/**
 * Decides a call that may list things: `database/*` stands for all databases, and it is enough that the caller may use one of
 * them. Glue's documents do not say more: policies of vendors name `catalog` and one database for GetDatabases. Any other call
 * is decided as {@link decide} does. It is one call, of which one decision is published.
 * https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html
 */
export function decideListing(request: AccessRequest): Decision {
  const decision = decideWithSession(request);
  return publish(request, decision.allowed || !mayUseOne(request) ? decision : { allowed: true });
}

/** Whether a call lists things, of which the caller may use one that its policies name. */
function mayUseOne(request: AccessRequest): boolean {
  const { action, resource, caller } = request;
  // In the key of an object, a star is a character and no wildcard.
  if (!resource.endsWith('/*') || action.startsWith('s3:')) return false;
  const [place, listed] = splitArn(resource);
  const { policies, boundary, sessionPolicy } = caller;
  // Whichever is the narrowest of them names what the caller may use.
  const limits = [...(policies?.() ?? []), boundary?.() ?? [], sessionPolicy?.() ?? []];
  const patterns = limits.flat().flatMap(({ resources = [] }) => resources);
  // A policy may leave the region or the account open.
  const examples = patterns
    .map((pattern) => splitArn(pattern)[1])
    .filter((named) => named.startsWith(listed.slice(0, -1)));
  return examples.some((named) => decideWithSession({ ...request, resource: `${place}:${named}` }).allowed);
}

/** An ARN up to its account, and the resource that it names there. */
function splitArn(arn: string): readonly [place: string, resource: string] {
  const parts = arn.split(':');
  return [parts.slice(0, 5).join(':'), parts.slice(5).join(':')];
}

/** Decides by all policies but the session's, in the order of IAM's evaluation. */
function decideWithoutSession(request: AccessRequest, context: RequestContext): Decision {
  const { caller, owner, resourcePolicy = [] } = request;
  const resourceEffect = policyEffect(resourcePolicy, request, context, matchesPrincipal);
  if (resourceEffect === 'Deny') return denied(request, 'with an explicit deny in a resource-based policy');
  if (request.resourceDecides === true && resourceEffect !== 'Allow')
    return denied(request, `because no resource-based policy allows the ${request.action} action`);
  const isSameAccount = caller.account === owner;
  if (isSameAccount && (caller.deployed === true || caller.policies === undefined)) return { allowed: true };
  const identityEffect =
    caller.policies === undefined
      ? 'Allow'
      : policyEffect(caller.policies().flat(), request, context, forEverybody);
  if (identityEffect === 'Deny') return denied(request, 'with an explicit deny in an identity-based policy');
  const limit =
    caller.boundary === undefined ? 'Allow' : policyEffect(caller.boundary(), request, context, forEverybody);
  if (limit === 'Deny') return denied(request, 'with an explicit deny in a permissions boundary');
  // A statement for the account delegates to the account's own policies; one for the caller itself is enough.
  const isNamed = isSameAccount && policyEffect(resourcePolicy, request, context, matchesCaller) === 'Allow';
  if (!isSameAccount && resourceEffect !== 'Allow')
    return denied(request, `because no resource-based policy allows the ${request.action} action`);
  if (identityEffect !== 'Allow' && !isNamed)
    return denied(request, `because no identity-based policy allows the ${request.action} action`);
  // A boundary does not limit what a resource's policy grants to a user by name.
  if (limit !== 'Allow' && !(isNamed && caller.arn.includes(':user/')))
    return denied(request, `because no permissions boundary allows the ${request.action} action`);
  return { allowed: true };
}

/** The policies of an identity name no principals: every statement is for the identity. */
const forEverybody = () => true;

/**
 * The effect of a policy on a request; undefined when no statement applies.
 *
 * @param isFor Whether a statement is for the caller.
 */
function policyEffect(
  policy: Policy,
  request: AccessRequest,
  context: RequestContext,
  isFor: (statement: PolicyStatement, caller: Caller) => boolean,
): 'Allow' | 'Deny' | undefined {
  let effect: 'Allow' | undefined;
  for (const statement of policy) {
    if (!isFor(statement, request.caller)) continue;
    if (!matchesRequest(statement, request) || !conditionsHold(statement.conditions, context)) continue;
    if (statement.effect === 'Deny') return 'Deny';
    effect = 'Allow';
  }
  return effect;
}

/**
 * Whether a statement is for a caller or for its account.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
 */
function matchesPrincipal(statement: PolicyStatement, caller: Caller): boolean {
  const { account } = caller;
  if (matchesCaller(statement, caller)) return true;
  return (statement.principals ?? []).some(
    (principal) =>
      principal === account || (principal.endsWith(`::${account}:root`) && principal.startsWith('arn:')),
  );
}

/** Whether a statement names a caller, or is for everybody. */
function matchesCaller({ principals = [] }: PolicyStatement, { arn }: Caller): boolean {
  return principals.some((principal) => principal === '*' || principal === arn);
}

/** Whether a statement is about the action and the resource of a request. */
function matchesRequest(statement: PolicyStatement, { action, resource }: AccessRequest): boolean {
  const name = action.toLowerCase();
  const isActionListed = statement.actions.some((pattern) => matchesPattern(pattern, name));
  if (isActionListed === statement.notActions) return false;
  if (statement.resources === undefined) return true;
  const isResourceListed = statement.resources.some((pattern) => matchesPattern(pattern, resource));
  return isResourceListed !== statement.notResources;
}

/** The condition keys of a request. Loopback has no TLS but counts as TLS: on AWS the same call would use it. */
function contextOf({ caller, owner, context = {} }: AccessRequest): RequestContext {
  return new Map(
    Object.entries({
      'aws:securetransport': 'true',
      'aws:principalarn': caller.arn,
      'aws:principalaccount': caller.account,
      'aws:resourceaccount': owner,
      's3:resourceaccount': owner,
      'aws:viaawsservice': 'false',
      'aws:principalisawsservice': 'false',
      ...Object.fromEntries(Object.entries(context).map(([key, value]) => [key.toLowerCase(), value])),
    }),
  );
}

/**
 * The sentence of a refusal. S3 quotes the resource: https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html.
 * SQS writes the action in lower case: https://github.com/aws/serverless-application-model/issues/3633.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
 */
function denied({ caller, action, resource }: AccessRequest, because: string): Decision {
  const principal = caller.sessionArn ?? caller.arn;
  const named = action.startsWith('s3:') ? `"${resource}"` : resource;
  const sentence = `User: ${principal} is not authorized to perform: ${action} on resource: ${named} ${because}`;
  return {
    allowed: false,
    because: action.startsWith('sqs:') ? sentence.replaceAll(action, action.toLowerCase()) : sentence,
  };
}

/** Services that have resources in every account and check permissions themselves. */
const OF_ALL_ACCOUNTS: ReadonlySet<string> = new Set(['s3', 'kms', 'iam', 'sts']);

/**
 * The error with which a service refuses a call. Athena names neither the caller nor the resource:
 * https://github.com/dbeaver/dbeaver/issues/21424. In the text of SQS's JSON protocol the code is `AccessDenied`, see
 * sqs/errors.ts.
 */
function refusal({ service, operation }: Pick<EdgeCall, 'service' | 'operation'>, because: string): AwsError {
  switch (service) {
    case 'cloudformation':
      return new AwsError('AccessDenied', 403, because);
    case 'athena':
      return new AwsError(
        'AccessDeniedException',
        400,
        `You are not authorized to perform: athena:${operation} on the resource. After your AWS administrator or you have updated your permissions, please try again.`,
      );
    default:
      return new AwsError('AccessDeniedException', 400, because);
  }
}

/**
 * Guards the services of the deployment's account (Glue, queues, streams, Athena, secrets, the stack) as AWS does.
 * Callers of the account, roles created in it and sessions may do what their policies allow. Other accounts may do what
 * they and the policy of the resource allow, and call what needs no permission.
 *
 * @returns A function that throws AwsError `AccessDeniedException` for a call that is not allowed; `AccessDenied` for one of
 *   CloudFormation.
 */
export function identityPolicyGuard(options: {
  /** Tells who a signer is. */
  readonly callerOf: (signer: Signer) => Caller;
  /** The permissions that a call needs; empty for a call that needs none. */
  readonly needsOf: (call: EdgeCall) => readonly NeededPermission[];
  /** The deployment's account. */
  readonly account: string;
  /** The policy of a resource, by its ARN: its denials are for the root, too. Default: none has one. */
  readonly resourcePolicy?: ((arn: string) => Policy | undefined) | undefined;
}): (call: EdgeCall) => void {
  return (call) => {
    if (OF_ALL_ACCOUNTS.has(call.service)) return;
    const caller = options.callerOf(call);
    const isOwn = caller.account === options.account;
    if (isOwn && isUnbound(caller) && options.resourcePolicy === undefined) return;
    for (const need of options.needsOf(call)) {
      const resourcePolicy = options.resourcePolicy?.(need.resource);
      const decision = decideListing({ caller, ...need, owner: options.account, resourcePolicy });
      if (!decision.allowed) throw refusal(call, decision.because);
    }
  };
}
