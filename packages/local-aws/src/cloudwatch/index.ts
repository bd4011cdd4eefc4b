import { z } from 'zod';
import { AwsError, notImplemented } from '../protocol/AwsError.ts';
import type { AwsService } from '../protocol/AwsService.ts';
import { epochSeconds, type JsonOperation, jsonService, operation } from '../protocol/JsonService.ts';
import { readToken, writeToken } from '../protocol/pageToken.ts';
import type { AlarmOptions } from './alarmState.ts';
import { describeAlarms, invalidToken } from './alarms.ts';
import type { Metric } from './Metric.ts';
import type { StoredMinute } from './MetricStore.ts';
import { isStatistic, Statistics, statistics } from './Statistics.ts';

export { MetricStore } from './MetricStore.ts';
export { readEmbeddedMetrics } from './readEmbeddedMetrics.ts';

/** Limits of a call: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html */
const LIMITS = {
  queries: 500,
  datapoints: 100_800,
  dimensions: 30,
} as const;

/** Seconds of a minute, the shortest period. */
const MINUTE_SECONDS = 60;
/** Milliseconds of a minute. */
const MINUTE_MS = MINUTE_SECONDS * 1_000;

/** Names of statistics: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html */
const PERCENTILE = /^p(\d{1,2}(?:\.\d{1,10})?|100)$/;
/** Statistics of CloudWatch that are not emulated. */
const OTHER_STATISTIC = /^(IQM|(tm|wm|tc|ts|TM|WM|TC|TS|PR)\d*.*)$/;

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
/** The dimensions of a metric, or those that a listed metric has at least. */
const dimensions = z.array(dimension).max(LIMITS.dimensions).default([]);

/**
 * A query of GetMetricData: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html
 */
const querySchema = z.strictObject({
  Id: z.string().regex(/^[a-z][a-zA-Z0-9_]*$/, 'The ID must begin with a lower-case letter.'),
  MetricStat: z
    .strictObject({
      Metric: z.strictObject({
        Namespace: z.string().min(1),
        MetricName: z.string().min(1),
        Dimensions: dimensions,
      }),
      Period: z.int().min(1),
      Stat: z.string(),
      Unit: z.string().optional(),
    })
    .optional(),
  Expression: z.string().optional(),
  Label: z.string().optional(),
  Period: z.int().optional(),
  ReturnData: z.boolean().default(true),
});

/** An instant: epoch seconds on the wire, epoch milliseconds here. */
const instant = z.number().transform((seconds) => seconds * 1_000);

/** One query of a call. */
type Query = z.output<typeof querySchema>;

/** GetMetricData: values of metrics by period. Expressions of metric math are not emulated. */
function getMetricData({
  metrics,
  beforeReading,
}: Pick<AlarmOptions, 'metrics' | 'beforeReading'>): JsonOperation {
  return operation({
    input: z.strictObject({
      MetricDataQueries: z.array(querySchema).min(1).max(LIMITS.queries),
      StartTime: instant,
      EndTime: instant,
      ScanBy: z.enum(['TimestampAscending', 'TimestampDescending']).default('TimestampDescending'),
      MaxDatapoints: z.int().min(1).max(LIMITS.datapoints).default(LIMITS.datapoints),
      NextToken: z.string().optional(),
    }),
    run: ({ MetricDataQueries, StartTime, EndTime, ScanBy, MaxDatapoints, NextToken }) => {
      const start = Math.floor(StartTime / MINUTE_MS) * MINUTE_MS;
      if (start >= EndTime)
        throw validationError('The parameter StartTime must be less than the parameter EndTime.');
      requireUniqueIds(MetricDataQueries);
      const queries = MetricDataQueries.map(readQuery);
      beforeReading();
      const stored = metrics.read(start, EndTime, (metric) => queries.some(({ matches }) => matches(metric)));
      const order = ScanBy === 'TimestampAscending' ? 1 : -1;
      const series = queries
        .filter(({ isReturned }) => isReturned)
        .map((query): Series => {
          const points = pointsOf(query, stored, start).sort(([a], [b]) => order * (a - b));
          return { id: query.id, label: query.label, points };
        });
      return page(series, MaxDatapoints, readToken(NextToken, invalidToken) ?? 0);
    },
  });
}

