import { isUtcDay, type UtcDay } from '../base/time.ts';
import type { Config } from '../schema/config.ts';
import type { Export } from '../schema/exports.ts';
import type { ForwardedKind } from '../schema/kinds.ts';

/** Folder of state: claims and progress. */
export const LEDGER_FOLDER = 'ledger/';

/** Folder of what the ledger has of a dataset: `ledger/<source>/<dataset>/`. */
export function datasetLedger(source: string, dataset: string): string {
  return `${LEDGER_FOLDER}${source}/${dataset}/`;
}

/** Key of the ledger entry of a dataset's day: `ledger/<source>/<dataset>/YYYY-MM-DD.json`. */
export function ledgerKey(source: string, dataset: string, day: UtcDay): string {
  return `${datasetLedger(source, dataset)}${day}.json`;
}

/** The day whose {@link ledgerKey} it is; null for any other key. */
export function ledgerDay(source: string, dataset: string, key: string): UtcDay | null {
  const folder = datasetLedger(source, dataset);
  if (!key.startsWith(folder) || !key.endsWith('.json')) return null;
  const day = key.slice(folder.length, -'.json'.length);
  return isUtcDay(day) ? day : null;
}

/** Key of a dataset's listing at the last plan: `ledger/<source>/<dataset>/last-look.json`, next to the days. */
export function lastLookKey(source: string, dataset: string): string {
  return `${datasetLedger(source, dataset)}last-look.json`;
}

/** Key of what the last look saw of versions' files: `ledger/<source>/<dataset>/files.json`, next to the days. */
export function versionFilesKey(source: string, dataset: string): string {
  return `${datasetLedger(source, dataset)}files.json`;
}

/**
 * Key of when the files of each day's version were looked at: `ledger/<source>/<dataset>/version-looks.json`, next to
 * the days.
 */
export function versionLooksKey(source: string, dataset: string): string {
  return `${datasetLedger(source, dataset)}version-looks.json`;
}

/** Key of a dataset's overdue drops: `ledger/<source>/<dataset>/expected.json`, next to the days. */
export function lateNoteKey(source: string, dataset: string): string {
  return `${datasetLedger(source, dataset)}expected.json`;
}

/** Key of the time before which a source cannot be started again: `ledger/<source>/trigger.json`, next to its datasets. */
export function triggerKey(source: string): string {
  return `${LEDGER_FOLDER}${source}/trigger.json`;
}

/**
 * Folder of the record of what was redriven from quarantine. No source can have this name, because names begin with a
 * letter.
 */
export const REDRIVEN_FOLDER = `${LEDGER_FOLDER}_redriven/`;

/** Key of one part of that record: `ledger/_redriven/<time>-<id>.json`. */
export function redrivenKey(time: string, id: string): string {
  return `${REDRIVEN_FOLDER}${time}-${id}.json`;
}

/** Folder of the writer's notes on objects of the landing: lib/landing/LandingNote.ts. No source can have this name. */
export const LANDING_NOTES = `${LEDGER_FOLDER}_landing/`;

/** Key of the note with the time of the last hourly look at the landing. */
export const LANDING_LOOK = `${LANDING_NOTES}look.json`;

/** Folder of the registrar's notes on the days that have files. No source can have this name. */
export const RAW_DAYS_FOLDER = `${LEDGER_FOLDER}_days/`;

/** Key of the registrar's note on a raw table: lib/landing/catalog/rawDays.ts. */
export function rawDaysKey(kind: ForwardedKind): string {
  return `${RAW_DAYS_FOLDER}${kind}.json`;
}

/** Key of its note on the bucket's rules: lib/landing/catalog/archivingRules.ts. */
export const ARCHIVING_RULES_KEY = `${RAW_DAYS_FOLDER}archiving-rules.json`;

/** Folder of notes on versions. No source can have this name, because names begin with a letter. */
export const VERSION_NOTES = `${LEDGER_FOLDER}_versions/`;

/** Schedules the deletion of a version of a table's day, unless queries still read it then. */
export interface VersionNote {
  /** Epoch milliseconds. */
  readonly due: number;
  /** The name of the table. */
  readonly table: string;
  /** The day of the version. */
  readonly day: UtcDay;
  /** The name of the version. */
  readonly version: string;
}

/**
 * Key of a note, which is an empty object: `ledger/_versions/<due>/<table>/<day>/<version>`. Keys sort by when they are
 * due.
 */
