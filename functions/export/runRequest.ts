import type { ExportRequest } from '../../lib/export/messageBodies.ts';
import { planExports } from '../../lib/export/planExports.ts';
import type { Exporter } from './Exporter.ts';
import { tellFailing } from './tellFailing.ts';

/** What one request came to: the line in the log. */
export interface ExportReport {
  readonly event: 'export_run';
  /** Whether asking again may help: something was busy or away. */
  readonly again: boolean;
  readonly [field: string]: unknown;
}

/**
 * Finds what is to be exported, and says so: in the log, and of scheduled runs in metrics. What may pass counts there no
 * more than in the plan of ingest: it is asked again, and the dead letters tell of what does not pass.
 */
export async function runRequest(exporter: Exporter, request: ExportRequest): Promise<ExportReport> {
  const { queued, looked, failedDays, failed } = await planExports(exporter, request);
  const lasting = failed.filter(({ transient }) => !transient);
  const report = {
    level: failed.length > 0 ? 'error' : 'info',
    event: 'export_run',
    looked,
    queued: queued.length,
    failed_days: failedDays,
    ...(failed.length > 0 ? { failed } : {}),
    again: lasting.length < failed.length,
  } as const;
  exporter.log(report);
  if (request.schedule !== undefined) tellFailing(exporter, request.schedule, failedDays + lasting.length);
  return report;
}
