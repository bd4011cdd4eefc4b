import { appendFileSync } from 'node:fs';
import { type Decision, decide, type Policy, readPolicy } from '../../../packages/local-aws/src/iam/index.ts';
import { requireKnownCall } from './actionReference.ts';
import { witnessDecision } from './iamWitness.ts';

/** A policy, of lib/access or read out of a template. */
export interface Document {
  readonly Version: '2012-10-17';
  readonly Statement: readonly object[];
}

/** One call, with every resource that AWS checks for it: Glue a table's database and catalogue too. */
export interface Call {
  readonly action: string;
  readonly resources: readonly string[];
  readonly context?: Readonly<Record<string, string | string[]>>;
}

/** Who calls, and every policy that has a say. */
export interface Caller {
  /** ARN of a role or user, or a service: `ec2.amazonaws.com`. */
  readonly principal: string;
  readonly policies: readonly Document[];
  /** The account of the resource. Default that of the caller. */
  readonly resourceAccount?: string;
  readonly resourcePolicy?: Document | undefined;
  /** What a session of a role was narrowed to. Default nothing. */
  readonly sessionPolicy?: Document | undefined;
}

/** What IAM says of one action on one resource. */
export type Verdict = 'Allowed' | 'ExplicitlyDenied' | 'ImplicitlyDenied';

/** `npm run test:aws -- --update-actions` collects here which actions the tests ask for. */
const ASKED_FILE = process.env['SLUICE_ASKED_ACTIONS'];

/**
 * What AWS would decide, as the local cloud's IAM sees it: the first refusal, in the order of the resources, or
 * `Allowed`. Under `npm run test:aws` an independent simulator decides too.
 *
 * @throws Error for what IAM doesn't know: an action, a policy's element, a resource of the wrong kind; and where the
 * simulator decides otherwise.
 */
export async function decideCall(caller: Caller, call: Call): Promise<Verdict> {
  for (const resource of call.resources) {
    if (ASKED_FILE === undefined) requireKnownCall(call.action, resource);
    else appendFileSync(ASKED_FILE, `${call.action}\n`);
    const verdict = decideAny(caller, call, resource);
    const other = await witnessDecision(caller, call, resource);
    if (other !== undefined && other !== verdict)
      throw new Error(
        `${caller.principal} calls ${call.action} on ${resource}: ${verdict} here, ${other} for the simulator.`,
      );
    if (verdict !== 'Allowed') return verdict;
  }
  return 'Allowed';
}

/** `database/*` stands for the databases that there are: it is enough that one is allowed. */
function decideAny(caller: Caller, call: Call, resource: string): Verdict {
  const verdict = decideOne(caller, call, resource);
  if (verdict === 'Allowed' || resource === '*' || !resource.endsWith('*')) return verdict;
  const named = caller.policies.flatMap(read).flatMap(({ resources = [] }) => resources);
  const examples = named.filter((one) => one.startsWith(resource.slice(0, -1)));
  return examples.some((one) => decideOne(caller, call, one) === 'Allowed') ? 'Allowed' : verdict;
}

function decideOne(caller: Caller, { action, context = {} }: Call, resource: string): Verdict {
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
    ...{ action, resource, context },
    owner: caller.resourceAccount ?? account,
    resourcePolicy: resourcePolicy === undefined ? undefined : read(resourcePolicy),
    // Nobody uses a key or becomes a role without the word of its own policy.
    resourceDecides:
      /^arn:aws[\w-]*:kms:.*:key\//.test(resource) ||
      (action.startsWith('sts:') && resourcePolicy !== undefined),
  });
  return verdictOf(decision);
}

function verdictOf(decision: Decision): Verdict {
  if (decision.allowed) return 'Allowed';
  return decision.because.includes('with an explicit deny') ? 'ExplicitlyDenied' : 'ImplicitlyDenied';
}

const alreadyRead = new WeakMap<Document, Policy>();

/** The context of a call is complete here, so that a key that it lacks is absent. */
function read(document: Document): Policy {
  const known = alreadyRead.get(document) ?? readPolicy(document, () => true);
  alreadyRead.set(document, known);
  return known;
}
