import { type Decision, decide, type Policy, readPolicy } from '../../../src/iam/index.ts';

/** A policy. */
export interface Document {
  /** The version of its language. */
  readonly Version: '2012-10-17';
  /** Its statements. */
  readonly Statement: readonly object[];
}

/** A caller, and every policy that counts. */
export interface Caller {
  /** ARN of a role or user, or a service: `ec2.amazonaws.com`. */
  readonly principal: string;
  /** The caller's own policies. */
  readonly policies: readonly Document[];
  /** The account of the resource. Default: the caller's account. */
  readonly resourceAccount?: string;
  /** Policy of the resource. Default: none. */
  readonly resourcePolicy?: Document | undefined;
  /** Policy of a role's session. Default: no session policy. */
  readonly sessionPolicy?: Document | undefined;
}

/** IAM's decision on one action on one resource. */
export type Verdict = 'Allowed' | 'ExplicitlyDenied' | 'ImplicitlyDenied';

/** An action to call. */
export interface Action {
  /** Name of the action, with its service's prefix. */
  readonly action: string;
  /** Values of condition keys. Default: none. */
  readonly context?: Readonly<Record<string, string | string[]>>;
}

/** The emulator's decision on an action on a resource. */
export function decideHere(caller: Caller, { action, context = {} }: Action, resource: string): Verdict {
  const { principal, policies, resourcePolicy, sessionPolicy } = caller;
  const account = principal.split(':')[4] ?? '';
  const decision = decide({
    caller: {
      arn: principal,
      account,
      // A service has no policies of its own: what stands at the resource decides.
      policies: principal.startsWith('arn:') ? () => policies.map(read) : undefined,
      sessionPolicy: sessionPolicy === undefined ? undefined : () => read(sessionPolicy),
    },
    action,
    resource,
    context,
    owner: caller.resourceAccount ?? account,
    resourcePolicy: resourcePolicy === undefined ? undefined : read(resourcePolicy),
    // Nobody uses a key or becomes a role without the word of its own policy.
    resourceDecides:
      /^arn:aws[\w-]*:kms:.*:key\//.test(resource) ||
      (action.startsWith('sts:') && resourcePolicy !== undefined),
  });
  return verdictOf(decision);
}

/** A decision in the simulator's words. */
function verdictOf(decision: Decision): Verdict {
  if (decision.allowed) return 'Allowed';
  return decision.because.includes('with an explicit deny') ? 'ExplicitlyDenied' : 'ImplicitlyDenied';
}

/** The policies that were read, by their documents. */
const alreadyRead = new WeakMap<Document, Policy>();

/** Reads a policy. Any condition key is known: the context of a call is complete here, so that a key that it lacks is absent. */
function read(document: Document): Policy {
  const known = alreadyRead.get(document) ?? readPolicy(document, () => true);
  alreadyRead.set(document, known);
  return known;
}
