import { appendFileSync } from 'node:fs';
import { expect } from '@jest/globals';
import { decide, readPolicy } from '../../../packages/local-aws/src/iam/index.ts';
import {
  type Action,
  type Caller,
  type Document,
  decideHere,
  type Verdict,
} from '../../../packages/local-aws/test/witness/iam/decideHere.ts';
import { witnessDecision } from '../../../packages/local-aws/test/witness/iam/simulator.ts';
import { requireKnownCall } from './actionReference.ts';

export type {
  Caller,
  Document,
  Verdict,
} from '../../../packages/local-aws/test/witness/iam/decideHere.ts';

/** One call, with every resource that AWS checks for it: Glue a table's database and catalogue too. */
export interface Call extends Action {
  /** ARNs of the resources, in the order in which AWS checks them. */
  readonly resources: readonly string[];
}

/** `npm run test:aws -- --update-actions` collects here which actions the tests ask for. */
const ASKED_FILE = process.env['SLUICE_ASKED_ACTIONS'];

/**
 * AWS's decision on a call, as the local cloud's IAM sees it: the first refusal, in the order of the resources, or
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

/**
 * Finds calls that are decided on otherwise than a test expects.
 *
 * @param expected How the verdict ends: `Denied` is either of both denials.
 * @returns Each of them as a text with its verdict.
 */
export async function decidedOtherwise(
  calls: readonly Call[],
  expected: Verdict | 'Denied',
  decideOn: (call: Call) => Promise<Verdict>,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const call of calls) {
    const verdict = await decideOn(call);
    const { action, resources, context = {} } = call;
    if (!verdict.endsWith(expected))
      found.push(`${verdict}: ${action} ${resources.at(-1)} ${Object.values(context).join()}`);
  }
  return found;
}

/** Expects that no call is {@link decidedOtherwise}. */
export async function decides(...of: Parameters<typeof decidedOtherwise>): Promise<void> {
  expect(await decidedOtherwise(...of)).toEqual([]);
}

/** `database/*` stands for the databases that there are: it is enough that one is allowed. */
function decideAny(caller: Caller, call: Call, resource: string): Verdict {
  const verdict = decideHere(caller, call, resource);
  if (verdict === 'Allowed' || resource === '*' || !resource.endsWith('*')) return verdict;
  const named = caller.policies
    .flatMap((policy) => readPolicy(policy, () => true))
    .flatMap(({ resources = [] }) => resources);
  const examples = named.filter((arn) => arn.startsWith(resource.slice(0, -1)));
  return examples.some((example) => decideHere(caller, call, example) === 'Allowed') ? 'Allowed' : verdict;
}

/** Whether policies of an identity allow an action, as the local cloud's IAM alone sees it: the simulator knows no HTTP APIs. */
export function isAllowedBy(
  policies: readonly Document[],
  action: string,
  resource: string,
  context: Readonly<Record<string, string | string[]>>,
): boolean {
  const read = policies.map((policy) => readPolicy(policy, () => true));
  const account = '111122223333';
  const caller = { arn: `arn:aws:iam::${account}:role/ci`, account, policies: () => read };
  return decide({ caller, action, resource, context, owner: account, resourcePolicy: undefined }).allowed;
}
