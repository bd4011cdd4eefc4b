import { LambdaClient } from '@aws-sdk/client-lambda';
import { systemTiming } from '../../lib/base/retry.ts';
import type { Deployment } from '../../observe/deployment.ts';
import { type Answer, type OnProgress, type Run, unanswered, unlessDenied } from './Answer.ts';
import { askAlarm, askDrop, askEncryption, askLakeFormation, askLakeSettings } from './askServices.ts';
import { deployTrial } from './deployTrial.ts';
import { questionCodes } from './questions.ts';
import { type Removal, removeTrial } from './removeTrial.ts';
import { runProbe } from './runProbe.ts';
import type { Trial } from './Trial.ts';
import { addKeys } from './trialKeys.ts';

/** The steps of a trial, with estimates of their seconds on AWS, where nobody has measured them yet. */
export const EXPECTED_SECONDS = {
  look: 20,
  deploy: 360,
  key: 40,
  probe: 360,
  drop: 180,
  alarm: 240,
  remove: 300,
} as const;

/** A step of a trial. */
type StepName = keyof typeof EXPECTED_SECONDS;

/** A step that was taken. */
export interface TakenStep {
  /** The step. */
  readonly step: StepName;
  /** How long it took, seconds. */
  readonly seconds: number;
  /** Why the step did not end; null if it ended. */
  readonly failed: string | null;
}

/** Takes steps, and notes how long each took. */
export class Steps {
  /** The steps that were taken, in their order. */
  readonly taken: TakenStep[] = [];
  readonly #ports: TrialPorts;

  constructor(ports: TrialPorts) {
    this.#ports = ports;
  }

  /** Takes a step: shows its progress, and notes it also if it fails. @throws What `work` throws. */
  async take<Result>(step: StepName, work: (show: OnProgress) => Promise<Result>): Promise<Result> {
    const { deployment, onProgress, onStep } = this.#ports;
    const from = deployment.clock.now();
    let failed: string | null = null;
    try {
      onProgress(step, '');
      return await work((what, waitsFor) => onProgress(step, what, waitsFor));
    } catch (error) {
      failed = error instanceof Error ? error.message : String(error);
      throw error;
    } finally {
      const seconds = Math.round((deployment.clock.now() - from) / 1_000);
      const taken = { step, seconds, failed };
      this.taken.push(taken);
      onStep(taken);
    }
  }
}

/** What a trial needs. */
interface TrialPorts {
  /** The deployment of the trial's stage. Its waits end with an error once its `signal` is aborted. */
  readonly deployment: Deployment;
  /** URL of the collector. Default: the stack's output. */
  readonly url?: string | undefined;
  /** Shows the progress of a step. */
  readonly onProgress: (step: StepName, ...progress: Parameters<OnProgress>) => void;
  /** Is called with each step that was taken. */
  readonly onStep: (step: TakenStep) => void;
}

/** What a trial has found. */
export interface Tried {
  /** The steps that were taken, in their order. */
  readonly steps: readonly TakenStep[];
  /** One answer for each question, in the order of the questions. */
  readonly answers: readonly Answer[];
  /** What was removed; null if the removal did not end. */
  readonly removal: Removal | null;
  /** What a step threw; undefined if no step failed. */
  readonly error: unknown;
}

/** Deploys a trial, asks its questions, and removes it, also when a step fails or is interrupted. */
export async function runTrial(trial: Trial, ports: TrialPorts): Promise<Tried> {
  const steps = new Steps(ports);
  const answers: Answer[] = [];
  let error: unknown;
  let removal: Removal | null = null;
  try {
    await steps.take('deploy', () => deployTrial(trial, ports.deployment));
    const run = await steps.take('key', () => addKeys(trial, ports.deployment, ports.url));
    await askTrial(ports.deployment, run, steps, answers);
  } catch (thrown) {
    error = thrown;
  }
  try {
    removal = await steps.take('remove', (show) =>
      removeTrial({ ...ports.deployment, wait: systemTiming.wait }, trial, show),
    );
  } catch (thrown) {
    error ??= thrown;
  }
  const all = questionCodes.map(
    (code) => answers.find((candidate) => candidate.code === code) ?? unanswered(code, 'not reached'),
  );
  return { steps: steps.taken, answers: all, removal, error };
}

/** Asks all questions about a deployed trial. @param answers Receives what was answered before something failed. */
export async function askTrial(
  deployment: Deployment,
  run: Run,
  steps: Steps,
  answers: Answer[],
): Promise<void> {
  await steps.take('probe', async (show) => {
    answers.push(...(await runProbe(deployment, run, show)));
  });
  await steps.take('drop', async (show) => {
    answers.push(...(await askDrop(deployment, run, show)));
    answers.push(await unlessDenied('SLUICE_PROBE_ENCRYPTION', () => askEncryption(deployment)));
    answers.push(await unlessDenied('SLUICE_PROBE_LAKE_FORMATION', () => askLakeFormation(deployment)));
  });
  await steps.take('alarm', async (show) => {
    const lambda = new LambdaClient(deployment.aws);
    const askLake = () => askLakeSettings(deployment.aws, lambda);
    answers.push(await unlessDenied('SLUICE_PROBE_LAKE_SETTINGS', askLake).finally(() => lambda.destroy()));
    answers.push(await unlessDenied('SLUICE_PROBE_ALARM', () => askAlarm(deployment, run, show)));
  });
}
