import { isoTimestamp, isUtcDay, type UtcDay, utcDay } from '../base/time.ts';
import type { Config } from '../schema/config.ts';
import { type TableKind, tableKinds } from '../schema/kinds.ts';

/** The folders of tables: today's Statsig folder, and former ones. */
export type FolderLayout = Pick<Config, 'statsigFolder'> & {
  /** Default none. */
  readonly formerStatsigFolders?: Config['formerStatsigFolders'];
};
/** Settings that say where delivered tables are: their names, the Statsig folder, and the former ones. */
export type TableLayout = FolderLayout & Pick<Config, 'tables'>;

/** The Statsig folder and the former ones, without slashes at their ends. */
export function statsigFolders({
  statsigFolder,
  formerStatsigFolders = [],
}: FolderLayout): readonly string[] {
  return [statsigFolder, ...formerStatsigFolders.map(({ folder }) => folder)];
}

/**
 * The layout that has a day's files: that of the first former folder that ends on the day or later, else the present
 * one.
 */
function layoutOf<Some extends FolderLayout>(layout: Some, day: UtcDay): Some {
  const [former] = (layout.formerStatsigFolders ?? [])
    .filter(({ until }) => day <= until)
    .sort((a, b) => (a.until < b.until ? -1 : 1));
  return former === undefined ? layout : { ...layout, statsigFolder: former.folder };
}

/** A layout for each of {@link statsigFolders}, the present one first. */
function layouts<Some extends FolderLayout>(layout: Some): readonly Some[] {
  return statsigFolders(layout).map((statsigFolder) => ({ ...layout, statsigFolder }));
}

/** Folder of the quarantine table, whatever its name. */
const QUARANTINE_FOLDER = 'quarantine/';

/**
 * Folder of a delivered table, with the slash at its end: `quarantine/`, or of a forwarded table
 * `statsig/statsig_forwarded_exposures/<table>/`. Statsig prescribes the middle segment, whatever the name of the table.
 */
export function tableFolder(layout: TableLayout, kind: TableKind): string {
  if (kind === 'quarantine') return QUARANTINE_FOLDER;
  return `${layout.statsigFolder}/statsig_forwarded_${kind}/${layout.tables[kind]}/`;
}

/** {@link tableFolder}, and those of the same table below former Statsig folders. */
export function tableFolders(layout: TableLayout, kind: TableKind): readonly string[] {
  return [...new Set(layouts(layout).map((tableLayout) => tableFolder(tableLayout, kind)))];
}

/** Folder of one day of a delivered table: the location of its partition, which never changes. */
export function dayFolder(layout: TableLayout, kind: TableKind, day: UtcDay): string {
  return `${tableFolder(layoutOf(layout, day), kind)}${day}/`;
}

/** The table and day of a key under a delivered table, or why it is not the key of a row file of Sluice. */
export type TableKey =
  | { readonly kind: TableKind; readonly day: UtcDay }
  | { readonly ignored: 'outside_tables' | 'no_day_folder' | 'nested_too_deep' | 'folder_marker' };

/**
 * Reads an object's key. The bucket also contains files of Statsig and other files of Sluice, so a key that is not a row
 * file of a delivered table is normal. It is returned with the reason why it is ignored.
 */
export function parseTableKey(layout: TableLayout, key: string): TableKey {
  const folders = tableKinds.flatMap((kind) =>
    tableFolders(layout, kind).map((folder) => ({ kind, folder })),
  );
  for (const { kind, folder } of folders) {
    if (!key.startsWith(folder)) continue;
    const [day = '', file, ...deeper] = key.slice(folder.length).split('/');
    // A day is in only one of several Statsig folders.
    if (!isUtcDay(day) || file === undefined || !key.startsWith(dayFolder(layout, kind, day)))
      return { ignored: 'no_day_folder' };
    if (deeper.length > 0) return { ignored: 'nested_too_deep' };
    if (file === '') return { ignored: 'folder_marker' };
    return { kind, day };
  }
  return { ignored: 'outside_tables' };
}

