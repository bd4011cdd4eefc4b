import { exportMetricsLine } from '../../lib/ingest/export/exportMetrics.ts';
import type { Exporter } from './Exporter.ts';

/** Says in metrics how much fails. */
export function tellFailing(
  { stage, clock, log }: Pick<Exporter, 'stage' | 'clock' | 'log'>,
  failing: number,
): void {
  const line = exportMetricsLine(failing, { stage, timestamp: clock.now() });
  if (line !== null) log(line);
}
