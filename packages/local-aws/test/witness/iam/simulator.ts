import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Action, Caller, Verdict } from './decideHere.ts';

/** The part of the simulator's interface that is used here. */
interface Simulator {
  /** Decides on one call. */
  runSimulation(
    simulation: object,
    options: object,
  ): Promise<
    | { readonly resultType: 'error'; readonly errors: unknown }
    | { readonly resultType: 'single' | 'wildcard'; readonly overallResult: Verdict }
  >;
}

/**
 * The environment variable with the folder in which the simulator is installed. The simulator is no dependency of the repository,
 * because its licence is the AGPL.
 */
export const SIMULATOR_VARIABLE = 'SLUICE_IAM_SIMULATOR';
/** The package of the simulator. */
const PACKAGE = '@cloud-copilot/iam-simulate';

/** The simulators that were loaded, by their folder. */
const loaded = new Map<string, Promise<Simulator>>();

/** Loads the simulator that is installed in a folder, once. */
function simulatorIn(directory: string): Promise<Simulator> {
  const known = loaded.get(directory);
  if (known !== undefined) return known;
  const path = createRequire(join(directory, 'package.json')).resolve(PACKAGE);
  const simulator: Promise<Simulator> = import(pathToFileURL(path).href);
  loaded.set(directory, simulator);
  return simulator;
}

/**
 * The decision of an independent simulator of IAM; undefined where it is not installed.
 *
 * @throws Error for what it doesn't know: an action, a policy's element, a resource of the wrong kind.
 */
export async function witnessDecision(
  { principal, policies, resourceAccount, resourcePolicy, sessionPolicy }: Caller,
  { action, context }: Action,
  resource: string,
): Promise<Verdict | undefined> {
  const directory = process.env[SIMULATOR_VARIABLE];
  if (directory === undefined) return undefined;
  const { runSimulation } = await simulatorIn(directory);
  const result = await runSimulation(
    {
      request: {
        principal,
        action,
        resource: { resource, accountId: resourceAccount ?? principal.split(':')[4] ?? '' },
        contextVariables: {
          'aws:SecureTransport': 'true',
          ...(principal.startsWith('arn:') ? { 'aws:PrincipalArn': principal } : {}),
          ...context,
        },
      },
      identityPolicies: policies.map((policy, i) => ({ name: String(i), policy })),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      ...(resourcePolicy === undefined ? {} : { resourcePolicy }),
      ...(sessionPolicy === undefined ? {} : { sessionPolicy }),
    },
    {},
  );
  if (result.resultType === 'error')
    throw new Error(`${action} on ${resource}: ${JSON.stringify(result.errors)}`);
  return result.overallResult;
}
