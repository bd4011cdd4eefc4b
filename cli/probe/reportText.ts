import { visibleLine } from '../../lib/base/text.ts';
import { textTable } from '../output.ts';
import type { CleanUp } from './cleanUp.ts';
import { questionEntries } from './questions.ts';
import type { ProbeReport } from './runProbe.ts';

const MARKS = { expected: 'as expected', otherwise: 'OTHERWISE', unanswered: '-' } as const;

/** The report as a table, and below it what is otherwise: what was expected, and what to do. */
export function reportText({ run, collector, answers, cleanUp }: ProbeReport): string {
  const rows = answers
    .filter(({ code }) => questionEntries[code].asked !== 'by hand')
    .map(({ code, verdict, found }) => ({ answer: MARKS[verdict], question: code, found }));
  const otherwise = answers
    .filter(({ verdict }) => verdict === 'otherwise')
    .map(({ code, found }) => {
      const { asks, reliesOn, cure } = questionEntries[code];
      return `\n${code}: ${asks}\n  found      ${visibleLine(found)}\n  expected   ${reliesOn}\n  to change  ${cure}\n`;
    });
  const count = (verdict: keyof typeof MARKS) => rows.filter((row) => row.answer === MARKS[verdict]).length;
  return [
    textTable(rows),
    ...otherwise,
    `\nRun ${run} at ${collector}: ${count('expected')} as expected, ${count('otherwise')} otherwise, ${count('unanswered')} not asked or not reached.\n`,
    `What each question is about: docs/aws.md\n`,
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
  deletedObjects,
  problems,
}: CleanUp): string {
  const remaining =
    remainingRows === 0
      ? ''
      : `Rows that remain, in files with others' rows: ${remainingRows} in ${remainingFiles}; ${hiddenFromViews ? "views don't show them, for their environment is sluice-probe" : 'views show them, for redaction took their environment away'}.\n`;
  return `Cleaned up: rows ${deletedRows}, in files ${deletedFiles}; results of queries ${deletedResults}.\n${deletedObjects === 0 ? '' : `Deleted under overflow/ and errors/, as redrive had not taken it: objects ${deletedObjects}.\n`}${remaining}${problems.map((problem) => `Not cleaned up: ${visibleLine(problem)}\n`).join('')}`;
}

/** The same for machines, each answer with its question. */
export function reportJson({ answers, ...rest }: ProbeReport) {
  return {
    ...rest,
    answers: answers.map(({ code, verdict, found }) => {
      const { asks, reliesOn, cure } = questionEntries[code];
      return { code, verdict, asks, expected: reliesOn, found, cure };
    }),
  };
}
