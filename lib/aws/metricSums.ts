import { CloudWatchClient, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { METRIC_NAMESPACE } from '../base/log.ts';
import type { CountedMetric } from '../monitors/look.ts';
import { MonitorError } from '../monitors/MonitorError.ts';

const HOUR_MS = 3_600_000;
const HOURS = 24;

/**
 * Reads what a function of a stage counted within the last 24 hours, with one call.
 *
 * @param now Epoch milliseconds.
 * @returns A function that throws MonitorError `SLUICE_MONITOR_LOOK_FAILED` if values are missing because CloudWatch failed,
 *   and what the client throws.
 */
export function metricSums(
  client: CloudWatchClient,
  dimensions: { readonly function: string; readonly stage: string },
  now: number,
): (metrics: readonly CountedMetric[]) => Promise<readonly number[]> {
  const end = Math.ceil(now / HOUR_MS) * HOUR_MS;
  return async (metrics) => {
    const { MetricDataResults = [], NextToken } = await client.send(
      new GetMetricDataCommand({
        MetricDataQueries: metrics.map(({ name, statistic }, i) => ({
          Id: `m${i}`,
          MetricStat: {
            Metric: {
              Namespace: METRIC_NAMESPACE,
              MetricName: name,
              Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
            },
            Period: HOUR_MS / 1_000,
            Stat: statistic,
          },
        })),
        StartTime: new Date(end - HOURS * HOUR_MS),
        EndTime: new Date(end),
      }),
    );
    const complete = MetricDataResults.filter(({ StatusCode }) => StatusCode === 'Complete');
    if (complete.length < metrics.length || NextToken !== undefined)
      throw new MonitorError('SLUICE_MONITOR_LOOK_FAILED', 'CloudWatch answered with a part of the values.');
    return metrics.map((_, i) =>
      (complete.find(({ Id }) => Id === `m${i}`)?.Values ?? []).reduce((total, value) => total + value, 0),
    );
  };
}

let cloudWatch: CloudWatchClient | undefined;

/** The shared client of CloudWatch, created on first use. */
export function cloudWatchClient(): CloudWatchClient {
  cloudWatch ??= new CloudWatchClient({
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
  });
  return cloudWatch;
}
