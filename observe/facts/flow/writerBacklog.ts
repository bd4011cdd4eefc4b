import { partName } from '../../../infra/template/Stack.ts';
import { readMetricData } from '../../../lib/aws/metricData.ts';
import { type MetricSeries, metricsOf } from '../../../lib/base/metrics.ts';
import { sum } from '../../../lib/base/sum.ts';
import { isoTimestamp, MINUTE_MS } from '../../../lib/base/time.ts';
import type { Deployment } from '../../deployment.ts';

/** Messages of objects that wait for the writer, one for each object. */
export interface WriterBacklog {
  /** About how many messages the queue has by the newest metrics, including those that the writer has received. */
  readonly messages: number;
  /**
   * How many messages the writer gains on the queue in a minute, by the last half hour: those that it finished without those that were
   * sent, which is 0 or less while as many are sent. Of a backlog that it finishes within half an hour anyway, those that it finished.
   * Null if the writer has finished none.
   */
  readonly perMinute: number | null;
  /** Time at which no message is left at that rate, ISO 8601; null if that is not known, or the rate is 0 or less. */
  readonly goneAt: string | null;
}

/** The period of the rate. A run of the writer takes up to 15 minutes, and finishes its messages at its end. */
const PERIOD_MS = 30 * MINUTE_MS;

// Metrics of SQS, by the minute: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
/** Messages that wait: the name of SQS's metric. */
export const VISIBLE = 'ApproximateNumberOfMessagesVisible';
/** Messages that a run has received: the name of SQS's metric, which has no value without any. */
export const TAKEN = 'ApproximateNumberOfMessagesNotVisible';
/** Messages that were sent. */
const CAME = 'NumberOfMessagesSent';
/** Messages that a run has finished. */
const FINISHED = 'NumberOfMessagesDeleted';

/**
 * What waits for the writer, and when it is gone; null if nothing waits.
 *
 * @throws MetricsError `SLUICE_OBSERVE_METRICS_INCOMPLETE`; what CloudWatch's client throws.
 */
export async function readWriterBacklog(
  deployment: Pick<Deployment, 'cloudwatch' | 'stack' | 'now'>,
): Promise<WriterBacklog | null> {
  const { stack, now } = deployment;
  const metric = metricsOf('AWS/SQS', { QueueName: partName(stack, 'write') });
  const wanted = [metric(VISIBLE, 'Maximum'), metric(TAKEN, 'Maximum'), metric(CAME), metric(FINISHED)];
  return backlogOf(await readMetricData(deployment, wanted, { start: now - PERIOD_MS, end: now }), now);
}

/** Judges metrics of the queue, by the minute of half an hour. @returns Null if nothing waits. */
function backlogOf(series: MetricSeries, now: number): WriterBacklog | null {
  const newest = (id: string) => [...(series.get(id) ?? [])].sort(([a], [b]) => b - a)[0] ?? [0, 0];
  const sumOf = (id: string) => sum(series.get(id)?.values() ?? []);
  const [visibleAt, visible] = newest(VISIBLE);
  const [takenAt, taken] = newest(TAKEN);
  // What runs had before is finished, or waits again.
  const messages = visible + (takenAt < visibleAt ? 0 : taken);
  const finished = sumOf(FINISHED);
  if (messages === 0) return null;
  if (finished === 0) return { messages, perMinute: null, goneAt: null };
  // Metrics come some minutes late: a minute without a value is not one without messages.
  const minutes = series.get(FINISHED)?.size ?? 0;
  // Messages that the writer finishes within the period anyway are no backlog, however many come.
  const gained = messages > finished ? finished - sumOf(CAME) : finished;
  const perMinute = gained / minutes;
  const goneAt = gained > 0 ? isoTimestamp(Math.round(now + (messages / perMinute) * MINUTE_MS)) : null;
  return { messages, perMinute, goneAt };
}
