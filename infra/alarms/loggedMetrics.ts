import { METRIC_NAMESPACE } from '../../lib/base/log.ts';
import { usesAthena } from '../../lib/schema/sources.ts';
import { type Resource, type Resources, ref } from '../template/Resource.ts';
import { logicalIds, type Stack } from '../template/Stack.ts';
import type { WatchedMetric } from './alarm.ts';

/**
 * Metric filters on log lines of the functions. They make values of lines above 0 only, because CloudWatch bills a metric by the
 * hours in which it has values.
 */
export function loggedMetrics(stack: Stack): Resources {
  return {
    // Lines that tell of one refused row, or of one damaged object (lib/landing/write/writeObjects.ts).
    WriteRefusedMetric: metricFilter(
      writeRefusedMetric(stack),
      logicalIds.writeLogGroup,
      '{ $.event = "write_refused" || $.event = "write_damaged" }',
    ),
    // The hourly run counts the gaps that it could not close (lib/landing/catalog/registerMessages.ts).
    PartitionGapsMetric: metricFilter(
      partitionGapsMetric(stack),
      logicalIds.registerLogGroup,
      '{ $.event = "register_daily" && $.gaps > 0 }',
      '$.gaps',
    ),
  };
}

/** Rows that DuckDB refuses, and objects of the landing that are damaged. */
export function writeRefusedMetric(stack: Pick<Stack, 'stage'>): WatchedMetric {
  return { ...logged(`WriteRefused-${stack.stage}`), statistic: 'Sum' };
}

/** Days whose rows no query reads because their partition is missing or points to another folder. */
export function partitionGapsMetric(stack: Stack): WatchedMetric {
  return logged(`PartitionGaps-${stack.stage}`);
}

/** Days whose load by the function failed, one for each log line. */
export function failedLoadsMetric(stack: Stack): WatchedMetric {
  return { ...logged(`IngestLoadsFailed-${stack.stage}`), statistic: 'Sum' };
}

/** Days whose load by Athena failed, and those that do not end: {@link loadFilters}. */
export function athenaLoadsMetric(stack: Stack): WatchedMetric {
  return logged(`IngestAthenaLoadsFailed-${stack.stage}`);
}

/**
 * The filters behind {@link failedLoadsMetric} and {@link athenaLoadsMetric} (functions/ingest-load/loadMessages.ts). They
 * count a failure at once, before the next run of the plan.
 */
export function loadFilters(stack: Stack): Resources {
  const failed = (engine: 'lambda' | 'athena') =>
    `{ $.event = "ingest_load" && $.outcome = "failed" && $.engine = "${engine}" }`;
  const filter = (metric: WatchedMetric, pattern: string, value?: string) =>
    metricFilter(metric, logicalIds.loadLogGroup, pattern, value);
  return {
    IngestLoadsFailedMetric: filter(failedLoadsMetric(stack), failed('lambda')),
    ...(usesAthena(stack.config)
      ? {
          IngestAthenaLoadsFailedMetric: filter(athenaLoadsMetric(stack), failed('athena')),
          // Every ten minutes, as long as there are any.
          IngestAthenaLoadsStuckMetric: filter(
            athenaLoadsMetric(stack),
            '{ $.event = "ingest_athena_stuck" }',
            '$.stuck',
          ),
        }
      : {}),
  };
}

/** The log line has no stage that could become a dimension, so the metric's name has it. */
function logged(metric: string): WatchedMetric {
  return { namespace: METRIC_NAMESPACE, metric, statistic: 'Maximum', dimensions: {} };
}

/**
 * A metric of log lines. It has no default value: other lines, and lines without a count, add no data point.
 *
 * @param value Of each line: a number, or the member that has it.
 */
function metricFilter(
  { namespace, metric }: WatchedMetric,
  logGroup: string,
  FilterPattern: string,
  value = '1',
): Resource {
  return {
    Type: 'AWS::Logs::MetricFilter',
    Properties: {
      LogGroupName: ref(logGroup),
      FilterPattern,
      MetricTransformations: [{ MetricNamespace: namespace, MetricName: metric, MetricValue: value }],
    },
  };
}
