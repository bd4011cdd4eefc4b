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
    WriteRefusedMetric: lineFilter(writeRefusedMetric(stack), {
      logGroup: logicalIds.writeLogGroup,
      pattern: '{ $.event = "write_refused" || $.event = "write_damaged" }',
    }),
    // The hourly run counts the gaps that it could not close (lib/landing/catalog/registerMessages.ts).
    PartitionGapsMetric: metricFilter(partitionGapsMetric(stack), {
      logGroup: logicalIds.registerLogGroup,
      event: 'register_daily',
      field: 'gaps',
      isAboveZero: true,
    }),
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
  const filter = (
    FilterPattern: string,
    { namespace, metric }: WatchedMetric,
    MetricValue: string,
  ): Resource => ({
    Type: 'AWS::Logs::MetricFilter',
    Properties: {
      LogGroupName: ref(logicalIds.loadLogGroup),
      FilterPattern,
      MetricTransformations: [{ MetricNamespace: namespace, MetricName: metric, MetricValue }],
    },
  });
  return {
    IngestLoadsFailedMetric: filter(failed('lambda'), failedLoadsMetric(stack), '1'),
    ...(usesAthena(stack.config)
      ? {
          IngestAthenaLoadsFailedMetric: filter(failed('athena'), athenaLoadsMetric(stack), '1'),
          // Every ten minutes, as long as there are any.
          IngestAthenaLoadsStuckMetric: filter(
            '{ $.event = "ingest_athena_stuck" }',
            athenaLoadsMetric(stack),
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

/** The member of a log line that is counted, and whether only lines are in which it is above 0. */
interface CountedField {
  readonly field: string;
  readonly isAboveZero: boolean;
}

/** Counts lines. */
function lineFilter(
  { namespace, metric }: WatchedMetric,
  { logGroup, pattern }: { readonly logGroup: string; readonly pattern: string },
): Resource {
  return {
    Type: 'AWS::Logs::MetricFilter',
    Properties: {
      LogGroupName: ref(logGroup),
      FilterPattern: pattern,
      MetricTransformations: [{ MetricNamespace: namespace, MetricName: metric, MetricValue: '1' }],
    },
  };
}

/** No default value: other lines, and lines without a count, add no data point. */
function metricFilter(
  { namespace, metric }: WatchedMetric,
  line: { readonly logGroup: string; readonly event: string } & CountedField,
): Resource {
  return {
    Type: 'AWS::Logs::MetricFilter',
    Properties: {
      LogGroupName: ref(line.logGroup),
      FilterPattern: `{ $.event = "${line.event}"${line.isAboveZero ? ` && $.${line.field} > 0` : ''} }`,
      MetricTransformations: [
        { MetricNamespace: namespace, MetricName: metric, MetricValue: `$.${line.field}` },
      ],
    },
  };
}
