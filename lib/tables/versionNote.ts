import { isUtcDay, type UtcDay } from '../time/utcDay.ts';
import { LEDGER_FOLDER } from './ledgerFolder.ts';

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
