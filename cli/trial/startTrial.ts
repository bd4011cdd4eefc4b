import { rm, writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { sum } from '../../lib/base/sum.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { configFile, loadConfig } from '../../lib/config/loadConfig.ts';
import { isRegion } from '../../lib/schema/regions.ts';
import { LOCAL_STAGE } from '../../lib/schema/stages.ts';
import { projectRoot } from '../../local/roots.ts';
import { type Deployment, openDeployment } from '../../observe/deployment.ts';
import { diagnose } from '../../observe/doctor/diagnose.ts';
import { namedTarget } from '../aws/target.ts';
import { explainingAws } from '../aws/withDeployment.ts';
import { lookText } from '../observe/doctorText.ts';
import { duration } from '../observe/words.ts';
import { type CommandLine, PROBLEMS_FOUND, stageOption, UsageError } from '../terminal/commandLine.ts';
import { confirm } from '../terminal/confirm.ts';
import { INTERRUPTED, untilInterrupted } from '../terminal/interrupt.ts';
import { writeNote, writeResult } from '../terminal/output.ts';
import { openProgress } from '../terminal/progress.ts';
import { endDeployment, type Removal, removeTrial } from './removeTrial.ts';
import { EXPECTED_SECONDS, runTrial, type TakenStep, type Tried } from './runTrial.ts';
import { newTrialId, type Trial, trialConfig, trialStack, trialStage } from './Trial.ts';
import { TrialError } from './TrialError.ts';
import {
  REPORT,
  removalCommand,
  removalText,
  type TrialReport,
  trialReport,
  trialText,
} from './trialReport.ts';
import { trialFiles, writeService } from './writeService.ts';

/** The options of a trial. */
export interface TrialWish {
  /** The region of AWS. */
  readonly region: string;
  /** Which endpoint the collector gets. */
  readonly endpoint: Trial['endpoint'];
  /** URL of the collector; undefined for the stack's own. */
  readonly url: string | undefined;
}

/**
 * Shows what a trial makes, asks whether to make it, and makes it. The first Ctrl-C ends the trial and removes what it made; a second
 * one leaves that.
 *
 * @returns The exit code.
 * @throws UsageError; TrialError; AwsAccessError.
 */
export async function startTrial(line: CommandLine, wish: TrialWish): Promise<number> {
  const trial = await trialOf(line, wish, newTrialId());
  const startedAt = new Date().toISOString();
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
    if (tried.removal?.left.length === 0) await forget(trial);
    if (signal.aborted) return INTERRUPTED;
    const { error } = tried;
    if (error !== undefined) await explainingAws(() => Promise.reject(error));
    return tried.removal?.left.length !== 0 || report.answers.some(({ verdict }) => verdict === 'otherwise')
      ? PROBLEMS_FOUND
      : 0;
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
      const detail = progressText && `: ${progressText}`;
      return progress.show(`${step}, about ${duration(EXPECTED_SECONDS[step])}${detail}`);
    },
    onStep: (taken) => writeNote(stepText(taken)),
  }).finally(() => progress.end());
}

/** `--remove`: removes what an interrupted trial has left. @throws As {@link startTrial}. @returns The exit code. */
export async function removeOnly(line: CommandLine, wish: TrialWish, id: string): Promise<number> {
  if (!/^[0-9a-f]{8}$/.test(id))
    throw new UsageError('SLUICE_USAGE_OPTIONS', `--remove: got ${id}, expected the ID of a trial.`);
  const trial = await trialOf(line, wish, id);
  const deployment = openTrial(line, trial, new AbortController().signal);
  const progress = openProgress(line);
  await endDeployment(trial);
  const removal = await explainingAws(() =>
    removeTrial(deployment, trial, (step) => progress.show(step)),
  ).finally(() => {
    progress.end();
    deployment.close();
  });
  writeResult<Removal>(line, removal, () => removalText(trial, removal));
  if (removal.left.length > 0) return PROBLEMS_FOUND;
  await forget(trial);
  return 0;
}

/** A trial in the account of the credentials. */
async function trialOf(line: CommandLine, { region, endpoint }: TrialWish, id: string): Promise<Trial> {
  if (!isRegion(region))
    throw new UsageError(
      'SLUICE_USAGE_OPTIONS',
      `--region: got ${region}, expected one of docs/reference/configuration.md.`,
    );
  const { aws } = namedTarget({ values: { ...line.values, stage: 'trial' } });
  const sts = new STSClient(aws);
  const { Account: account = '' } = await explainingAws(() =>
    sts.send(new GetCallerIdentityCommand({})),
  ).finally(() => sts.destroy());
  const project = await loadConfig(configFile(projectRoot, process.env), stageOption(line) ?? LOCAL_STAGE);
  return { id, account, region, endpoint, project };
}

/** Deletes the folder that a trial was deployed from. Its log stays. */
function forget(trial: Trial): Promise<void> {
  return rm(trialFiles(trial).service, { recursive: true, force: true });
}

/** The configuration of a trial, for the processor that its functions run on. */
function configOf(trial: Trial, { isLocal }: Pick<Deployment, 'isLocal'>) {
  // An emulator on this machine runs functions with this machine's processor.
  return trialConfig(trial, isLocal && process.arch !== 'arm64' ? 'x86_64' : 'arm64');
}

/** A trial's deployment. Its waits end once it is interrupted. */
function openTrial(line: CommandLine, trial: Trial, signal: AbortSignal): Deployment {
  const values = { ...line.values, region: trial.region, stage: trialStage(trial) };
  const named = namedTarget({ values });
  const aws = { ...named.aws, region: trial.region };
  const config = defineConfig(configOf(trial, named), { stages: [values.stage] });
  const opened = openDeployment({ ...named, config, now: Date.now() }, aws);
  const wait = (ms: number) => setTimeout(ms, undefined, { signal });
  return { ...opened, wait, signal };
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
