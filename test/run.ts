// `npm test`: the tiers unit, contract and story of the product. CONTRIBUTING.md says what a tier is.
//
//   npm test                        unit, contract and story
//   npm test -- PATH…               suites of any tier whose path matches; jest's options go with each form
//   npm test -- --changed[=COMMIT]  unit and contract suites that reach what changed since a commit; default: the upstream
//   npm run test:proof              proof, and every property with all its cases and a new seed; with --without-policies not
//                                   the suites that `npm run test:aws` runs
//   npm test -w packages/local-aws  the emulator's suites and their witnesses: packages/local-aws/test/run.ts
import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildArgv, run } from 'jest';
import { repositoryRoot } from '../local/dataDirectory.ts';
import { POLICY_SUITES } from './aws/policySuites.ts';
import { ImportGraph } from './harness/importGraph.ts';

/** Every suite depends on these, and none imports them. */
const EVERYWHERE =
  /^(?:package(?:-lock)?\.json|jest\.config\.js|test\/run\.ts|test\/harness\/[\w-]+\.[cm]js)$/;
/** These read every source, or every page. */
const READS_ALL = /^test\/(?:unit|contract)\/(?:repository|scripts)\//;
/** Modules that a module starts or packages by a computed path. */
const STARTED = {
  'lib/drops/engine/childEngine.ts': 'lib/drops/engine/engineProcess.ts',
  'test/contract/infra/bundleFunctions.test.ts': 'functions/collect/handler.ts',
  'test/contract/infra/trusts.test.ts': 'infra/serverless/plugin.cjs',
};
/** A command loads what it does when it is called. */
const COMMAND = /^cli\/commands\/([a-z]+)\w*\.ts$/;
const FAST = /^test\/(?:unit|contract)\/.*\.test\.ts$/;
const PROOF = /^test\/proof\/.*\.test\.ts$/;

const say = (text: string) => process.stderr.write(`${text}\n`);
const args = process.argv.slice(2);
const isChanged = (arg: string) => /^--changed(?:=|$)/.test(arg);
const changed = args.find(isChanged);
const proof = args.includes('--proof');
const emulator = args.includes('--emulator');
const withoutPolicies = args.includes('--without-policies');
const own = ['--proof', '--emulator', '--without-policies'];
const options = args.filter((arg) => !isChanged(arg) && !own.includes(arg));

if (emulator) process.env['SLUICE_SEED'] ??= '1';
if (proof) {
  process.env['SLUICE_SEED'] ??= String(randomInt(2 ** 31));
  say(
    `Properties draw from the seed ${process.env['SLUICE_SEED']}: with it in SLUICE_SEED, the same cases again.`,
  );
}
if (changed !== undefined) {
  const suites = changedSuites(changed.split('=')[1] ?? upstream());
  if (suites.length > 0) await run(['--runTestsByPath', ...suites, ...options]);
  else process.stdout.write('0 passed, 0 failed\n');
} else {
  const { _: paths } = await buildArgv(options);
  if (emulator) await run([...options, '--roots=<rootDir>/packages']);
  else if (paths.length > 0) await run(options);
  else if (proof) await run(['--runTestsByPath', ...proofSuites(), ...options]);
  else await run(['test/unit/', 'test/contract/', 'test/story/', ...options]);
}

function git(...words: string[]): string[] {
  const text = execFileSync('git', words, {
    cwd: repositoryRoot,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return text.split('\n').filter((line) => line !== '');
}

/** Where this branch left the one that it was cloned from; without one, the last commit. */
function upstream(): string {
  try {
    return git('merge-base', 'HEAD', 'origin/HEAD')[0] ?? 'HEAD';
  } catch {
    return 'HEAD';
  }
}

function sources(): ReadonlyMap<string, string> {
  const files = git(
    'ls-files',
    '--cached',
    '--others',
    '--exclude-standard',
    '*.ts',
    '*.tsx',
    '*.mjs',
    '*.cjs',
  );
  return new Map(
    files.flatMap((file) => {
      try {
        return [[file, readFileSync(join(repositoryRoot, file), 'utf8')]];
      } catch {
        // It is deleted.
        return [];
      }
    }),
  );
}

function graph(texts: ReadonlyMap<string, string>): ImportGraph {
  return new ImportGraph(texts, { '#config': 'lib/config/localConfig.ts' }, STARTED, COMMAND);
}

function changedSuites(commit: string): readonly string[] {
  const files = [...git('diff', '--name-only', commit), ...git('ls-files', '--others', '--exclude-standard')];
  const texts = sources();
  const fast = [...texts.keys()].filter((file) => FAST.test(file));
  const everywhere = files.find((file) => EVERYWHERE.test(file));
  const { suites, unreached } = graph(texts).suitesOf(files, fast);
  const reading = files.length === 0 ? [] : fast.filter((file) => READS_ALL.test(file));
  const found = everywhere === undefined ? [...new Set([...suites, ...reading])] : fast;
  say(
    `${files.length} file${files.length === 1 ? '' : 's'} changed since ${commit}; ${found.length} of ${fast.length} unit and contract suites reach them.`,
  );
  if (unreached.length > 0)
    say(
      `No unit or contract suite loads ${unreached.join(', ')}: that takes \`npm test\` or \`npm run test:proof\`.`,
    );
  return found;
}

/** The suites of the tier, and suites of other tiers that have properties. */
function proofSuites(): readonly string[] {
  const texts = sources();
  const all = graph(texts);
  const hasProperties = (file: string) =>
    [...all.reach(file)].some((path) => texts.get(path)?.includes("from 'fast-check'"));
  const isElsewhere = (file: string) =>
    withoutPolicies && POLICY_SUITES.some((suites) => new RegExp(`^${suites}`).test(file));
  return [...texts.keys()].filter(
    (file) => (PROOF.test(file) && !isElsewhere(file)) || (FAST.test(file) && hasProperties(file)),
  );
}
