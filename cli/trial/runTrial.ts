import { spawn } from 'node:child_process';
import { hash, randomBytes } from 'node:crypto';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { paginateDescribeStackEvents, type StackEvent } from '@aws-sdk/client-cloudformation';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { versionedSecret } from '../../lib/aws/secrets.ts';
import { systemTiming } from '../../lib/base/retry.ts';
import { addKey } from '../../lib/wire/keys/editKeys.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import type { Deployment } from '../../observe/deployment.ts';
import { type DoctorClients, openClients } from '../../observe/doctor/Setup.ts';
import { readStackOutputs } from '../../observe/facts/flow/stackOutputs.ts';
import {
  askAlarm,
  askCatalog,
  askDrop,
  askEncryption,
  askKill,
  askLakeFormation,
  askLakeSettings,
} from './askServices.ts';
import { NO_EVENTS, postUrl } from './bodies.ts';
import { type Answer, type OnProgress, poll, type Run, unanswered, unlessDenied } from './Probe.ts';
import { questionCodes } from './questions.ts';
import { findStack, type Removal, removeTrial } from './removeTrial.ts';
import { runProbe } from './runProbe.ts';
import { isFromCollector, replyText, sendRequest } from './sendRequest.ts';
import { killedFunction, type Trial, trialStack, trialStage } from './Trial.ts';
import { TrialError } from './TrialError.ts';
import { trialFiles } from './writeService.ts';

/** Milliseconds between two looks whether collectors know a key. */
const LOOK_MS = 5_000;
/** Milliseconds to wait for collectors to know a key: they know it within half a minute. */
const KEY_MS = 120_000;

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
export type StepName = keyof typeof EXPECTED_SECONDS;

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
export interface TrialPorts {
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
    await steps.take('deploy', () => deploy(trial, ports));
    const run = await steps.take('key', () => addKeys(trial, ports));
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
    const drop = await unlessDenied('SLUICE_PROBE_DROP', () => askDrop(deployment, run, show));
    // The managed policy is what lets the file be read, so the load proves the policy, too: trialConfig.
    answers.push(drop, { ...drop, code: 'SLUICE_PROBE_POLICIES' });
    answers.push(await askEncryption(deployment));
    answers.push(await unlessDenied('SLUICE_PROBE_CATALOG', () => askCatalog(deployment, run)));
    answers.push(await unlessDenied('SLUICE_PROBE_LAKE_FORMATION', () => askLakeFormation(deployment)));
  });
  await steps.take('alarm', async (show) => {
    const lambda = new LambdaClient(deployment.aws);
    const askLake = () => askLakeSettings(deployment.aws, lambda);
    answers.push(await unlessDenied('SLUICE_PROBE_LAKE_SETTINGS', askLake));
    const FunctionName = killedFunction(run);
    const kill = () => lambda.send(new InvokeCommand({ FunctionName }));
    const ask = () => askKill(deployment, run, FunctionName, kill);
    answers.push(await unlessDenied('SLUICE_PROBE_KILL', ask));
    lambda.destroy();
    answers.push(await unlessDenied('SLUICE_PROBE_ALARM', () => askAlarm(deployment, run, show)));
  });
}

