// `npm run test:aws`: policies and packaged templates before judges that know nothing of us: a simulator of IAM, which
// npm installs, and cfn-lint with botocore, which pip installs. A judge that can't be installed is named; with `--require` it
// fails the run. The last line is `N passed, N failed, N not asked`.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
import { installedActions, runSuites, updateActions } from './iamWitness.ts';

const STEP_MS = 180_000;
/** `DependsOn` beside a reference that has the same effect: Serverless writes it, and so do we where it says why. */
const LINT_IGNORES = 'W3005';

const tally = new Tally();
const directory = mkdtempSync(join(tmpdir(), 'sluice-aws-'));
try {
  const packages = preparePackages('packages/local-aws/test/witness/iam/packages', 'the simulator of IAM');
  if ('missing' in packages) {
    tally.leaveOut(['the simulator of IAM'], packages.missing);
    judgeSuites(null);
  } else await tally.ask('the simulator of IAM', () => judgePolicies(packages.directory));
  const python = preparePython('test/aws', 'cfn-lint');
  if ('missing' in python) tally.leaveOut(['cfn-lint'], python.missing);
  else await tally.ask('cfn-lint', () => judge(python.bin));
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
  judgeCommands(bin);
  const files: string[] = [];
  for (const [name, options] of Object.entries(templateConfigurations))
    files.push(keep(`${name}.json`, await packageTemplate(options)));
  lint(files, bin);
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

function keep(name: string, content: unknown): string {
  const file = join(directory, name.replaceAll(' ', '-'));
  writeFileSync(file, JSON.stringify(content, undefined, 1));
  return file;
}
