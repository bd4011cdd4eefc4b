import { addDays, type UtcDay, utcDay } from '../../lib/base/time.ts';
import { MOST_DAYS } from '../../lib/export/limits.ts';
import type { ExportRequest } from '../../lib/export/messageBodies.ts';
import { exportLookback } from '../../lib/export/planExports.ts';
import { namedExports } from '../../observe/ingest/datasets.ts';
import { DaysError, type RequestedDays, requestedDays, requireDays } from '../requestedDays.ts';
import { type Requested, sendRequests } from '../sendRequests.ts';

/** The days of an export that were requested. */
interface RequestedExport extends RequestedDays {
  /** Name of the export. */
  readonly export: string;
}

/** The days whose export was requested. */
export interface ExportDaysRequest {
  /** Whether nothing was sent: then these days would be requested. */
  readonly dryRun: boolean;
  /** The days of each export: the named ones, or its whole lookback, of which the run exports the changed days alone. */
  readonly asked: readonly RequestedExport[];
}

/** A request to export: which days, and of which export. */
interface AskedExport {
  /** Whether nothing is sent. */
  readonly dryRun: boolean;
  /** The name of the export. Default: all exports. */
  readonly export?: string | undefined;
  /** The first day. Default: the changed days of each lookback. */
  readonly from?: UtcDay | undefined;
  /** The last day. Default: `from`. */
  readonly to?: UtcDay | undefined;
  /** Whether copies of files that are gone are removed, too. This is only for named days. Default false. */
  readonly drop?: boolean | undefined;
}

/**
 * Requests exports of the named days, which are before today, or of changed days of each lookback.
 *
 * @throws ExportsError; DaysError, also for `drop` without days; what AWS's clients throw.
 */
export async function requestExport(
  deployment: Requested,
  { dryRun, export: name, from, to = from, drop = false }: AskedExport,
): Promise<ExportDaysRequest> {
  const exports = namedExports(deployment.config, name);
  if (from === undefined && to !== undefined)
    throw new DaysError('SLUICE_DAYS_INVALID', `got ${to} as the last day, without a first one.`);
  if (drop && from === undefined)
    throw new DaysError('SLUICE_DAYS_INVALID', 'copies are removed of named days only: name the first one.');
  const today = utcDay(deployment.now);
  const named =
    from === undefined || to === undefined
      ? undefined
      : requireDays({ from, to, last: addDays(today, -1), most: MOST_DAYS }, `a day before today, ${today}`);
  if (!dryRun) {
    const request: ExportRequest = {
      sluice: 'export',
      exports: exports.map((exported) => exported.name),
      ...(named === undefined ? {} : { days: [...named], ...(drop ? { drop } : {}) }),
    };
    await sendRequests(deployment, 'export', [request]);
  }
  return {
    dryRun,
    asked: exports.map((exported) => ({
      export: exported.name,
      ...requestedDays(named ?? exportLookback(exported, deployment.now)),
    })),
  };
}
