// `npm run mutate -- PATH…`: changes the code under each path in one place after the other, and runs the tests that
// import it, to see which changes no test notices. Stryker does it; it is installed on demand. The last line is
// `N of M killed`; the exit code is 1 below 90 %.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { z } from 'zod';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { preparePackages } from '../harness/nodePackages.ts';
import { describeMutant, type Mutant, readEquivalents } from './equivalents.ts';

const RUN_MS = 3 * 3_600_000;
/** Share of the mutants to be killed. */
const WANTED = 0.9;
/** Share of the mutants that may be listed as equivalent. */
const MOST_EQUIVALENT = 0.05;
/** Tests of the code itself. Tests of templates, commands and whole clouds would cost minutes a mutant. */
const TIERS = ['test/unit', 'test/contract', 'test/proof'];
const TESTS = TIERS.flatMap((tier) => [`${tier}/lib`, `${tier}/functions`]);
/** Modules that start or imitate services. */
const SERVICES = /^packages\/[\w-]+\/src\/|^local\/(?!dataDirectory\.ts)|^test\/harness\/start/;
const STATES = ['Killed', 'Timeout', 'Survived', 'NoCoverage', 'RuntimeError', 'CompileError', 'Ignored'];
const reportSchema = z.object({
  files: z.record(
    z.string(),
    z.object({
      source: z.string(),
      mutants: z.array(
        z.object({
          mutatorName: z.string(),
          replacement: z.string().default(''),
          status: z.enum(STATES),
          location: z.object({
            start: z.object({ line: z.int(), column: z.int() }),
            end: z.object({ line: z.int(), column: z.int() }),
          }),
        }),
      ),
    }),
  ),
});

const say = (text: string) => process.stdout.write(`${text}\n`);
const paths = process.argv.slice(2).map((path) => normalize(path).replace(/\/$/, ''));
const missing = paths.filter((path) => !existsSync(join(repositoryRoot, path)));
if (paths.length === 0 || missing.length > 0) {
  say(paths.length === 0 ? 'Usage: npm run mutate -- PATH…' : `There is no ${missing.join(', ')}.`);
  process.exitCode = 2;
} else {
  const packages = preparePackages('test/mutation', 'Stryker');
  if ('missing' in packages) {
    say(`mutate is skipped: ${packages.missing}.`);
    process.exitCode = 1;
  } else mutate(packages.directory);
}

function mutate(stryker: string): void {
  const files = paths.flatMap(sourcesUnder);
  const tests = testsOf(files);
  say(`${files.length} files, ${tests.length} files of tests.`);
  const directory = join(repositoryRoot, '.sluice', 'mutation');
  mkdirSync(directory, { recursive: true });
  const report = join(directory, 'report.json');
  const config = join(directory, 'stryker.json');
  const base: object = JSON.parse(readFileSync(join(repositoryRoot, 'test/mutation/stryker.json'), 'utf8'));
  writeFileSync(
    config,
    JSON.stringify({
      ...base,
      mutate: files,
      plugins: [join(repositoryRoot, 'test', 'mutation', 'stryker-jest.mjs')],
      tempDirName: join(directory, 'sandboxes'),
      jsonReporter: { fileName: report },
      jest: {
        projectType: 'custom',
        enableFindRelatedTests: false,
        config: { roots: ['<rootDir>/test'], testMatch: tests.map((test) => `<rootDir>/${test}`) },
      },
    }),
  );
  const bin = join(stryker, 'node_modules', '@stryker-mutator', 'core', 'bin', 'stryker.js');
  const { status } = spawnSync(process.execPath, [bin, 'run', config], {
    cwd: repositoryRoot,
    stdio: 'inherit',
    timeout: RUN_MS,
    killSignal: 'SIGTERM',
    env: {
      ...process.env,
      SLUICE_STRYKER: stryker,
      NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning',
    },
  });
  if (status !== 0) {
    say(`Stryker did not come to its end: exit code ${status}.`);
    process.exitCode = 1;
    return;
  }
  tellResult(reportSchema.parse(JSON.parse(readFileSync(report, 'utf8'))));
}

/** Sources under a path, from the root. */
function sourcesUnder(path: string): string[] {
  if (statSync(join(repositoryRoot, path)).isFile()) return [path];
  return readdirSync(join(repositoryRoot, path), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(path, file))
    .sort();
}

/**
 * The tests of these files: tests in the folder of the same name, and others that import one of them and start none of
 * AWS's services, which would take seconds for each mutant.
 */
function testsOf(files: readonly string[]): string[] {
  const wanted = new Set(files);
  const own = files.flatMap((file) => TIERS.map((tier) => `${tier}/${dirname(file)}/`));
  return TESTS.flatMap(sourcesUnder)
    .filter((file) => file.endsWith('.test.ts'))
    .filter((test) => {
      if (own.some((folder) => test.startsWith(folder))) return true;
      const reached = reach(test);
      return reached.some((file) => wanted.has(file)) && !reached.some((file) => SERVICES.test(file));
    });
}

/** Files that a test imports, directly or through other files of test/. */
function reach(test: string): string[] {
  const found = new Set([test]);
  for (const file of found) if (file.startsWith('test/')) for (const one of importsOf(file)) found.add(one);
  return [...found];
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(repositoryRoot, file), 'utf8');
  return [...text.matchAll(/from '(\.{1,2}\/[^']+)'/g)].map(([, path = '']) =>
    normalize(join(dirname(file), path)),
  );
}

function tellResult(report: z.output<typeof reportSchema>): void {
  const equivalents = readEquivalents();
  const counted = { all: 0, killed: 0, equivalent: 0 };
  for (const [file, { source, mutants }] of Object.entries(report.files)) {
    const name = relative(repositoryRoot, join(repositoryRoot, file));
    const lines = source.split('\n');
    for (const { status, mutatorName, replacement, location } of mutants) {
      if (status === 'Ignored' || status === 'CompileError') continue;
      counted.all += 1;
      if (status === 'Killed' || status === 'Timeout' || status === 'RuntimeError') {
        counted.killed += 1;
        continue;
      }
      const mutant: Mutant = {
        file: name,
        line: (lines[location.start.line - 1] ?? '').trim(),
        mutatorName,
        replacement,
      };
      if (equivalents.has(describeMutant(mutant))) counted.equivalent += 1;
      else
        say(
          `${status} ${name}:${location.start.line}:${location.start.column} ${mutatorName}\n  ${mutant.line}\n  → ${replacement}`,
        );
    }
  }
  const judged = counted.all - counted.equivalent;
  const share = judged === 0 ? 1 : counted.killed / judged;
  if (counted.equivalent > counted.all * MOST_EQUIVALENT)
    say(
      `${counted.equivalent} of ${counted.all} mutants are listed as equivalent: more than ${MOST_EQUIVALENT * 100} %.`,
    );
  say(
    `${counted.killed} of ${judged} killed (${(share * 100).toFixed(1)} %), ${counted.equivalent} equivalent`,
  );
  process.exitCode = share >= WANTED && counted.equivalent <= counted.all * MOST_EQUIVALENT ? 0 : 1;
}
