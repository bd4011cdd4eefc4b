import { CloudFormationClient, UpdateTerminationProtectionCommand } from '@aws-sdk/client-cloudformation';
import { readDeployedStack } from '../../infra/serverless/deployedStack.ts';
import { streamsOfTemplate } from '../../infra/serverless/requirements.ts';
import { streamName, streamNamed } from '../../infra/streams/streams.ts';
import { type StreamNames, streamActivities } from '../../lib/aws/streamReadings.ts';
import { isoTimestamp } from '../../lib/base/time.ts';
import { whyNotEmpty } from '../../lib/landing/hold/emptyStream.ts';
import { HOLDS_STALE_MS } from '../../lib/landing/hold/HoldsCache.ts';
import {
  changeHolds,
  type Drain,
  type StreamHolds,
  withDrain,
  withLook,
  withoutDrain,
} from '../../lib/landing/hold/StreamHolds.ts';
import { SETTLE_MS } from '../../lib/landing/hold/streamAge.ts';
import type { StreamId } from '../../lib/tables/streams.ts';
import { sluiceCommand } from '../commands.ts';
import { deploymentOptions } from '../deployment.ts';
import { readStreamHolds, streamNames, withHoldStore } from '../holds/holds.ts';
import { readLocalState } from '../localBuffers.ts';
import type { Place } from '../place.ts';
import { type RelayState, readDeployedRelay } from '../relay/relayCopies.ts';
import { countWaitingObjects } from '../status/waitingObjects.ts';

const MINUTE_MS = 60_000;

/**
 * Milliseconds after which execution environments of the collector accept no event: one that has not read the flag for 15
 * minutes reads it before it stores anything, and a request that began before then has ended. An environment that cannot
 * read it goes on by what it read last.
 */
const INTAKE_STOPS_WITHIN_MS = HOLDS_STALE_MS + MINUTE_MS;

/** Something that is not empty yet. */
export interface DrainWait {
  readonly part: 'intake' | 'overflow' | 'errors' | 'buffers' | 'relay' | 'metrics';
  /** One sentence. */
  readonly why: string;
}

/** How far a drain is. */
export interface DrainState extends Drain {
  /** What it waits for. Nothing when the deployment is drained. */
  readonly waitsFor: readonly DrainWait[];
  /** Objects in `parked/`: nobody redrives them after the removal. They stay in the bucket. At least so many. */
  readonly parked: number;
}

/** Stops the intake, unless it is stopped. @throws HoldError; what Secrets Manager's client throws. */
export function startDrain(place: Place): Promise<StreamHolds> {
  return change(place, (holds) => withDrain(holds, place.now));
}

/**
 * Lets the intake go on, and then protects the stack from being deleted again.
 *
 * @throws HoldError; what the clients of Secrets Manager and CloudFormation throw.
 */
export async function cancelDrain(place: Place): Promise<void> {
  await change(place, withoutDrain);
  await protectStack(place, true);
}

/**
 * Looks what still waits, and notes it. When nothing has waited for long enough, the deployment is marked as drained and its
 * stack may be deleted; when something waits again, it may not.
 *
 * @returns Null if no drain is on.
 * @throws HoldError; what the clients of AWS throw.
 */
export async function lookAtDrain(place: Place): Promise<DrainState | null> {
  const { drain } = await readStreamHolds(place);
  if (drain === null) return null;
  const [overflow, errors, parked, buffers, relay] = await Promise.all([
    countWaitingObjects(place, 'overflow'),
    countWaitingObjects(place, 'errors'),
    countWaitingObjects(place, 'parked'),
    bufferWaits(place),
    readDeployedRelay(place),
  ]);
  const waitsFor: DrainWait[] = [
    ...intakeWaits(place, drain),
    ...objectWaits('overflow', overflow),
    ...objectWaits('errors', errors),
    ...buffers,
    ...relayWaits(place, relay),
  ];
  const settleMs = place.isLocal ? 0 : SETTLE_MS;
  const look = { isEmpty: waitsFor.length === 0, settleMs };
  const noted = (await change(place, (holds) => withLook(holds, place.now, look))).drain;
  if (noted === null) return null;
  if ((noted.drained === null) !== (drain.drained === null) || noted.drained !== null)
    await protectStack(place, noted.drained === null);
  return { ...noted, waitsFor: [...waitsFor, ...settleWaits(noted, settleMs)], parked: parked.count };
}

