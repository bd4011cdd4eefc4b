import { lateSeconds } from '../../../infra/streams/streams.ts';
import { readMetricData } from '../../../lib/aws/metricData.ts';
import { metricsOf } from '../../../lib/base/metrics.ts';
import { sum } from '../../../lib/base/sum.ts';
import { HOUR_MS, isoTimestamp, MINUTE_MS } from '../../../lib/base/time.ts';
import { oldestRecord, recordMetrics } from '../../../lib/reconcile/streamDelivery.ts';
import type { Deployment } from '../../deployment.ts';

/** Minutes of metrics that are read: Firehose's arrive some minutes late. */
const MINUTES = 15;

/** Hours for which Firehose keeps what it cannot deliver: https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html */
export const KEPT_HOURS = 24;

/** The state of the delivery stream. */
export interface StreamState {
  /** Its name in AWS. */
  readonly stream: string;
  /**
   * Time at which the stream's oldest undelivered record arrived, ISO 8601; null if there is none or it is not known.
   */
  readonly oldest: string | null;
  /** Busiest minute as a share of the stream's quota, from 0 to 1, of bytes, records or calls; null if not known. */
  readonly quotaShare: number | null;
  /** Which quota that is. */
  readonly quota: 'bytes' | 'records' | 'calls' | null;
  /** Records that it did not accept within the last 15 minutes; null if not known. */
  readonly throttledRecords: number | null;
}

/** Whether a record that arrived at a time (ISO 8601; null for none) has waited for longer than Firehose needs. */
export function isStreamLate(
  oldest: string | null,
  { config, now }: Pick<Deployment, 'config' | 'now'>,
): boolean {
  return oldest !== null && now - Date.parse(oldest) > lateSeconds(config) * 1_000;
}

/** Metrics of what arrives, and of the limit for a second. */
const QUOTAS = [
  { quota: 'bytes', used: 'IncomingBytes', limit: 'BytesPerSecondLimit' },
  { quota: 'records', used: 'IncomingRecords', limit: 'RecordsPerSecondLimit' },
  { quota: 'calls', used: 'IncomingPutRequests', limit: 'PutRequestsPerSecondLimit' },
] as const;

/**
 * The delivery stream by Firehose's metrics of the last 15 minutes, and what arrived and was delivered within 24 hours. The
 * local cloud has no quotas, and tells itself what waits.
 * https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html
 *
 * @throws MetricsError `SLUICE_OBSERVE_METRICS_INCOMPLETE`; what CloudWatch's client throws.
 */
export async function readStream(
  deployment: Pick<Deployment, 'cloudwatch' | 'config' | 'stack' | 'now'>,
  stream: string,
): Promise<StreamState> {
  const { now } = deployment;
  const metric = metricsOf('AWS/Firehose', { DeliveryStreamName: stream });
  const series = await readMetricData(
    deployment,
    [
      ...recordMetrics(stream),
      metric('ThrottledRecords'),
      ...QUOTAS.flatMap(({ used, limit }) => [metric(used), metric(limit, 'Minimum')]),
    ],
    {
      start: Math.ceil((now - KEPT_HOURS * HOUR_MS) / MINUTE_MS) * MINUTE_MS,
      end: now,
    },
  );
  const recent = Math.floor(now / MINUTE_MS - MINUTES) * MINUTE_MS;
  const values = (name: string) =>
    [...(series.get(name) ?? [])].flatMap(([at, value]) => (at < recent ? [] : [value]));
  const oldest = oldestRecord(series, now);
  const throttled = values('ThrottledRecords');
  const [share] = QUOTAS.flatMap(({ quota, used, limit }) => {
    const most = Math.min(...values(limit));
    const perMinute = values(used);
    if (perMinute.length === 0 || !Number.isFinite(most)) return [];
    return [{ quota, share: Math.max(...perMinute) / 60 / most }];
  }).sort((a, b) => b.share - a.share);
  return {
    stream,
    oldest: oldest === null ? null : isoTimestamp(oldest),
    quotaShare: share?.share ?? null,
    quota: share?.quota ?? null,
    throttledRecords: throttled.length === 0 ? null : sum(throttled),
  };
}
