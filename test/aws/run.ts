// `npm run test:aws`: policies and packaged templates before judges that know nothing of us: a simulator of IAM, which
// npm installs, and cfn-lint and moto, which pip installs. Judges that can't be installed are named and not counted.
// The last line is `N passed, N failed`.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { REGIONS } from '../../lib/schema/regions.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import {
  parseTemplate,
  resolveTemplate,
  type Template,
} from '../../packages/local-aws/src/template/index.ts';
import { preparePackages } from '../harness/nodePackages.ts';
import { preparePython, run } from '../harness/python.ts';
import { REGISTRY, REGISTRY_FILE, registrySchema } from '../infra/handlerCalls.ts';
import { packageTemplate } from '../infra/packageTemplate.ts';
import { templateConfigurations } from '../infra/templateConfigurations.ts';
import { readActions } from '../lib/access/actionReference.ts';
import { forMoto, MADE_BY_API } from './forMoto.ts';
import { installedActions, runSuites, updateActions } from './iamWitness.ts';

const STEP_MS = 180_000;
/** Configurations that are deployed as well; moto plays one region. */
const DEPLOYED = ['default', 'all readers'];
/** `DependsOn` beside a reference that has the same effect: Serverless writes it, and so do we where it says why. */
const LINT_IGNORES = 'W3005';
const closingSchema = z.strictObject({ passed: z.int(), failed: z.int() });

const say = (text: string) => process.stdout.write(`${text}\n`);
const total = { passed: 0, failed: 0 };
const directory = mkdtempSync(join(tmpdir(), 'sluice-aws-'));
try {
  const packages = preparePackages('packages/local-aws/test/witness/iam/packages', 'the simulator of IAM');
  if ('missing' in packages) {
    say(`The simulator of IAM is skipped: ${packages.missing}.`);
    judgeSuites(null);
  } else await judgePolicies(packages.directory);
  const python = preparePython('test/aws', 'moto');
  if ('missing' in python) say(`cfn-lint and moto are skipped: ${python.missing}.`);
  else await judge(python.bin);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
say(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;

/** The tests of policies, with the simulator beside the local cloud's IAM: both have to agree on every call. */
async function judgePolicies(simulator: string): Promise<void> {
  if (process.argv.includes('--update-actions')) await updateActions(simulator);
  tell(
    'the stored actions and their resources are those that AWS has',
    isDeepStrictEqual(await installedActions(simulator), readActions()),
    'They differ: run `npm run test:aws -- --update-actions` and look at the change.',
  );
  judgeSuites(simulator);
}

function judgeSuites(simulator: string | null): void {
  const { output, passed, failed } = runSuites(simulator);
  say(`the tests of policies, ${simulator === null ? 'without' : 'with'} a simulator of IAM:\n${output}`);
  total.passed += passed;
  total.failed += failed;
}

async function judge(bin: string): Promise<void> {
  const templates = new Map<string, unknown>();
  for (const [name, options] of Object.entries(templateConfigurations))
    templates.set(name, await packageTemplate(options));
  const files = [...templates].map(([name, template]) => keep(`${name}.json`, template));
  compareRegistry(bin);
  const lint = run(join(bin, 'cfn-lint'), ['--ignore-checks', LINT_IGNORES, '--template', ...files], STEP_MS);
  const said = lint.stdout || lint.stderr;
  tell('cfn-lint finds nothing wrong with the template of any configuration', lint.status === 0, said);
  const everywhere = run(
    join(bin, 'cfn-lint'),
    ['--ignore-checks', LINT_IGNORES, '--regions', ...REGIONS, '--template', ...files.slice(0, 1)],
    STEP_MS,
  );
  tell(
    `cfn-lint knows every resource type and property of the first in ${REGIONS.length} regions`,
    everywhere.status === 0,
    everywhere.stdout || everywhere.stderr,
  );
  for (const name of DEPLOYED) deploy(name, parseTemplate(templates.get(name)), bin);
}

/**
 * The deploy policy is held against handlers' permissions in test/fixtures/registry. cfn-lint has the registry's own
 * declarations: `npm run test:aws -- --update-registry` takes them over after its version has changed.
 */
function compareRegistry(bin: string): void {
  const script = join(repositoryRoot, 'test', 'aws', 'handlerPermissions.py');
  const { stdout, stderr } = run(join(bin, 'python'), [script, ...Object.keys(REGISTRY.types)], STEP_MS);
  const read = registrySchema.safeParse(parse(stdout));
  if (read.success && process.argv.includes('--update-registry'))
    writeFileSync(REGISTRY_FILE, `${JSON.stringify(read.data, undefined, 1)}\n`);
  tell(
    "the stored permissions of the registry's handlers are those that cfn-lint has",
    read.success && isDeepStrictEqual(read.data, REGISTRY),
    read.success
      ? 'They differ: run `npm run test:aws -- --update-registry` and look at the change.'
      : stderr,
  );
}

function deploy(name: string, template: Template, bin: string): void {
  const { resources } = resolveTemplate(template, {
    ...{ region: 'us-east-1', account: '123456789012', partition: 'aws', stackName: 'sluice-prod' },
    endpoint: 'https://sqs.us-east-1.amazonaws.com',
  });
  const input = { template: forMoto(template, resources), madeByApi: [...MADE_BY_API], resources };
  say(`moto, ${name}:`);
  const script = join(repositoryRoot, 'test', 'aws', 'deploy.py');
  const { stdout, stderr } = run(join(bin, 'python'), [script, keep('deployment.json', input)], STEP_MS);
  const lines = stdout.trimEnd().split('\n');
  const closing = closingSchema.safeParse(parse(lines.pop() ?? ''));
  for (const line of lines) say(`  ${line}`);
  if (closing.success) {
    total.passed += closing.data.passed;
    total.failed += closing.data.failed;
  } else tell('the script comes to its end', false, stderr);
}

function keep(name: string, content: unknown): string {
  const file = join(directory, name.replaceAll(' ', '-'));
  writeFileSync(file, JSON.stringify(content, undefined, 1));
  return file;
}

function tell(what: string, passed: boolean, detail: string): void {
  total[passed ? 'passed' : 'failed'] += 1;
  say(passed ? `ok ${what}` : `not ok ${what}\n${detail.trim()}`);
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
