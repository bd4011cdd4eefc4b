import type { Export } from '../config/exportsSchema.ts';
import type { UtcDay } from '../time/utcDay.ts';

/** The `source` of exports in the ledger: no source of the configuration may be called so. */
export const EXPORTS_LEDGER = 'exports';

/** Whose state an entry of the ledger holds. */
interface ExportPlace {
  readonly source: typeof EXPORTS_LEDGER;
  /** The export's name. */
  readonly dataset: string;
  readonly day: UtcDay;
  readonly table: string;
}

/** Where the ledger keeps an exported day: `ledger/exports/<export>/YYYY-MM-DD.json`. */
export function exportPlace({ name, table }: Pick<Export, 'name' | 'table'>, day: UtcDay): ExportPlace {
  return { source: EXPORTS_LEDGER, dataset: name, day, table };
}
