// `npm run mutate [-- PATH…] [--since REF] [--who] [--unit] [--near PATH]` tests the tests. Stryker puts faults into the files whose paths
// begin with one of PATH…, one at a time, and runs unit tests of their rooms. For faults that these do not see it runs suites
// that import the file, or code that imports it: unit tests, and then contract tests. Without PATH it takes the files that
// changed since REF, by default `main`; all files if REF is an empty text. Room by room, faults that no test sees are printed,
// and the score: the share of seen faults among those in code that tests run, but for code that runs once as its file is loaded,
// which is counted apart. A fault that could not be judged counts as not seen. With `--who` all tests run for each fault, and the tests
// are printed that see faults, but none alone. With `--unit` no contract tests run. With `--near PATH`, once or more, of
// suites that are no unit tests of the room only those run whose paths begin so. The exit code is 1 if a room's score is below 90 %,
// or for an option that another option or PATH would have ignored.
//
// `npm run mutate -- --by-hand [PATH…] [--workers N]` puts the faults of mutate/mutations.ts in: those that Stryker does
// not make, and those of code that runs in a child process or a bundle. The exit code is 1 if some survive.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { projectRoot } from '../local/roots.ts';
import { judgeByHand } from './mutate/byHand.ts';
import { equivalents } from './mutate/equivalents.ts';
import { type GeneratedFault, judgeGenerated, PRODUCT } from './mutate/generated.ts';

/** The lowest score of a room, in percent of the faults in code that tests run. */
const LEAST_SCORE = 90;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'by-hand': { type: 'boolean' },
    near: { type: 'string', multiple: true },
    since: { type: 'string' },
    unit: { type: 'boolean', default: false },
    who: { type: 'boolean', default: false },
    workers: { type: 'string' },
  },
});
const { 'by-hand': byHand = false, workers = '2' } = values;
refuseIgnored();
const isSeen = byHand
  ? await judgeByHand({ paths: positionals, workers: Number(workers) })
  : await judgeRooms(chosenFiles());
process.exit(isSeen ? 0 : 1);

/** @throws RangeError for an option that has no effect beside what else is given: the judgement would not be the one that is meant. */
function refuseIgnored(): void {
  const ofStryker = ['near', 'since', 'unit', 'who'] as const;
  const without = byHand
    ? ofStryker.filter((name) => values[name] !== undefined && values[name] !== false)
    : [];
  if (without.length > 0) throw new RangeError(`--${without[0]}: not with --by-hand.`);
  if (!byHand && values.workers !== undefined) throw new RangeError('--workers: only with --by-hand.');
  if (values.since !== undefined && positionals.length > 0) throw new RangeError('--since: not with a PATH.');
}

/** Makes faults and reports of them, one room after the other. @returns Whether the score of each is high enough. */
async function judgeRooms(files: readonly string[]): Promise<boolean> {
  let areAllSeen = true;
  for (const room of new Set(files.map(dirname))) {
    const inRoom = files.filter((file) => dirname(file) === room);
    const { near, unit, who } = values;
    const faults = await judgeGenerated({ files: inRoom, near, unit, who });
    areAllSeen = report(room, faults) && areAllSeen;
  }
  return areAllSeen;
}

/** Paths of the files that the command line means. @throws RangeError for a beginning that none has: nothing would be judged. */
function chosenFiles(): readonly string[] {
  const git = (...args: readonly string[]) =>
    execFileSync('git', args, { cwd: projectRoot, encoding: 'utf8' }).trim().split('\n');
  const { since = 'main' } = values;
  const beginnings = positionals.length === 0 && since === '' ? [''] : positionals;
  const files =
    beginnings.length > 0
      ? git('ls-files').filter((file) => beginnings.some((path) => file.startsWith(path)))
      : git('diff', '--name-only', '--diff-filter=d', '--merge-base', since);
  const code = files.filter(
    (file) => file.endsWith('.ts') && PRODUCT.some((folder) => file.startsWith(`${folder}/`)),
  );
  if (beginnings.length === 0 && code.length === 0)
    print(`No code that Git knows has changed since ${since}.`);
  const idle = beginnings.filter((path) => !code.some((file) => file.startsWith(path)));
  if (idle.length > 0) throw new RangeError(`There is no code in ${idle.join(', ')}.`);
  return code;
}

/** Prints the faults and the score of a room. @returns Whether the score is high enough. */
function report(room: string, faults: readonly GeneratedFault[]): boolean {
  if (faults.length === 0) {
    print(`${room}: no score, because there is no code or no suite that can run`);
    return true;
  }
  const isEquivalent = ({ file, line, old, fault }: GeneratedFault) =>
    equivalents.some(
      (equal) =>
        equal.file === file &&
        equal.old === old &&
        equal.fault === fault &&
        (equal.line === undefined || equal.line === lineOf(file, line)),
    );
  const judged = faults.filter((fault) => fault.result === 'seen' || !isEquivalent(fault));
  for (const { file, line, old, fault, result } of judged)
    if (result !== 'seen') print(`${result}  ${file}:${line}  ${old}  →  ${fault || '(nothing)'}`);
  if (values.who) printIdleTests(judged);
  const usual = judged.filter(({ isStatic }) => !isStatic);
  const statics = judged.filter(({ isStatic }) => isStatic);
  const covered = usual.filter(({ result }) => result !== 'uncovered');
  const seen = covered.filter(({ result }) => result === 'seen').length;
  const unjudged = covered.filter(({ result }) => result === 'unjudged').length;
  const staticSeen = statics.filter(({ result }) => result === 'seen').length;
  const score = (100 * seen) / covered.length;
  const percent = covered.length === 0 ? 'no score' : `${score.toFixed(1)} %`;
  print(
    `${room}: ${seen} of ${covered.length} seen (${percent}), ${unjudged} unjudged, ${usual.length - covered.length} uncovered, static ${staticSeen} of ${statics.length} seen, ${faults.length - judged.length} equivalent`,
  );
  return covered.length === 0 || score >= LEAST_SCORE;
}

/** A line of a file, without white space around it. @param line Its number, from 1. */
function lineOf(file: string, line: number): string {
  const lines = readFileSync(join(projectRoot, file), 'utf8').split('\n');
  return lines[line - 1]?.trim() ?? '';
}

/** Prints the tests that see a fault, but none that no other test sees. */
function printIdleTests(faults: readonly GeneratedFault[]): void {
  const seeing = new Set(faults.flatMap(({ seenBy }) => seenBy));
  const alone = new Set(faults.flatMap(({ seenBy }) => (seenBy.length === 1 ? seenBy : [])));
  for (const test of seeing) if (!alone.has(test)) print(`sees nothing alone  ${test}`);
}

/** Writes a line. */
function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
