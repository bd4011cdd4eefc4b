import { exportMetricsLine } from '../../lib/export/exportMetrics.ts';
import type { Export } from '../../lib/schema/exports.ts';
import type { Exporter } from './Exporter.ts';

/** Says in metrics how much fails of the exports of a schedule. */
export function tellFailing(
  { stage, clock, log }: Pick<Exporter, 'stage' | 'clock' | 'log'>,
  schedule: Export['schedule'],
  failing: number,
): void {
  const line = exportMetricsLine(failing, { stage, schedule, timestamp: clock.now() });
  if (line !== null) log(line);
}
