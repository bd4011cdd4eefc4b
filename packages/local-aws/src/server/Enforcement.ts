import type { Clock } from '../base/clock.ts';
import type { RuleTarget } from '../events/index.ts';
import { type Caller, inSession, isUnbound } from '../iam/Caller.ts';
import { type AccessRequest, type Decision, decideListing } from '../iam/decide.ts';
import type { Call, NeededPermission, ServiceRefusal } from '../iam/permissions.ts';
import { type Policy, readPolicy } from '../iam/policy.ts';
import type { Roles } from '../iam/Roles.ts';
import { type Keys, keyPolicy } from '../kms/Keys.ts';
import type { QueueAction } from '../lambda/EventSourceMapping.ts';
import { AwsError } from '../protocol/AwsError.ts';
import type { ObjectStore } from '../s3/model/ObjectStore.ts';
import { bucketPolicy } from '../s3/wire/authorize.ts';
import type { Schedule } from '../scheduler/index.ts';
import type { DeployedFunction } from '../template/Deployment.ts';
import { routeSource } from '../template/readDeployment.ts';
import type { ResolvedTemplate } from '../template/resolveTemplate.ts';
import { policiesAtResources } from '../template/resourcePolicies.ts';

/** Refusals with different sentences that are kept. The one that occurred longest ago goes first. */
const MOST_REFUSALS = 100;

/** Athena's calls carry its name: https://docs.aws.amazon.com/athena/latest/ug/security-iam-athena-calledvia.html */
const CALLED_VIA_ATHENA = {
  'aws:CalledVia': ['athena.amazonaws.com'],
  'aws:CalledViaFirst': 'athena.amazonaws.com',
  'aws:CalledViaLast': 'athena.amazonaws.com',
  'aws:ViaAWSService': 'true',
};

/** A service's call was refused. The refusal is in the status; the service behaves as it does on AWS. */
export class RefusedCall extends AwsError {}

/** Options of {@link Enforcement}. */
interface EnforcementOptions {
  /** The roles and users of the template. */
  readonly roles: Roles;
  /** The buckets, whose policies take part in decisions. */
  readonly store: ObjectStore;
  /** The keys, whose policies take part in decisions. */
  readonly keys: Keys;
  /** The deployment's account. */
  readonly account: string;
  /** The clock of times of refusals. */
  readonly clock: Clock;
  /** Receives each sentence of a refusal that is not among those that are kept. */
  readonly onRefusal: (sentence: string) => void;
}

/** Who owns a resource, and what its own policy says. */
type ResourceAccess = Pick<AccessRequest, 'owner' | 'resourcePolicy' | 'resourceDecides'>;

/**
 * Decides the calls that services make: Athena for its callers, Firehose, Lambda and Scheduler with roles, and EventBridge
 * and API Gateway by the policies of queues and functions. Policies are read at each call, because an update of the stack
 * replaces them.
 */
export class Enforcement {
  readonly #options: EnforcementOptions;
  /** By sentence, the latest last. `lastMs`: epoch milliseconds. */
  readonly #refusals = new Map<string, { readonly count: number; readonly lastMs: number }>();
  /** The policies that were read from trust documents. An update of the stack brings other documents. */
  readonly #trusts = new WeakMap<object, Policy>();
  /** Policies of queues and functions, by ARN. */
  #atResources: ReadonlyMap<string, Policy> = new Map();
  #standing: readonly Call[] = [];

  constructor(options: EnforcementOptions) {
    this.#options = options;
  }

  /**
   * Replaces the policies of queues and functions.
   *
   * @param standing The calls that the configuration causes: who may be trusted with which role, and under which
   *   condition keys.
   */
  deploy(resolved: ResolvedTemplate, standing: readonly Call[]): void {
    this.#standing = standing;
    this.#atResources = policiesAtResources(resolved);
  }

