import {
  type FunctionPart,
  functionWork,
  hiddenSeconds,
  workingParts,
} from '../../../../infra/template/functionWork.ts';
import { partName } from '../../../../infra/template/Stack.ts';
import { unusedFunctions } from '../../../../infra/template/unusedFunctions.ts';
import { readMetricData } from '../../../../lib/aws/metricData.ts';
import { isoTimestamp, MINUTE_MS } from '../../../../lib/base/time.ts';
import { metricsOf } from '../../../../lib/reconcile/hourCounts.ts';
import type { Deployment } from '../../../deployment.ts';
import { ifThere } from '../../../explainAwsError.ts';
import { readQueue } from '../../../readQueue.ts';
import {
  type FailureReaders,
  type LastFailure,
  readFailures,
  readThrottled,
  type Span,
} from './lastFailure.ts';

/** SQS and CloudWatch tell of a message to the minute, and a queue is polled within one more. */
const MOVED_MS = 2 * MINUTE_MS;

/**
 * With what the last tries of dead letters failed: of the oldest, and of the newest if that is another failure. A message is moved when
 * it would be received once more, so its last try began as long before as the queue hides messages.
 *
 * @returns Null if the log has no failure of that time, or several kinds of them.
 * @throws MetricsError `SLUICE_OBSERVE_METRICS_INCOMPLETE`; what the clients of CloudWatch and its logs throw.
 */
export async function readDeadFailure(
  deployment: FailureReaders,
  { part, queue, messages, since }: DeadLetters,
): Promise<LastFailure | null> {
  if (since === null) return null;
  const first = Date.parse(since);
  const oldest = await failureBefore(deployment, part, first);
  if (oldest === null || messages === 1) return oldest;
  const counts = metricsOf('AWS/SQS', { QueueName: queue })('ApproximateNumberOfMessagesVisible', 'Maximum');
  const start = Math.floor(first / MINUTE_MS) * MINUTE_MS;
  const series = await readMetricData(deployment, [counts], { start, end: deployment.now + MINUTE_MS });
  const minutes = [...(series.get(counts.id) ?? [])].sort(([a], [b]) => a - b);
  const rises = minutes.filter(([, count], i) => count > (minutes[i - 1]?.[1] ?? count));
  const newestAt = rises.at(-1)?.[0];
  const newest = newestAt === undefined ? oldest : await failureBefore(deployment, part, newestAt);
  if (newest !== null && kindOf(newest) === kindOf(oldest)) return oldest;
  const more =
    newest === null
      ? 'The log does not tell of the newest.'
      : `The newest of them failed last at ${newest.text}`;
  return { text: `${oldest.text} ${more}`, kind: 'error', code: null, isByKey: oldest.isByKey };
}

/** With what the last try of a message failed that was moved then, epoch milliseconds; null if that is not known. */
async function failureBefore(
  deployment: FailureReaders,
  part: FunctionPart,
  movedAt: number,
): Promise<LastFailure | null> {
  const { startTime, endTime: latest } = triesOf(part, movedAt);
  const { timeout } = functionWork[part];
  // A flush of the local cloud hands messages out at once, so that the last try may have been just before the move.
  for (const endTime of [startTime + timeout * 1_000 + 2 * MOVED_MS, latest]) {
    const span = { startTime, endTime };
    const throttled = await readThrottled(deployment, part, span);
    const logged = await readFailures(deployment, part, span);
    const all = throttled === null ? logged : [...logged, throttled];
    if (new Set(all.map(({ failure }) => kindOf(failure))).size === 1) return all[0]?.failure ?? null;
  }
  return null;
}

/** The time in which the last try of a message was that was moved then, epoch milliseconds. */
export function triesOf(part: FunctionPart, movedAt: number): Span {
  return { startTime: movedAt - hiddenSeconds(part) * 1_000 - MOVED_MS, endTime: movedAt + MINUTE_MS };
}

/** What failures of one cause have in common: kind and code. */
function kindOf({ kind, code }: LastFailure): string {
  return `${kind} ${code}`;
}

/** For how long metrics are read, of which the newest counts: those of SQS come every minute, some minutes late. */
const METRIC_MS = 15 * MINUTE_MS;
/** How the name of a function's dead-letter queue ends. */
const DEAD_LETTERS = '-dead-letters';

/** Messages that a function failed with on every try, or that could not be sent to its queue. */
export interface DeadLetters {
  /** The function. Its log and its queue have the name too. */
  readonly part: FunctionPart;
  /** Name of the queue. */
  readonly queue: string;
  /** ARN of the queue. */
  readonly arn: string;
  /** About how many messages it has, hidden ones too. */
  readonly messages: number;
  /** Time at which the oldest message became a dead letter, ISO 8601; null if SQS does not say it. */
  readonly since: string | null;
}

/**
 * The dead-letter queues of the configuration that are not empty.
 *
 * @throws MetricsError `SLUICE_OBSERVE_METRICS_INCOMPLETE`; what the clients of SQS and CloudWatch throw.
 */
export async function readDeadLetters(
  deployment: Pick<Deployment, 'sqs' | 'cloudwatch' | 'stack' | 'config' | 'now'>,
): Promise<readonly DeadLetters[]> {
  const { stack, config } = deployment;
  const unused = unusedFunctions(config);
  const parts = workingParts.filter((part) => !unused.includes(part));
  const found = parts.map(async (part) => {
    const name = `${part}${DEAD_LETTERS}`;
    // A queue that is configured may not be deployed yet.
    const queue = await ifThere(readQueue(deployment, name));
    return queue === undefined || queue.messages === 0
      ? []
      : { part, queue: partName(stack, name), ...queue };
  });
  const queues = (await Promise.all(found)).flat();
  // For a dead-letter queue, the age is the time since a message was moved there.
  const ages = await readOldest(
    deployment,
    queues.map(({ queue }) => queue),
  );
  return queues.map(({ part, queue, arn, messages }) => {
    return { part, queue, arn, messages, since: ages.get(queue) ?? null };
  });
}

/**
 * Since when the oldest message of each queue waits, ISO 8601, by the queue's name; none of queues of which SQS does not tell. SQS leaves
 * out messages that were received more than three times:
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
 *
 * @throws MetricsError `SLUICE_OBSERVE_METRICS_INCOMPLETE`; what CloudWatch's client throws.
 */
export async function readOldest(
  deployment: Pick<Deployment, 'cloudwatch' | 'now'>,
  queues: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { now } = deployment;
  if (queues.length === 0) return new Map();
  const ageOf = (queue: string) =>
    metricsOf('AWS/SQS', { QueueName: queue })('ApproximateAgeOfOldestMessage', 'Maximum', queue);
  const ages = await readMetricData(deployment, queues.map(ageOf), {
    start: now - METRIC_MS,
    end: now + MINUTE_MS,
  });
  const newest = [...ages].flatMap(([queue, values]) => {
    const [last] = [...values].sort(([a], [b]) => b - a);
    return last === undefined ? [] : [[queue, isoTimestamp(last[0] - last[1] * 1_000)] as const];
  });
  return new Map(newest);
}
