import { visibleLine } from '../../lib/base/text.ts';
import { targetCommands } from '../../observe/commands.ts';
import { textTable } from '../terminal/output.ts';
import type { CleanUp } from './cleanUp.ts';
import { questions } from './questions.ts';
import type { ProbeReport } from './runProbe.ts';

const MARKS = { expected: 'as expected', otherwise: 'OTHERWISE', unanswered: '-' } as const;

/** The report as a table, and below it each unexpected result with what was expected and what to do. */
export function reportText(
  { run, collector, answers, cleanUp }: ProbeReport,
  target: readonly string[],
): string {
  const rows = answers.map(({ code, verdict, found }) => ({ answer: MARKS[verdict], question: code, found }));
  const otherwise = answers
    .filter(({ verdict }) => verdict === 'otherwise')
    .map(({ code, found }) => {
      const { asks, expects, cure } = questions[code];
      return `\n${code}: ${asks}\n  found      ${targetCommands(visibleLine(found), target)}\n  expected   ${expects}\n  to change  ${targetCommands(cure, target)}\n`;
    });
  const count = (verdict: keyof typeof MARKS) => rows.filter((row) => row.answer === MARKS[verdict]).length;
  return [
    textTable(rows),
    ...otherwise,
    `\nRun ${run} at ${collector}: ${count('expected')} as expected, ${count('otherwise')} otherwise, ${count('unanswered')} not asked or not reached.\n`,
    `docs/aws.md tells how to ask, and docs/reference/probe.md what each question is.\n`,
    ...(cleanUp === null ? [] : [cleanUpText(cleanUp)]),
  ].join('');
}

function cleanUpText({
  deletedFiles,
  deletedRows,
  remainingFiles,
  remainingRows,
  hiddenFromViews,
  deletedResults,
  problems,
}: CleanUp): string {
  const remaining =
    remainingRows === 0
      ? ''
      : `Remaining rows, in files with other rows: ${remainingRows} in ${remainingFiles}; ${hiddenFromViews ? 'views exclude them by their environment sluice-probe' : 'views include them because redaction removed their environment'}.\n`;
  return `Deleted: rows ${deletedRows}, in files ${deletedFiles}; query results ${deletedResults}.\n${remaining}${problems.map((problem) => `Not deleted: ${visibleLine(problem)}\n`).join('')}`;
}

/** The report for `--json`, each answer with its question. */
export function reportJson({ answers, ...rest }: ProbeReport, target: readonly string[]) {
  return {
    ...rest,
    answers: answers.map(({ code, verdict, found }) => {
      const { asks, expects, cure } = questions[code];
      return {
        code,
        verdict,
        asks,
        expected: expects,
        found: targetCommands(found, target),
        cure: targetCommands(cure, target),
      };
    }),
  };
}
