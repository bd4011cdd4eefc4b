import { partName } from '../../../infra/template/Stack.ts';
import { readMetricData } from '../../../lib/aws/metricData.ts';
import { defineErrorFamily } from '../../../lib/base/errors.ts';
import { METRIC_NAMESPACE } from '../../../lib/base/log.ts';
import { metricsOf } from '../../../lib/base/metrics.ts';
import type { ListedObject } from '../../../lib/base/ObjectStore.ts';
import { sum } from '../../../lib/base/sum.ts';
import { DAY_MS, HOUR_MS, isoTimestamp, MINUTE_MS } from '../../../lib/base/time.ts';
import { collectMetrics } from '../../../lib/collect/collectMetrics.ts';
import { RETRY_PAUSES } from '../../../lib/relay/limits.ts';
import { relayMetrics } from '../../../lib/relay/relayMetrics.ts';
import { metricStage } from '../../../lib/schema/stages.ts';
import {
  parseRelayRefusedKey,
  parseRelayWaitingKey,
  RELAY_REFUSED_FOLDER,
  RELAY_WAITING_FOLDER,
  relayIdTime,
} from '../../../lib/tables/relayKeys.ts';
import type { Deployment } from '../../deployment.ts';
import { ifThere } from '../../ifThere.ts';
import { readQueue } from '../../readQueue.ts';
import { listFolder } from './waitingObjects.ts';

/** Errors of questions about relay. */
export const RelayCopiesError = defineErrorFamily('user', {
  SLUICE_RELAY_OFF: {
    cause: 'Nothing is relayed: the configuration has no `relay`, or it is not deployed yet.',
    cure: 'Set `relay` in the configuration and deploy: docs/relay.md.',
  },
});

/** Copies that are tried again. */
interface WaitingCopies {
  /** Messages of the queue: each is a copy, or names one in the bucket. */
  readonly count: number;
  /**
   * Time at which the oldest copy was kept, ISO 8601. For copies in the queue it comes from metrics, and is at most an
   * hour off. Null without any copy, or if no metric says it.
   */
  readonly oldest: string | null;
}

/** Copies in the bucket that have no message. */
interface StrandedCopies {
  /** Number of copies. At least so many if `hasMore`. */
  readonly count: number;
  /** Whether there may be more: 10,000 objects are listed. */
  readonly hasMore: boolean;
  /** When the oldest was kept, ISO 8601. */
  readonly oldest: string;
}

/** Copies that the target refused for one reason, or that waited for too long. */
interface RefusedCopies {
  /** The status of the answer, or `expired`. */
  readonly reason: string;
  /** Number of copies. */
  readonly count: number;
  /** When the first of them was put aside, ISO 8601. */
  readonly since: string;
  /** Time at which the oldest copy was kept, ISO 8601. */
  readonly oldest: string;
}

/** Copies that the collector could not keep within 24 hours: they are in no queue, so nobody sends them. */
export interface UnkeptCopies {
  /** Number of requests. */
  readonly count: number;
  /** Start of the first minute with one, ISO 8601. */
  readonly first: string;
  /** Start of the last minute with one, ISO 8601. */
  readonly last: string;
}

/** Copies that relay has not delivered. */
export interface RelayState {
  /** Copies that are tried again. */
  readonly waiting: WaitingCopies;
  /** Large copies that nobody tries, as no message names them; null without any. */
  readonly stranded: StrandedCopies | null;
  /** Copies that are not tried again, by reason; the most frequent reason first. */
  readonly refused: readonly RefusedCopies[];
  /** Whether more copies were put aside than the 10,000 that were listed. */
  readonly hasMore: boolean;
}

/** About how many messages the queues of relay have; null where relay is configured and not deployed yet. @throws What SQS's client throws. */
export async function queuedCopies(deployment: Pick<Deployment, 'stack' | 'sqs'>): Promise<number | null> {
  const queues = [readQueue(deployment, 'relay'), readQueue(deployment, 'relay-dead-letters')];
  const counts = await ifThere(Promise.all(queues));
  return counts?.reduce((total, { messages }) => total + messages, 0) ?? null;
}

/**
 * Counts what relay has not delivered; null of a configuration without `relay`, and where it is not deployed.
 *
 * @throws MetricsError `SLUICE_OBSERVE_METRICS_INCOMPLETE`; what the clients of S3, SQS and CloudWatch throw.
 */
export async function readRelayState(
  deployment: Pick<Deployment, 'cloudwatch' | 'config' | 'now' | 's3' | 'sqs' | 'stack'>,
): Promise<RelayState | null> {
  if (deployment.config.relay === undefined) return null;
  const asked = Promise.all([
    readQueue(deployment, 'relay'),
    readQueue(deployment, 'relay-dead-letters'),
    readQueuedSince(deployment),
    listFolder(deployment, RELAY_WAITING_FOLDER),
    listFolder(deployment, RELAY_REFUSED_FOLDER),
  ]);
  const answers = await ifThere(asked);
  if (answers === undefined) return null;
  const [{ messages }, dead, queuedSince, waiting, refused] = answers;
  const stored = waiting.objects.flatMap((object) => keptAtOf(object) ?? []);
  const stranded = stored.filter((keptAt) => isStranded(keptAt, messages + dead.messages, deployment.now));
  const { hasMore } = waiting;
  return {
    waiting: waitingCopies(messages, stored, queuedSince),
    stranded:
      stranded.length === 0
        ? null
        : { count: stranded.length, hasMore, oldest: isoTimestamp(Math.min(...stranded)) },
    refused: countRefused(refused.objects.map(({ key }) => key)),
    hasMore: refused.hasMore,
  };
}

