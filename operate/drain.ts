import { CloudFormationClient, UpdateTerminationProtectionCommand } from '@aws-sdk/client-cloudformation';
import { streamName } from '../infra/streams/streams.ts';
import { streamActivities } from '../lib/aws/streamReadings.ts';
import { isoTimestamp } from '../lib/base/time.ts';
import { whyNotEmpty } from '../lib/landing/hold/emptyStream.ts';
import { HOLDS_STALE_MS } from '../lib/landing/hold/HoldsCache.ts';
import {
  changeHolds,
  type Drain,
  type StreamHolds,
  withDrain,
  withLook,
  withoutDrain,
} from '../lib/landing/hold/StreamHolds.ts';
import { SETTLE_MS } from '../lib/landing/hold/streamAge.ts';
import type { StreamId } from '../lib/tables/streams.ts';
import { sluiceCommand } from '../observe/commands.ts';
import type { Deployment } from '../observe/deployment.ts';
import { readStreamHolds, withHoldStore } from '../observe/facts/flow/holds.ts';
import { readLocalState } from '../observe/facts/flow/localBuffers.ts';
import { type RelayState, readDeployedRelay } from '../observe/facts/flow/relayCopies.ts';
import { readStreamNames } from '../observe/facts/flow/streamNames.ts';
import { countWaitingObjects, type WaitingObjects } from '../observe/facts/flow/waitingObjects.ts';
import { deploymentOptions } from '../observe/target.ts';

const MINUTE_MS = 60_000;

/**
 * Milliseconds after which execution environments of the collector accept no event: one that has not read the flag for 15
 * minutes reads it before it stores anything, and a request that began before then has ended. An environment that cannot
 * read it goes on by what it read last.
 */
const INTAKE_STOPS_WITHIN_MS = HOLDS_STALE_MS + MINUTE_MS;

/** Something that is not empty yet. */
export interface DrainWait {
  readonly part: 'intake' | 'buffers' | 'landing' | 'relay' | 'metrics';
  /** One sentence. */
  readonly why: string;
}

/** How far a drain is. */
export interface DrainState extends Drain {
  /** The reasons why it waits. Empty when the deployment is drained. */
  readonly waitsFor: readonly DrainWait[];
  /** Objects in `parked/`: nobody writes them after the removal. They stay in the bucket. At least so many. */
  readonly parked: number;
}

/** Stops the intake, unless it is stopped. @throws HoldError; what Secrets Manager's client throws. */
export function startDrain(deployment: Deployment): Promise<StreamHolds> {
  return change(deployment, (holds) => withDrain(holds, deployment.now));
}

/**
 * Lets the intake go on, and then protects the stack from being deleted again.
 *
 * @throws HoldError; what the clients of Secrets Manager and CloudFormation throw.
 */
export async function cancelDrain(deployment: Deployment): Promise<void> {
  await change(deployment, withoutDrain);
  await protectStack(deployment, true);
}

/**
 * Looks what still waits, and notes it. When nothing has waited for long enough, the deployment is marked as drained and its
 * stack may be deleted; when something waits again, it may not.
 *
 * @returns Null if no drain is on.
 * @throws HoldError; what the clients of AWS throw.
 */
export async function lookAtDrain(deployment: Deployment): Promise<DrainState | null> {
  const { drain } = await readStreamHolds(deployment);
  if (drain === null) return null;
  const [parked, buffers, relay] = await Promise.all([
    countWaitingObjects(deployment, 'parked'),
    bufferWaits(deployment),
    readDeployedRelay(deployment),
  ]);
  // Behind the buffers: what they delivered meanwhile is there.
  const landing = await countWaitingObjects(deployment, 'landing');
  const waitsFor: DrainWait[] = [
    ...intakeWaits(deployment, drain),
    ...buffers,
    ...landingWaits(landing),
    ...relayWaits(deployment, relay),
  ];
  const settleMs = deployment.isLocal ? 0 : SETTLE_MS;
  const look = { isEmpty: waitsFor.length === 0, settleMs };
  const noted = (await change(deployment, (holds) => withLook(holds, deployment.now, look))).drain;
  if (noted === null) return null;
  if ((noted.drained === null) !== (drain.drained === null) || noted.drained !== null)
    await protectStack(deployment, noted.drained === null);
  return { ...noted, waitsFor: [...waitsFor, ...settleWaits(noted, settleMs)], parked: parked.count };
}

