import { CloudFormationClient, UpdateTerminationProtectionCommand } from '@aws-sdk/client-cloudformation';
import { streamName } from '../../infra/streams/streams.ts';
import { isoTimestamp } from '../../lib/base/time.ts';
import { HOLDS_STALE_MS } from '../../lib/landing/hold/HoldsCache.ts';
import {
  changeHolds,
  type Drain,
  type StreamHolds,
  withDrain,
  withDrained,
  withoutDrain,
} from '../../lib/landing/hold/StreamHolds.ts';
import { type TableKind, tableKinds } from '../../lib/schema/kinds.ts';
import { withHoldStore } from '../holds/holds.ts';
import { readLocalState } from '../localBuffers.ts';
import { readMetricData } from '../metricData.ts';
import type { Place } from '../place.ts';
import { countWaitingObjects } from '../status/waitingObjects.ts';

const MINUTE_MS = 60_000;

/**
 * Milliseconds after which no execution environment of the collector accepts an event: one that has not read the flag for 15
 * minutes reads it before it stores anything, and a request that began before then has ended.
 */
const INTAKE_STOPS_WITHIN_MS = HOLDS_STALE_MS + MINUTE_MS;

/** Metrics of Firehose arrive within so many minutes. */
const METRICS_LATE_MINUTES = 10;

/** Something that is not empty yet. */
export interface DrainWait {
  readonly part: 'intake' | 'overflow' | 'errors' | 'buffers';
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
function startDrain(place: Place): Promise<StreamHolds> {
  return change(place, (holds) => withDrain(holds, place.now));
}

/**
 * Lets the intake go on, and protects the stack from being deleted again.
 *
 * @throws HoldError; what the clients of Secrets Manager and CloudFormation throw.
 */
export async function cancelDrain(place: Place): Promise<StreamHolds> {
  await protectStack(place, true);
  return change(place, withoutDrain);
}

/**
 * Looks what still waits. When nothing does, the deployment is marked as drained, and its stack may be deleted.
 *
 * @throws HoldError; what the clients of AWS throw.
 */
export async function continueDrain(place: Place): Promise<DrainState> {
  const { drain } = await startDrain(place);
  // A drain that was cancelled this moment begins anew with the next look.
  const { since, drained } = drain ?? { since: isoTimestamp(place.now), drained: null };
  const [overflow, errors, parked, buffers] = await Promise.all([
    countWaitingObjects(place, 'overflow'),
    countWaitingObjects(place, 'errors'),
    countWaitingObjects(place, 'parked'),
    bufferWaits(place),
  ]);
  const stopsAt = Date.parse(since) + INTAKE_STOPS_WITHIN_MS;
  const objects = ({ count, hasMore }: { readonly count: number; readonly hasMore: boolean }) =>
    `${hasMore ? 'more than ' : ''}${count} ${count === 1 ? 'object waits' : 'objects wait'} to be redriven.`;
  const waitsFor: DrainWait[] = [
    ...(place.now < stopsAt
      ? [
          {
            part: 'intake',
            why: `The last execution environment of the collector stops by ${isoTimestamp(stopsAt)}.`,
          } as const,
        ]
      : []),
    ...(overflow.count > 0 ? [{ part: 'overflow', why: objects(overflow) } as const] : []),
    ...(errors.count > 0 ? [{ part: 'errors', why: objects(errors) } as const] : []),
    ...buffers,
  ];
  const state = { since, waitsFor, parked: parked.count };
  if (drained !== null || waitsFor.length > 0) return { ...state, drained };
  await protectStack(place, false);
  const marked = await change(place, (holds) => withDrained(holds, place.now));
  return { ...state, drained: marked.drain?.drained ?? null };
}

function change(place: Place, edit: (holds: StreamHolds) => StreamHolds): Promise<StreamHolds> {
  return withHoldStore(place, (store) => changeHolds(store, edit));
}

/** Streams that have, or may have, records that they have not delivered. */
async function bufferWaits(place: Place): Promise<DrainWait[]> {
  const local = await readLocalState(place);
  if (local === undefined) return metricWaits(place);
  return tableKinds.flatMap((table) => {
    const { count } = local.buffered.get(table) ?? { count: 0 };
    return count === 0 ? [] : [bufferWait(place, table, `has ${count} rows in its buffer.`)];
  });
}

/**
 * Firehose does not tell how many records a stream has. It is taken for empty when it has accepted nothing for two buffer
 * intervals, and none of its newest values of `DataFreshness` is above 0, in a time that allows for late metrics.
 * https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html
 */
async function metricWaits(place: Place): Promise<DrainWait[]> {
  const minutes = METRICS_LATE_MINUTES + Math.ceil((2 * place.config.buffering.seconds) / 60);
  const end = Math.ceil(place.now / MINUTE_MS) * MINUTE_MS;
  const metric = (table: TableKind, name: string, statistic: string) => ({
    ...{ id: `${table} ${name}`, namespace: 'AWS/Firehose', metric: name, statistic },
    dimensions: { DeliveryStreamName: streamName(place.stack, table) },
  });
  const series = await readMetricData(
    place,
    tableKinds.flatMap((table) => [
      metric(table, 'IncomingRecords', 'Sum'),
      metric(table, 'DeliveryToS3.DataFreshness', 'Maximum'),
    ]),
    { start: end - minutes * MINUTE_MS, end, periodSeconds: MINUTE_MS / 1_000 },
  );
  return tableKinds.flatMap((table) => {
    const incoming = [...(series.get(`${table} IncomingRecords`)?.values() ?? [])];
    const records = incoming.reduce((sum, count) => sum + count, 0);
    if (records > 0)
      return [bufferWait(place, table, `accepted ${records} records within ${minutes} minutes.`)];
    const ages = [...(series.get(`${table} DeliveryToS3.DataFreshness`) ?? [])]
      .filter(([at]) => at >= end - METRICS_LATE_MINUTES * MINUTE_MS)
      .map(([, age]) => age);
    const oldest = Math.max(0, ...ages);
    return oldest === 0
      ? []
      : [bufferWait(place, table, `has a record that has waited for ${Math.ceil(oldest / 60)} minutes.`)];
  });
}

function bufferWait(place: Place, table: TableKind, what: string): DrainWait {
  return { part: 'buffers', why: `The stream ${streamName(place.stack, table)} ${what}` };
}

/**
 * Termination protection of the stack, which `provider.deletionProtection` in serverless.yml turns on at each deployment. The
 * local cloud has none.
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
