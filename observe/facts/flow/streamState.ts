import { streamName } from '../../../infra/streams/streams.ts';
import type { StreamNames } from '../../../lib/aws/streamReadings.ts';
import { METRIC_NAMESPACE } from '../../../lib/base/log.ts';
import { isoTimestamp, type UtcDay, utcDay } from '../../../lib/base/time.ts';
import { CHECK_MS, holdMetrics } from '../../../lib/landing/hold/checkStreams.ts';
import {
  COUNT_PERIOD_SECONDS,
  KEPT_SECONDS,
  undeliveredSeconds,
} from '../../../lib/landing/hold/streamAge.ts';
import type { TableKind } from '../../../lib/schema/kinds.ts';
import { everyStream, isLandingStream, type StreamId, streamNumber } from '../../../lib/tables/streams.ts';
import type { Deployment } from '../../deployment.ts';
import { readMetricData } from './metricData.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Minutes of metrics that are read: Firehose's arrive some minutes late. */
const MINUTES = 15;

/** For how long it is told that a stream has dropped records, milliseconds. */
const DROP_TOLD_MS = 24 * HOUR_MS;
/** Age of a stream's oldest record at which it is being dropped, in seconds. It is written at each check, so seen before. */
const DROPPED_SECONDS = KEPT_SECONDS - (2 * CHECK_MS) / 1_000;

/** Metrics that detect a stream with completely blocked delivery, which has no freshness. */
const COUNTS = ['IncomingRecords', 'DeliveryToS3.Records'] as const;

/** The state of a delivery stream. */
export interface StreamState {
  /** The data that it writes: a table, or records of requests. */
  readonly table: TableKind | 'landing';
  /** Its number among those of the landing, from 1. */
  readonly number: number;
  /** Whether records are put into it. Otherwise it is of release 0.2, and is to be removed. */
  readonly isUsed: boolean;
  /** Its name in AWS. */
  readonly stream: string;
  /** When the oldest record that it has not delivered arrived, ISO 8601; null if there is none or it is not known. */
  readonly oldest: string | null;
  /**
   * Records that it accepted since then: so many wait at most. Null if nothing waits for an hour or it is not known. A
   * record has the rows of one request.
   */
  readonly undeliveredRecords: number | null;
  /** Busiest minute as a share of the stream's quota, from 0 to 1, of bytes, records or calls; null if not known. */
  readonly quotaShare: number | null;
  /** Which quota that is. */
  readonly quota: 'bytes' | 'records' | 'calls' | null;
  /** Records that it did not accept within the last 15 minutes; null if not known. */
  readonly throttledRecords: number | null;
}

/** Records that a stream dropped after Firehose had kept them as long as it can. Their number is unknown. */
export interface DroppedRecords {
  /** The stream's name in AWS. */
  readonly stream: string;
  /** The first and the last time at which its oldest record was seen to have waited for so long, ISO 8601. */
  readonly first: string;
  readonly last: string;
}

/** Metrics of what arrives, and of the limit for a second. */
const QUOTAS = [
  { quota: 'bytes', used: 'IncomingBytes', limit: 'BytesPerSecondLimit' },
  { quota: 'records', used: 'IncomingRecords', limit: 'RecordsPerSecondLimit' },
  { quota: 'calls', used: 'IncomingPutRequests', limit: 'PutRequestsPerSecondLimit' },
] as const;

/**
 * The delivery streams by Firehose's metrics of the last 15 minutes, and what arrived and was delivered within 24 hours, with
 * two calls; if one is late by more than an hour, a third. The local cloud has no quotas, and tells itself what waits.
 * https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html
 *
 * @throws What CloudWatch's client throws.
 */
