import { readMetricData } from '../../../../lib/aws/metricData.ts';
import { metricsOf } from '../../../../lib/base/metrics.ts';
import { isoTimestamp, MINUTE_MS } from '../../../../lib/base/time.ts';
import type { Deployment } from '../../../deployment.ts';

/** For how long metrics are read, of which the newest counts: those of SQS come every minute, some minutes late. */
const METRIC_MS = 15 * MINUTE_MS;

/**
 * Since when the oldest message of each queue waits. SQS leaves out messages that were received more than three times:
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
 *
 * @param queues Names of queues.
 * @returns ISO 8601 by the queue's name. Queues without a value of the last quarter of an hour are left out.
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
  const since = new Map<string, string>();
  for (const [queue, values] of ages) {
    const [newest] = [...values].sort(([a], [b]) => b - a);
    if (newest === undefined) continue;
    const [minute, ageSeconds] = newest;
    since.set(queue, isoTimestamp(minute - ageSeconds * 1_000));
  }
  return since;
}