/** A time in epoch seconds, and the statistic of the period that begins there. */
type Point = readonly [at: number, value: number];

/** The answer to one query. */
interface Series {
  /** The `Id` of the query. */
  readonly id: string;
  /** The `Label` of the answer. */
  readonly label: string;
  /** The values, one a period that has any. */
  readonly points: readonly Point[];
}

/** A query that is ready to be answered. */
interface ReadQuery {
  /** The `Id` of the query. */
  readonly id: string;
  /** The `Label` of the answer. */
  readonly label: string;
  /** Whether the caller wants the values: `ReturnData`. */
  readonly isReturned: boolean;
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

/** Reads a query. @throws AwsError for a query of anything but one metric. */
function readQuery({ Id: id, MetricStat, Expression, Label, Period, ReturnData }: Query): ReadQuery {
  if (Expression !== undefined)
    throw notImplemented('monitoring GetMetricData member Expression (metric math)');
  if (MetricStat === undefined)
    throw validationError(`Exactly one of MetricStat and Expression must be given: ${id} has none.`);
  if (Period !== undefined) throw validationError(`Period of ${id} belongs to its MetricStat.`);
  const { Metric, Period: seconds, Stat, Unit } = MetricStat;
  if (seconds % MINUTE_SECONDS !== 0)
    throw validationError(
      `The period ${seconds} of ${id} must be a multiple of 60: there are no high-resolution metrics.`,
    );
  const wantedDimensions = JSON.stringify(Metric.Dimensions.map(({ Name, Value }) => [Name, Value]).sort());
  return {
    id,
    label: Label ?? Metric.MetricName,
    isReturned: ReturnData,
    periodMs: seconds * 1_000,
    statistic: readStatistic(Stat),
    matches: ({ namespace, name, unit, dimensions }: Metric) =>
      namespace === Metric.Namespace &&
      name === Metric.MetricName &&
      (Unit === undefined || unit === Unit) &&
      JSON.stringify([...dimensions].sort()) === wantedDimensions,
  };
}

/** The function of a statistic's name. @throws AwsError */
function readStatistic(name: string): (values: Statistics) => number {
  const known = isStatistic(name) ? statistics[name] : undefined;
  if (known !== undefined) return known;
  const share = Number(PERCENTILE.exec(name)?.[1]) / 100;
  if (!Number.isNaN(share)) return (values) => values.percentile(share);
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

/**
 * One page of the answer. A result that continues on the next page is partial.
 *
 * @param most The most points of a page.
 * @param skipped Points on the pages before.
 */
function page(series: readonly Series[], most: number, skipped: number) {
  let before = 0;
  const results = series.map(({ id, label, points }) => {
    const from = Math.min(points.length, Math.max(0, skipped - before));
    const to = Math.min(points.length, Math.max(0, skipped + most - before));
    before += points.length;
    const pagePoints = points.slice(from, to);
    return {
      Id: id,
      Label: label,
      Timestamps: pagePoints.map(([at]) => at),
      Values: pagePoints.map(([, value]) => value),
      StatusCode: to < points.length ? 'PartialData' : 'Complete',
    };
  });
  const total = series.reduce((sum, { points }) => sum + points.length, 0);
  return {
    MetricDataResults: results,
    Messages: [],
    ...(skipped + most < total ? { NextToken: writeToken(skipped + most) } : {}),
  };
}

/** CloudWatch's refusal of an input. */
function validationError(message: string): AwsError {
  return new AwsError('ValidationException', 400, message);
}