/** Runs `serverless deploy`. @throws TrialError `SLUICE_TRIAL_DEPLOY_FAILED` */
async function deploy(trial: Trial, { deployment }: TrialPorts): Promise<void> {
  const { service, config, pid, log } = trialFiles(trial);
  const serverless = createRequire(join(repositoryRoot, 'package.json')).resolve(
    'serverless/bin/serverless.js',
  );
  const args = [serverless, 'deploy', '--stage', trialStage(trial), '--region', trial.region, '--verbose'];
  const { endpoint } = deployment.aws;
  const endpointSetting = endpoint === undefined ? {} : { AWS_ENDPOINT_URL: endpoint };
  const env = { ...process.env, ...endpointSetting, SLUICE_CONFIG: config, CI: '1' };
  const output = openSync(log, 'a', 0o600);
  // The process has a group of its own, so that Ctrl-C in a terminal reaches only this process.
  const child = spawn(process.execPath, args, {
    cwd: service,
    env,
    stdio: ['ignore', output, output],
    detached: true,
  });
  closeSync(output);
  writeFileSync(pid, String(child.pid));
  const stop = () => child.pid !== undefined && process.kill(-child.pid, 'SIGTERM');
  deployment.signal?.addEventListener('abort', stop);
  const status = await new Promise((resolve) => child.once('error', resolve).once('exit', resolve));
  deployment.signal?.removeEventListener('abort', stop);
  deployment.signal?.throwIfAborted();
  if (status === 0) return;
  const clients = openClients(deployment.aws);
  const events = await stackEvents(clients, trial).finally(() => clients.cloudFormation.destroy());
  const first = events.findLast(({ ResourceStatus }) => ResourceStatus === 'CREATE_FAILED');
  const why = first === undefined ? '' : `${first.LogicalResourceId}: ${first.ResourceStatusReason} `;
  throw new TrialError('SLUICE_TRIAL_DEPLOY_FAILED', `${why}The log is ${log}.`);
}

/** Adds a key of a client and one of a server, and waits until the collector knows them. */
async function addKeys(trial: Trial, { deployment, url }: TrialPorts): Promise<Run> {
  const { clock, aws } = deployment;
  const made = () => randomBytes(16).toString('hex');
  const keys = { client: `client-${made()}`, server: `secret-${made()}` };
  const collector = url ?? (await readStackOutputs(deployment)).get('CollectorUrl') ?? '';
  const clients = openClients(aws);
  try {
    const secret = versionedSecret(clients.secrets, `${trialStack(trial)}-keys`);
    const { text, version } = await secret.read();
    const entries = Object.entries(keys).map(([label, key]) => ({ label, sha256: hash('sha256', key) }));
    await secret.replace(entries.reduce(addKey, text), version);
    const lacks = lackingTypes(await stackEvents(clients, trial));
    const run = { id: trial.id, collector, keys, time: clock.now(), lacks };
    await awaitKeys(deployment, run);
    return { ...run, time: clock.now() };
  } finally {
    for (const client of Object.values(clients)) client.destroy();
  }
}

/**
 * Waits until the collector knows the keys. If it does not know them by the deadline, the first question shows that.
 *
 * @throws TrialError `SLUICE_TRIAL_NO_ANSWER` if no answer was the collector's.
 */
export async function awaitKeys(ports: Pick<Deployment, 'clock' | 'wait'>, run: Run): Promise<void> {
  const deadline = ports.clock.now() + KEY_MS;
  const url = postUrl(run);
  let isAnswered = false;
  for (const key of Object.values(run.keys)) {
    const look = async () => {
      const seen = await sendRequest({ url, headers: { 'statsig-api-key': key }, body: NO_EVENTS });
      isAnswered ||= isFromCollector(seen);
      return { seen, isThere: isFromCollector(seen) && seen.status !== 401 };
    };
    const reply = await poll(ports, deadline - ports.clock.now(), look, LOOK_MS);
    if (!isAnswered) throw new TrialError('SLUICE_TRIAL_NO_ANSWER', `${url.origin}: ${replyText(reply)}.`);
  }
}

/** All events of a trial's stack, the newest first; none if there is no stack yet. */
async function stackEvents(
  clients: Pick<DoctorClients, 'cloudFormation'>,
  trial: Trial,
): Promise<readonly StackEvent[]> {
  const events: StackEvent[] = [];
  const StackName = await findStack(clients, trial);
  if (StackName === null) return events;
  for await (const page of paginateDescribeStackEvents({ client: clients.cloudFormation }, { StackName }))
    events.push(...(page.StackEvents ?? []));
  return events;
}

/** Types of resources which this CloudFormation says that it has not made. On AWS there are none. */
function lackingTypes(events: readonly StackEvent[]): ReadonlySet<string> {
  return new Set(
    events
      .filter(({ ResourceStatusReason: reason = '' }) => /\bnot supported\b/.test(reason))
      .map(({ ResourceType = '' }) => ResourceType),
  );
}