export async function readStreams(
  deployment: Pick<Deployment, 'cloudwatch' | 'config' | 'stack' | 'now'>,
  names: StreamNames,
): Promise<readonly StreamState[]> {
  const streams = [...names.keys()];
  const of = (stream: StreamId, metric: string, statistic: string) => ({
    ...{ id: `${stream} ${metric}`, namespace: 'AWS/Firehose', metric, statistic },
    dimensions: { DeliveryStreamName: names.get(stream) ?? '' },
  });
  const periodMs = COUNT_PERIOD_SECONDS * 1_000;
  const [series, counts] = await Promise.all([
    readMetricData(
      deployment,
      streams.flatMap((stream) => [
        of(stream, 'DeliveryToS3.DataFreshness', 'Maximum'),
        of(stream, 'ThrottledRecords', 'Sum'),
        ...QUOTAS.flatMap(({ used, limit }) => [of(stream, used, 'Sum'), of(stream, limit, 'Minimum')]),
      ]),
      {
        start: Math.floor(deployment.now / MINUTE_MS - MINUTES) * MINUTE_MS,
        end: deployment.now,
        periodSeconds: MINUTE_MS / 1_000,
      },
    ),
    readMetricData(
      deployment,
      streams.flatMap((stream) => COUNTS.map((metric) => of(stream, metric, 'Sum'))),
      {
        start: Math.ceil((deployment.now - KEPT_SECONDS * 1_000) / periodMs) * periodMs,
        end: deployment.now,
        periodSeconds: COUNT_PERIOD_SECONDS,
      },
    ),
  ]);
  const states = streams.map((id): Omit<StreamState, 'undeliveredRecords'> => {
    const values = (metric: string) => [...(series.get(`${id} ${metric}`) ?? [])];
    const [newest] = values('DeliveryToS3.DataFreshness').sort(([a], [b]) => b - a);
    const [arrived, delivered] = COUNTS.map((metric) => counts.get(`${id} ${metric}`) ?? []);
    const [at, age] = newest ?? [
      deployment.now,
      undeliveredSeconds(arrived ?? [], delivered ?? [], deployment.now),
    ];
    const throttled = values('ThrottledRecords');
    const shares = QUOTAS.flatMap(({ quota, used, limit }) => {
      const [perSecond, most] = [values(used), values(limit)].map((points) =>
        points.map(([, value]) => value),
      );
      const quotaValue = Math.min(...(most ?? []));
      if (perSecond === undefined || perSecond.length === 0 || !Number.isFinite(quotaValue)) return [];
      return [{ quota, share: Math.max(...perSecond) / 60 / quotaValue }];
    }).sort((a, b) => b.share - a.share);
    return {
      table: isLandingStream(id) ? 'landing' : id,
      number: isLandingStream(id) ? streamNumber(id) : 1,
      isUsed: isLandingStream(id),
      stream: names.get(id) ?? '',
      oldest: age === 0 ? null : isoTimestamp(Math.round(at - age * 1_000)),
      quotaShare: shares[0]?.share ?? null,
      quota: shares[0]?.quota ?? null,
      throttledRecords:
        throttled.length === 0 ? null : throttled.reduce((sum, [, records]) => sum + records, 0),
    };
  });
  const accepted = await readAccepted(deployment, states);
  return states.map((state) => ({ ...state, undeliveredRecords: accepted.get(state.stream) ?? null }));
}

/** Records that late streams accepted since the hour of their oldest record. */
async function readAccepted(
  deployment: Pick<Deployment, 'cloudwatch' | 'stack' | 'now'>,
  states: readonly Pick<StreamState, 'stream' | 'oldest'>[],
): Promise<ReadonlyMap<string, number>> {
  const late = states.flatMap(({ stream, oldest }) => {
    const since = oldest === null ? deployment.now : Math.floor(Date.parse(oldest) / HOUR_MS) * HOUR_MS;
    return deployment.now - since > 2 * HOUR_MS ? [{ stream, since }] : [];
  });
  if (late.length === 0) return new Map();
  const series = await readMetricData(
    deployment,
    late.map(({ stream }) => ({
      ...{ id: stream, namespace: 'AWS/Firehose', metric: 'IncomingRecords', statistic: 'Sum' },
      dimensions: { DeliveryStreamName: stream },
    })),
    {
      start: Math.min(...late.map(({ since }) => since)),
      end: deployment.now,
      periodSeconds: HOUR_MS / 1_000,
    },
  );
  return new Map(
    late.map(({ stream, since }) => {
      const hours = [...(series.get(stream) ?? [])].filter(([at]) => at >= since);
      return [stream, hours.reduce((sum, [, records]) => sum + records, 0)] as const;
    }),
  );
}

/**
 * The streams that dropped records within the last 24 hours, by the ages that the check of streams wrote.
 *
 * @throws ObserveError; what CloudWatch's client throws.
 */
export async function readDroppedRecords(
  deployment: Pick<Deployment, 'cloudwatch' | 'config' | 'stack' | 'now'>,
): Promise<readonly DroppedRecords[]> {
  const streams = everyStream(deployment.config);
  const series = await readMetricData(
    deployment,
    streams.map((stream) => ({
      ...{ id: stream, namespace: METRIC_NAMESPACE, statistic: 'Maximum' },
      metric: holdMetrics.oldest_record_seconds.name,
      dimensions: { function: 'hold', stage: deployment.stack.stage, table: stream },
    })),
    {
      start: Math.ceil((deployment.now - DROP_TOLD_MS) / CHECK_MS) * CHECK_MS,
      end: deployment.now,
      periodSeconds: CHECK_MS / 1_000,
    },
  );
  return streams.flatMap((stream) => {
    const ages = [...(series.get(stream) ?? [])];
    const times = ages.flatMap(([at, seconds]) => (seconds >= DROPPED_SECONDS ? [at] : []));
    const [first, last] = [Math.min(...times), Math.max(...times)];
    return times.length === 0
      ? []
      : [
          {
            stream: streamName(deployment.stack, stream),
            first: isoTimestamp(first),
            last: isoTimestamp(last),
          },
        ];
  });
}

/** The days on which dropped records had arrived: one or two. */
export function daysOfDropped({ first, last }: DroppedRecords): readonly UtcDay[] {
  const arrived = (time: string) => Date.parse(time) - KEPT_SECONDS * 1_000;
  // The last value was written up to two checks before the drop.
  return [...new Set([utcDay(arrived(first)), utcDay(arrived(last) + 2 * CHECK_MS)])];
}

/** One sentence about a stream that has dropped records. */
export function droppedText({ stream, first, last }: DroppedRecords): string {
  return `${stream}: its oldest record had waited for 24 hours from ${first} to ${last}.`;
}
