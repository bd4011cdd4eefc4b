import {
  CloudWatchClient,
  type GetMetricDataCommandInput,
  type MetricDataResult,
} from '@aws-sdk/client-cloudwatch';
import { sum } from '../../lib/base/sum.ts';
import { MINUTE_MS } from '../../lib/base/time.ts';
import { type AskedCall, answeredBy } from './answering.ts';

/** A time, epoch milliseconds, and a value. */
type MetricPoint = readonly [at: number, value: number];

/** How a statistic of a period follows from those of its parts. */
const STATISTICS: Readonly<Record<string, (values: readonly number[]) => number>> = {
  SampleCount: sum,
  Sum: sum,
  Minimum: (values) => Math.min(...values),
  Maximum: (values) => Math.max(...values),
};

/**
 * A client of a CloudWatch that has some values, and no others. As CloudWatch does, it answers with one value for each period that is
 * asked for, by the time at which the period begins, the newest first. Periods are counted from the minute of `StartTime`.
 *
 * @param values Points that are named by the metric, its statistic and the values of its dimensions, between spaces:
 * `ApproximateAgeOfOldestMessage Maximum sluice-prod-write`. Points of one period become one value.
 */
export function metricClient(values: Readonly<Record<string, readonly MetricPoint[]>>): CloudWatchClient {
  return answeredBy(CloudWatchClient, ({ input }: AskedCall<GetMetricDataCommandInput>) => {
    const { MetricDataQueries = [], StartTime, EndTime } = input;
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html
    const start = Math.floor(Number(StartTime ?? 0) / MINUTE_MS) * MINUTE_MS;
    const isWithin = ([at]: MetricPoint) => at >= start && at < Number(EndTime ?? 0);
    const MetricDataResults = MetricDataQueries.map(({ Id, MetricStat }): MetricDataResult => {
      const { Metric, Stat = '', Period = 60 } = MetricStat ?? {};
      const dimensions = (Metric?.Dimensions ?? []).map(({ Value }) => Value);
      const name = [Metric?.MetricName, Stat, ...dimensions].join(' ');
      const periodMs = Period * 1_000;
      const periods = Map.groupBy(
        (values[name] ?? []).filter(isWithin),
        ([at]) => start + Math.floor((at - start) / periodMs) * periodMs,
      );
      const join = STATISTICS[Stat];
      if (join === undefined) throw new RangeError(`The statistic ${Stat} is not known.`);
      // `ScanBy` is TimestampDescending by default: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
      const newestFirst = [...periods].sort(([a], [b]) => b - a);
      return {
        Id,
        StatusCode: 'Complete',
        Timestamps: newestFirst.map(([at]) => new Date(at)),
        Values: newestFirst.map(([, points]) => join(points.map(([, value]) => value))),
      };
    });
    return { MetricDataResults };
  });
}
