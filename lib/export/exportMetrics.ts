import { countMetrics } from '../base/log.ts';

/**
 * The export's metric: the number of failing days and exports. docs/metrics.md describes it. A scheduled run reports all of them,
 * including zero. A failing day reports itself, and the last one that is exported reports zero, so that an alarm ends. Each
 * schedule has its own metric, as a run covers only its own exports.
 */
export const exportMetrics = countMetrics('export', 'exports_failed');