function change(deployment: Deployment, edit: (holds: StreamHolds) => StreamHolds): Promise<StreamHolds> {
  return withHoldStore(deployment, (store) => changeHolds(store, edit));
}

function intakeWaits(deployment: Deployment, { since }: Drain): DrainWait[] {
  const stopsAt = Date.parse(since) + INTAKE_STOPS_WITHIN_MS;
  if (deployment.now >= stopsAt) return [];
  const why = `The last execution environment of the collector stops by ${isoTimestamp(stopsAt)}.`;
  return [{ part: 'intake', why }];
}

function landingWaits({ count, hasMore, codes }: WaitingObjects): DrainWait[] {
  if (count === 0 && !hasMore) return [];
  const number = `${hasMore ? 'At least ' : ''}${count} ${count === 1 ? 'object waits' : 'objects wait'}`;
  const failed = Object.entries(codes).map(([code, times]) => `${times} with ${code}`);
  const attempts = failed.length === 0 ? '' : ` Attempts ended: ${failed.join(', ')}.`;
  return [{ part: 'landing', why: `${number} to become files of tables.${attempts}` }];
}

/** Lists the copies that a drain waits for. Refused copies stay in the bucket, and expire there. */
function relayWaits(deployment: Deployment, relay: RelayState | null): DrainWait[] {
  if (relay === null) return [];
  const { count, hasMore } = relay.waiting;
  const number = `${hasMore ? 'At least ' : ''}${count} ${count === 1 ? 'copy waits' : 'copies wait'}`;
  const where = deploymentOptions(deployment);
  const givesUp = `\`${sluiceCommand(where, ['relay', 'erase', '--all'])}\` gives them up, and what was refused.`;
  const dead = `${relay.deadLetters} in relay's dead-letter queue: docs/relay.md, "Alarms".`;
  return [
    ...(count === 0 ? [] : [{ part: 'relay', why: `${number} to be relayed. ${givesUp}` } as const]),
    ...(relay.deadLetters === 0 ? [] : [{ part: 'relay', why: dead } as const]),
  ];
}

function settleWaits({ empty, drained }: Drain, settleMs: number): DrainWait[] {
  if (empty === null || drained !== null) return [];
  const until = isoTimestamp(Date.parse(empty) + settleMs);
  return [
    {
      part: 'metrics',
      why: `Nothing waits since ${empty}. Firehose's metrics are late: looked at until ${until}.`,
    },
  ];
}

/** Streams that have, or may have, records that they have not delivered. */
async function bufferWaits(deployment: Deployment): Promise<DrainWait[]> {
  const local = deployment.isLocal ? await readLocalState(deployment) : undefined;
  if (local === undefined) return metricWaits(deployment);
  return [...local.buffered].flatMap(([stream, { count }]) =>
    count === 0 ? [] : [bufferWait(deployment, stream, `has ${count} records in its buffer.`)],
  );
}

/**
 * Firehose does not tell how many records a stream has. A stream waits while any age of its oldest record within 15 minutes
 * is above 0, and until a delivery has followed the last records that arrived: none does while delivery is completely
 * blocked.
 */
async function metricWaits(deployment: Deployment): Promise<DrainWait[]> {
  const activities = await streamActivities(
    deployment.cloudwatch,
    await readStreamNames(deployment),
    deployment.now,
  );
  return [...activities].flatMap(([stream, activity]) => {
    const why = whyNotEmpty(activity);
    return why === null ? [] : [bufferWait(deployment, stream, why)];
  });
}

function bufferWait(deployment: Deployment, stream: StreamId, what: string): DrainWait {
  return { part: 'buffers', why: `The stream ${streamName(deployment.stack, stream)} ${what}` };
}

/**
 * Termination protection of the stack, which `provider.deletionProtection` in serverless.yml turns on at each deployment.
 * Nothing deletes the stack of the local cloud.
 */
async function protectStack({ aws, stack, isLocal }: Deployment, isProtected: boolean): Promise<void> {
  if (isLocal) return;
  const client = new CloudFormationClient(aws);
  try {
    await client.send(
      new UpdateTerminationProtectionCommand({
        StackName: `${stack.service}-${stack.stage}`,
        EnableTerminationProtection: isProtected,
      }),
    );
  } finally {
    client.destroy();
  }
}
