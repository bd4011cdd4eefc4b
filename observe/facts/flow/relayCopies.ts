import { paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import { partName } from '../../../infra/template/Stack.ts';
import { defineErrorFamily, errorName } from '../../../lib/base/errors.ts';
import { METRIC_NAMESPACE } from '../../../lib/base/log.ts';
import { isoTimestamp } from '../../../lib/base/time.ts';
import { RETRY_PAUSES } from '../../../lib/relay/limits.ts';
import { relayMetrics } from '../../../lib/relay/relayMetrics.ts';
import {
  parseRelayRefusedKey,
  parseRelayWaitingKey,
  RELAY_REFUSED_FOLDER,
  RELAY_WAITING_FOLDER,
  relayIdTime,
} from '../../../lib/tables/objectKeys.ts';
import type { Deployment } from '../../deployment.ts';
import { type MetricSeries, readMetricData, type WantedMetric } from './metricData.ts';

/** Errors of questions about relay. */
export const RelayCopiesError = defineErrorFamily('user', {
  SLUICE_RELAY_OFF: {
    cause: 'Nothing is relayed: the configuration has no `relay`, or it is not deployed yet.',
    cure: 'Set `relay` in sluice.config.ts and deploy: docs/relay.md.',
  },
  SLUICE_RELAY_PURGED_LATELY: {
    cause:
      'The queue of relay was emptied less than a minute ago, and SQS does not empty it again before. The objects are deleted.',
    cure: 'Run the command again in a minute: what came into the queue since is still there.',
  },
});

/** Copies that are tried again. */
export interface WaitingCopies {
  /** In the queue: messages that are copies, or name one in the bucket. */
  readonly count: number;
  readonly queued: number;
  /** At least so many if `hasMore`. */
  readonly objects: number;
  readonly hasMore: boolean;
  /** When the oldest was kept, ISO 8601; null without, and if no metric tells of the queue's. Of the queue about. */
  readonly oldest: string | null;
  /** When the oldest of the queue was kept, by metrics: at most an hour off; null without, or if they do not tell. */
  readonly oldestQueued: string | null;
  /** The same of the oldest in the bucket. */
  readonly oldestStored: string | null;
}

/** Copies that the target refused for one reason, or that waited for too long. */
export interface RefusedCopies {
  /** The status of the answer, or `expired`. */
  readonly reason: string;
  readonly count: number;
  /** When the oldest was kept, ISO 8601. */
  readonly oldest: string;
}

/** Copies that relay has not delivered. */
export interface RelayState {
  readonly waiting: WaitingCopies;
  /** The most frequent reason first. */
  readonly refused: readonly RefusedCopies[];
  /** Messages that Sluice did not send, or that were received too often. */
  readonly deadLetters: number;
}

/** Objects of a folder that are counted. */
const MOST_COUNTED = 10_000;

/** The questions about relay. */
export type RelayReaders = Pick<Deployment, 's3' | 'sqs' | 'config' | 'stack' | 'cloudwatch' | 'now'>;

/**
 * Counts what relay has not delivered; null of a configuration without `relay`, and where it is not deployed.
 *
 * @throws ObserveError `SLUICE_OBSERVE_METRICS_INCOMPLETE`; what the clients of S3, SQS and CloudWatch throw.
 */
export async function readRelayState(deployment: Deployment): Promise<RelayState | null> {
  if (deployment.config.relay === undefined) return null;
  try {
    return await askRelayState(deployment);
  } catch (error) {
    if (errorName(error) === 'QueueDoesNotExist') return null;
    throw error;
  }
}

/**
 * The same with clients that are open, of a configuration with `relay`.
 *
 * @throws As {@link readRelayState}.
 */
async function askRelayState(deployment: RelayReaders): Promise<RelayState> {
  const [queued, deadLetters, queuedSince, waiting, refused] = await Promise.all([
    readQueue(deployment, 'relay').then(({ messages }) => messages),
    readQueue(deployment, 'relay-dead-letters').then(({ messages }) => messages),
    readQueuedSince(deployment),
    countKeys(deployment, RELAY_WAITING_FOLDER, (key) => idOf(parseRelayWaitingKey(key), 'waiting')),
    countKeys(deployment, RELAY_REFUSED_FOLDER, (key) => {
      const parsed = parseRelayRefusedKey(key);
      return parsed === null ? null : idOf(parsed.id, parsed.reason);
    }),
  ]);
  const objects = waiting.counts.get('waiting') ?? { count: 0, oldest: null };
  // Metrics are of the past hour: the queue may be empty since.
  const oldestQueued = queued === 0 ? null : queuedSince;
  const times = [objects.oldest, oldestQueued].filter((time) => time !== null);
  return {
    waiting: {
      // A copy that is an object has a message, too.
      count: queued,
      queued,
      objects: objects.count,
      hasMore: waiting.hasMore,
      oldest: times.length === 0 ? null : isoTimestamp(Math.min(...times)),
      oldestQueued: oldestQueued === null ? null : isoTimestamp(oldestQueued),
      oldestStored: objects.oldest === null ? null : isoTimestamp(objects.oldest),
    },
    deadLetters,
    refused: Array.from(refused.counts, ([reason, { count, oldest }]) => ({
      reason,
      count,
      oldest: isoTimestamp(oldest ?? 0),
    })).sort((a, b) => b.count - a.count),
  };
}

function idOf(id: string | null, group: string) {
  const at = id === null ? null : relayIdTime(id);
  return at === null ? null : { group, at };
}

/** Address of a queue of copies, and how many messages it has, hidden ones too. @throws What the client of SQS throws. */
export async function readQueue(
  { stack, sqs }: Pick<RelayReaders, 'stack' | 'sqs'>,
  part: 'relay' | 'relay-dead-letters',
): Promise<{ readonly QueueUrl: string | undefined; readonly messages: number }> {
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: partName(stack, part) }));
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl,
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  return { QueueUrl, messages: Object.values(Attributes).reduce((sum, count) => sum + Number(count), 0) };
}

