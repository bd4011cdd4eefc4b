import { locationParts } from '../base/s3Location.ts';
import { isUtcDay, type UtcDay } from '../base/time.ts';
import type { Config } from '../schema/config.ts';
import { type TableKind, tableKinds } from '../schema/kinds.ts';
import { LEDGER_FOLDER, LOADS_FOLDER, parseVersionNote, VERSION_NOTES } from './ledgerKeys.ts';
import { parseRelayRefusedKey, parseRelayWaitingKey, RELAY_FOLDER } from './relayKeys.ts';
import {
  groupsKey,
  parseTableKey,
  receivedHoursFolder,
  type TableLayout,
  tableFolders,
} from './tableFolders.ts';

/** Folder of the lines of requests, put there by Firehose or by the collector itself, until they are files of tables. */
export const LANDING_FOLDER = 'landing/';
/**
 * Folder of the landing with records that the collector itself put there, as the stream did not take them: a folder a
 * day.
 */
export const DIRECT_FOLDER = `${LANDING_FOLDER}direct/`;
/** Extension of the objects in that folder, which are gzip members of lines: lib/landing/lines. */
export const LANDED_EXTENSION = '.ndjson.gz';

/**
 * Key of a record that did not go through Firehose: `landing/direct/YYYY-MM-DD/<digest>.ndjson.gz`, by the day
 * received. A record of rows that are landed again from quarantine is in `landing/redriven/…`.
 *
 * @param digest SHA-256 of the record and of its request's ID. A write that is repeated overwrites its object.
 */
export function directRecordKey(
  day: UtcDay,
  digest: string,
  folder: 'direct' | 'redriven' = 'direct',
): string {
  return `${LANDING_FOLDER}${folder}/${day}/${digest}${LANDED_EXTENSION}`;
}

/** Whether an object has rows that were landed before, as refused ones. It may have been damaged since. */
export function isRedriven(key: string): boolean {
  return /^(landing|damaged)\/(again\/\d+\/)?redriven\//.test(key);
}

/** Whether an object waits to be written. Folder markers, which consoles create, do not wait. */
export function isLanded(key: string): boolean {
  return key.startsWith(LANDING_FOLDER) && !key.endsWith('/');
}

/**
 * The path, in quarantine, of a row that its table did not take: the object of the landing, the table, and the row's
 * day.
 */
export function rowPath(objectKey: string, kind: TableKind, day: UtcDay): string {
  return `${objectKey}#${kind}/${day}`;
}

/** The table and the day in such a path; undefined for any other path. */
export function parseRowPath(path: string): { readonly kind: TableKind; readonly day: UtcDay } | undefined {
  const [name = '', day = ''] = path.slice(path.lastIndexOf('#') + 1).split('/');
  const kind = tableKinds.find((known) => known === name);
  return kind === undefined || !isUtcDay(day) ? undefined : { kind, day };
}

/** Folder of what could not be read from objects of the landing. */
export const DAMAGED_FOLDER = 'damaged/';

/** Days after which these objects expire. They may be accepted events, and personal data that no erasure can search. */
export const DAMAGED_DAYS = 90;

/**
 * Key of what was skipped of an object of the landing.
 *
 * @param from The first byte that was read, of an object that is written in several runs. Default 0.
 */
export function damagedKey(key: string, from = 0): string {
  const rest = from === 0 ? '' : `.from-${from}`;
  return `${DAMAGED_FOLDER}${key.slice(LANDING_FOLDER.length)}${rest}`;
}

/**
 * Key under which a damaged object is in the landing again. What is skipped of this copy gets a key of its own, so the
 * object from which it was copied can be deleted at once.
 *
 * @param now Epoch milliseconds.
 */
