import { SluiceError } from '../../errors/SluiceError.ts';
import { tableKinds } from '../../schema/kinds.ts';
import { CatalogError } from './CatalogError.ts';
import type { Registrar } from './Registrar.ts';
import { repairTable } from './repairTable.ts';

/** What the daily run did, as it is logged. */
export interface DailyReport {
  readonly table: string;
  readonly created: number;
  readonly existed: number;
  readonly updated: number;
  /** Days whose partition points elsewhere than at the day's folder. */
  readonly misplaced: readonly string[];
  readonly failed: readonly { readonly day: string; readonly code: string }[];
}

/**
 * The daily run: registers today and tomorrow, closes gaps and brings older partitions along with their tables.
 * One table's failure stops no other; afterwards it fails the run, so that the queue gives it again.
 *
 * @throws CatalogError SLUICE_CATALOG_PARTITIONS_FAILED
 */
export async function dailyRun(registrar: Registrar): Promise<readonly DailyReport[]> {
  const reports: DailyReport[] = [];
  const problems: string[] = [];
  let unread = false;
  for (const kind of tableKinds) {
    const table = registrar.config.tables[kind];
    try {
      const repaired = await repairTable(registrar, kind);
      for (const day of repaired.registered) registrar.known.add(kind, day);
      const failed = repaired.failed.map(({ day, code }) => ({ day, code }));
      reports.push({
        table,
        created: repaired.created.length,
        existed: repaired.existed.length,
        updated: repaired.updated.length,
        misplaced: repaired.misplaced,
        failed,
      });
      problems.push(...failed.map(({ day, code }) => `${table} ${day}: ${code}`));
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      problems.push(`${error.code} ${error.detail}`);
      unread = true;
    }
  }
  registrar.log({
    level: problems.length > 0 ? 'error' : 'info',
    event: 'register_daily',
    tables: reports,
    // What the metric filter reads (infra/loggedMetrics.ts): a table that can't be read has an unknown number.
    ...(unread
      ? {}
      : { gaps: reports.reduce((sum, one) => sum + one.failed.length + one.misplaced.length, 0) }),
    ...(problems.length > 0 ? { problems } : {}),
  });
  if (problems.length > 0) throw new CatalogError('SLUICE_CATALOG_PARTITIONS_FAILED', problems.join('; '));
  return reports;
}
