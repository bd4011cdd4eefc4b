import { spawn } from 'node:child_process';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { paginateDescribeStackEvents, type StackEvent } from '@aws-sdk/client-cloudformation';
import { projectRoot } from '../../local/roots.ts';
import type { Deployment } from '../../observe/deployment.ts';
import { type DoctorClients, openClients } from '../../observe/doctor/clients.ts';
import { findStack } from './removeTrial.ts';
import { type Trial, trialStage } from './Trial.ts';
import { TrialError } from './TrialError.ts';
import { trialFiles } from './writeService.ts';

/** Runs `serverless deploy`. @throws TrialError `SLUICE_TRIAL_DEPLOY_FAILED` */
export async function deployTrial(trial: Trial, deployment: Deployment): Promise<void> {
  const { service, config, pid, log } = trialFiles(trial);
  const serverless = createRequire(join(projectRoot, 'package.json')).resolve('serverless/bin/serverless.js');
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
  const reason = (first?.ResourceStatusReason ?? 'no reason is told').replace(/\.$/, '');
  const why = first === undefined ? '' : `${first.LogicalResourceId}: ${reason}. `;
  throw new TrialError('SLUICE_TRIAL_DEPLOY_FAILED', `${why}The log is ${log}.`);
}

/** All events of a trial's stack, the newest first; none if there is no stack yet. */
export async function stackEvents(
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
