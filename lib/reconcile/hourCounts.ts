import { METRIC_NAMESPACE } from '../base/log.ts';
import { HOUR_MS, MINUTE_MS } from '../base/time.ts';
import { collectMetrics, streamMetrics } from '../collect/collectMetrics.ts';
import { finishedMetrics } from '../landing/write/finishedEvents.ts';
import type { TableKind } from '../schema/kinds.ts';
import type { HourFacts, HourRequests } from './judgeHour.ts';

/** A metric that is read, by a name of the caller's. */
export interface WantedMetric {
  readonly id: string;
  readonly namespace: string;
  readonly metric: string;
  /** `Sum`, `Maximum`, `p99` for example. */
  readonly statistic: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** Values of metrics, by the caller's name and the start of their period, epoch milliseconds. */
export type MetricSeries = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** The names in CloudWatch of a deployment: its stage, two functions and the stream. */
export interface CountedNames {
  readonly stage: string;
  readonly collect: string;
  readonly register: string;
  readonly stream: string;
}

/** The metrics that {@link hourCounts} needs. */
export function hourMetrics({ stage, collect, register }: CountedNames): WantedMetric[] {
  const own = (of: string, ...metrics: readonly { readonly name: string }[]) =>
    metrics.map(({ name }) => ({
      id: name,
      namespace: METRIC_NAMESPACE,
      metric: name,
      statistic: 'Sum',
      dimensions: { function: of, stage },
    }));
  const ofLambda = (id: string, metric: string, FunctionName: string) => ({
    id,
    namespace: 'AWS/Lambda',
    metric,
    statistic: 'Sum',
    dimensions: { FunctionName },
  });
  return [
    ...Object.values(streamMetrics).flatMap((metrics) => own('collect', ...Object.values(metrics))),
    ...Object.values(finishedMetrics).flatMap((metrics) => own('write', ...Object.values(metrics))),
    ...own('collect', collectMetrics.received).map((one) => ({ ...one, statistic: 'SampleCount' })),
    ofLambda('invoked', 'Invocations', collect),
    ofLambda('failed', 'Errors', collect),
    ofLambda('hourly', 'Invocations', register),
  ];
}

/** What is counted of the hour that begins then, epoch milliseconds, by the minute. */
export function hourCounts(series: MetricSeries, hour: number) {
  const values = (id: string, by = 0) =>
    [...(series.get(id) ?? [])].filter(([at]) => at >= hour - by && at < hour + HOUR_MS + by);
  const sum = (id: string, by = 0) => values(id, by).reduce((all, [, value]) => all + value, 0);
  const { received } = collectMetrics;
  // An invocation, and what it logs, may be in two minutes.
  const requests: HourRequests = {
    invoked: sum('invoked', MINUTE_MS) - sum('failed', MINUTE_MS),
    counted: sum(received.name, MINUTE_MS),
    inHour: sum(received.name),
  };
  return {
    /** The registrar runs every hour: without a value of it CloudWatch says nothing of the hour. */
    requests: values('hourly').length > 0 ? requests : null,
    of(kind: TableKind): Omit<HourFacts, 'requests' | 'waitsFor' | 'rows'> & { readonly refused: number } {
      const { landed, overflowed, notDelivered } = streamMetrics[kind];
      const { finished, refused } = finishedMetrics[kind];
      return {
        accepted: sum(landed.name) + sum(overflowed.name),
        finished: sum(finished.name),
        refused: sum(refused.name),
        notDelivered: sum(notDelivered.name),
      };
    },
  };
}

/** Metrics of the stream. */
const FRESHNESS = 'DeliveryToS3.DataFreshness';
const DELIVERED = 'DeliveryToS3.Records';
const ARRIVED = 'IncomingRecords';
/** Minutes of metrics of which one may be missing: Firehose's arrive some minutes late. */
const LATE_MINUTES = 15;

/** The metrics, by the minute of 24 hours, that {@link oldestRecord} needs. */
export function recordMetrics(stream: string): WantedMetric[] {
  return [FRESHNESS, DELIVERED, ARRIVED].map((metric) => ({
    id: metric,
    namespace: 'AWS/Firehose',
    metric,
    statistic: metric === FRESHNESS ? 'Maximum' : 'Sum',
    dimensions: { DeliveryStreamName: stream },
  }));
}

/**
 * When the oldest record arrived that the stream has not delivered, epoch milliseconds; null: none is known.
 *
 * A stream with completely blocked delivery has no freshness. Then it is the first record after the last delivery, or the first of
 * those that are more than were delivered.
 */
export function oldestRecord(series: MetricSeries, now: number): number | null {
  const recent = Math.floor(now / MINUTE_MS - LATE_MINUTES) * MINUTE_MS;
  const points = (id: string) => [...(series.get(id) ?? [])];
  const delivered = points(DELIVERED).filter(([, records]) => records > 0);
  const arrived = points(ARRIVED).filter(([, records]) => records > 0);
  const fresh = points(FRESHNESS).filter(([at]) => at >= recent);
  const [newest] = fresh.sort(([a], [b]) => b - a);
  if (newest !== undefined) {
    const [at, seconds] = newest;
    return seconds > 0 ? Math.round(at - seconds * 1_000) : null;
  }
  const last = Math.max(...delivered.map(([at]) => at));
  let left = delivered.reduce((sum, [, records]) => sum + records, 0);
  for (const [at, records] of arrived.sort(([a], [b]) => a - b)) {
    left -= records;
    if (left < 0 || at > last) return at;
  }
  return null;
}
