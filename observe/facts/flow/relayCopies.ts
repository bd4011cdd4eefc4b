import { GetQueueAttributesCommand, GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { partName } from '../../../infra/template/Stack.ts';
import { readMetricData } from '../../../lib/aws/metricData.ts';
import { defineErrorFamily } from '../../../lib/base/errors.ts';
import { parseJson } from '../../../lib/base/json.ts';
import { METRIC_NAMESPACE } from '../../../lib/base/log.ts';
import type { ListedObject } from '../../../lib/base/ObjectStore.ts';
import { sum } from '../../../lib/base/sum.ts';
import { DAY_MS, HOUR_MS, isoTimestamp, MINUTE_MS } from '../../../lib/base/time.ts';
import { collectMetrics } from '../../../lib/collect/collectMetrics.ts';
import { metricsOf } from '../../../lib/reconcile/hourCounts.ts';
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
import { ifThere } from '../../explainAwsError.ts';
import { functionLog, readLog } from '../../readLog.ts';
import { listFolder } from './waitingObjects.ts';

/** Errors of questions about relay. */
export const RelayCopiesError = defineErrorFamily('user', {
  SLUICE_RELAY_OFF: {
    cause: 'Nothing is relayed: the configuration has no `relay`, or it is not deployed yet.',
    cure: 'Set `relay` in the configuration and deploy: docs/relay.md.',
  },
});

/** Copies that are tried again. */
export interface WaitingCopies {
  /** Messages of the queue: each is a copy, or names one in the bucket. */
  readonly count: number;
  /**
   * Time at which the oldest copy was kept, ISO 8601. For copies in the queue it comes from metrics, and is at most an
   * hour off. Null without any copy, or if no metric says it.
   */
  readonly oldest: string | null;
}

/** Copies in the bucket that have no message. */
export interface StrandedCopies {
  /** Number of copies. At least so many if `hasMore`. */
  readonly count: number;
  /** Whether there may be more: 10,000 objects are listed. */
  readonly hasMore: boolean;
  /** When the oldest was kept, ISO 8601. */
  readonly oldest: string;
}

/** Copies that the target refused for one reason, or that waited for too long. */
export interface RefusedCopies {
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

/** What became of copies that were tried last. */
export interface RelayAnswer {
  /** Who did not take or give them: the target of relay, or the bucket, which has large copies and those that are put aside. */
  readonly from: 'target' | 'bucket';
  /** The status of the target's answer, or the name of an error; of several the most frequent. */
  readonly why: string;
  /** Number of copies in the run with which this happened. */
  readonly copies: number;
  /** When that run ended, ISO 8601. */
  readonly at: string;
  /** When the first later run ended in which all copies that were tried were delivered, ISO 8601; null without one, and within ten minutes after the run that failed. */
  readonly takenAt: string | null;
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

/** A queue of the stack. */
export interface Queue {
  /** Address of the queue, as SQS's client takes it. */
  readonly QueueUrl: string | undefined;
  /** ARN of the queue. */
  readonly arn: string;
  /** About how many messages it has, hidden ones too. */
  readonly messages: number;
  /** About how many of these are hidden, as a run has received them. */
  readonly hidden: number;
}

/** Reads a queue of the stack. @throws What the client of SQS throws. */
export async function readQueue(
  { stack, sqs }: Pick<Deployment, 'stack' | 'sqs'>,
  part: string,
): Promise<Queue> {
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: partName(stack, part) }));
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl,
      AttributeNames: ['QueueArn', 'ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  const {
    QueueArn: arn = '',
    ApproximateNumberOfMessages,
    ApproximateNumberOfMessagesNotVisible,
  } = Attributes;
  const hidden = Number(ApproximateNumberOfMessagesNotVisible ?? 0);
  return { QueueUrl, arn, messages: Number(ApproximateNumberOfMessages ?? 0) + hidden, hidden };
}

/** Messages in the queues of relay about; null where it is configured and not deployed yet. */
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

/**
 * With what the last of such copies failed: the name of an error, after a denial with what AWS said. Null if the log does not say it.
 *
 * @throws What CloudWatch Logs' client throws.
 */
