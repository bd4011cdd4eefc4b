import { isoTimestamp } from '../../../lib/base/time.ts';
import type { Deployment } from '../../deployment.ts';
import { readMetricData } from './metricData.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Minutes of metrics that are read: Firehose's arrive some minutes late. */
const MINUTES = 15;

/** Hours for which Firehose keeps what it cannot deliver: https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html */
export const KEPT_HOURS = 24;

/** Metrics that detect a stream with completely blocked delivery, which has no freshness. */
const COUNTS = ['IncomingRecords', 'DeliveryToS3.Records'] as const;

/** The state of the delivery stream. */
export interface StreamState {
  /** Its name in AWS. */
  readonly stream: string;
  /** When the oldest record that it has not delivered arrived, ISO 8601; null if there is none or it is not known. */
  readonly oldest: string | null;
  /** Busiest minute as a share of the stream's quota, from 0 to 1, of bytes, records or calls; null if not known. */
  readonly quotaShare: number | null;
  /** Which quota that is. */
  readonly quota: 'bytes' | 'records' | 'calls' | null;
  /** Records that it did not accept within the last 15 minutes; null if not known. */
  readonly throttledRecords: number | null;
}

/** Metrics of what arrives, and of the limit for a second. */
const QUOTAS = [
  { quota: 'bytes', used: 'IncomingBytes', limit: 'BytesPerSecondLimit' },
  { quota: 'records', used: 'IncomingRecords', limit: 'RecordsPerSecondLimit' },
  { quota: 'calls', used: 'IncomingPutRequests', limit: 'PutRequestsPerSecondLimit' },
] as const;

/**
 * The delivery stream by Firehose's metrics of the last 15 minutes, and what arrived and was delivered within 24 hours, with
 * two calls. The local cloud has no quotas, and tells itself what waits.
 * https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html
 *
 * @throws What CloudWatch's client throws.
 */
export async function readStream(
  deployment: Pick<Deployment, 'cloudwatch' | 'config' | 'stack' | 'now'>,
  stream: string,
): Promise<StreamState> {
  const of = (metric: string, statistic: string) => ({
    ...{ id: metric, namespace: 'AWS/Firehose', metric, statistic },
    dimensions: { DeliveryStreamName: stream },
  });
  const [series, counts] = await Promise.all([
    readMetricData(
      deployment,
      [
        of('DeliveryToS3.DataFreshness', 'Maximum'),
        of('ThrottledRecords', 'Sum'),
        ...QUOTAS.flatMap(({ used, limit }) => [of(used, 'Sum'), of(limit, 'Minimum')]),
      ],
      {
        start: Math.floor(deployment.now / MINUTE_MS - MINUTES) * MINUTE_MS,
        end: deployment.now,
        periodSeconds: MINUTE_MS / 1_000,
      },
    ),
    readMetricData(
      deployment,
      COUNTS.map((metric) => of(metric, 'Sum')),
      {
        start: Math.ceil((deployment.now - KEPT_HOURS * HOUR_MS) / MINUTE_MS) * MINUTE_MS,
        end: deployment.now,
        periodSeconds: MINUTE_MS / 1_000,
      },
    ),
  ]);
  const values = (metric: string) => [...(series.get(metric) ?? [])];
  const [newest] = values('DeliveryToS3.DataFreshness').sort(([a], [b]) => b - a);
  const [arrived, delivered] = COUNTS.map((metric) => counts.get(metric) ?? []);
  const [at, age] = newest ?? [
    deployment.now,
    undeliveredSeconds(arrived ?? [], delivered ?? [], deployment.now),
  ];
  const oldest = age === 0 ? null : Math.round(at - age * 1_000);
  const throttled = values('ThrottledRecords');
  const [share] = QUOTAS.flatMap(({ quota, used, limit }) => {
    const [perMinute, most] = [values(used), values(limit)].map((points) => points.map(([, value]) => value));
    const quotaValue = Math.min(...(most ?? []));
    if (perMinute === undefined || perMinute.length === 0 || !Number.isFinite(quotaValue)) return [];
    return [{ quota, share: Math.max(...perMinute) / 60 / quotaValue }];
  }).sort((a, b) => b.share - a.share);
  return {
    stream,
    oldest: oldest === null ? null : isoTimestamp(oldest),
    quotaShare: share?.share ?? null,
    quota: share?.quota ?? null,
    throttledRecords:
      throttled.length === 0 ? null : throttled.reduce((sum, [, records]) => sum + records, 0),
  };
}

/** Counts by the start of their period, epoch milliseconds, in any order. */
type Counts = Iterable<readonly [at: number, count: number]>;

/**
 * How long records have arrived without any delivery since. This reveals a stream whose delivery is completely blocked.
 * A record that arrived within the period of the last delivery counts as delivered: nothing shows which of them came
 * first. What arrived more than 24 hours ago is dropped.
 *
 * @param now Epoch milliseconds.
 * @returns Seconds since the beginning of the first such period; 0 if there is none.
 */
function undeliveredSeconds(arrived: Counts, delivered: Counts, now: number): number {
  const kept = now - KEPT_HOURS * HOUR_MS;
  const last = Math.max(kept - 1, ...timesOf(delivered));
  const first = Math.min(now, ...timesOf(arrived).filter((at) => at > last));
  return Math.round((now - first) / 1_000);
}

function timesOf(counts: Counts): readonly number[] {
  return [...counts].flatMap(([at, count]) => (count > 0 ? [at] : []));
}
