import { METRIC_NAMESPACE } from '../../lib/base/log.ts';
import { type Resource, type Resources, ref } from '../template/Resource.ts';
import { logicalIds, type Stack } from '../template/Stack.ts';
import type { WatchedMetric } from './alarm.ts';

/** Metrics that CloudWatch reads out of lines that a function logs anyway. */
export function loggedMetrics(stack: Stack): Resources {
  return {
    // The run for stragglers counts what is there, every five minutes (lib/landing/redrive/redriveMessages.ts).
    ParkedMetric: metricFilter(parkedMetric(stack), {
      logGroup: logicalIds.redriveLogGroup,
      event: 'redrive_stragglers',
      field: 'parked',
    }),
    // The daily run counts what it could not close (lib/landing/catalog/registerMessages.ts).
    PartitionGapsMetric: metricFilter(partitionGapsMetric(stack), {
      logGroup: logicalIds.registerLogGroup,
      event: 'register_daily',
      field: 'gaps',
    }),
  };
}

/** Objects that are parked. */
export function parkedMetric(stack: Pick<Stack, 'stage'>): WatchedMetric {
  return logged(`ObjectsParked-${stack.stage}`);
}

/** Days whose rows no query reads, because their partition is missing or points elsewhere. */
export function partitionGapsMetric(stack: Stack): WatchedMetric {
  return logged(`PartitionGaps-${stack.stage}`);
}

/** Days that a load gave up, one for each line of its log. */
export function failedLoadsMetric(stack: Stack): WatchedMetric {
  return { ...logged(`IngestLoadsFailed-${stack.stage}`), statistic: 'Sum' };
}

/** What {@link failedLoadsMetric} is counted from (functions/ingest-load/loadMessages.ts): told at once, not by the plan's next run. */
export function failedLoadsFilter(stack: Stack): Resource {
  const { namespace, metric } = failedLoadsMetric(stack);
  return {
    Type: 'AWS::Logs::MetricFilter',
    Properties: {
      LogGroupName: ref(logicalIds.loadLogGroup),
      FilterPattern: '{ $.event = "ingest_load" && $.outcome = "failed" }',
      MetricTransformations: [{ MetricNamespace: namespace, MetricName: metric, MetricValue: '1' }],
    },
  };
}

/** The line in the log has no stage to make a dimension of, so it is in the name. */
function logged(metric: string): WatchedMetric {
  return { namespace: METRIC_NAMESPACE, metric, statistic: 'Maximum', dimensions: {} };
}

/** Without a default value: a line of something else, or one that could not count, says nothing. */
function metricFilter(
  { namespace, metric }: WatchedMetric,
  line: { readonly logGroup: string; readonly event: string; readonly field: string },
): Resource {
  return {
    Type: 'AWS::Logs::MetricFilter',
    Properties: {
      LogGroupName: ref(line.logGroup),
      FilterPattern: `{ $.event = "${line.event}" }`,
      MetricTransformations: [
        { MetricNamespace: namespace, MetricName: metric, MetricValue: `$.${line.field}` },
      ],
    },
  };
}