export function versionNoteKey({ due, table, day, version }: VersionNote): string {
  return `${VERSION_NOTES}${new Date(due).toISOString()}/${table}/${day}/${version}`;
}

/** Reads a key that {@link versionNoteKey} has made; null for any other key. */
export function parseVersionNote(key: string): VersionNote | null {
  if (!key.startsWith(VERSION_NOTES)) return null;
  const [at = '', table = '', day = '', version = ''] = key.slice(VERSION_NOTES.length).split('/');
  const due = Date.parse(at);
  if (Number.isNaN(due) || table === '' || !isUtcDay(day) || version === '') return null;
  const note = { due, table, day, version };
  // Date.parse also takes other texts, as `2026`, and the key may have more segments.
  return versionNoteKey(note) === key ? note : null;
}

/** Folder of days that are loaded in pieces. No source can have this name, because names begin with a letter. */
export const LOADS_FOLDER = `${LEDGER_FOLDER}_loads/`;

/** Folder of the loads in pieces of one table, with a trailing slash: plans, results and refused rows. */
export function tableLoadsFolder(table: string): string {
  return `${LOADS_FOLDER}${table}/`;
}

/** Folder of the load of one version in pieces, with a trailing slash. */
export function loadFolder({ table, day, version }: Omit<VersionNote, 'due'>): string {
  return `${tableLoadsFolder(table)}${day}/${version}/`;
}

/** The version of the load that an object belongs to; null for a key that is in no {@link loadFolder}. */
export function parseLoadKey(key: string): Omit<VersionNote, 'due'> | null {
  if (!key.startsWith(LOADS_FOLDER)) return null;
  const [table = '', day = '', version = '', ...path] = key.slice(LOADS_FOLDER.length).split('/');
  if (table === '' || !isUtcDay(day) || version === '' || path.length === 0) return null;
  return { table, day, version };
}

/** Folder of the records of erasures. No source can have this name, because names begin with a letter. */
export const ERASURES_FOLDER = `${LEDGER_FOLDER}_erasures/`;

/** Key of the record of an erasure: `ledger/_erasures/<id>.json`. */
export function erasureKey(id: string): string {
  return `${ERASURES_FOLDER}${id}.json`;
}

/** The `source` of curated days in the ledger. No source of the configuration can have this name. */
export const CURATED_LEDGER = 'curated';

/** Which curated day an entry of the ledger is of. */
interface CuratedSubject {
  /** {@link CURATED_LEDGER} for every curated day. */
  readonly source: typeof CURATED_LEDGER;
  /** The kind of the curated table. */
  readonly dataset: ForwardedKind;
  /** The curated day. */
  readonly day: UtcDay;
  /** Name of the curated table. */
  readonly table: string;
}

/** The place of a curated day in the ledger: `ledger/curated/<kind>/YYYY-MM-DD.json`. */
export function curatedSubject(
  { curatedTables }: Pick<Config, 'curatedTables'>,
  kind: ForwardedKind,
  day: UtcDay,
): CuratedSubject {
  return { source: CURATED_LEDGER, dataset: kind, day, table: curatedTables[kind] };
}

/** Folder of the ledger entries of a curated table: `ledger/curated/<kind>/`. */
export function curatedFolder(kind: ForwardedKind): string {
  return datasetLedger(CURATED_LEDGER, kind);
}

/** Key of when the plan has looked at each day: `ledger/curated/<kind>/day-looks.json`, next to the days. */
export function dayLooksKey(kind: ForwardedKind): string {
  return `${curatedFolder(kind)}day-looks.json`;
}

/** Key of the list of the days that the views read from a curated table: `ledger/curated/<kind>/days.json`. */
export function curatedDaysKey(kind: ForwardedKind): string {
  return `${curatedFolder(kind)}days.json`;
}

/** The `source` of exports in the ledger. No source of the configuration can have this name. */
export const EXPORTS_LEDGER = 'exports';

/** The place of an export's entry in the ledger. */
interface ExportSubject {
  /** {@link EXPORTS_LEDGER} for every export. */
  readonly source: typeof EXPORTS_LEDGER;
  /** The export's name. */
  readonly dataset: string;
  /** The exported day. */
  readonly day: UtcDay;
  /** The name of the exported table. */
  readonly table: string;
}

/** The place of an exported day in the ledger: `ledger/exports/<export>/YYYY-MM-DD.json`. */
export function exportSubject({ name, table }: Pick<Export, 'name' | 'table'>, day: UtcDay): ExportSubject {
  return { source: EXPORTS_LEDGER, dataset: name, day, table };
}
