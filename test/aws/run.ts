// `npm run test:aws`: policies and packaged templates before judges that know nothing of us: a simulator of IAM, which
// npm installs, and cfn-lint with botocore, and checkov, which pip installs. `npm run test:aws -- checkov` asks this one only.
// A judge that can't be installed is named; with `--require` it fails the run. The last line is `N passed, N failed, N not asked`.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { REGIONS } from '../../lib/schema/regions.ts';
import { projectRoot } from '../../local/roots.ts';
import { preparePackages } from '../harness/nodePackages.ts';
import { preparePython } from '../harness/python.ts';
import { runCommand } from '../harness/runCommand.ts';
import { Tally } from '../harness/Tally.ts';
import { packageTemplate } from '../infra/packageTemplate.ts';
import { templateConfigurations } from '../infra/templateConfigurations.ts';
import { readActions } from '../lib/access/actionReference.ts';
import { judgeAwsCommands, printedAwsCommands } from './awsCommands.ts';
import { unansweredFindings } from './checkov/findings.ts';
import { installedActions, runSuites, updateActions } from './iamWitness.ts';

/** Ends a run of cfn-lint that hangs. */
const STEP_MS = 180_000;
/** `DependsOn` beside a reference that has the same effect: Serverless writes it, and so do we where it says why. */
const LINT_IGNORES = 'W3005';

const LINT = ['--ignore-checks', LINT_IGNORES];

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

/** The part `iam`. The tests of policies run without a simulator as well. */
async function askSimulator(): Promise<void> {
  const packages = preparePackages('packages/local-aws/test/witness/iam/packages', 'the simulator of IAM');
  if ('directory' in packages) return judgePolicies(packages.directory);
  tally.leaveOut(['the simulator of IAM'], packages.missing);
  judgeSuites(null);
}

/** The part `cfn-lint`, which asks botocore about the printed commands, too: they come in one installation. */
async function askLint(): Promise<void> {
  const python = preparePython('test/aws', 'cfn-lint');
  if ('missing' in python) return tally.leaveOut(['cfn-lint'], python.missing);
  judgeCommands(python.bin);
  const cfnLint = join(python.bin, 'cfn-lint');
  const files = await packageTemplates();
  lintTemplates(cfnLint, files);
  lintExamples(cfnLint);
  lintRegions(cfnLint, files);
}

/** The part `checkov`, on the packaged templates. */
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

/** Writes the template of each configuration into {@link templates}. */
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

/** The tests of policies, whose figures count as this run's. @param simulator Null: the local cloud's IAM decides alone. */
function judgeSuites(simulator: string | null): void {
  const { output, ...counts } = runSuites(simulator);
  tally.say(
    `the tests of policies, ${simulator === null ? 'without' : 'with'} a simulator of IAM:\n${output}`,
  );
  tally.add(counts);
}

/** botocore knows what each `aws` command of the docs and of the product names. */
function judgeCommands(bin: string): void {
  const commands = printedAwsCommands();
  const wrong = judgeAwsCommands(bin, directory, commands);
  const what = `botocore knows service, operation and options of each of ${commands.length} printed aws commands`;
  tally.tell(what, wrong === '' && commands.length > 50, wrong);
}

/** The template of each configuration, in the region that it names. */
function lintTemplates(cfnLint: string, files: readonly string[]): void {
  tellLint('finds nothing wrong with the template of any configuration', cfnLint, ['--template', ...files]);
}

/** Tells what cfn-lint says. @param what Goes on after its name. */
function tellLint(what: string, cfnLint: string, args: readonly string[]): void {
  const { status, stdout, stderr } = runCommand(cfnLint, [...LINT, ...args], STEP_MS);
  const ended = status === null ? `It was ended after ${STEP_MS / 1_000} s.` : '';
  tally.tell(`cfn-lint ${what}`, status === 0, stdout || stderr || ended);
}

/** The templates of `examples/`, which a team deploys beside the stack. */
function lintExamples(cfnLint: string): void {
  const examples = ['waf/template.yaml', 'github-actions/access.yaml'].map((name) =>
    join(projectRoot, 'examples', name),
  );
  // W1030: a parameter that is used under a condition alone is empty without it.
  tellLint('finds nothing wrong with the examples', cfnLint, ['W1030', '--template', ...examples]);
}

/** The template of the first configuration, wherever a stack can be. */
function lintRegions(cfnLint: string, files: readonly string[]): void {
  const what = `knows every resource type and property of the first in ${REGIONS.length} regions`;
  tellLint(what, cfnLint, ['--regions', ...REGIONS, '--template', ...files.slice(0, 1)]);
}