/**
 * The copies that are tried again.
 *
 * @param stored When each copy of the bucket was kept, epoch milliseconds.
 * @param queuedSince Since when the queue has had messages, by metrics of the past hour; empty if they do not say.
 */
export function waitingCopies(
  messages: number,
  stored: readonly number[],
  queuedSince: readonly number[],
): WaitingCopies {
  // The queue may have become empty within the hour, and no copy is tried without a message.
  const oldest = messages === 0 ? Infinity : Math.min(...stored, ...queuedSince);
  return { count: messages, oldest: Number.isFinite(oldest) ? isoTimestamp(oldest) : null };
}

/**
 * Counts copies that the collector could not keep within 24 hours; null without any, and of a configuration without `relay`.
 *
 * @throws MetricsError `SLUICE_OBSERVE_METRICS_INCOMPLETE`; what CloudWatch's client throws.
 */
export async function readUnkeptCopies(
  deployment: Pick<Deployment, 'cloudwatch' | 'stack' | 'config' | 'now'>,
): Promise<UnkeptCopies | null> {
  const { config, stack, now } = deployment;
  if (config.relay === undefined) return null;
  const { name } = collectMetrics.RelayNotKept;
  const metric = metricsOf(METRIC_NAMESPACE, { function: 'collect', stage: metricStage(stack) })(name);
  const end = (Math.floor(now / MINUTE_MS) + 1) * MINUTE_MS;
  const series = await readMetricData(deployment, [metric], { start: end - DAY_MS, end });
  const minutes = [...(series.get(name) ?? [])].filter(([, count]) => count > 0);
  if (minutes.length === 0) return null;
  const times = minutes.map(([at]) => at);
  return {
    count: sum(minutes.map(([, count]) => count)),
    first: isoTimestamp(Math.min(...times)),
    last: isoTimestamp(Math.max(...times)),
  };
}

/** When the copy of an object in `relay/waiting/` was kept, epoch milliseconds; null of an object that is none: the collector empties one whose message it could not send. */
export function keptAtOf({ key, size }: Pick<ListedObject, 'key' | 'size'>): number | null {
  return size === 0 ? null : timeOf(parseRelayWaitingKey(key));
}

/**
 * Whether a copy in the bucket has no message: there is none in the queue, and none is a dead letter. SQS's counts are some minutes
 * late, so that a young copy may have one.
 *
 * @param messages Messages in both queues. @param now Epoch milliseconds.
 */
export function isStranded(keptAt: number, messages: number, now: number): boolean {
  return messages === 0 && now - keptAt >= HOUR_MS;
}

/** The copies that are not tried again, by reason; the most frequent reason first. @param keys Of the objects that have them. */
function countRefused(keys: readonly string[]): readonly RefusedCopies[] {
  const copies = keys.flatMap((key) => {
    const { id = null, reason = '', at = 0 } = parseRelayRefusedKey(key) ?? {};
    const keptAt = timeOf(id);
    return keptAt === null ? [] : [{ reason, at, keptAt }];
  });
  return Array.from(
    Map.groupBy(copies, ({ reason }) => reason),
    ([reason, refused]) => ({
      reason,
      count: refused.length,
      since: isoTimestamp(Math.min(...refused.map(({ at }) => at))),
      oldest: isoTimestamp(Math.min(...refused.map(({ keptAt }) => keptAt))),
    }),
  ).sort((a, b) => b.count - a.count);
}

/** Whether copies wait for an hour or more. @param now Epoch milliseconds. */
export function areCopiesLate({ waiting: { oldest } }: RelayState, now: number): boolean {
  return oldest !== null && now - Date.parse(oldest) >= HOUR_MS;
}

/** Time at which a copy was kept. @param id The ID in its key; null for a key that is not relay's. */
function timeOf(id: string | null): number | null {
  return id === null ? null : relayIdTime(id);
}

/** SQS's metrics come every minute, some minutes late. */
const SQS_METRIC_MS = 15 * MINUTE_MS;
/** Every waiting copy is tried within this time, unless the target asked for a longer pause. */
export const TRIED_WITHIN_MS = RETRY_PAUSES.leastMs + RETRY_PAUSES.capMs + 5 * MINUTE_MS;

/**
 * Times at which copies in the queue were kept, epoch milliseconds. The function has measured the time when it last
 * tried each copy; SQS has it in case the function does not run, but leaves out messages that were received more than
 * three times.
 */
async function readQueuedSince(
  deployment: Pick<Deployment, 'cloudwatch' | 'stack' | 'now'>,
): Promise<readonly number[]> {
  const { stack, now } = deployment;
  const relayMetric = metricsOf(METRIC_NAMESPACE, { function: 'relay', stage: metricStage(stack) });
  const queue = metricsOf('AWS/SQS', { QueueName: partName(stack, 'relay') });
  const series = await readMetricData(
    deployment,
    [
      relayMetric(relayMetrics.RelayAge.name, 'Maximum'),
      queue('ApproximateAgeOfOldestMessage', 'Maximum', 'queue'),
    ],
    { start: now - TRIED_WITHIN_MS, end: now + MINUTE_MS },
  );
  const since = now - SQS_METRIC_MS;
  return [...series].flatMap(([id, ages]) =>
    [...ages].flatMap(([at, seconds]) =>
      seconds === 0 || (id === 'queue' && at < since) ? [] : [keptMinute(at, seconds)],
    ),
  );
}

/**
 * About when a copy was kept of which a metric of a minute has the age, epoch milliseconds: the age was measured at any time within the
 * minute, so that the next look may have the minute before or after.
 */
function keptMinute(minute: number, ageSeconds: number): number {
  return Math.ceil((minute - ageSeconds * 1_000) / MINUTE_MS) * MINUTE_MS;
}
