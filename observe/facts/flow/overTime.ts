import { partName } from '../../../infra/template/Stack.ts';
import { readMetricData } from '../../../lib/aws/metricData.ts';
import { metricsOf } from '../../../lib/base/metrics.ts';
import { sum } from '../../../lib/base/sum.ts';
import { DAY_MS } from '../../../lib/base/time.ts';
import type { Deployment } from '../../deployment.ts';
import { PERIOD_MS } from './changes.ts';
import { readCounts } from './requestCounts.ts';
import { readStackOutputs } from './stackOutputs.ts';
import { readEndpoint } from './unreachedRequests.ts';

/** What came in five minutes, and what waited. A queue without values was empty for hours. */
export interface Period {
  /** Its start, epoch seconds. */
  readonly atSeconds: number;
  /** Requests that the collector answered 202. */
  readonly accepted: number;
  /** Requests that the collector answered 4xx. */
  readonly refused: number;
  /** Requests that the collector answered 503. */
  readonly failed: number;
  /** Requests that were answered 5xx without the collector, which was throttled, killed or too late; null with `passThrough`. */
  readonly unreached: number | null;
  /** Events in requests that could be read. */
  readonly events: number;
  /** Events that Firehose did not take in time: they are in objects of `landing/direct/`. */
  readonly overflowed: number;
  /** The most messages that waited for the writer. */
  readonly messages: number;
  /** The greatest age of a message that waited for the writer, seconds. */
  readonly ageSeconds: number;
}

/**
 * The last days by five minutes, oldest first; the last period is not over. The metrics are those that alarms and reconciliation
 * have anyway.
 *
 * @param days How many days before the end of the period that is not over it begins.
 * @throws MetricsError `SLUICE_OBSERVE_METRICS_INCOMPLETE`; what the clients of CloudWatch and CloudFormation throw.
 */
export async function readOverTime(
  deployment: Pick<Deployment, 'aws' | 'cloudwatch' | 'stack' | 'config' | 'now'>,
  days: number,
): Promise<readonly Period[]> {
  const end = (Math.floor(deployment.now / PERIOD_MS) + 1) * PERIOD_MS;
  const start = end - days * DAY_MS;
  const ofQueue = metricsOf('AWS/SQS', { QueueName: partName(deployment.stack, 'write') });
  const [counts, endpoint, queue] = await Promise.all([
    readCounts(deployment, { start, end, periodSeconds: PERIOD_MS / 1_000 }),
    readStackOutputs(deployment).then((outputs) => readEndpoint(deployment, outputs, { start, end })),
    readMetricData(
      deployment,
      [
        ofQueue('ApproximateNumberOfMessagesVisible', 'Maximum', 'messages'),
        ofQueue('ApproximateAgeOfOldestMessage', 'Maximum', 'ageSeconds'),
      ],
      { start, end, periodSeconds: PERIOD_MS / 1_000 },
    ),
  ]);
  return Array.from({ length: (end - start) / PERIOD_MS }, (_, i) => {
    const at = start + i * PERIOD_MS;
    const { requests = 0, received = 0, overflowed = 0, refusedBy, failedBy } = counts.get(at) ?? {};
    const refused = sum(Object.values(refusedBy ?? {}));
    const failed = sum(Object.values(failedBy ?? {}));
    return {
      atSeconds: at / 1_000,
      accepted: Math.max(0, requests - refused - failed),
      refused,
      failed,
      unreached: endpoint && Math.max(0, (endpoint.get(at)?.['5xx'] ?? 0) - failed),
      events: received,
      overflowed,
      messages: queue.get('messages')?.get(at) ?? 0,
      ageSeconds: queue.get('ageSeconds')?.get(at) ?? 0,
    };
  });
}
