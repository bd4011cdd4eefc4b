import { addDays, type UtcDay, utcDay } from '../../../lib/base/time.ts';
import type { Export } from '../../../lib/schema/exports.ts';
import { exportFolder } from '../../../lib/tables/exportKeys.ts';
import { exportSubject } from '../../../lib/tables/ledgerKeys.ts';
import type { DropDay } from './dropDays.ts';
import {
  type DaySpan,
  daysUntil,
  judgedExportDays,
  type LedgerDay,
  type Open,
  readLedgerDays,
} from './ledgerDays.ts';

/** What is known of an export, whatever its days are shown as. */
interface ExportFacts {
  /** Name of the export. */
  readonly export: string;
  /** The table that is exported. */
  readonly table: string;
  /** Where files go in the customer's bucket: `s3://<bucket>/<folder>/`. */
  readonly target: string;
  /** The first day of its lookback. Failed days before it are not tried again. */
  readonly firstDay: UtcDay;
}

/** The status of one export. */
export interface ExportStatus extends ExportFacts {
  /** Its days in the ledger, oldest first. */
  readonly days: readonly LedgerDay[];
}

/** An export, and what is shown of its days. */
export interface ExportDays extends ExportFacts {
  /** Its days, oldest first. */
  readonly days: readonly DropDay[];
}

/** Reads the ledger of exports; by default of {@link judgedExportDays}. @throws LedgerError. */
export async function readExports(
  open: Open,
  exports: readonly Export[],
  { count = judgedExportDays, until = addDays(utcDay(open.now), -1) }: Partial<DaySpan<Export>> = {},
): Promise<readonly ExportStatus[]> {
  const days = await readLedgerDays(
    open,
    exports.map((exported) => daysUntil(until, count(exported)).map((day) => exportSubject(exported, day))),
  );
  return exports.map((exported, i) => ({
    export: exported.name,
    table: exported.table,
    target: `s3://${exported.target.bucket}/${exportFolder(exported)}`,
    firstDay: addDays(utcDay(open.now), -exported.lookbackDays),
    days: days[i] ?? [],
  }));
}
