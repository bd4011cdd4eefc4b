import type { Export } from '../../config/exportsSchema.ts';
import type { UtcDay } from '../../time/utcDay.ts';
import type { LedgerPlace } from '../ledger/LedgerEntry.ts';

/** The `source` of exports in the ledger: no source of the configuration may be called so. */
export const EXPORTS_LEDGER = 'exports';

/** Where the ledger keeps an exported day: `ledger/exports/<export>/YYYY-MM-DD.json`. */
export function exportPlace({ name, table }: Pick<Export, 'name' | 'table'>, day: UtcDay): LedgerPlace {
  return { source: EXPORTS_LEDGER, dataset: name, day, table };
}
