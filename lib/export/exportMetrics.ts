import { emfLine, METRIC_NAMESPACE, type Metric } from '../base/log.ts';
import type { Export } from '../schema/exports.ts';

/** The export's metric. docs/metrics.md tells what it means. */
export const exportMetrics = {
  exports_failed: { name: 'exports_failed', unit: 'Count' },
} as const satisfies Record<string, Metric>;

/**
 * How many days or whole exports fail, as far as somebody just saw: a scheduled run tells all of them, zero included, so
 * that an alarm is over with the first that finds all well; a day that fails tells itself. Each schedule has a metric of its
 * own: a run of one says nothing of the other's exports.
 *
 * @param timestamp Epoch milliseconds.
 */
export function exportMetricsLine(
  failing: number,
  {
    stage,
    schedule,
    timestamp,
  }: { readonly stage: string; readonly schedule: Export['schedule']; readonly timestamp: number },
): Readonly<Record<string, unknown>> | null {
  return emfLine({
    namespace: METRIC_NAMESPACE,
    timestamp,
    dimensions: { function: 'export', stage, schedule },
    values: [[exportMetrics.exports_failed, failing]],
  });
}
