import { countMetrics, emfLine, METRIC_NAMESPACE } from '../base/log.ts';

/** The metrics of curated days. docs/metrics.md describes them. */
export const curateMetrics = countMetrics(
  'curate-plan',
  'curations_failed',
  'curations_waiting',
  'days_curated',
  'days_left_out',
  'oldest_not_curated',
);

/** Days of both tables: those that are curated, and those that are not though they should be. */
interface CurationCounts {
  /** Days of the lists that views read. */
  readonly curated: number;
  /** How many of `curated` some view reads raw all the same; null if that is not known. */
  readonly leftOut: number | null;
  /** Days whose last curation failed. */
  readonly failed: number;
  /** Days that were queued more than a day ago. Failed days are not among them. */
  readonly waiting: number;
  /** How many days ago the oldest day was that should be curated and is not; 0 if there is no such day. */
  readonly oldestDays: number;
}

/**
 * The metrics of one run of the plan, including zeros, so that an alarm ends with the first run without problems.
 *
 * @param timestamp Epoch milliseconds.
 */
export function curateMetricsLine(
  { curated, leftOut, failed, waiting, oldestDays }: CurationCounts,
  { stage, timestamp }: { readonly stage: string; readonly timestamp: number },
): Readonly<Record<string, unknown>> | null {
  return emfLine({
    namespace: METRIC_NAMESPACE,
    timestamp,
    dimensions: { stage },
    values: [
      [curateMetrics.curations_failed, failed],
      [curateMetrics.curations_waiting, waiting],
      [curateMetrics.days_curated, curated],
      ...(leftOut === null ? [] : [[curateMetrics.days_left_out, leftOut] as const]),
      [curateMetrics.oldest_not_curated, oldestDays],
    ],
  });
}
