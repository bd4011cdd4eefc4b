import * as z from 'zod';
import { countMetrics, type MetricRecord } from '../../base/log.ts';
import { sum } from '../../base/sum.ts';
import type { PlannedDay } from './planDataset.ts';

/**
 * The plan's metrics. Each counts the result of the last scheduled run, or of the last check for late drops.
 * docs/metrics.md describes them.
 */
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
  readonly values: MetricRecord['values'];
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
    leftOut: sum(days.map(({ leftOut }) => leftOut)),
  };
}

/**
 * The metrics of one scheduled run with their values, including zeros, so that an alarm ends with the first run without problems.
 *
 * @param counts Of each dataset that was planned.
 */
export function planValues(
  counts: readonly DayCounts[],
  {
    unreadable,
    stopped,
  }: {
    /** How many datasets could not be read. */
    readonly unreadable: number;
    /** How many datasets have no file of any day of their lookback, although some are expected. */
    readonly stopped: number;
  },
): MetricRecord['values'] {
  const sumOf = (name: keyof DayCounts) => sum(counts.map((count) => count[name]));
  return [
    [planMetrics.days_queued, sumOf('queued')],
    [planMetrics.days_waiting, sumOf('waiting')],
    [planMetrics.days_failed, sumOf('failed')],
    [planMetrics.files_left_out, sumOf('leftOut')],
    [planMetrics.datasets_unreadable, unreadable],
    [planMetrics.datasets_stopped, stopped],
  ];
}
