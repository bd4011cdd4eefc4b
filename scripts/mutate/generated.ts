import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MutantResult, PartialStrykerOptions } from '@stryker-mutator/api/core';
import { Stryker } from '@stryker-mutator/core';
import { projectRoot } from '../../local/roots.ts';

/** Paths of unit suites. */
const UNIT = /\/[^/.]+\.test\.ts$/;
/** Paths of contract suites. */
const CONTRACT = /\.contract\.test\.ts$/;
/** The folders of the product's code. What tests run of other folders, as of the demo, is not for tests to hold. */
export const PRODUCT = ['lib', 'functions', 'infra', 'observe', 'operate', 'console', 'cli', 'local'];

/**
 * How many times the usual time of its tests a mutant may take: they run before it, with it and after it, and each run may
 * take 1.5 times its usual time.
 */
const TIMEOUT_FACTOR = 4.5;
/** Milliseconds that a mutant may take longer than that. Later, it is in an endless loop. */
const TIMEOUT_MS = 10_000;

/** A fault that Stryker made, and what tests see of it. */
export interface GeneratedFault {
  /** The path of its file in the repository. */
  readonly file: string;
  /** The number of the line on which it begins, from 1. */
  readonly line: number;
  /** The text in whose place it stands. Runs of white space are one space, as in `fault`. */
  readonly old: string;
  /** The fault in words: what was replaced, and by what. */
  readonly fault: string;
  /** Whether its code runs while the module loads, and at no other time. */
  readonly isStatic: boolean;
  /**
   * - `seen`: a test fails, or its code runs without an end.
   * - `survived`: tests run its code, and none fails.
   * - `uncovered`: no test runs its code in its own process.
   * - `unjudged`: tests that run its code fail without it, too, or their process ends.
   */
  readonly result: 'seen' | 'survived' | 'uncovered' | 'unjudged';
  /** The tests that fail: the first, or with `who` all. Each begins with the path of its suite. */
  readonly seenBy: readonly string[];
}

/** Which faults are made, and which tests run. */
interface GeneratedOptions {
  /** The paths of the files, in the repository. */
  readonly files: readonly string[];
  /** Whether all tests run for each fault, and not only those before the first that fails. */
  readonly who: boolean;
  /** Whether only unit tests run: many faults of some rooms are then not seen that contract tests see. */
  readonly unit: boolean;
  /** How the paths of suites begin that may run beside unit tests of the room. Default: any that loads the file may. */
  readonly near: readonly string[] | undefined;
}

/**
 * Makes faults, and runs the unit tests of their rooms; for faults that these do not see other unit tests, and then contract
 * tests. Prints what Stryker says of its progress.
 *
 * @returns No fault if no suite can run.
 */
export async function judgeGenerated({
  files,
  who,
  unit,
  near = ['test/'],
}: GeneratedOptions): Promise<readonly GeneratedFault[]> {
  const judged = new Map<string, MutantResult>();
  let unseen: readonly MutantResult[] = [];
  const unitSuites = [ownUnitSuites, otherUnitSuites];
  for (const suitesOf of unit ? unitSuites : [...unitSuites, contractSuites]) {
    const isFirst = judged.size === 0;
    const mutate = isFirst ? files : unseen.map(rangeOf);
    const suites = suitesOf(isFirst ? files : pathsOf(unseen)).filter(
      (suite) => suitesOf === ownUnitSuites || near.some((path) => suite.startsWith(path)),
    );
    for (const mutant of await runStryker({ mutate, suites, who, isStatic: false })) {
      const key = keyOf(mutant);
      const before = judged.get(key);
      // A range has the mutants within it, too, which may have been seen before.
      const isBetter =
        mutant.status !== 'NoCoverage' && (mutant.status !== 'Ignored' || before?.status === 'NoCoverage');
      if (before === undefined || (unseen.includes(before) && isBetter)) judged.set(key, mutant);
    }
    unseen = [...judged.values()].filter(
      (mutant) => resultOf(mutant) !== 'seen' && (mutant.status !== 'Ignored' || mutant.static === true),
    );
  }
  const ofLoading = [...judged.values()].filter(
    (mutant) => mutant.static === true && resultOf(mutant) !== 'seen',
  );
  const whileLoading = await runStryker({
    mutate: ofLoading.map(rangeOf),
    suites: ownUnitSuites(pathsOf(ofLoading)),
    who,
    isStatic: true,
  });
  const results = new Map(whileLoading.map((mutant) => [keyOf(mutant), mutant]));
  return [...judged]
    .filter(([, { static: isStatic, status }]) => status !== 'Ignored' || isStatic === true)
    .map(([key, mutant]) => {
      const isStatic = mutant.status === 'Ignored';
      const again = results.get(key);
      // What a suite computes while it loads may see what its tests do not.
      const isSeen = again !== undefined && resultOf(again) === 'seen';
      return faultOf(again !== undefined && (isStatic || isSeen) ? again : mutant, isStatic);
    });
}

/** Unit suites in the folder of tests of a file, or above it in its room. */
function ownUnitSuites(files: readonly string[]): readonly string[] {
  return suitesWith(UNIT, (suite) => isOwn(suite, files));
}

/** Other unit suites that load a file: what they import imports it, or the like. */
function otherUnitSuites(files: readonly string[]): readonly string[] {
  const loading = new Set(files);
  const all = pathsIn('test', ...PRODUCT).map((path) => ({ path, imported: importsOf(path) }));
  // A set that grows while it is iterated goes on to what was added.
  for (const file of loading)
    for (const { path, imported } of all) if (imported.includes(file)) loading.add(path);
  return suitesWith(UNIT, (suite) => !isOwn(suite, files) && loading.has(suite));
}

