import { countMetrics, emfLine, METRIC_NAMESPACE } from '../base/log.ts';
import type { Export } from '../schema/exports.ts';

/** The export's metric. docs/metrics.md describes it. */
export const exportMetrics = countMetrics('exports_failed');

/**
 * The number of failing days and exports. A scheduled run reports all of them, including zero. A failing day reports itself, and
 * the last one that is exported reports zero, so that an alarm ends. Each schedule has its own metric, as a run covers only its
 * own exports.
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
