import { hash, randomBytes } from 'node:crypto';
import type { StackEvent } from '@aws-sdk/client-cloudformation';
import { versionedSecret } from '../../lib/aws/secrets.ts';
import { addKey } from '../../lib/wire/keys/editKeys.ts';
import type { Deployment } from '../../observe/deployment.ts';
import { openClients } from '../../observe/doctor/clients.ts';
import { readStackOutputs } from '../../observe/facts/flow/stackOutputs.ts';
import { changeKeyList } from '../aws/changeKeyList.ts';
import { poll, type Run } from './Answer.ts';
import { NO_EVENTS, postUrl } from './bodies.ts';
import { stackEvents } from './deployTrial.ts';
import { isFromCollector, replyText, sendRequest } from './sendRequest.ts';
import { type Trial, trialStack } from './Trial.ts';
import { TrialError } from './TrialError.ts';

/** Milliseconds between two looks whether collectors know a key. */
const LOOK_MS = 5_000;
/** Milliseconds to wait for collectors to know a key: they know it within half a minute. */
const KEY_MS = 120_000;

/**
 * Adds a key of a client and one of a server, and waits until the collector knows them.
 *
 * @param url URL of the collector. Default: the output of the stack.
 * @returns The run whose requests have these keys.
 * @throws TrialError `SLUICE_TRIAL_NO_ANSWER`; KeyListError; what AWS's clients throw.
 */
export async function addKeys(trial: Trial, deployment: Deployment, url?: string): Promise<Run> {
  const { clock, aws } = deployment;
  const made = () => randomBytes(16).toString('hex');
  const keys = { client: `client-${made()}`, server: `secret-${made()}` };
  const collector = url ?? (await readStackOutputs(deployment)).get('CollectorUrl') ?? '';
  const clients = openClients(aws);
  try {
    const secret = versionedSecret(clients.secrets, `${trialStack(trial)}-keys`);
    const entries = Object.entries(keys).map(([label, key]) => ({ label, sha256: hash('sha256', key) }));
    await changeKeyList(secret, (text) => entries.reduce(addKey, text));
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

/** Types of resources which this CloudFormation says that it has not made. On AWS there are none. */
function lackingTypes(events: readonly StackEvent[]): ReadonlySet<string> {
  return new Set(
    events
      .filter(({ ResourceStatusReason: reason = '' }) => /\bnot supported\b/.test(reason))
      .map(({ ResourceType = '' }) => ResourceType),
  );
}
