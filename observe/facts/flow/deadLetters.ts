import { resources } from '../../../infra/resources.ts';
import { partName } from '../../../infra/template/Stack.ts';
import { isoTimestamp } from '../../../lib/base/time.ts';
import type { Deployment } from '../../deployment.ts';
import { ifThere } from '../../explainAwsError.ts';
import { readMetricData } from './metricData.ts';
import { readQueue } from './relayCopies.ts';

const MINUTE_MS = 60_000;
/** SQS's metrics come every minute, some minutes late. */
const METRIC_MS = 15 * MINUTE_MS;
const DEAD_LETTERS = '-dead-letters';

/** Messages that a function failed with on every try, or that could not be sent to its queue. */
export interface DeadLetters {
  /** The function. Its log and its queue have the name too. */
  readonly part: string;
  readonly queue: string;
  readonly arn: string;
  /** About. */
  readonly messages: number;
  /** When the oldest became one, ISO 8601; null if SQS does not tell. */
  readonly since: string | null;
}

/**
 * The dead-letter queues of the configuration that are not empty.
 *
 * @throws ObserveError `SLUICE_OBSERVE_METRICS_INCOMPLETE`; what the clients of SQS and CloudWatch throw.
 */
export async function readDeadLetters(
  deployment: Pick<Deployment, 'sqs' | 'cloudwatch' | 'stack' | 'config' | 'now'>,
): Promise<readonly DeadLetters[]> {
  const { stack, config, now } = deployment;
  const prefix = partName(stack, '');
  const parts = Object.values(resources({ ...stack, config }).Resources).flatMap(({ Type, Properties }) => {
    const name = Type === 'AWS::SQS::Queue' ? Properties?.['QueueName'] : undefined;
    return typeof name === 'string' && name.endsWith(DEAD_LETTERS) ? [name.slice(prefix.length)] : [];
  });
  const found = parts.map(async (part) => {
    // One that is configured may not be deployed yet.
    const there = await ifThere(readQueue(deployment, part));
    return there === undefined || there.messages === 0 ? [] : { queue: `${prefix}${part}`, ...there };
  });
  const queues = (await Promise.all(found)).flat();
  if (queues.length === 0) return [];
  // Of a dead-letter queue it is the time since a message was moved there:
  // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
  const age = { namespace: 'AWS/SQS', metric: 'ApproximateAgeOfOldestMessage', statistic: 'Maximum' };
  const ages = await readMetricData(
    deployment,
    queues.map(({ queue }) => ({ ...age, id: queue, dimensions: { QueueName: queue } })),
    { start: now - METRIC_MS, end: now + MINUTE_MS, periodSeconds: MINUTE_MS / 1_000 },
  );
  return queues.map(({ queue, arn, messages }) => {
    const [at, seconds] = [...(ages.get(queue) ?? [])].sort(([a], [b]) => b - a)[0] ?? [];
    const since = at === undefined || seconds === undefined ? null : isoTimestamp(at - seconds * 1_000);
    return { part: queue.slice(prefix.length, -DEAD_LETTERS.length), queue, arn, messages, since };
  });
}