export async function readUnkeptError(
  deployment: Pick<Deployment, 'logs' | 'stack'>,
  { last }: Pick<UnkeptCopies, 'last'>,
): Promise<string | null> {
  const at = Date.parse(last);
  const { events } = await readLog(deployment, {
    group: functionLog(deployment.stack, 'collect'),
    filterPattern: '{ $.relay = "not_kept" }',
    // A line is written at the end of its request, which counts at its beginning.
    times: [{ startTime: at, endTime: at + 2 * MINUTE_MS }],
    mostPages: MOST_PAGES,
  });
  const errors = events
    .toSorted(byNewest)
    .flatMap(({ message = '' }) => unkeptLine.safeParse(parseJson(message)).data ?? []);
  return errors[0]?.relay_error ?? null;
}

/** The line of a request whose copy could not be kept. */
const unkeptLine = z.object({ relay_error: z.string() });

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

/** Orders events of a log by their time, the newest first. */
function byNewest(
  a: { readonly timestamp?: number | undefined },
  b: { readonly timestamp?: number | undefined },
): number {
  return (b.timestamp ?? 0) - (a.timestamp ?? 0);
}

/** Whether copies wait for an hour or more. @param now Epoch milliseconds. */
export function areCopiesLate({ waiting: { oldest } }: RelayState, now: number): boolean {
  return oldest !== null && now - Date.parse(oldest) >= HOUR_MS;
}

const countsByAnswer = z.record(z.string(), z.number()).default({});
/** The line of a run of relay: copies that are tried again, by what the target answered and by errors of the bucket. */
const relayLine = z.object({
  relayed: z.number().default(0),
  retried: countsByAnswer,
  failed: countsByAnswer,
});

/** What the log says of a copy that waits for another's answer: `Target`. */
const NOT_ASKED = 'waits';

/**
 * What became of copies in the last run in which the target, or the bucket, answered and did not take one; null without one.
 *
 * @throws What CloudWatch Logs' client throws.
 */
export async function readRelayAnswer(
  deployment: Pick<Deployment, 'logs' | 'stack' | 'now'>,
): Promise<RelayAnswer | null> {
  const { now } = deployment;
  const recently = now - STEADY_MS;
  const { events } = await readLog(deployment, {
    group: functionLog(deployment.stack, 'relay'),
    filterPattern: '{ $.event = "relay" }',
    // The oldest lines of a span come first: many runs must not hide the newest.
    times: [{ startTime: recently }, { startTime: now - TRIED_WITHIN_MS, endTime: recently - 1 }],
    mostPages: MOST_PAGES,
  });
  let takenAt: string | null = null;
  for (const { message = '', timestamp = 0 } of events.toSorted(byNewest)) {
    const { data } = relayLine.safeParse(parseJson(message));
    const at = isoTimestamp(timestamp);
    const since = timestamp <= recently ? takenAt : null;
    const answersOf = (from: RelayAnswer['from'], counts: Readonly<Record<string, number>> = {}) =>
      Object.entries(counts).map(([why, copies]): RelayAnswer => ({ from, why, copies, at, takenAt: since }));
    const answers = answersOf('target', data?.retried).filter(({ why }) => why !== NOT_ASKED);
    const [most] = [...answers, ...answersOf('bucket', data?.failed)].sort((a, b) => b.copies - a.copies);
    if (most !== undefined) return most;
    if (data !== undefined && data.relayed > 0) takenAt = at;
  }
  return null;
}

/** Time at which a copy was kept. @param id The ID in its key; null for a key that is not relay's. */
function timeOf(id: string | null): number | null {
  return id === null ? null : relayIdTime(id);
}

/** For how long no run may have failed before the target takes copies again: one that answers 503 to some takes others. */
const STEADY_MS = 10 * MINUTE_MS;
/** Pages of the log that are read. */
const MOST_PAGES = 20;
/** SQS's metrics come every minute, some minutes late. */
const SQS_METRIC_MS = 15 * MINUTE_MS;
/** Every waiting copy is tried within this time, unless the target asked for a longer pause. */
const TRIED_WITHIN_MS = RETRY_PAUSES.leastMs + RETRY_PAUSES.capMs + 5 * MINUTE_MS;

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