/**
 * `<stream>-<version>-YYYY-MM-DD-HH-MM-SS-<UUID>` and an extension:
 * https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html
 */
const DELIVERED_FILE =
  /-\d+-(\d{4}(?:-\d{2}){5})-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:\.[a-z0-9.]+)?$/;

/**
 * Name of a file of rows, in the form of Firehose's: names sort by time.
 *
 * @param at Epoch milliseconds.
 * @param digest At least 32 hexadecimal digits that distinguish the file from all others.
 */
export function landedFileName(at: number, digest: string): string {
  const id = digest.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
  return `sluice-1-${fileTime(at)}-${id}.parquet`;
}

/** A time, epoch milliseconds, as names of files have it. */
export function fileTime(at: number): string {
  return isoTimestamp(at).slice(0, 19).replaceAll(/[T:]/g, '-');
}

/**
 * When a file was put, as {@link fileTime} says it, by a key that has the form in which Firehose names files; undefined
 * for any other key. Every file of the forwarded tables that Sluice put has this form. Other files there are of
 * Statsig's own forwarding, or of a person.
 */
export function deliveredTime(key: string): string | undefined {
  return DELIVERED_FILE.exec(key)?.[1];
}

/**
 * The folders of forwarded tables, with a trailing slash. Statsig prescribes their names, and writes there, too, if it
 * forwards into the same Statsig folder itself.
 */
function forwardedFolders({ statsigFolder }: FolderLayout): readonly string[] {
  return [`${statsigFolder}/statsig_forwarded_exposures/`, `${statsigFolder}/statsig_forwarded_events/`];
}

/** The folder of ingested tables, with a trailing slash. Only Sluice writes there. */
function ingestedFolder({ statsigFolder }: FolderLayout): string {
  return `${statsigFolder}/ingested/`;
}

/** {@link ingestedFolder}, and those below former Statsig folders. */
export function ingestedFolders(layout: FolderLayout): readonly string[] {
  return layouts(layout).map(ingestedFolder);
}

/**
 * The folder of the table of experiment groups, with a trailing slash. It is in the folder of ingested tables, because
 * readers may read there and only Sluice may write. No dataset's table can have its name.
 */
export function groupsFolder(layout: FolderLayout): string {
  return `${ingestedFolder(layout)}experiment_groups/`;
}

/** Key of the object with the rows of that table, one line of JSON each. It is the only object in the folder. */
export function groupsKey(layout: FolderLayout): string {
  return `${groupsFolder(layout)}experiment_groups.json`;
}

/** The folder of the table of received hours, with a trailing slash: beside that one, for the same reason. */
export function receivedHoursFolder(layout: FolderLayout): string {
  return `${ingestedFolder(layout)}received_hours/`;
}

/** Key of the object with the rows of a day of receipt. */
export function receivedHoursKey(layout: FolderLayout, day: UtcDay): string {
  return `${receivedHoursFolder(layout)}${day}.json`;
}

/** All folders that analysts read: of the forwarded tables, and of the ingested tables and experiment groups. */
export function landedFolders(layout: FolderLayout): readonly string[] {
  return layouts(layout).flatMap((folders) => [...forwardedFolders(folders), ingestedFolder(folders)]);
}

/** The form of a version: it is one segment of a key. */
const VERSION = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** Folder of an ingested table, with a trailing slash: the table's location. */
export function ingestedTableFolder(layout: FolderLayout, table: string): string {
  return `${ingestedFolder(layout)}${table}/`;
}

/** {@link ingestedTableFolder}, and those of the same table below former Statsig folders. */
export function ingestedTableFolders(layout: FolderLayout, table: string): readonly string[] {
  return layouts(layout).map((folders) => ingestedTableFolder(folders, table));
}

