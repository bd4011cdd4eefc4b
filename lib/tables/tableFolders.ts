import { isUtcDay, type UtcDay, utcDay } from '../base/time.ts';
import type { Config } from '../schema/config.ts';
import { type TableKind, tableKinds } from '../schema/kinds.ts';
import { LEDGER_FOLDER } from './ledgerKeys.ts';

type Layout = Pick<Config, 'statsigFolder' | 'tables'>;
type FolderLayout = Pick<Config, 'statsigFolder'>;

/** Folder of the quarantine table, whatever it is called. */
const QUARANTINE_FOLDER = 'quarantine/';

/**
 * Folder of a delivered table, with the slash at its end: `quarantine/`, or of a forwarded table
 * `statsig/statsig_forwarded_exposures/<table>/`, where the middle segment is Statsig's and fixed, whatever the
 * table is called (facts: Statsig on Athena).
 */
export function tableFolder(layout: Layout, kind: TableKind): string {
  if (kind === 'quarantine') return QUARANTINE_FOLDER;
  return `${layout.statsigFolder}/statsig_forwarded_${kind}/${layout.tables[kind]}/`;
}

/** Folder of one day of a delivered table: a partition's location, which never moves. */
export function dayFolder(layout: Layout, kind: TableKind, day: UtcDay): string {
  return `${tableFolder(layout, kind)}${day}/`;
}

/** What a key under a delivered table names, or by which rule it names no row file of ours. */
export type TableKey =
  | { readonly kind: TableKind; readonly day: UtcDay }
  | { readonly ignored: 'outside_tables' | 'no_day_folder' | 'nested_too_deep' | 'folder_marker' };

/**
 * Reads an object's key. The bucket also sees Statsig's own files and ours of other kinds, so a key that is
 * no row file of a delivered table is normal: it comes back with the rule that left it out.
 */
export function parseTableKey(layout: Layout, key: string): TableKey {
  for (const kind of tableKinds) {
    const folder = tableFolder(layout, kind);
    if (!key.startsWith(folder)) continue;
    const [day = '', file, ...deeper] = key.slice(folder.length).split('/');
    if (!isUtcDay(day) || file === undefined) return { ignored: 'no_day_folder' };
    if (deeper.length > 0) return { ignored: 'nested_too_deep' };
    if (file === '') return { ignored: 'folder_marker' };
    return { kind, day };
  }
  return { ignored: 'outside_tables' };
}

/**
 * The folders of forwarded tables, with the slash at their ends. Their names are Statsig's: when it forwards into the
 * same Statsig folder by itself, it writes there too.
 */
function forwardedFolders({ statsigFolder }: FolderLayout): readonly string[] {
  return [`${statsigFolder}/statsig_forwarded_exposures/`, `${statsigFolder}/statsig_forwarded_events/`];
}

/** The folder of ingested tables, with the slash at its end. Nobody but us writes there. */
export function ingestedFolder({ statsigFolder }: FolderLayout): string {
  return `${statsigFolder}/ingested/`;
}

/**
 * The folder of the table of experiment groups, with the slash at its end. It lies among the ingested tables: readers'
 * policies let them read there, and let nobody but us write. No dataset's table can have its name.
 */
export function groupsFolder(layout: FolderLayout): string {
  return `${ingestedFolder(layout)}experiment_groups/`;
}

/** Key of the object that holds the rows of that table, a line of JSON each. It is the only one in the folder. */
export function groupsKey(layout: FolderLayout): string {
  return `${groupsFolder(layout)}experiment_groups.json`;
}

/** All that analysts read: the forwarded tables, and the ingested with the experiment groups. */
export function landedFolders(layout: FolderLayout): readonly string[] {
  return [...forwardedFolders(layout), ingestedFolder(layout)];
}

/** What a version may be called: it is one segment of a key. */
const VERSION = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** Folder of an ingested table, with the slash at its end: the table's location. */
export function ingestedTableFolder(layout: FolderLayout, table: string): string {
  return `${ingestedFolder(layout)}${table}/`;
}

/**
 * Folder of one version of a table's day, with the slash at its end: a partition's location, which moves to another
 * version with every load. `statsig/ingested/<table>/YYYY-MM-DD/<version>/`
 *
 * @throws RangeError for a day or a version that is none: such a key could not be read back.
 */
export function versionPrefix(layout: FolderLayout, table: string, day: UtcDay, version: string): string {
  if (!isUtcDay(day)) throw new RangeError(`${JSON.stringify(day)} is no day.`);
  if (!VERSION.test(version)) throw new RangeError(`${JSON.stringify(version)} is no version.`);
  return `${ingestedTableFolder(layout, table)}${day}/${version}/`;
}

/** What a key or prefix below an ingested table names. */
export interface IngestedKey {
  readonly table: string;
  readonly day: UtcDay;
  readonly version: string;
  /** The file's name; empty for the version's folder itself. */
  readonly file: string;
}

/** Reads a key or a version's prefix back; null for one that is none of ours. */
export function parseIngestedKey(layout: FolderLayout, key: string): IngestedKey | null {
  const folder = ingestedFolder(layout);
  if (!key.startsWith(folder)) return null;
  const [table = '', day = '', version = '', file, ...deeper] = key.slice(folder.length).split('/');
  if (table === '' || file === undefined || deeper.length > 0) return null;
  return isUtcDay(day) && VERSION.test(version) ? { table, day, version, file } : null;
}

/** Key of the ledger entry of a dataset's day: `ledger/<source>/<dataset>/YYYY-MM-DD.json`. */
export function ledgerKey(source: string, dataset: string, day: UtcDay): string {
  return `${LEDGER_FOLDER}${source}/${dataset}/${day}.json`;
}

/** What the name of such a file begins with. */
export const REFUSED_ROWS_PREFIX = 'ingest-';

/** Characters of a fingerprint that tell the states of one day's files apart. */
const STATE_LENGTH = 16;

/**
 * Where the rows that were refused of a dataset's day are: one file in the quarantine table, under the day on which the
 * last of the dropped files was received. The same files have the same key, however often they are loaded, so no load
 * makes a second copy of a refused row. The registrar sees the file come, as it sees Firehose's.
 */
export function refusedRowsKey(
  layout: Pick<Config, 'statsigFolder' | 'tables'>,
  drop: {
    readonly table: string;
    /** Of the drop's folder. */
    readonly day: UtcDay;
    readonly fingerprint: string;
    /** Epoch milliseconds. */
    readonly receivedAt: number;
  },
): string {
  const folder = dayFolder(layout, 'quarantine', utcDay(drop.receivedAt));
  return `${folder}${REFUSED_ROWS_PREFIX}${drop.table}-${drop.day}-${drop.fingerprint.slice(0, STATE_LENGTH)}.parquet`;
}
