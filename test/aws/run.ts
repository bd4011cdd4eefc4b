// `npm run test:aws`: policies and packaged templates before judges that know nothing of us: a simulator of IAM, which
// npm installs, and cfn-lint and moto, which pip installs. A judge that can't be installed is named; with `--require` it
// fails the run. The last line is `N passed, N failed, N not asked`.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { REGIONS } from '../../lib/schema/regions.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import {
  parseTemplate,
  resolveTemplate,
  type Template,
} from '../../packages/local-aws/src/template/index.ts';
import { preparePackages } from '../harness/nodePackages.ts';
import { preparePython, run } from '../harness/python.ts';
import { Tally } from '../harness/Tally.ts';
import { packageTemplate } from '../infra/packageTemplate.ts';
import { templateConfigurations } from '../infra/templateConfigurations.ts';
import { readActions } from '../lib/access/actionReference.ts';
import { forMoto } from './forMoto.ts';
import { installedActions, runSuites, updateActions } from './iamWitness.ts';
import { DEPLOYED, LINT_IGNORES, MADE_BY_API } from './judged.ts';

const STEP_MS = 180_000;

const tally = new Tally();
const directory = mkdtempSync(join(tmpdir(), 'sluice-aws-'));
try {
  const packages = preparePackages('packages/local-aws/test/witness/iam/packages', 'the simulator of IAM');
  if ('missing' in packages) {
    tally.leaveOut(['the simulator of IAM'], packages.missing);
    judgeSuites(null);
  } else await tally.ask('the simulator of IAM', () => judgePolicies(packages.directory));
  const python = preparePython('test/aws', 'cfn-lint and moto');
  if ('missing' in python) tally.leaveOut(['cfn-lint', 'moto'], python.missing);
  else await tally.ask('cfn-lint and moto', () => judge(python.bin));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
tally.close();

/** The tests of policies, with the simulator beside the local cloud's IAM: both have to agree on every call. */
async function judgePolicies(simulator: string): Promise<void> {
  if (process.argv.includes('--update-actions')) await updateActions(simulator);
  tally.tell(
    'the stored actions and their resources are those that AWS has',
    isDeepStrictEqual(await installedActions(simulator), readActions()),
    'They differ: run `npm run test:aws -- --update-actions` and look at the change.',
  );
  judgeSuites(simulator);
}

function judgeSuites(simulator: string | null): void {
  const { output, ...counts } = runSuites(simulator);
  tally.say(
    `the tests of policies, ${simulator === null ? 'without' : 'with'} a simulator of IAM:\n${output}`,
  );
  tally.add(counts);
}

async function judge(bin: string): Promise<void> {
  const templates = new Map<string, unknown>();
  for (const [name, options] of Object.entries(templateConfigurations))
    templates.set(name, await packageTemplate(options));
  await tally.ask('cfn-lint', () => {
    lint(
      [...templates].map(([name, template]) => keep(`${name}.json`, template)),
      bin,
    );
  });
  for (const name of DEPLOYED)
    await tally.ask('moto', () => deploy(name, parseTemplate(templates.get(name)), bin));
}

function lint(files: readonly string[], bin: string): void {
  const given = ['--ignore-checks', LINT_IGNORES];
  const { status, stdout, stderr } = run(join(bin, 'cfn-lint'), [...given, '--template', ...files], STEP_MS);
  const what = 'cfn-lint finds nothing wrong with the template of any configuration';
  tally.tell(what, status === 0, stdout || stderr);
  const examples = ['waf/template.yaml', 'github-actions/access.yaml'].map((name) =>
    join(repositoryRoot, 'examples', name),
  );
  // W1030: a parameter that is used under a condition alone is empty without it.
  const ofExamples = ['--ignore-checks', LINT_IGNORES, 'W1030', '--template', ...examples];
  const said = run(join(bin, 'cfn-lint'), ofExamples, STEP_MS);
  tally.tell('cfn-lint finds nothing wrong with the examples', said.status === 0, said.stdout || said.stderr);
  const everywhere = run(
    join(bin, 'cfn-lint'),
    [...given, '--regions', ...REGIONS, '--template', ...files.slice(0, 1)],
    STEP_MS,
  );
  tally.tell(
    `cfn-lint knows every resource type and property of the first in ${REGIONS.length} regions`,
    everywhere.status === 0,
    everywhere.stdout || everywhere.stderr,
  );
}

function deploy(name: string, template: Template, bin: string): void {
  const { resources } = resolveTemplate(template, {
    ...{ region: 'us-east-1', account: '123456789012', partition: 'aws', stackName: 'sluice-prod' },
    endpoint: 'https://sqs.us-east-1.amazonaws.com',
  });
  const input = { template: forMoto(template, resources), madeByApi: [...MADE_BY_API], resources };
  tally.say(`moto, ${name}:`);
  const script = join(repositoryRoot, 'test', 'aws', 'deploy.py');
  tally.addScript(run(join(bin, 'python'), [script, keep('deployment.json', input)], STEP_MS));
}

function keep(name: string, content: unknown): string {
  const file = join(directory, name.replaceAll(' ', '-'));
  writeFileSync(file, JSON.stringify(content, undefined, 1));
  return file;
}
