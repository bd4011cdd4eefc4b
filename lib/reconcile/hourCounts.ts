import { METRIC_NAMESPACE } from '../base/log.ts';
import { type MetricSeries, metricsOf, type WantedMetric } from '../base/metrics.ts';
import { sum } from '../base/sum.ts';
import { HOUR_MS, MINUTE_MS } from '../base/time.ts';
import type { CollectError } from '../collect/CollectError.ts';
import { collectMetrics, streamMetrics } from '../collect/collectMetrics.ts';
import { finishedMetrics } from '../landing/write/finishedEvents.ts';
import { type TableKind, tableKinds } from '../schema/kinds.ts';
import type { HourFacts, HourRequests } from './judgeHour.ts';

/** The names in CloudWatch of a deployment: the dimension `stage` of its metrics, two functions and the stream. */
export interface CountedNames {
  /** The dimension `stage` of the deployment's metrics. */
  readonly stage: string;
  /** The name of the collector's function. */
  readonly collect: string;
  /** The name of the registrar's function. */
  readonly register: string;
  /** The name of the stream of the landing. */
  readonly stream: string;
}

/** The metrics that {@link hourCounts} needs. */
export function hourMetrics({ stage, collect, register, stream }: CountedNames): WantedMetric[] {
  const collector = metricsOf(METRIC_NAMESPACE, { function: 'collect', stage });
  const writer = metricsOf(METRIC_NAMESPACE, { function: 'write', stage });
  return [
    collector(received.name, 'SampleCount'),
    collector(preflights.name),
    metricsOf(METRIC_NAMESPACE, { function: 'collect', stage, reason: NOT_DELIVERED })(refused_requests.name),
    ...tableKinds.flatMap((kind) => [
      ...Object.values(streamMetrics[kind]).map(({ name }) => collector(name)),
      ...Object.values(finishedMetrics[kind]).map(({ name }) => writer(name)),
    ]),
    lambda(collect)('Invocations', 'Sum', 'invoked'),
    lambda(collect)('Errors', 'Sum', 'failed'),
    hourlyRuns(register),
    ofStream(stream)(TRIES, 'Minimum'),
  ];
}

/** Makes metrics of a Lambda function. */
const lambda = (FunctionName: string) => metricsOf('AWS/Lambda', { FunctionName });
/** Makes metrics of a delivery stream. */
export const ofStream = (DeliveryStreamName: string): ReturnType<typeof metricsOf> =>
  metricsOf('AWS/Firehose', { DeliveryStreamName });
/** The share of Firehose's tries to write an object that it knows to have succeeded. It repeats the other tries. */
const TRIES = 'DeliveryToS3.Success';
/** The runs of the registrar, of which each hour of a deployment has one. */
export const hourlyRuns = (register: string): WantedMetric =>
  lambda(register)('Invocations', 'Sum', 'hourly');

const { received, preflights, refused_requests } = collectMetrics;
/** The code of an answer 503 to a request whose rows may have landed all the same. */
const NOT_DELIVERED = 'SLUICE_COLLECT_NOT_DELIVERED' satisfies keyof typeof CollectError.entries;

/** What the metrics say of an hour. */
export interface HourCounts extends Pick<HourFacts, 'requests' | 'areCopies' | 'isRepeated'> {
  /** Events of a table. */
  ofTable(kind: TableKind): TableCounts;
}

/** Events of a table that came in an hour. */
export interface TableCounts extends Pick<HourFacts, 'accepted' | 'finished' | 'notDelivered'> {
  /** Events that DuckDB refused, so that they are in quarantine. */
  readonly refused: number;
}

/**
 * What the metrics say of the hour that begins then, summed up from their minutes.
 */
export function hourCounts(
  series: MetricSeries,
  {
    hour,
    began,
  }: {
    /** When the hour begins, epoch milliseconds. */
    readonly hour: number;
    /** The first hour in which the registrar ran, epoch milliseconds: CloudWatch has no run before the first deployment. */
    readonly began: number;
  },
): HourCounts {
  const values = (id: string, before = 0, after = before) =>
    [...(series.get(id) ?? [])].filter(
      ([minute]) => minute >= hour - before && minute < hour + HOUR_MS + after,
    );
  const sumOf = (id: string, around = 0) => sum(values(id, around).map(([, value]) => value));
  // An invocation, and the line that it logs, may be in two minutes.
  const requests: HourRequests = {
    invoked: sumOf('invoked', MINUTE_MS) - sumOf('failed', MINUTE_MS),
    counted: sumOf(received.name, MINUTE_MS) + sumOf(preflights.name, MINUTE_MS),
    inHour: sumOf(received.name),
  };
  return {
    // The registrar runs every hour: without a value of it CloudWatch says nothing of the hour.
    requests: hour < began || values('hourly').length > 0 ? requests : null,
    areCopies: sumOf(refused_requests.name) === 0,
    // Firehose tries to deliver all records of the hour within the hour after it.
    isRepeated: values(TRIES, 0, HOUR_MS).some(([, share]) => share < 1),
    ofTable(kind: TableKind) {
      const { landed, overflowed, notDelivered } = streamMetrics[kind];
      const { finished, refused } = finishedMetrics[kind];
      return {
        accepted: sumOf(landed.name) + sumOf(overflowed.name),
        finished: sumOf(finished.name),
        refused: sumOf(refused.name),
        notDelivered: sumOf(notDelivered.name),
      };
    },
  };
}
