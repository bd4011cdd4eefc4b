import {
  CloudWatchClient,
  type GetMetricDataCommandInput,
  type MetricDataResult,
} from '@aws-sdk/client-cloudwatch';
import { type AskedCall, answeredBy } from './answering.ts';

/**
 * A client of a CloudWatch that has some values, and no others.
 *
 * @param values Pairs of a time, epoch milliseconds, and a value. They are named by the metric, its statistic and the values of
 * its dimensions, between spaces: `ApproximateAgeOfOldestMessage Maximum sluice-prod-write`.
 */
export function metricClient(
  values: Readonly<Record<string, readonly (readonly [at: number, value: number])[]>>,
): CloudWatchClient {
  return answeredBy(CloudWatchClient, ({ input }: AskedCall<GetMetricDataCommandInput>) => {
    const { MetricDataQueries = [], StartTime, EndTime } = input;
    const isWithin = ([at]: readonly [number, number]) =>
      at >= Number(StartTime ?? 0) && at < Number(EndTime ?? 0);
    const MetricDataResults = MetricDataQueries.map(({ Id, MetricStat }): MetricDataResult => {
      const dimensions = (MetricStat?.Metric?.Dimensions ?? []).map(({ Value }) => Value);
      const name = [MetricStat?.Metric?.MetricName, MetricStat?.Stat, ...dimensions].join(' ');
      const points = (values[name] ?? []).filter(isWithin);
      return {
        Id,
        StatusCode: 'Complete',
        Timestamps: points.map(([at]) => new Date(at)),
        Values: points.map(([, value]) => value),
      };
    });
    return { MetricDataResults };
  });
}
