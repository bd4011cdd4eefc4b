import { isUtcDay, type UtcDay } from '../base/time.ts';
import type { Export } from '../schema/exports.ts';

/** Folder of state: claims and progress. */
export const LEDGER_FOLDER = 'ledger/';

/** Key of the ledger entry of a dataset's day: `ledger/<source>/<dataset>/YYYY-MM-DD.json`. */
export function ledgerKey(source: string, dataset: string, day: UtcDay): string {
  return `${LEDGER_FOLDER}${source}/${dataset}/${day}.json`;
}

/** Key of a dataset's listing at the last plan: `ledger/<source>/<dataset>/last-look.json`, next to the days. */
export function lastLookKey(source: string, dataset: string): string {
  return `${LEDGER_FOLDER}${source}/${dataset}/last-look.json`;
}

/** Key of a dataset's overdue drops: `ledger/<source>/<dataset>/expected.json`, next to the days. */
export function lateNoteKey(source: string, dataset: string): string {
  return `${LEDGER_FOLDER}${source}/${dataset}/expected.json`;
}

/** Key of the time before which a source cannot be started again: `ledger/<source>/trigger.json`, next to its datasets. */
export function triggerKey(source: string): string {
  return `${LEDGER_FOLDER}${source}/trigger.json`;
}

/** Key of the record of policies that somebody applied by hand, next to the folders of sources. */
export const POLICY_RECORDS_KEY = `${LEDGER_FOLDER}policies.json`;

/** Folder of claims on overflow and error objects. */
export const CLAIM_FOLDER = 'ledger/redrive/';

/** Key of the claim on an object. */
export function claimKey(key: string): string {
  return `${CLAIM_FOLDER}${key}.json`;
}

/** Folder of notes on versions. No source can have this name, because names begin with a letter. */
export const VERSION_NOTES = `${LEDGER_FOLDER}_versions/`;

/** Schedules the deletion of a version of a table's day, unless queries still read it then. */
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

/** Reads the key of a note; null for any other key. */
export function parseVersionNote(key: string): VersionNote | null {
  if (!key.startsWith(VERSION_NOTES)) return null;
  const [at = '', table = '', day = '', version = '', ...deeper] = key.slice(VERSION_NOTES.length).split('/');
  const due = Date.parse(at);
  if (Number.isNaN(due) || table === '' || !isUtcDay(day) || version === '' || deeper.length > 0) return null;
  return { due, table, day, version };
}

/** The `source` of exports in the ledger. No source of the configuration can have this name. */
export const EXPORTS_LEDGER = 'exports';

/** The place of an export's entry in the ledger. */
interface ExportPlace {
  readonly source: typeof EXPORTS_LEDGER;
  /** The export's name. */
  readonly dataset: string;
  readonly day: UtcDay;
  readonly table: string;
}

/** The place of an exported day in the ledger: `ledger/exports/<export>/YYYY-MM-DD.json`. */
export function exportPlace({ name, table }: Pick<Export, 'name' | 'table'>, day: UtcDay): ExportPlace {
  return { source: EXPORTS_LEDGER, dataset: name, day, table };
}
