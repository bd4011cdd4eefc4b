import { writeFile } from 'node:fs/promises';
import { sum } from '../../lib/base/sum.ts';
import type { Deployment } from '../../observe/deployment.ts';
import { diagnose } from '../../observe/doctor/diagnose.ts';
import { explainedByAws, explainingAws } from '../aws/withDeployment.ts';
import { lookText } from '../observe/doctorText.ts';
import { type CommandLine, PROBLEMS_FOUND } from '../terminal/commandLine.ts';
import { confirm } from '../terminal/confirm.ts';
import { INTERRUPTED, untilInterrupted } from '../terminal/interrupt.ts';
import { writeNote, writeResult } from '../terminal/output.ts';
import { duration } from '../terminal/phrases.ts';
import { openProgress } from '../terminal/progress.ts';
import { configOf, forget, openTrial, trialOf } from './openTrial.ts';
import { EXPECTED_SECONDS, runTrial, type TakenStep, type Tried } from './runTrial.ts';
import { newTrialId, type Trial, trialStack } from './Trial.ts';
import { TrialError } from './TrialError.ts';
import { REPORT, removalCommand, type TrialReport, trialReport, trialText } from './trialReport.ts';
import { writeService } from './writeService.ts';

/** The options of a trial. */
interface TrialWish {
  /** The region of AWS. */
  readonly region: string;
  /** Which endpoint the collector gets. */
  readonly endpoint: Trial['endpoint'];
  /** URL of the collector; undefined for the stack's own. */
  readonly url: string | undefined;
}

/**
 * Shows what a trial makes, asks whether to make it, makes it, and writes `trial.json` into the current folder. The first Ctrl-C ends
 * the trial and removes what it made; a second one leaves that.
 *
 * @returns The exit code: 0 if all answers are as expected, 1 if nobody wanted the trial, 3 if an answer is not as expected or
 *   something is left, 130 if it was interrupted, whatever is left then.
 * @throws UsageError; TrialError; AwsAccessError; ConfigError; what else a step has thrown.
 */
export async function startTrial(line: CommandLine, wish: TrialWish): Promise<number> {
  const trial = await trialOf(line, wish, newTrialId());
  const interruption = new AbortController();
  const { signal } = interruption;
  const deployment = openTrial(line, trial, signal);
  try {
    writeNote(planText(trial));
    await requireFit(deployment);
    if (line.values['yes'] !== true && !(await confirm('Make it?'))) {
      writeNote('Nothing was made.\n');
      return 1;
    }
    const startedAt = new Date().toISOString();
    await writeService(trial, configOf(trial, deployment));
    writeNote(`If this ends early: ${removalCommand(trial)}\n`);
    void untilInterrupted().then(() => {
      writeNote(
        `Interrupted: removing what was made. Once more, and it stays until ${removalCommand(trial)}\n`,
      );
      interruption.abort();
    });
    const tried = await showTrial(line, trial, deployment, wish.url);
    const report = trialReport(trial, startedAt, tried);
    await writeFile(REPORT, `${JSON.stringify(report, null, 2)}\n`);
    writeResult<TrialReport>(line, report, () => trialText(trial, report, signal.aborted));
    const isRemoved = tried.removal !== null && tried.removal.left.length === 0;
    if (isRemoved) await forget(trial);
    if (signal.aborted) return INTERRUPTED;
    if (tried.error !== undefined) throw await explainedByAws(tried.error);
    const isAsExpected = report.answers.every(({ verdict }) => verdict !== 'otherwise');
    return isRemoved && isAsExpected ? 0 : PROBLEMS_FOUND;
  } finally {
    deployment.close();
  }
}

/**
 * Looks at the account as `sluice doctor --before-deploy` does, and writes what it sees. The limits of a new account are no obstacle:
 * they lose requests only when there are more than a trial sends.
 *
 * @throws TrialError `SLUICE_TRIAL_ACCOUNT_UNFIT`; AwsAccessError.
 */
async function requireFit(deployment: Deployment): Promise<void> {
  const { checks } = await explainingAws(() =>
    diagnose(deployment, { beforeDeploy: true }, (looked) => writeNote(lookText(looked), 'report')),
  );
  const isUnfit = checks.some(({ findings }) =>
    findings.some(({ severity, code }) => severity === 'problem' && code !== 'SLUICE_FINDING_QUOTA'),
  );
  if (isUnfit) throw new TrialError('SLUICE_TRIAL_ACCOUNT_UNFIT');
}

/** Runs a trial and shows its steps. @param url URL of the collector. Default: the stack's output. */
async function showTrial(
  line: CommandLine,
  trial: Trial,
  deployment: Deployment,
  url: string | undefined,
): Promise<Tried> {
  const progress = openProgress(line);
  return runTrial(trial, {
    deployment,
    url,
    onProgress: (step, progressText) => {
      const detail = progressText === '' ? '' : `: ${progressText}`;
      progress.show(`${step}, about ${duration(EXPECTED_SECONDS[step])}${detail}`);
    },
    onStep: (taken) => writeNote(stepText(taken)),
  }).finally(() => progress.end());
}

/** What a trial makes, how long it takes, and what it costs. */
function planText(trial: Trial): string {
  const seconds = sum(Object.values(EXPECTED_SECONDS));
  return [
    `The trial ${trial.id} makes the stack ${trialStack(trial)} in ${trial.region} of account ${trial.account}, with a bucket for a drop, and removes it.`,
    `It takes about ${duration(seconds)}, and costs some cents. A key that it makes is deleted 30 days later, and free until then.`,
    `Boundary, tags and existing key are the project's; nothing else that exists is used. First the account is looked at:\n\n`,
  ].join('\n');
}

/** The line about a step: `deploy  4 min of about 6 min` */
function stepText({ step, seconds, failed }: TakenStep): string {
  const how = failed === null ? '' : `: ${failed}`;
  return `${step.padEnd(7)} ${duration(seconds)} of about ${duration(EXPECTED_SECONDS[step])}${how}\n`;
}
