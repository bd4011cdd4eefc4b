import { METRIC_NAMESPACE } from '../../lib/base/log.ts';
import { metricStage } from '../../lib/schema/stages.ts';
import { type Resource, type Resources, ref } from '../template/Resource.ts';
import { logicalIds, type Stack } from '../template/Stack.ts';
import type { WatchedMetric } from './alarm.ts';

/**
 * Metrics that are counted in log lines of functions: rows that DuckDB refuses, and objects of the landing that are
 * damaged or that S3 denies to delete once they are written (lib/landing/write); days whose rows no query reads,
 * because the hourly run could not register them (lib/landing/catalog/registerMessages.ts); days whose load has failed,
 * at once and not only at the next run of the plan (lib/drops/load/loadMessages.ts). The lines have no stage that could
 * become a dimension, so each metric's name has it.
 */
const LOGGED = {
  writeRefused: { name: 'WriteRefused', statistic: 'Sum' },
  writeUndeleted: { name: 'WriteUndeleted', statistic: 'Sum' },
  partitionGaps: { name: 'PartitionGaps', statistic: 'Maximum' },
  failedLoads: { name: 'IngestLoadsFailed', statistic: 'Sum' },
} as const;

/** A metric of log lines. */
export function loggedMetric(
  stack: Pick<Stack, 'service' | 'stage'>,
  logged: keyof typeof LOGGED,
): WatchedMetric {
  const { name, statistic } = LOGGED[logged];
  return { namespace: METRIC_NAMESPACE, metric: `${name}-${metricStage(stack)}`, statistic, dimensions: {} };
}

/**
 * The filters on log lines that make the metrics. They make values above 0 only, because CloudWatch bills a metric for
 * the hours in which it has values.
 */
export function loggedMetrics(stack: Stack): Resources {
  /** The filter of a metric on a log group. @param value The value of each line: a number, or the path of the member that has it. */
  const filter = (
    logged: keyof typeof LOGGED,
    logGroup: string,
    FilterPattern: string,
    value = '1',
  ): Resource => {
    const { namespace, metric } = loggedMetric(stack, logged);
    return {
      Type: 'AWS::Logs::MetricFilter',
      Properties: {
        LogGroupName: ref(logGroup),
        FilterPattern,
        MetricTransformations: [{ MetricNamespace: namespace, MetricName: metric, MetricValue: value }],
      },
    };
  };
  const { registerLogGroup, writeLogGroup, loadLogGroup } = logicalIds;
  return {
    WriteRefusedMetric: filter(
      'writeRefused',
      writeLogGroup,
      '{ $.event = "write_refused" || $.event = "write_damaged" }',
    ),
    WriteUndeletedMetric: filter(
      'writeUndeleted',
      writeLogGroup,
      '{ $.event = "write_undeleted" && $.code = "AccessDenied" }',
      '$.objects',
    ),
    PartitionGapsMetric: filter(
      'partitionGaps',
      registerLogGroup,
      '{ $.event = "register_hourly" && $.gaps > 0 }',
      '$.gaps',
    ),
    ...(stack.config.sources.length === 0
      ? {}
      : {
          IngestLoadsFailedMetric: filter(
            'failedLoads',
            loadLogGroup,
            '{ $.event = "ingest_load" && $.level = "error" }',
          ),
        }),
  };
}
