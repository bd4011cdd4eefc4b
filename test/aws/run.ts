// `npm run test:aws`: policies and packaged templates before judges that know nothing of us: a simulator of IAM, which
// npm installs, and cfn-lint with botocore, and checkov, which pip installs. `npm run test:aws -- checkov` asks this one only.
// A judge that can't be installed is named; with `--require` it fails the run. The last line is `N passed, N failed, N not asked`.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { REGIONS } from '../../lib/schema/regions.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { preparePackages } from '../harness/nodePackages.ts';
import { preparePython, run } from '../harness/python.ts';
import { Tally } from '../harness/Tally.ts';
import { packageTemplate } from '../infra/packageTemplate.ts';
import { templateConfigurations } from '../infra/templateConfigurations.ts';
import { readActions } from '../lib/access/actionReference.ts';
import { judgeAwsCommands, printedAwsCommands } from './awsCommands.ts';
import { unansweredFindings } from './checkov/findings.ts';
import { installedActions, runSuites, updateActions } from './iamWitness.ts';

const STEP_MS = 180_000;
/** `DependsOn` beside a reference that has the same effect: Serverless writes it, and so do we where it says why. */
const LINT_IGNORES = 'W3005';

const tally = new Tally();
const directory = mkdtempSync(join(tmpdir(), 'sluice-aws-'));
const templates = join(directory, 'templates');
/** Files of {@link templates}, once they are asked for. */
let packaged: Promise<readonly string[]> | undefined;
const parts = { iam: askSimulator, 'cfn-lint': askLint, checkov: askCheckov };
const asked = process.argv.slice(2).filter((name) => !name.startsWith('--'));
const unknown = asked.filter((name) => !Object.hasOwn(parts, name));
for (const name of unknown) tally.tell(name, false, `is none of ${Object.keys(parts).join(', ')}`);
try {
  for (const [name, ask] of Object.entries(parts))
    if (asked.length === 0 || asked.includes(name)) await tally.ask(name, ask);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
tally.close();

async function askSimulator(): Promise<void> {
  const packages = preparePackages('packages/local-aws/test/witness/iam/packages', 'the simulator of IAM');
  if ('directory' in packages) return judgePolicies(packages.directory);
  tally.leaveOut(['the simulator of IAM'], packages.missing);
  judgeSuites(null);
}

async function askLint(): Promise<void> {
  const python = preparePython('test/aws', 'cfn-lint');
  if ('missing' in python) return tally.leaveOut(['cfn-lint'], python.missing);
  judgeCommands(python.bin);
  lint(await packageTemplates(), python.bin);
}

async function askCheckov(): Promise<void> {
  const python = preparePython('test/aws/checkov', 'checkov');
  if ('missing' in python) return tally.leaveOut(['checkov'], python.missing);
  await packageTemplates();
  const wrong = unansweredFindings(python.bin, templates);
  tally.tell('docs/platform.md answers what checkov finds, and nothing else', wrong === '', wrong);
}

/** Packages each configuration, once. @returns The files of the templates. */
function packageTemplates(): Promise<readonly string[]> {
  packaged ??= writeTemplates();
  return packaged;
}

async function writeTemplates(): Promise<readonly string[]> {
  mkdirSync(templates);
  const files: string[] = [];
  for (const [name, options] of Object.entries(templateConfigurations)) {
    const file = join(templates, `${name.replaceAll(' ', '-')}.json`);
    writeFileSync(file, JSON.stringify(await packageTemplate(options), undefined, 1));
    files.push(file);
  }
  return files;
}

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

/** cfn-lint comes with botocore. */
function judgeCommands(bin: string): void {
  const commands = printedAwsCommands();
  const wrong = judgeAwsCommands(bin, directory, commands);
  const what = `botocore knows service, operation and options of each of ${commands.length} printed aws commands`;
  tally.tell(what, wrong === '' && commands.length > 50, wrong);
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