/** Messages in the queues of relay about; null where it is configured and not deployed yet. */
export async function queuedCopies(deployment: Pick<Deployment, 'stack' | 'sqs'>): Promise<number | null> {
  try {
    const counts = await Promise.all(
      (['relay', 'relay-dead-letters'] as const).map((part) => readQueue(deployment, part)),
    );
    return counts.reduce((sum, { messages }) => sum + messages, 0);
  } catch (error) {
    if (errorName(error) === 'QueueDoesNotExist') return null;
    throw error;
  }
}

const MINUTE_MS = 60_000;
/** SQS's metrics come every minute, some minutes late. */
const SQS_METRIC_MS = 15 * MINUTE_MS;
/** Every waiting copy is tried within this time, unless the target asked for a longer pause. */
const TRIED_WITHIN_MS = RETRY_PAUSES.leastMs + RETRY_PAUSES.capMs + 5 * MINUTE_MS;

/**
 * When the oldest copy of the queue was kept, epoch milliseconds, by what the function measured when it last tried each, and
 * by SQS in case the function does not run: SQS leaves out messages that were received more than three times.
 */
async function readQueuedSince(
  deployment: Pick<RelayReaders, 'cloudwatch' | 'stack' | 'now'>,
): Promise<number | null> {
  const { stack, now } = deployment;
  const wanted: readonly WantedMetric[] = [
    {
      ...{
        id: 'tried',
        namespace: METRIC_NAMESPACE,
        metric: relayMetrics.RelayAge.name,
        statistic: 'Maximum',
      },
      dimensions: { function: 'relay', stage: stack.stage },
    },
    {
      ...{ id: 'queue', namespace: 'AWS/SQS', metric: 'ApproximateAgeOfOldestMessage', statistic: 'Maximum' },
      dimensions: { QueueName: partName(stack, 'relay') },
    },
  ];
  const series = await readMetricData(deployment, wanted, {
    start: now - TRIED_WITHIN_MS,
    end: now + MINUTE_MS,
    periodSeconds: MINUTE_MS / 1_000,
  });
  const times = [...keptTimes(series, 'tried', 0), ...keptTimes(series, 'queue', now - SQS_METRIC_MS)];
  return times.length === 0 ? null : Math.min(...times);
}

/** When the oldest was kept by each age of a metric since a time. */
function keptTimes(series: MetricSeries, id: string, since: number): number[] {
  return Array.from(series.get(id) ?? []).flatMap(([at, seconds]) =>
    at < since || seconds === 0 ? [] : [at - seconds * 1_000],
  );
}

/** Counts the keys of a folder by groups. @param groupOf Null of a key that is not relay's. */
async function countKeys(
  { s3, config }: Pick<Deployment, 's3' | 'config'>,
  Prefix: string,
  groupOf: (key: string) => { readonly group: string; readonly at: number } | null,
) {
  const counts = new Map<string, { count: number; oldest: number | null }>();
  let listed = 0;
  for await (const { Contents = [] } of paginateListObjectsV2(
    { client: s3 },
    { Bucket: config.bucket, Prefix },
  )) {
    for (const { Key = '' } of Contents) {
      const found = groupOf(Key);
      if (found === null) continue;
      const known = counts.get(found.group) ?? { count: 0, oldest: null };
      known.count += 1;
      known.oldest = Math.min(found.at, known.oldest ?? found.at);
      counts.set(found.group, known);
    }
    listed += Contents.length;
    if (listed >= MOST_COUNTED) return { counts, hasMore: true };
  }
  return { counts, hasMore: false };
}
