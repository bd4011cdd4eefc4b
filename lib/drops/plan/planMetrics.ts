import { countMetrics, emfLine, METRIC_NAMESPACE } from '../../base/log.ts';
import type { LateDrops } from './lateDrops.ts';
import type { SourcesPlan } from './planSources.ts';

/** The plan's metrics. Each counts the result of the last scheduled run, or of the last check for late drops. docs/metrics.md describes them. */
export const planMetrics = countMetrics(
  'days_queued',
  'days_waiting',
  'days_failed',
  'files_left_out',
  'datasets_unreadable',
  'datasets_stopped',
  'drops_late',
);

/**
 * The metrics of one scheduled run, including zeros, so that an alarm ends with the first run without problems.
 *
 * @param timestamp Epoch milliseconds.
 */
export function planMetricsLine(
  { planned, failed, stopped }: SourcesPlan,
  {
    stage,
    schedule,
    timestamp,
  }: { readonly stage: string; readonly schedule: string; readonly timestamp: number },
): Readonly<Record<string, unknown>> | null {
  const days = planned.flatMap((plan) => plan.days);
  return emfLine({
    namespace: METRIC_NAMESPACE,
    timestamp,
    dimensions: { function: 'ingest-plan', stage, schedule },
    values: [
      [planMetrics.days_queued, days.filter(({ decision }) => 'queue' in decision).length],
      [planMetrics.days_waiting, days.filter(({ decision }) => 'wait' in decision).length],
      [planMetrics.days_failed, days.filter((day) => day.failed).length],
      [planMetrics.files_left_out, days.reduce((sum, { leftOut }) => sum + leftOut, 0)],
      [planMetrics.datasets_unreadable, failed.filter(({ transient }) => !transient).length],
      [planMetrics.datasets_stopped, stopped.length],
    ],
  });
}

/**
 * The metric of one check for late drops, including zero.
 *
 * @param timestamp Epoch milliseconds.
 */
export function lateMetricsLine(
  { late }: LateDrops,
  { stage, timestamp }: { readonly stage: string; readonly timestamp: number },
): Readonly<Record<string, unknown>> | null {
  return emfLine({
    namespace: METRIC_NAMESPACE,
    timestamp,
    dimensions: { function: 'ingest-plan', stage },
    values: [[planMetrics.drops_late, late.length]],
  });
}
