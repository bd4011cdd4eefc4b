import { isUtcDay, type UtcDay } from '../base/time.ts';
import type { Export } from '../schema/exports.ts';

/** Folder of state: who works on what, and how far they are. */
export const LEDGER_FOLDER = 'ledger/';

/** What the plan last saw of a dataset: `ledger/<source>/<dataset>/last-look.json`, beside the days. */
export function lastLookKey(source: string, dataset: string): string {
  return `${LEDGER_FOLDER}${source}/${dataset}/last-look.json`;
}

/** Which drops of a dataset are overdue: `ledger/<source>/<dataset>/expected.json`, beside the days. */
export function lateNoteKey(source: string, dataset: string): string {
  return `${LEDGER_FOLDER}${source}/${dataset}/expected.json`;
}

/** Until when a source may not be started again: `ledger/<source>/trigger.json`, beside its datasets. */
export function triggerKey(source: string): string {
  return `${LEDGER_FOLDER}${source}/trigger.json`;
}

/** Folder of claims on overflow and error objects. */
export const CLAIM_FOLDER = 'ledger/redrive/';

/** Key of the claim on an object. */
export function claimKey(key: string): string {
  return `${CLAIM_FOLDER}${key}.json`;
}

/** Folder of notes on versions. No source can be called so: names begin with a letter. */
export const VERSION_NOTES = `${LEDGER_FOLDER}_versions/`;

/** Says that a version of a table's day goes at some time, unless queries read it then. */
export interface VersionNote {
  /** Epoch milliseconds. */
  readonly due: number;
  readonly table: string;
  readonly day: UtcDay;
  readonly version: string;
}

/** Key of a note, which is an empty object: `ledger/_versions/<due>/<table>/<day>/<version>`. Keys sort by when they are due. */
export function versionNoteKey({ due, table, day, version }: VersionNote): string {
  return `${VERSION_NOTES}${new Date(due).toISOString()}/${table}/${day}/${version}`;
}

/** Reads a key back; null for one that is no note. */
export function parseVersionNote(key: string): VersionNote | null {
  if (!key.startsWith(VERSION_NOTES)) return null;
  const [at = '', table = '', day = '', version = '', ...deeper] = key.slice(VERSION_NOTES.length).split('/');
  const due = Date.parse(at);
  if (Number.isNaN(due) || table === '' || !isUtcDay(day) || version === '' || deeper.length > 0) return null;
  return { due, table, day, version };
}

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
