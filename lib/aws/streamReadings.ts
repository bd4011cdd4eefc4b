import { CloudWatchClient, GetMetricDataCommand, type MetricDataResult } from '@aws-sdk/client-cloudwatch';
import type { Clock } from '../base/time.ts';
import { HoldError } from '../landing/hold/StreamHolds.ts';
import {
  COUNT_PERIOD_SECONDS,
  isFresh,
  KEPT_SECONDS,
  type ReadStreams,
  type StreamReading,
  undeliveredSeconds,
} from '../landing/hold/streamAge.ts';
import { type TableKind, tableKinds } from '../schema/kinds.ts';

const MINUTE_MS = 60_000;
/** Minutes of which freshness and deliveries are read: Firehose's values arrive some minutes late. */
const MINUTES = 15;

const FRESHNESS = [{ name: 'DeliveryToS3.DataFreshness', statistic: 'Maximum' }] as const;
const COUNTS = [
  { name: 'IncomingRecords', statistic: 'Sum' },
  { name: 'DeliveryToS3.Records', statistic: 'Sum' },
] as const;

/**
 * Reads Firehose's own metrics of the streams, with at most two calls: how old their oldest records are, and what arrived and
 * was delivered within 24 hours, by which a stream is known whose delivery is completely blocked.
 * https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html
 *
 * @param streams Names of the streams.
 * @returns A function that throws what the client throws, and HoldError `SLUICE_HOLD_METRICS_INCOMPLETE`: a value that is
 *   missing because CloudWatch failed would look like an idle stream.
 */
export function streamReadings(
  client: CloudWatchClient,
  streams: Readonly<Record<TableKind, string>>,
  clock: Clock,
): ReadStreams {
  return async (counted = 'all') => {
    const now = clock.now();
    const read = (
      kinds: readonly TableKind[],
      metrics: Metrics,
      period: Pick<Period, 'minutes' | 'periodSeconds'>,
    ) => readMetrics(client, { streams, kinds, metrics, period: { now, ...period } });
    const fresh = await read(tableKinds, FRESHNESS, { minutes: MINUTES, periodSeconds: 60 });
    const freshness = (kind: TableKind) => fresh(kind, 0).map(([, seconds]) => seconds);
    const kinds = tableKinds.filter((kind) => counted === 'all' || !isFresh(freshness(kind)));
    const counts =
      kinds.length === 0
        ? () => []
        : await read(kinds, COUNTS, { minutes: KEPT_SECONDS / 60, periodSeconds: COUNT_PERIOD_SECONDS });
    const recent = now - (MINUTES * 60 + COUNT_PERIOD_SECONDS) * 1_000;
    const reading = (kind: TableKind): StreamReading => {
      const delivered = counts(kind, 1);
      return {
        freshness: freshness(kind),
        delivered: delivered.reduce((sum, [at, records]) => (at > recent ? sum + records : sum), 0),
        undelivered: undeliveredSeconds(counts(kind, 0), delivered, now),
      };
    };
    return {
      exposures: reading('exposures'),
      events: reading('events'),
      quarantine: reading('quarantine'),
    };
  };
}

type Metrics = readonly { readonly name: string; readonly statistic: string }[];
interface Period {
  readonly now: number;
  readonly minutes: number;
  readonly periodSeconds: number;
}

/** @returns The values of a stream's metric, by its place in `metrics`, oldest first, with the start of their period. */
async function readMetrics(
  client: CloudWatchClient,
  asked: {
    readonly streams: Readonly<Record<TableKind, string>>;
    readonly kinds: readonly TableKind[];
    readonly metrics: Metrics;
    readonly period: Period;
  },
): Promise<(kind: TableKind, metric: number) => readonly (readonly [at: number, value: number])[]> {
  const { streams, kinds, metrics } = asked;
  const { now, minutes, periodSeconds } = asked.period;
  const periodMs = periodSeconds * 1_000;
  const end = Math.ceil(now / periodMs) * periodMs;
  const { MetricDataResults = [], NextToken } = await client.send(
    new GetMetricDataCommand({
      MetricDataQueries: kinds.flatMap((kind) =>
        metrics.map(({ name, statistic }, i) => ({
          Id: `${kind}${i}`,
          MetricStat: {
            Metric: {
              Namespace: 'AWS/Firehose',
              MetricName: name,
              Dimensions: [{ Name: 'DeliveryStreamName', Value: streams[kind] }],
            },
            Period: periodSeconds,
            Stat: statistic,
          },
        })),
      ),
      ScanBy: 'TimestampAscending',
      StartTime: new Date(end - minutes * MINUTE_MS),
      EndTime: new Date(end),
    }),
  );
  const answered = MetricDataResults.filter(({ StatusCode }) => StatusCode === 'Complete').length;
  if (answered < kinds.length * metrics.length || NextToken !== undefined) {
    const codes = new Set(MetricDataResults.map(({ StatusCode = 'none' }) => StatusCode));
    throw new HoldError('SLUICE_HOLD_METRICS_INCOMPLETE', `${[...codes].join(', ')}.`);
  }
  return (kind, metric) => pointsOf(MetricDataResults.find(({ Id }) => Id === `${kind}${metric}`));
}

function pointsOf({ Timestamps = [], Values = [] }: MetricDataResult = {}) {
  return Timestamps.map((at, i) => [at.getTime(), Values[i] ?? 0] as const);
}

let cloudWatch: CloudWatchClient | undefined;

/** The shared client of CloudWatch, created on first use. */
export function cloudWatchClient(): CloudWatchClient {
  cloudWatch ??= new CloudWatchClient({
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
  });
  return cloudWatch;
}
