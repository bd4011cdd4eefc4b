import { addDays, type UtcDay, utcDay } from '../../lib/base/time.ts';
import type { Export } from '../../lib/schema/exports.ts';
import { exportSubject } from '../../lib/tables/ledgerKeys.ts';
import type { Deployment } from '../deployment.ts';
import { daysUntil } from '../facts/days/datasetStatus.ts';
import { type LedgerDay, readLedgerDays } from '../facts/days/readLedgerDays.ts';
import { exportTarget } from './datasets.ts';

/** The status of one export. */
export interface ExportStatus {
  readonly export: string;
  readonly table: string;
  /** The customer's `s3://<bucket>/<folder>/`. */
  readonly target: string;
  /** Oldest first; null if the ledger has no entry. */
  readonly days: readonly LedgerDay[];
}

/**
 * Reads the ledger of exports.
 *
 * @param count Number of days.
 * @param until The last day. Default yesterday.
 */
export async function readExportStatus(
  deployment: Pick<Deployment, 's3' | 'config' | 'now'>,
  exports: readonly Export[],
  count: number,
  until: UtcDay = addDays(utcDay(deployment.now), -1),
): Promise<readonly ExportStatus[]> {
  const wanted = daysUntil(until, count);
  const days = await readLedgerDays(
    deployment,
    exports.map((exported) => wanted.map((day) => exportSubject(exported, day))),
  );
  return exports.map((exported, i) => ({
    export: exported.name,
    table: exported.table,
    target: exportTarget(exported),
    days: days[i] ?? [],
  }));
}
