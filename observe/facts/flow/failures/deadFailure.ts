import { type FunctionPart, functionWork, hiddenSeconds } from '../../../../infra/template/functionWork.ts';
import { readMetricData } from '../../../../lib/aws/metricData.ts';
import { metricsOf } from '../../../../lib/base/metrics.ts';
import { MINUTE_MS } from '../../../../lib/base/time.ts';
import type { DeadLetters } from './deadLetters.ts';
import {
  type FailureReaders,
  type LastFailure,
  readFailures,
  readThrottled,
  type Span,
} from './lastFailure.ts';

/** By how much a time of a move can be wrong: metrics have the minute, and a queue is polled within one more. */
const SLACK_MS = 2 * MINUTE_MS;

/**
 * Why the oldest dead letter of a queue failed last; and the newest, if for another reason.
 *
 * @returns Null if nothing tells why the oldest failed, or its log has several kinds of failures of that time. If the
 *   newest failed otherwise, or nothing tells why, the text has both, and the kind is `error` without a code, because no
 *   one cure is for both.
 * @throws MetricsError `SLUICE_OBSERVE_METRICS_INCOMPLETE`; what the clients of CloudWatch and its logs throw.
 */
export async function readDeadFailure(
  deployment: FailureReaders,
  { part, queue, messages, since }: DeadLetters,
): Promise<LastFailure | null> {
  if (since === null) return newKeyFailure(deployment, part);
  const first = Date.parse(since);
  const oldest = await failureBefore(deployment, part, first);
  if (oldest === null || messages === 1) return oldest;
  const newestAt = await lastRise(deployment, queue, first);
  const newest = newestAt === undefined ? oldest : await failureBefore(deployment, part, newestAt);
  if (newest !== null && kindOf(newest) === kindOf(oldest)) return oldest;
  const more =
    newest === null
      ? 'The log does not tell of the newest.'
      : `The newest of them failed last at ${newest.text}`;
  // What failed otherwise is not over with the key.
  const isByKey = oldest.isByKey && newest === null;
  return { text: `${oldest.text} ${more}`, kind: 'error', code: null, isByKey };
}

/**
 * That the last tries failed because of a key, of messages whose age nobody knows: they came just now, as metrics of a queue begin up to
 * 15 minutes late, or somebody has received them more than three times. Any other failure may be of another message.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/monitoring-using-cloudwatch.html
 */
async function newKeyFailure(deployment: FailureReaders, part: FunctionPart): Promise<LastFailure | null> {
  const failure = await failureBefore(deployment, part, deployment.now);
  return failure?.isByKey === true ? failure : null;
}

/**
 * When the newest message came to a queue, epoch milliseconds: the last minute in which the queue had more messages than
 * in the minute before. A message that comes in the minute in which another leaves is not seen.
 *
 * @param since From when on the queue has messages, epoch milliseconds.
 */
async function lastRise(
  deployment: FailureReaders,
  queue: string,
  since: number,
): Promise<number | undefined> {
  const counts = metricsOf('AWS/SQS', { QueueName: queue })('ApproximateNumberOfMessagesVisible', 'Maximum');
  const start = Math.floor(since / MINUTE_MS) * MINUTE_MS;
  const series = await readMetricData(deployment, [counts], { start, end: deployment.now + MINUTE_MS });
  const minutes = [...(series.get(counts.id) ?? [])].sort(([a], [b]) => a - b);
  return minutes.findLast(([, count], i) => count > (minutes[i - 1]?.[1] ?? count))?.[0];
}

/**
 * Why the last try of a message failed; null if that is not known, or if there were several kinds of failures.
 *
 * @param movedAt When the message was moved, epoch milliseconds.
 */
async function failureBefore(
  deployment: FailureReaders,
  part: FunctionPart,
  movedAt: number,
): Promise<LastFailure | null> {
  const { startTime, endTime: latest } = triesOf(part, movedAt);
  // A run ends within its timeout, and either end of the span can be off. Only a flush of the local cloud tries messages
  // again at once: then the last try may have been just before the move.
  const soonest = startTime + functionWork[part].timeout * 1_000 + 2 * SLACK_MS;
  for (const endTime of new Set([soonest, latest])) {
    const span = { startTime, endTime };
    const throttled = await readThrottled(deployment, part, span);
    const logged = await readFailures(deployment, part, span);
    const failures = (throttled === null ? logged : [...logged, throttled]).map((dated) => dated.failure);
    const [failure] = failures;
    if (failure !== undefined) return new Set(failures.map(kindOf)).size === 1 ? failure : null;
  }
  return null;
}

/**
 * The span in which the last try of a message ran. A message is moved when it would be received once more, so the try
 * began as long before as the queue hides messages.
 *
 * @param movedAt When the message was moved, epoch milliseconds.
 */
export function triesOf(part: FunctionPart, movedAt: number): Span {
  return { startTime: movedAt - hiddenSeconds(part) * 1_000 - SLACK_MS, endTime: movedAt + MINUTE_MS };
}

/** What failures of one cause have in common: kind and code; of those by a key that it is one, as each step of a run has a code of its own. */
function kindOf({ kind, code, isByKey }: LastFailure): string {
  return isByKey ? 'key' : `${kind} ${code}`;
}
