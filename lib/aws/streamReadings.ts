import { CloudWatchClient, GetMetricDataCommand, type MetricDataResult } from '@aws-sdk/client-cloudwatch';
import type { Clock } from '../base/time.ts';
import { lastArrival, type StreamActivity } from '../landing/hold/emptyStream.ts';
import { HoldError } from '../landing/hold/StreamHolds.ts';
import {
  COUNT_PERIOD_SECONDS,
  isFresh,
  KEPT_SECONDS,
  type ReadStreams,
  type StreamReading,
  undeliveredSeconds,
} from '../landing/hold/streamAge.ts';
import type { StreamId } from '../tables/streams.ts';

const MINUTE_MS = 60_000;
/** Minutes of which freshness and deliveries are read: Firehose's values arrive some minutes late. */
const MINUTES = 15;

const FRESHNESS = [{ name: 'DeliveryToS3.DataFreshness', statistic: 'Maximum' }] as const;
const COUNTS = [
  { name: 'IncomingRecords', statistic: 'Sum' },
  { name: 'DeliveryToS3.Records', statistic: 'Sum' },
] as const;

/**
 * A call answers with 100,800 values at most, and a day has 1,440 of each of two metrics:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
 */
const STREAMS_OF_A_CALL = 30;
/** The 24 hours for which Firehose keeps records. */
const KEPT_PERIODS = { minutes: KEPT_SECONDS / 60, periodSeconds: COUNT_PERIOD_SECONDS };

/** Names of streams in AWS. */
export type StreamNames = ReadonlyMap<StreamId, string>;

/**
 * Reads Firehose's own metrics of the streams, of 30 with at most two calls: how old their oldest records are, and what arrived and
 * was delivered within 24 hours, by which a stream is known whose delivery is completely blocked.
 * https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html
 *
 * @param streams Names of the streams.
 * @returns A function that throws what the client throws, and HoldError `SLUICE_HOLD_METRICS_INCOMPLETE`: a value that is
 *   missing because CloudWatch failed would look like an idle stream.
 */
export function streamReadings(client: CloudWatchClient, streams: StreamNames, clock: Clock): ReadStreams {
  return async (counted = 'all') => {
    const now = clock.now();
    const fresh = await readMetrics(client, streams, FRESHNESS, { now, minutes: MINUTES, periodSeconds: 60 });
    const freshness = (stream: StreamId) => fresh(stream, 0).map(([, seconds]) => seconds);
    const doubtful = Array.from(streams).filter(
      ([stream]) => counted === 'all' || !isFresh(freshness(stream)),
    );
    const counts =
      doubtful.length === 0
        ? () => []
        : await readMetrics(client, new Map(doubtful), COUNTS, { now, ...KEPT_PERIODS });
    const recent = now - (MINUTES * 60 + COUNT_PERIOD_SECONDS) * 1_000;
    const reading = (stream: StreamId): StreamReading => {
      const delivered = counts(stream, 1);
      return {
        freshness: freshness(stream),
        delivered: delivered.reduce((sum, [at, records]) => (at > recent ? sum + records : sum), 0),
        undelivered: undeliveredSeconds(counts(stream, 0), delivered, now),
      };
    };
    return new Map(Array.from(streams.keys(), (stream) => [stream, reading(stream)]));
  };
}

/**
 * Reads of streams that are to be deleted whether they may have records that they have not delivered.
 *
 * @param now Epoch milliseconds.
 * @throws As {@link streamReadings}.
 */
export async function streamActivities(
  client: CloudWatchClient,
  streams: StreamNames,
  now: number,
): Promise<ReadonlyMap<StreamId, StreamActivity>> {
  const [fresh, counts] = await Promise.all([
    readMetrics(client, streams, FRESHNESS, { now, minutes: MINUTES, periodSeconds: 60 }),
    readMetrics(client, streams, COUNTS, { now, ...KEPT_PERIODS }),
  ]);
  const activity = (stream: StreamId): StreamActivity => {
    const [arrived, delivered] = [counts(stream, 0), counts(stream, 1)];
    return {
      freshness: fresh(stream, 0).map(([, seconds]) => seconds),
      undelivered: undeliveredSeconds(arrived, delivered, now),
      last: lastArrival(arrived, delivered, COUNT_PERIOD_SECONDS * 1_000),
    };
  };
  return new Map(Array.from(streams.keys(), (stream) => [stream, activity(stream)]));
}

type MetricValues = (stream: StreamId, metric: number) => readonly (readonly [at: number, value: number])[];
type ReadMetrics = readonly { readonly name: string; readonly statistic: string }[];
interface MetricPeriods {
  readonly now: number;
  readonly minutes: number;
  readonly periodSeconds: number;
}

/** @returns The values of a stream's metric, by its place in `metrics`, oldest first, with the start of their period. */
async function readMetrics(
  client: CloudWatchClient,
  streams: StreamNames,
  metrics: ReadMetrics,
  periods: MetricPeriods,
): Promise<MetricValues> {
  const all = Array.from(streams);
  const parts = Array.from({ length: Math.ceil(all.length / STREAMS_OF_A_CALL) }, (_, i) =>
    all.slice(i * STREAMS_OF_A_CALL, (i + 1) * STREAMS_OF_A_CALL),
  );
  const read = await Promise.all(
    parts.map(
      async (part) => [new Map(part), await readPart(client, new Map(part), metrics, periods)] as const,
    ),
  );
  return (stream, metric) => read.find(([part]) => part.has(stream))?.[1](stream, metric) ?? [];
}

async function readPart(
  client: CloudWatchClient,
  streams: StreamNames,
  metrics: ReadMetrics,
  { now, minutes, periodSeconds }: MetricPeriods,
): Promise<MetricValues> {
  const periodMs = periodSeconds * 1_000;
  const end = Math.ceil(now / periodMs) * periodMs;
  const { MetricDataResults = [], NextToken } = await client.send(
    new GetMetricDataCommand({
      MetricDataQueries: Array.from(streams).flatMap(([stream, streamName]) =>
        metrics.map(({ name, statistic }, i) => ({
          Id: idOf(stream, i),
          MetricStat: {
            Metric: {
              Namespace: 'AWS/Firehose',
              MetricName: name,
              Dimensions: [{ Name: 'DeliveryStreamName', Value: streamName }],
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
  if (answered < streams.size * metrics.length || NextToken !== undefined) {
    const codes = new Set(MetricDataResults.map(({ StatusCode = 'none' }) => StatusCode));
    throw new HoldError('SLUICE_HOLD_METRICS_INCOMPLETE', `${[...codes].join(', ')}.`);
  }
  return (stream, metric) => pointsOf(MetricDataResults.find(({ Id }) => Id === idOf(stream, metric)));
}

/** An ID has letters, digits and underscores. */
function idOf(stream: StreamId, metric: number): string {
  return `${stream.replace('-', '_')}_${metric}`;
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