  /** The refused calls of services, the latest last. */
  refusals(): readonly ServiceRefusal[] {
    return [...this.#refusals].map(([reason, { count, lastMs }]) => ({
      reason,
      count,
      lastAt: new Date(lastMs).toISOString(),
    }));
  }

  /** The policy of a queue or function; undefined for none. */
  resourcePolicy(arn: string): Policy | undefined {
    return this.#atResources.get(arn);
  }

  /**
   * Requires that the submitter of a query may make the calls that Athena makes for it. A refusal fails the query, which
   * shows it, so it is not among the refusals of the status.
   *
   * @throws RefusedCall
   */
  requireQuery(caller: Caller, needed: readonly NeededPermission[]): void {
    if (isUnbound(caller)) return;
    for (const permission of needed) {
      const decision = this.#decide(caller, permission, CALLED_VIA_ATHENA);
      if (!decision.allowed) throw refusedCall(permission, decision.because);
    }
  }

  /**
   * Requires that a service may assume a role, and that the role has permissions.
   *
   * @param session Name of the session, as refusals show it.
   * @throws RefusedCall
   */
  requireRole(service: string, role: string, session: string, needed: readonly NeededPermission[]): void {
    const known = this.#options.roles.caller(role);
    // A role of another stack, or one that exists on AWS only.
    if (known === undefined) return;
    const trust = this.#standing.find(
      ({ principal, operation, permissions }) =>
        principal === service && operation === 'AssumeRole' && permissions[0]?.resource === role,
    );
    const assume = trust?.permissions ?? [{ action: 'sts:AssumeRole', resource: role, context: {} }];
    this.#require(servicePrincipal(service), assume);
    this.#require(inSession(known, session), needed);
  }

  /** Requires that a function's role may make a call of Lambda's poller. @throws RefusedCall */
  requireQueue(role: string, functionName: string, action: QueueAction, queueArn: string): void {
    const polled = this.#standing.find(
      ({ principal, service, operation, permissions }) =>
        principal === role &&
        service === 'sqs' &&
        operation === action &&
        permissions[0]?.resource === queueArn,
    );
    const needed = [{ action: `sqs:${action}`, resource: queueArn, context: {} }];
    this.requireRole('lambda.amazonaws.com', role, functionName, polled?.permissions ?? needed);
  }

  /** Whether Lambda may assume the role of a function. */
  canAssume({ name, role }: DeployedFunction): boolean {
    return isAllowed(() => this.requireRole('lambda.amazonaws.com', role, name, []));
  }

  /** Whether the role of a function may write its logs. */
  canLog({ name, role }: DeployedFunction): boolean {
    const needed = this.#standing
      .filter(({ principal, service }) => principal === role && service === 'logs')
      .flatMap(({ permissions }) => permissions)
      .filter(({ resource }) => resource.includes(`:/aws/lambda/${name}:`));
    return isAllowed(() => this.requireRole('lambda.amazonaws.com', role, name, needed));
  }

  /** Whether the policy of a function lets API Gateway invoke it for a route. */
  mayInvoke(functionName: string, routeKey: string): boolean {
    const needed = this.#standing
      .filter(({ principal }) => principal === 'apigateway.amazonaws.com')
      .flatMap(({ permissions }) => permissions)
      .find(
        ({ resource, context }) =>
          resource.endsWith(`:function:${functionName}`) &&
          context['aws:SourceArn']?.endsWith(`/${routeSource(routeKey)}`) === true,
      );
    if (needed === undefined) return true;
    return isAllowed(() => this.#require(servicePrincipal('apigateway.amazonaws.com'), [needed]));
  }

  /**
   * Where EventBridge may send an event: the target of a rule, else its dead-letter queue, else nowhere. It does not try
   * again without permission. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
   */
  reachableQueue({ arn, deadLetterArn, ruleArn }: RuleTarget): string | undefined {
    const context = { 'aws:SourceAccount': this.#options.account, 'aws:SourceArn': ruleArn };
    const events = servicePrincipal('events.amazonaws.com');
    return [arn, deadLetterArn].find(
      (resource) =>
        resource !== undefined &&
        isAllowed(() => this.#require(events, [{ action: 'sqs:SendMessage', resource, context }])),
    );
  }

  /**
   * The resource that a schedule's role may call: the target, else the dead-letter queue, else undefined.
   * https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
   */
  reachableTarget({ name, roleArn, targetArn, deadLetterArn }: Schedule): string | undefined {
    return [targetArn, deadLetterArn].find((resource) => {
      if (resource === undefined) return false;
      const action = resource.includes(':lambda:') ? 'lambda:InvokeFunction' : 'sqs:SendMessage';
      return isAllowed(() =>
        this.requireRole('scheduler.amazonaws.com', roleArn, name, [{ action, resource, context: {} }]),
      );
    });
  }

  /** Checks each permission that a call needs. @throws AwsError of the service */
  #require(caller: Caller, needed: readonly NeededPermission[]): void {
    for (const permission of needed) {
      const decision = this.#decide(caller, permission);
      if (decision.allowed) continue;
      this.#note(decision.because);
      throw refusedCall(permission, decision.because);
    }
  }

  /** Decides on one permission of a caller. @param moreContext Condition keys besides the permission's own. */
  #decide(
    caller: Caller,
    { action, resource, context }: NeededPermission,
    moreContext: AccessRequest['context'] = {},
  ): Decision {
    const isService = caller.account.endsWith('.amazonaws.com');
    return decideListing({
      caller,
      action,
      resource,
      context: { ...context, ...moreContext, ...(isService ? { 'aws:PrincipalIsAWSService': 'true' } : {}) },
      ...this.#accessTo(resource),
    });
  }

  /** The owner of a resource, and the policy that is attached to it. */
  #accessTo(arn: string): ResourceAccess {
    const { account, store, keys, roles } = this.#options;
    const [, , service, , owner = '', name = ''] = arn.split(':');
    if (service === 's3') {
      const [bucketName = ''] = name.split('/');
      if (!store.hasBucket(bucketName)) return { owner: account, resourcePolicy: undefined };
      const bucket = store.bucket(bucketName);
      return { owner: bucket.info.account, resourcePolicy: bucketPolicy(bucket) };
    }
    if (service === 'kms') {
      const key = keys.find(arn);
      // The policy of a key that exists on AWS only is unknown: the caller's own policies decide.
      return key === undefined
        ? { owner: account, resourcePolicy: undefined }
        : { owner: key.account, resourcePolicy: keyPolicy(key), resourceDecides: true };
    }
    if (service === 'iam')
      return { owner, resourcePolicy: this.#trust(roles.trust(arn)), resourceDecides: true };
    return { owner: owner === '' ? account : owner, resourcePolicy: this.#atResources.get(arn) };
  }

  /** The policy in a role's trust document. An unknown role has no document, and trusts nobody. */
  #trust(document: unknown): Policy {
    if (typeof document !== 'object' || document === null) return [];
    const known = this.#trusts.get(document);
    if (known !== undefined) return known;
    const policy = readPolicy(document);
    this.#trusts.set(document, policy);
    return policy;
  }

  /** Counts a refusal by its sentence. The oldest is forgotten where there are too many. */
  #note(reason: string): void {
    const { clock, onRefusal } = this.#options;
    const before = this.#refusals.get(reason);
    if (before === undefined) onRefusal(reason);
    this.#refusals.delete(reason);
    this.#refusals.set(reason, { count: (before?.count ?? 0) + 1, lastMs: clock.now() });
    if (this.#refusals.size <= MOST_REFUSALS) return;
    const [oldest] = this.#refusals.keys();
    if (oldest !== undefined) this.#refusals.delete(oldest);
  }
}

/** Whether a requirement is met. Errors other than a refusal are thrown. */
function isAllowed(require: () => void): boolean {
  try {
    require();
    return true;
  } catch (error) {
    if (error instanceof RefusedCall) return false;
    throw error;
  }
}

/** A service has no policies of its own: the resource's policy decides. */
function servicePrincipal(service: string): Caller {
  return { arn: service, account: service };
}

/** The refusal, with the code and the status of the service whose action it is. */
function refusedCall({ action }: NeededPermission, because: string): RefusedCall {
  return /^(?:s3|kms|sts):/.test(action)
    ? new RefusedCall('AccessDenied', 403, because)
    : new RefusedCall('AccessDeniedException', 400, because);
}
