import { countMetrics } from '../../base/log.ts';
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

/** The values of one scheduled run, including zeros, so that an alarm ends with the first run without problems. */
export function planValues({ planned, failed, stopped }: SourcesPlan) {
  const days = planned.flatMap((plan) => plan.days);
  return [
    [planMetrics.days_queued, days.filter(({ decision }) => 'queue' in decision).length],
    [planMetrics.days_waiting, days.filter(({ decision }) => 'wait' in decision).length],
    [planMetrics.days_failed, days.filter((day) => day.failed).length],
    [planMetrics.files_left_out, days.reduce((sum, { leftOut }) => sum + leftOut, 0)],
    [planMetrics.datasets_unreadable, failed.filter(({ transient }) => !transient).length],
    [planMetrics.datasets_stopped, stopped.length],
  ] as const;
}