/** Folders of a table that is delivered or ingested, by its name: {@link tableFolders}, {@link ingestedTableFolders}. */
export function foldersOfTable(layout: TableLayout, table: string): readonly string[] {
  const kind = tableKinds.find((tableKind) => layout.tables[tableKind] === table);
  return kind === undefined ? ingestedTableFolders(layout, table) : tableFolders(layout, kind);
}

/**
 * Folder of one version of a table's day, with a trailing slash: the location of its partition, which moves to another
 * version with every load. `statsig/ingested/<table>/YYYY-MM-DD/<version>/`
 *
 * @throws RangeError for an invalid day or version: such a key could not be read back.
 */
export function versionPrefix(layout: FolderLayout, table: string, day: UtcDay, version: string): string {
  if (!isUtcDay(day)) throw new RangeError(`${JSON.stringify(day)} is not a day.`);
  if (!VERSION.test(version)) throw new RangeError(`${JSON.stringify(version)} is not a version.`);
  return `${ingestedTableFolder(layoutOf(layout, day), table)}${day}/${version}/`;
}

/** How names of files begin that were copied back, beside the files that replaced them. */
export const RESTORED = 'restored-';

/** The key, or the name, of the copy that brings a file back beside what replaced it. */
export function restoredKey(key: string): string {
  return key.replace(/[^/]*$/, `${RESTORED}$&`);
}

/** The parts of a key or prefix below an ingested table. */
interface IngestedKey {
  /** The name of the table. */
  readonly table: string;
  /** The day of the rows. */
  readonly day: UtcDay;
  /** The name of the version. */
  readonly version: string;
}

/** Reads the key of a file, or a version's prefix; null for any other key. */
export function parseIngestedKey(layout: FolderLayout, key: string): IngestedKey | null {
  const folder = ingestedFolders(layout).find((ingested) => key.startsWith(ingested));
  if (folder === undefined) return null;
  const [table = '', day = '', version = '', file, ...deeper] = key.slice(folder.length).split('/');
  if (table === '' || file === undefined || deeper.length > 0) return null;
  return isUtcDay(day) && VERSION.test(version) ? { table, day, version } : null;
}

/**
 * Reads the location of a partition; null for a location in another bucket, or that is no version's prefix. A location
 * that a person has set may lack the slash at its end.
 */
export function parseIngestedLocation(
  layout: FolderLayout,
  bucket: string,
  location: string,
): IngestedKey | null {
  const own = `s3://${bucket}/`;
  if (!location.startsWith(own)) return null;
  return parseIngestedKey(layout, location.slice(own.length).replace(/\/*$/, '/'));
}

/** Prefix of the name of a file with refused rows. */
export const REFUSED_ROWS_PREFIX = 'ingest-';

/** Characters of a fingerprint that distinguish the states of one day's files. */
const STATE_LENGTH = 16;

/** The files of one day of a dataset in one state. */
interface RefusedDrop {
  /** Name of the dataset's table. */
  readonly table: string;
  /** Day of the drop's folder. */
  readonly day: UtcDay;
  /** Fingerprint of the files. */
  readonly fingerprint: string;
}

/** How the names of the files with the refused rows of a dataset's day begin, in whatever folder they are. */
export function refusedRowsStem({ table, day, fingerprint }: RefusedDrop): string {
  return `${REFUSED_ROWS_PREFIX}${table}-${day}-${fingerprint.slice(0, STATE_LENGTH)}`;
}

/**
 * Key of the file with the refused rows of a dataset's day: one file in the quarantine table, under the day on which the
 * last of the dropped files was received. The same files have the same key, however often they are loaded, so no load
 * duplicates a refused row. The registrar gets an event for it, as for every file of a raw table.
 */
export function refusedRowsKey(
  layout: TableLayout,
  drop: RefusedDrop & {
    /** Epoch milliseconds. */
    readonly receivedAt: number;
  },
): string {
  const folder = dayFolder(layout, 'quarantine', utcDay(drop.receivedAt));
  return `${folder}${refusedRowsStem(drop)}.parquet`;
}