/** Contract suites of the room, and others that import a file, or code that imports it. */
function contractSuites(files: readonly string[]): readonly string[] {
  const code = [...files, ...pathsIn(...PRODUCT).filter((path) => imports(path, files))];
  return suitesWith(CONTRACT, (suite) => isOwn(suite, files) || imports(suite, code));
}

/** Suites of a tier that are chosen. */
function suitesWith(tier: RegExp, isChosen: (suite: string) => boolean): readonly string[] {
  return pathsIn('test').filter((suite) => tier.test(suite) && isChosen(suite));
}

/** The paths of all files in folders, but for those that Git ignores. */
function pathsIn(...folders: readonly string[]): readonly string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', ...folders];
  return execFileSync('git', args, { cwd: projectRoot, encoding: 'utf8' }).trim().split('\n');
}

/** Whether a suite lies in the folder of tests of a file, or in one above it: `test/lib/wire` for `lib/wire/keys`. */
function isOwn(suite: string, files: readonly string[]): boolean {
  return files.some((file) => `test/${dirname(file)}/`.startsWith(`${dirname(suite)}/`));
}

/** Whether a file imports one of these. */
function imports(importer: string, files: readonly string[]): boolean {
  return importsOf(importer).some((path) => files.includes(path));
}

/** The paths of the files that a file imports. */
function importsOf(importer: string): readonly string[] {
  const text = readFileSync(join(projectRoot, importer), 'utf8');
  return [...text.matchAll(/(?:from|import\() ?'(\.[^']+)'/g)].map(([, path = '']) =>
    normalize(join(dirname(importer), path)),
  );
}

/** What Stryker is to do. */
interface StrykerRun {
  /** Paths of files, or ranges of code in them. */
  readonly mutate: readonly string[];
  /** Paths of the suites that judge. */
  readonly suites: readonly string[];
  /** Whether all tests run for each fault, and not only those before the first that fails. */
  readonly who: boolean;
  /** Whether static faults are made, each in a process of its own. */
  readonly isStatic: boolean;
}

/** Has Stryker make faults. @returns What became of each. */
async function runStryker({ mutate, suites, who, isStatic }: StrykerRun): Promise<readonly MutantResult[]> {
  if (mutate.length === 0 || suites.length === 0) return [];
  const folder = mkdtempSync(join(tmpdir(), 'sluice-mutate-'));
  const options: PartialStrykerOptions = {
    mutate: [...mutate],
    suites,
    // Stryker reads its export `strykerPlugins`.
    plugins: [fileURLToPath(new URL('./SuiteRunner.ts', import.meta.url))],
    testRunner: 'suites',
    testRunnerNodeArgs: ['--disable-warning=ExperimentalWarning'],
    coverageAnalysis: 'perTest',
    ignoreStatic: !isStatic,
    disableBail: who,
    // All suites may be left out (SuiteRunner.ts). There is no result then.
    allowEmpty: true,
    // All suites of a phase run in it, one after the other.
    dryRunTimeoutMinutes: 60,
    // Texts, and fields of log lines, are no behaviour that tests hold.
    mutator: { excludedMutations: ['StringLiteral'] },
    ignorers: ['logs'],
    concurrency: 1,
    timeoutMS: TIMEOUT_MS,
    timeoutFactor: TIMEOUT_FACTOR,
    tempDirName: folder,
    cleanTempDir: 'always',
    ignorePatterns: ['/build', '/.sluice'],
    // Stryker can't read the configuration of TypeScript 7. It reads none if there is no such file.
    tsconfigFile: 'none.json',
    reporters: ['progress-append-only'],
    warnings: false,
    allowConsoleColors: false,
  };
  try {
    return await new Stryker(options).runMutationTest();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The paths of the files of mutants, each once. */
function pathsOf(mutants: readonly MutantResult[]): readonly string[] {
  return [...new Set(mutants.map(({ fileName }) => relative(projectRoot, fileName)))];
}

/** The code of a mutant as Stryker's option `mutate` names it: lines from 1, columns from 0. */
function rangeOf({ fileName, location: { start, end } }: MutantResult): string {
  const file = relative(projectRoot, fileName);
  return `${file}:${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`;
}

/** What a mutant has in common in several runs of Stryker. */
function keyOf(mutant: MutantResult): string {
  return `${rangeOf(mutant)} ${mutant.mutatorName} ${mutant.replacement}`;
}

/** A fault with the code before and after. */
function faultOf(mutant: MutantResult, isStatic: boolean): GeneratedFault {
  const { start, end } = mutant.location;
  const file = relative(projectRoot, mutant.fileName);
  const lines = readFileSync(join(projectRoot, file), 'utf8')
    .split('\n')
    .slice(start.line - 1, end.line);
  const last = lines.length - 1;
  lines[last] = lines[last]?.slice(0, end.column - 1) ?? '';
  lines[0] = lines[0]?.slice(start.column - 1) ?? '';
  return {
    file,
    line: start.line,
    old: onOneLine(lines.join('\n')),
    fault: onOneLine(mutant.replacement),
    isStatic,
    result: resultOf(mutant),
    seenBy: mutant.killedBy ?? [],
  };
}

/** What became of a fault, in one word. */
function resultOf({ status }: MutantResult): GeneratedFault['result'] {
  if (status === 'Killed' || status === 'Timeout') return 'seen';
  if (status === 'Survived') return 'survived';
  return status === 'RuntimeError' ? 'unjudged' : 'uncovered';
}

/** A text on one line. */
function onOneLine(text: string): string {
  return text.trim().replaceAll(/\s+/g, ' ');
}
