import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MutantResult, PartialStrykerOptions } from '@stryker-mutator/api/core';
import { Stryker } from '@stryker-mutator/core';
import { repositoryRoot } from '../../local/dataDirectory.ts';

/** The suites of a tier, by the end of their paths. */
const TIERS = { unit: /\/[^/.]+\.test\.ts$/, contract: /\.contract\.test\.ts$/ };

/** Milliseconds that a run may take longer than 1.5 times its usual time. Later than that, it is in an endless loop. */
const TIMEOUT_MS = 30_000;

/** A fault that Stryker made, and what tests see of it. */
export interface GeneratedFault {
  /** The path of its file in the repository. */
  readonly file: string;
  /** The number of the line on which it begins, from 1. */
  readonly line: number;
  /** The text in whose place it stands. Runs of white space are one space, as in `fault`. */
  readonly old: string;
  readonly fault: string;
  /** Whether its code runs while the module loads, and at no other time. */
  readonly isStatic: boolean;
  /**
   * - `seen`: a test fails, or its code runs without an end.
   * - `survived`: tests run its code, and none fails.
   * - `uncovered`: no test runs its code in its own process.
   */
  readonly result: 'seen' | 'survived' | 'uncovered';
  /** The tests that fail: the first, or with `who` all. Each begins with the path of its suite. */
  readonly seenBy: readonly string[];
}

/** Which faults are made, and which tests run. */
export interface GeneratedOptions {
  /** The paths of the files, in the repository. */
  readonly files: readonly string[];
  /** Whether all tests run for each fault, and not only those before the first that fails. */
  readonly who: boolean;
}

/** Makes faults, runs unit tests, and for faults that these do not see contract tests. Prints what Stryker says of its progress. */
export async function judgeGenerated({ files, who }: GeneratedOptions): Promise<readonly GeneratedFault[]> {
  const byUnit = await runStryker({ mutate: files, suites: suitesOf('unit', files), who, isStatic: false });
  const statics = byUnit.filter(({ static: isStatic, status }) => isStatic === true && status === 'Ignored');
  const unseen = byUnit.filter(({ status }) => status === 'Survived' || status === 'NoCoverage');
  const byContract = await runStryker({
    mutate: unseen.map(rangeOf),
    suites: suitesOf('contract', pathsOf(unseen)),
    who,
    isStatic: false,
  });
  const whileLoading = await runStryker({
    mutate: statics.map(rangeOf),
    suites: suitesOf('unit', pathsOf(statics)),
    who,
    isStatic: true,
  });
  const later = new Map([...whileLoading, ...byContract].map((mutant) => [keyOf(mutant), mutant]));
  const judged = byUnit.filter((mutant) => mutant.status !== 'Ignored' || statics.includes(mutant));
  return judged.map((mutant) => faultOf(mutant, later.get(keyOf(mutant))));
}

/** Reads the paths of suites of a tier that lie in the folder of tests of a file, or import it. */
function suitesOf(tier: keyof typeof TIERS, files: readonly string[]): readonly string[] {
  const folders = new Set(files.map((file) => join('test', dirname(file))));
  return execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', 'test'], {
    cwd: repositoryRoot,
    encoding: 'utf8',
  })
    .trim()
    .split('\n')
    .filter((suite) => {
      if (!TIERS[tier].test(suite)) return false;
      const folder = dirname(suite);
      if (folders.has(folder)) return true;
      const text = readFileSync(join(repositoryRoot, suite), 'utf8');
      return [...text.matchAll(/from '(\.[^']+)'/g)].some(([, path = '']) =>
        files.includes(normalize(join(folder, path))),
      );
    });
}

interface StrykerRun {
  /** Paths of files, or ranges of code in them. */
  readonly mutate: readonly string[];
  readonly suites: readonly string[];
  readonly who: boolean;
  /** Whether static faults are made, each in a process of its own. */
  readonly isStatic: boolean;
}

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
    // Texts, and fields of log lines, are no behaviour that tests hold.
    mutator: { excludedMutations: ['StringLiteral'] },
    ignorers: ['logs'],
    concurrency: 1,
    timeoutMS: TIMEOUT_MS,
    tempDirName: folder,
    cleanTempDir: 'always',
    ignorePatterns: ['/docs', '/build', '/.sluice'],
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
  return [...new Set(mutants.map(({ fileName }) => relative(repositoryRoot, fileName)))];
}

/** The code of a mutant as Stryker's option `mutate` names it: lines from 1, columns from 0. */
function rangeOf({ fileName, location: { start, end } }: MutantResult): string {
  const file = relative(repositoryRoot, fileName);
  return `${file}:${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`;
}

/** What a mutant has in common in several runs of Stryker. */
function keyOf(mutant: MutantResult): string {
  return `${rangeOf(mutant)} ${mutant.mutatorName} ${mutant.replacement}`;
}

/** @param later The same mutant in a second run; undefined if there was none. */
function faultOf(mutant: MutantResult, later: MutantResult | undefined): GeneratedFault {
  const file = relative(repositoryRoot, mutant.fileName);
  const { start, end } = mutant.location;
  const lines = readFileSync(join(repositoryRoot, file), 'utf8')
    .split('\n')
    .slice(start.line - 1, end.line);
  const last = lines.length - 1;
  lines[last] = lines[last]?.slice(0, end.column - 1) ?? '';
  lines[0] = lines[0]?.slice(start.column - 1) ?? '';
  const results = [mutant, later].map((judged) => resultOf(judged));
  const seenBy = (later?.killedBy ?? mutant.killedBy ?? []) as readonly string[];
  return {
    file,
    line: start.line,
    old: onOneLine(lines.join('\n')),
    fault: onOneLine(mutant.replacement),
    isStatic: mutant.static === true && mutant.status === 'Ignored',
    result:
      results.find((result) => result === 'seen') ??
      results.find((result) => result === 'survived') ??
      'uncovered',
    seenBy,
  };
}

function resultOf(mutant: MutantResult | undefined): GeneratedFault['result'] {
  if (mutant?.status === 'Killed' || mutant?.status === 'Timeout') return 'seen';
  return mutant?.status === 'Survived' ? 'survived' : 'uncovered';
}

function onOneLine(text: string): string {
  return text.trim().replaceAll(/\s+/g, ' ');
}