export function againKey(damaged: string, now: number): string {
  const rest = damaged.slice(DAMAGED_FOLDER.length).replace(/^again\/\d+\//, '');
  return `${AGAIN_FOLDER}${now}/${rest}`;
}

/** Folder of copies of damaged objects that are tried again. */
export const AGAIN_FOLDER = `${LANDING_FOLDER}again/`;

/** Whether an object of the landing was put aside, or is a copy of such an object. */
export function isAside(key: string): boolean {
  return key.startsWith(DAMAGED_FOLDER) || key.startsWith(AGAIN_FOLDER);
}

/** Folder of refused items that are too large for a row. It is outside the quarantine table's folder, which Athena reads. */
export const QUARANTINE_LARGE_FOLDER = 'quarantine-large/';

/**
 * Key of one event or body that is too large for a row: `quarantine-large/YYYY-MM-DD/<id>`, the day received.
 *
 * @param id Its row's `quarantine_id`. A resend on the same day overwrites the object with the same content.
 */
export function quarantineLargeKey(day: UtcDay, id: string): string {
  return `${QUARANTINE_LARGE_FOLDER}${day}/${id}`;
}

/** Folder of Athena's query results. */
export const QUERY_RESULTS_FOLDER = 'query-results/';

/** Folder of the results of readers who may create tables. It has the files of those tables, so it does not expire. */
export const READER_TABLES_FOLDER = 'reader-tables/';

/** Folder within the results in which Athena puts the files of tables that a query creates. */
export const MADE_TABLES_FOLDER = 'tables/';

/** What the folder of a reader's results follows from. */
export interface ReaderResults {
  /** Name of the reader. */
  readonly name: string;
  /** The database in which it creates tables. Default none. */
  readonly ownDatabase?: string | null;
  /** Where in the bucket the configuration puts its results. Default: a folder of its name. */
  readonly resultLocation?: string | undefined;
}

/**
 * Folder of one reader's results, with a trailing slash.
 *
 * Athena puts a table's files below the location of the workgroup's results, `tables/<query ID>/`. If the workgroup
 * enforces its location, no query can choose another. So a reader who may create tables has a folder outside the one
 * whose objects expire. https://docs.aws.amazon.com/athena/latest/ug/ctas-considerations-limitations.html
 */
export function readerResultsFolder(reader: ReaderResults): string {
  if (reader.resultLocation !== undefined) return locationParts(reader.resultLocation).folder;
  const makesTables = reader.ownDatabase !== undefined && reader.ownDatabase !== null;
  return `${makesTables ? READER_TABLES_FOLDER : QUERY_RESULTS_FOLDER}${reader.name}/`;
}

/** Folders of results that the configuration chooses, each with a trailing slash. */
export function chosenResultsFolders({ readers }: Pick<Config, 'readers'>): readonly string[] {
  return readers.flatMap((reader) =>
    reader.kind === 'statsig' && reader.resultLocation !== undefined ? [readerResultsFolder(reader)] : [],
  );
}

/**
 * Top-level folders of the bucket with a fixed use. The Statsig folder cannot be in one of them: a table's location would
 * be inside another's, and its rows would expire or be taken for something else.
 */
export const RESERVED_FOLDERS: ReadonlySet<string> = new Set([
  'damaged',
  'landing',
  'ledger',
  'quarantine',
  'quarantine-large',
  'query-results',
  'reader-tables',
  'relay',
]);

/** Matches the query's ID, after which Athena names results, and the folders of tables that it creates. */
const QUERY_ID = /(^|\/)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-z])/;

/**
 * Whether Sluice, its streams or Athena wrote a key in one of Sluice's folders. Folder markers, as consoles create them,
 * are empty and also count.
 *
 * @param key Below a prefix of lib/access/buckets/lifecycleRules.ts; of Statsig's folder only the forwarded tables.
 */
export function isOwnKey(layout: TableLayout, key: string): boolean {
  if (key.endsWith('/') || key === groupsKey(layout)) return true;
  const wholes = [LANDING_FOLDER, DAMAGED_FOLDER, LOADS_FOLDER, receivedHoursFolder(layout)];
  if (wholes.some((folder) => key.startsWith(folder))) return true;
  if (key.startsWith(VERSION_NOTES)) return parseVersionNote(key) !== null;
  if (key.startsWith(LEDGER_FOLDER)) return key.endsWith('.json');
  if (key.startsWith(RELAY_FOLDER))
    return parseRelayWaitingKey(key) !== null || parseRelayRefusedKey(key) !== null;
  if (key.startsWith(QUARANTINE_LARGE_FOLDER)) {
    const [day = '', id = '', ...deeper] = key.slice(QUARANTINE_LARGE_FOLDER.length).split('/');
    return isUtcDay(day) && id !== '' && deeper.length === 0;
  }
  const isTableKey = tableKinds.some((kind) =>
    tableFolders(layout, kind).some((folder) => key.startsWith(folder)),
  );
  return isTableKey ? 'kind' in parseTableKey(layout, key) : QUERY_ID.test(key);
}

/** The media type of files with rows: https://www.iana.org/assignments/media-types/application/vnd.apache.parquet */
export const PARQUET_MEDIA_TYPE = 'application/vnd.apache.parquet';

/** Whether queries of Athena read an object: markers, and names that begin with an underscore or a dot, are not read. */
export function isDataFile({ key, size }: { readonly key: string; readonly size: number }): boolean {
  return size > 0 && /^[^_.]/.test(key.slice(key.lastIndexOf('/') + 1));
}