function change(place: Place, edit: (holds: StreamHolds) => StreamHolds): Promise<StreamHolds> {
  return withHoldStore(place, (store) => changeHolds(store, edit));
}

function intakeWaits(place: Place, { since }: Drain): DrainWait[] {
  const stopsAt = Date.parse(since) + INTAKE_STOPS_WITHIN_MS;
  if (place.now >= stopsAt) return [];
  const why = `The last execution environment of the collector stops by ${isoTimestamp(stopsAt)}.`;
  return [{ part: 'intake', why }];
}

function objectWaits(
  part: 'overflow' | 'errors',
  { count, hasMore }: { readonly count: number; readonly hasMore: boolean },
): DrainWait[] {
  if (count === 0 && !hasMore) return [];
  const number = `${hasMore ? 'At least ' : ''}${count} ${count === 1 ? 'object waits' : 'objects wait'}`;
  return [{ part, why: `${number} to be redriven. Objects of a held stream stay: see \`sluice hold\`.` }];
}

/** What was refused stays in the bucket, and expires there. */
function relayWaits(place: Place, relay: RelayState | null): DrainWait[] {
  if (relay === null) return [];
  const { count, hasMore } = relay.waiting;
  const number = `${hasMore ? 'At least ' : ''}${count} ${count === 1 ? 'copy waits' : 'copies wait'}`;
  const where = deploymentOptions({ stack: place.stack, place: place.aws, local: place.isLocal });
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
async function bufferWaits(place: Place): Promise<DrainWait[]> {
  const local = place.isLocal ? await readLocalState(place) : undefined;
  if (local === undefined) return metricWaits(place);
  return [...local.buffered].flatMap(([stream, { count }]) =>
    count === 0 ? [] : [bufferWait(place, stream, `has ${count} rows in its buffer.`)],
  );
}

/**
 * Firehose does not tell how many records a stream has. A stream waits while any age of its oldest record within 15 minutes
 * is above 0, and until a delivery has followed the last records that arrived: none does while delivery is completely
 * blocked.
 */
async function metricWaits(place: Place): Promise<DrainWait[]> {
  const activities = await streamActivities(place.cloudwatch, await deployedStreams(place), place.now);
  return [...activities].flatMap(([stream, activity]) => {
    const why = whyNotEmpty(activity);
    return why === null ? [] : [bufferWait(place, stream, why)];
  });
}

/** The streams of the deployed stack: the configuration may have changed since, and have others. */
async function deployedStreams({ aws, config, stack }: Place): Promise<StreamNames> {
  const stackName = `${stack.service}-${stack.stage}`;
  const deployed = await readDeployedStack(aws, stackName);
  const names = deployed === null ? [] : [...streamsOfTemplate(deployed.template).values()];
  const found = names.flatMap((name) => {
    const stream = streamNamed(stackName, name);
    return stream === null ? [] : [[stream, name] as const];
  });
  return found.length > 0 ? new Map(found) : streamNames({ config, stack });
}

function bufferWait(place: Place, stream: StreamId, what: string): DrainWait {
  return { part: 'buffers', why: `The stream ${streamName(place.stack, stream)} ${what}` };
}

/**
 * Termination protection of the stack, which `provider.deletionProtection` in serverless.yml turns on at each deployment.
 * Nothing deletes the stack of the local cloud.
 */
async function protectStack({ aws, stack, isLocal }: Place, isProtected: boolean): Promise<void> {
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
