import type { ExportRequest } from '../../lib/ingest/export/ExportRequest.ts';
import { planExports } from '../../lib/ingest/export/planExports.ts';
import type { Exporter } from './Exporter.ts';
import { tellFailing } from './tellFailing.ts';

/** What one request came to: the line in the log. */
export interface ExportReport {
  readonly event: 'export_run';
  readonly [field: string]: unknown;
}

/** Finds what is to be exported, and says so: in the log, and of scheduled runs in metrics. */
export async function runRequest(exporter: Exporter, request: ExportRequest): Promise<ExportReport> {
  const { queued, looked, failedDays, failed } = await planExports(exporter, request);
  const report = {
    level: failed.length > 0 ? 'error' : 'info',
    event: 'export_run',
    looked,
    queued: queued.length,
    failed_days: failedDays,
    ...(failed.length > 0 ? { failed } : {}),
  } as const;
  exporter.log(report);
  if (request.schedule !== undefined) tellFailing(exporter, failedDays + failed.length);
  return report;
}
