import { z } from 'zod';
import { MINUTE_MS } from '../base/clock.ts';
import { AwsError, notImplemented } from '../protocol/AwsError.ts';
import type { AwsService } from '../protocol/AwsService.ts';
import { epochSeconds, type JsonOperation, jsonService, operation } from '../protocol/jsonService.ts';
import { type AlarmOptions, describeAlarms } from './alarms.ts';
import type { Metric } from './Metric.ts';
import type { StoredMinute } from './MetricStore.ts';
import { isStatistic, Statistics, statistics } from './Statistics.ts';

export { MetricStore } from './MetricStore.ts';
export { readEmbeddedMetrics } from './readEmbeddedMetrics.ts';

/** Limits of a call: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html */
const LIMITS = {
  queries: 500,
  dimensions: 30,
} as const;

/** Seconds of a minute, the shortest period. */
const MINUTE_SECONDS = 60;

/**
 * Statistics of CloudWatch that are not emulated: percentiles, and those of a part of the values.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
 */
const OTHER_STATISTIC = /^(?:IQM|(?:p|tm|wm|tc|ts|TM|WM|TC|TS|PR)[\d(].*)$/;

/**
 * CloudWatch's metrics, the values that functions print into their logs, and alarms on them. Names and shapes of its errors:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CommonErrors.html
 */
export function cloudWatchService(options: AlarmOptions): AwsService {
  return jsonService({
    signingName: 'monitoring',
    targetPrefix: 'GraniteServiceVersion20100801',
    contentType: 'application/x-amz-json-1.0',
    invalidInput: validationError,
    // The service's older protocol named errors in another way, and clients show those names.
    errorHeaders: ({ code, status }) => ({
      'x-amzn-query-error': `${code === 'ValidationException' ? 'ValidationError' : code};${status < 500 ? 'Sender' : 'Receiver'}`,
    }),
    operations: {
      GetMetricData: getMetricData(options),
      DescribeAlarms: describeAlarms(options),
    },
  });
}

/** A dimension of a metric: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html */
const dimension = z.strictObject({ Name: z.string().min(1), Value: z.string().min(1) });
/**
 * A query of GetMetricData: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html
 */
const querySchema = z.strictObject({
  Id: z.string().regex(/^[a-z][a-zA-Z0-9_]*$/, 'The ID must begin with a lower-case letter.'),
  MetricStat: z.strictObject({
    Metric: z.strictObject({
      Namespace: z.string().min(1),
      MetricName: z.string().min(1),
      Dimensions: z.array(dimension).max(LIMITS.dimensions).default([]),
    }),
    Period: z.int().min(1),
    Stat: z.string(),
    Unit: z.string().optional(),
  }),
});

/** An instant: epoch seconds on the wire, epoch milliseconds here. */
const instant = z.number().transform((seconds) => seconds * 1_000);

/** One query of a call. */
type Query = z.output<typeof querySchema>;

/**
 * GetMetricData: values of metrics by period, the newest first, all of them in one answer. Expressions of metric math are
 * not emulated.
 */
function getMetricData({
  metrics,
  beforeReading,
}: Pick<AlarmOptions, 'metrics' | 'beforeReading'>): JsonOperation {
  return operation({
    input: z.strictObject({
      MetricDataQueries: z.array(querySchema).min(1).max(LIMITS.queries),
      StartTime: instant,
      EndTime: instant,
    }),
    run: ({ MetricDataQueries, StartTime, EndTime }) => {
      const start = Math.floor(StartTime / MINUTE_MS) * MINUTE_MS;
      if (start >= EndTime)
        throw validationError('The parameter StartTime must be less than the parameter EndTime.');
      requireUniqueIds(MetricDataQueries);
      const queries = MetricDataQueries.map(readQuery);
      beforeReading();
      const stored = metrics.read(start, EndTime, (metric) => queries.some(({ matches }) => matches(metric)));
      return {
        MetricDataResults: queries.map((query) => {
          const points = pointsOf(query, stored, start).sort(([a], [b]) => b - a);
          return {
            Id: query.id,
            Label: query.label,
            Timestamps: points.map(([at]) => at),
            Values: points.map(([, value]) => value),
            StatusCode: 'Complete',
          };
        }),
        Messages: [],
      };
    },
  });
}

/** A time in epoch seconds, and the statistic of the period that begins there. */
type Point = readonly [at: number, value: number];

/** A query that is ready to be answered. */
interface ReadQuery {
  /** The `Id` of the query. */
  readonly id: string;
  /** The `Label` of the answer: the metric's name. */
  readonly label: string;
  /** Length of a period, milliseconds. */
  readonly periodMs: number;
  /** Reads the value that was asked for from a period's statistics. */
  readonly statistic: (values: Statistics) => number;
  /** Whether a metric belongs to the query. */
  readonly matches: (metric: Metric) => boolean;
}

/** The points of a query, one for each period that has values. Periods are counted from `start`, epoch milliseconds. */
function pointsOf(
  { matches, periodMs, statistic }: ReadQuery,
  stored: readonly StoredMinute[],
  start: number,
): Point[] {
  const periods = new Map<number, Statistics>();
  for (const { metric, minute, statistics: values } of stored) {
    if (!matches(metric)) continue;
    const at = start + Math.floor((minute - start) / periodMs) * periodMs;
    const sum = periods.get(at) ?? new Statistics();
    periods.set(at, sum);
    sum.merge(values);
  }
  return [...periods].map(([at, sum]) => [epochSeconds(at), statistic(sum)] as const);
}

/** Reads a query. @throws AwsError for a period that is no number of minutes, or an unknown statistic. */
function readQuery({
  Id: id,
  MetricStat: { Metric: metric, Period: seconds, Stat, Unit },
}: Query): ReadQuery {
  if (seconds % MINUTE_SECONDS !== 0)
    throw validationError(
      `The period ${seconds} of ${id} must be a multiple of 60: there are no high-resolution metrics.`,
    );
  const wantedDimensions = JSON.stringify(metric.Dimensions.map(({ Name, Value }) => [Name, Value]).sort());
  return {
    id,
    label: metric.MetricName,
    periodMs: seconds * 1_000,
    statistic: readStatistic(Stat),
    matches: ({ namespace, name, unit, dimensions }: Metric) =>
      namespace === metric.Namespace &&
      name === metric.MetricName &&
      (Unit === undefined || unit === Unit) &&
      JSON.stringify([...dimensions].sort()) === wantedDimensions,
  };
}

/** The function of a statistic's name. @throws AwsError */
function readStatistic(name: string): (values: Statistics) => number {
  if (isStatistic(name)) return statistics[name];
  if (OTHER_STATISTIC.test(name)) throw notImplemented(`monitoring GetMetricData statistic ${name}`);
  throw validationError(`The value ${name} for parameter Stat is not supported.`);
}

/** Checks that no two queries have the same ID. @throws AwsError `ValidationError` */
function requireUniqueIds(queries: readonly Query[]): void {
  const seen = new Set<string>();
  for (const { Id } of queries) {
    if (seen.has(Id))
      throw validationError(`The values for parameter Id in MetricDataQueries are not unique: ${Id}.`);
    seen.add(Id);
  }
}

/** CloudWatch's refusal of an input. */
function validationError(message: string): AwsError {
  return new AwsError('ValidationException', 400, message);
}
