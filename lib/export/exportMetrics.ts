import { countMetrics } from '../base/log.ts';

/**
 * The export's metric: the number of failing days and exports of a schedule. docs/metrics.md describes it. A scheduled
 * run reports all of them, including zero. A task whose day fails reports 1, and a task that ends the last failure
 * reports 0, so that the alarm ends.
 */
export const exportMetrics = countMetrics('export', 'exports_failed');
