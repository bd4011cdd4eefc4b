import { sum } from '../../lib/base/sum.ts';
import { visibleLine } from '../../lib/base/text.ts';
import { VERSION } from '../../lib/base/version.ts';
import { duration, lines } from '../terminal/phrases.ts';
import { textTable } from '../terminal/tables.ts';
import type { Answer, Verdict } from './Answer.ts';
import { questions } from './questions.ts';
import type { Removal } from './removeTrial.ts';
import type { TakenStep, Tried } from './runTrial.ts';
import { type Trial, type TrialEndpoint, trialStack } from './Trial.ts';

/** The content of `trial.json`. */
export interface TrialReport {
  /** Version of Sluice. */
  readonly sluice: string;
  /** Version of Node on this machine. */
  readonly node: string;
  /** Name of the trial's stack. */
  readonly stack: string;
  /** The region of AWS. */
  readonly region: string;
  /** What receives requests. */
  readonly endpoint: TrialEndpoint;
  /** When the trial was started, ISO 8601. */
  readonly startedAt: string;
  /** Seconds of all steps. */
  readonly seconds: number;
  /** The steps that were taken, in order. */
  readonly steps: readonly TakenStep[];
  /** An answer for each question, in the order of the questions. */
  readonly answers: readonly Answer[];
  /** What the removal has done; null if it did not end. */
  readonly removal: Removal | null;
}

/** Makes the content of `trial.json`, with neither keys nor account numbers in it. */
export function trialReport(
  trial: Trial,
  startedAt: string,
  { steps, answers, removal }: Omit<Tried, 'error'>,
): TrialReport {
  const { region, endpoint } = trial;
  const report: TrialReport = {
    sluice: VERSION,
    node: process.version,
    stack: trialStack(trial),
    region,
    endpoint,
    startedAt,
    seconds: sum(steps.map(({ seconds }) => seconds)),
    steps,
    answers,
    removal,
  };
  const hidden = JSON.stringify(report)
    .replace(/\b\d{12}\b/g, '<account>')
    .replace(/\b(client|secret)-[0-9a-f]{32}\b/g, '<key>');
  return JSON.parse(hidden);
}

/** The file of {@link trialReport}. */
export const REPORT = 'trial.json';

/**
 * The answers as a table, and below it each answer that was not as expected, with what to change. Nobody needs the
 * report of an interrupted trial.
 */
export function trialText(
  trial: Trial,
  { answers, removal, seconds }: TrialReport,
  isInterrupted: boolean,
): string {
  const otherwise = answers
    .filter(({ verdict }) => verdict === 'otherwise')
    .map(({ code, found }) => {
      const { asks, expects, cure } = questions[code];
      return `\n${code}: ${asks}\n  found      ${visibleLine(found)}\n  expected   ${expects}\n  to change  ${cure}\n`;
    });
  const countOf = (wanted: Verdict) => answers.filter(({ verdict }) => verdict === wanted).length;
  return [
    textTable(
      answers.map(({ code, verdict, found }) => ({
        answer: verdict === 'otherwise' ? 'OTHERWISE' : verdict,
        question: code,
        found,
      })),
    ),
    ...otherwise,
    `\n${countOf('expected')} as expected, ${countOf('otherwise')} otherwise, ${countOf('not asked')} not asked, in ${duration(seconds)}.\n`,
    removal === null ? `The removal did not end: ${removalCommand(trial)}\n` : removalText(trial, removal),
    isInterrupted ? '' : `${REPORT} has it all: attach it to an issue, also if everything is as expected.\n`,
  ].join('');
}

/** What a removal has done. */
export function removalText(trial: Trial, { deleted, left }: Removal): string {
  if (deleted === 0 && left.length === 0)
    return `There is no stack ${trialStack(trial)} in ${trial.region} of account ${trial.account}.\n`;
  return lines([
    `Deleted ${deleted} resources.`,
    ...left.map((resource) => `Not deleted: ${visibleLine(resource)}`),
    ...(left.length === 0 ? [] : [`Not deleted: look at each, then ${removalCommand(trial)}`]),
  ]);
}

/** The command that removes a trial: `npx sluice trial --remove 1f0c93ab --region eu-west-1` */
export function removalCommand({ id, region }: Trial): string {
  return `npx sluice trial --remove ${id} --region ${region}`;
}
