import { type CloudWatchClient, paginateGetMetricData } from '@aws-sdk/client-cloudwatch';
import { defineErrorFamily } from '../base/errors.ts';
import type { MetricSeries, MetricTime, WantedMetric } from '../base/metrics.ts';

/** Errors of CloudWatch's answers. */
export const MetricsError = defineErrorFamily('system', {
  SLUICE_OBSERVE_METRICS_INCOMPLETE: {
    cause:
      'CloudWatch did not answer with all values of the metrics. Values that are missing would look like nothing.',
    cure: 'Ask again. If it persists, look at the health of CloudWatch in the region, or ask for fewer days.',
  },
});

/** The most pages, of 100,800 values each, that are read. */
const MOST_PAGES = 10;

/**
 * Values of up to 500 metrics, with one call for each 100,800 values. A metric without values is not in the result.
 *
 * @throws MetricsError `SLUICE_OBSERVE_METRICS_INCOMPLETE`; what CloudWatch's client throws.
 */
export async function readMetricData(
  { cloudwatch }: { readonly cloudwatch: CloudWatchClient },
  metrics: readonly WantedMetric[],
  { start, end, periodSeconds = 60 }: MetricTime,
): Promise<MetricSeries> {
  const series = new Map<string, Map<number, number>>();
  /** The status of each metric on the last page that has it. */
  const status = new Map<string, string | undefined>();
  let pages = 0;
  let hasMore = false;
  const query = {
    MetricDataQueries: metrics.map(({ namespace, metric, statistic, dimensions }, i) => ({
      Id: `m${i}`,
      MetricStat: {
        Metric: {
          Namespace: namespace,
          MetricName: metric,
          Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
        },
        Period: periodSeconds,
        Stat: statistic,
      },
    })),
    StartTime: new Date(start),
    EndTime: new Date(end),
  };
  for await (const answer of paginateGetMetricData({ client: cloudwatch }, query)) {
    for (const { Id = '', StatusCode, Timestamps = [], Values = [] } of answer.MetricDataResults ?? []) {
      // If a metric has values on several pages, every page but the last says PartialData:
      // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataResult.html
      status.set(Id, StatusCode);
      const id = metrics[Number(Id.slice(1))]?.id;
      if (id === undefined || Timestamps.length === 0) continue;
      const values = series.get(id) ?? new Map<number, number>();
      series.set(id, values);
      for (const [i, at] of Timestamps.entries()) values.set(at.getTime(), Values[i] ?? 0);
    }
    pages += 1;
    hasMore = answer.NextToken !== undefined;
    if (pages === MOST_PAGES) break;
  }
  const partial = metrics.flatMap(({ metric }, i) => {
    const last = status.get(`m${i}`) ?? 'none';
    return last === 'Complete' ? [] : [`${metric} ${last}`];
  });
  if (hasMore || partial.length > 0)
    throw new MetricsError('SLUICE_OBSERVE_METRICS_INCOMPLETE', `${partial.join(', ') || 'More pages'}.`);
  return series;
}
