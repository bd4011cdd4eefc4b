import * as z from 'zod';
import { countMetrics, type MetricRecord, type metricsLine } from '../../base/log.ts';
import type { PlannedDay } from './planDataset.ts';

/** The plan's metrics. Each counts the result of the last scheduled run, or of the last check for late drops. docs/metrics.md describes them. */
export const planMetrics = countMetrics(
  'ingest-plan',
  'days_queued',
  'days_waiting',
  'days_failed',
  'files_left_out',
  'datasets_unreadable',
  'datasets_stopped',
  'drops_late',
);

/** The values of a run over all sources, and how many datasets have not been looked at since it began. */
export interface RunCounts {
  /** How many datasets have not been looked at since the run began. */
  readonly missing: number;
  /** The metrics of the run, each with its value. */
  readonly values: Parameters<typeof metricsLine>[0];
}

/** What a run has found of the days of one dataset. */
export const dayCountsSchema = z.object({
  /** Days that were queued. */
  queued: z.number(),
  /** Days that wait. */
  waiting: z.number(),
  /** Days that failed. */
  failed: z.number(),
  /** Days with objects that were left out. */
  leftOut: z.number(),
});

/** Validated counts. */
export type DayCounts = z.output<typeof dayCountsSchema>;

/** Counts the days of a dataset. */
export function countDays(days: readonly PlannedDay[]): DayCounts {
  return {
    queued: days.filter(({ decision }) => 'queue' in decision).length,
    waiting: days.filter(({ decision }) => 'wait' in decision).length,
    failed: days.filter((day) => day.failed).length,
    leftOut: days.reduce((sum, { leftOut }) => sum + leftOut, 0),
  };
}

/**
 * The values of one scheduled run, including zeros, so that an alarm ends with the first run without problems.
 *
 * @param counts Of each dataset that was planned.
 */
export function planValues(
  counts: readonly DayCounts[],
  unreadable: number,
  stopped: number,
): MetricRecord['values'] {
  const sum = (name: keyof DayCounts) => counts.reduce((total, count) => total + count[name], 0);
  return [
    [planMetrics.days_queued, sum('queued')],
    [planMetrics.days_waiting, sum('waiting')],
    [planMetrics.days_failed, sum('failed')],
    [planMetrics.files_left_out, sum('leftOut')],
    [planMetrics.datasets_unreadable, unreadable],
    [planMetrics.datasets_stopped, stopped],
  ];
}
