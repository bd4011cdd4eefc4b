import { isUtcDay, type UtcDay } from '../base/time.ts';
import type { Config } from '../schema/config.ts';
import { type TableKind, tableKinds } from '../schema/kinds.ts';
import { LEDGER_FOLDER, parseVersionNote, VERSION_NOTES } from './ledgerKeys.ts';
import { groupsKey, parseTableKey, tableFolder } from './tableFolders.ts';

/** Folder of what streams did not take in time. */
export const OVERFLOW_FOLDER = 'overflow/';
const EXTENSION = '.ndjson.gz';
/** A SHA-256 in hexadecimal. */
const DIGEST = /^[0-9a-f]{64}$/;

/** Folder of what a stream did not take in time: `overflow/<stream>/`. */
export function overflowFolder(kind: TableKind): string {
  return `${OVERFLOW_FOLDER}${kind}/`;
}

/**
 * Key of what one request could not put on one stream: `overflow/<stream>/<digest>.ndjson.gz`.
 *
 * @param digest Of the rows' IDs and of nothing else: a batch that is sent again and spilled again overwrites its
 *   object, and whatever lies under one key is the same rows.
 */
export function overflowKey(kind: TableKind, digest: string): string {
  return `${overflowFolder(kind)}${digest}${EXTENSION}`;
}

/** The stream that an object waits for; null when it is no overflow of ours. */
export function parseOverflowKey(key: string): TableKind | null {
  const kind = tableKinds.find((one) => key.startsWith(overflowFolder(one)));
  if (kind === undefined || !key.endsWith(EXTENSION)) return null;
  return DIGEST.test(key.slice(overflowFolder(kind).length, -EXTENSION.length)) ? kind : null;
}

/** Folder of what streams took and could not deliver. */
export const ERRORS_FOLDER = 'errors/';

/** Folder of what a stream took and could not deliver: `errors/<stream>/`. */
export function errorFolder(kind: TableKind): string {
  return `${ERRORS_FOLDER}${kind}/`;
}

/** What the key of an error object says of the records in it. */
export interface ErrorKey {
  readonly kind: TableKind;
  /** Firehose's error output type, `format-conversion-failed` for example. */
  readonly outputType: string;
}

/** Reads the key of an object that Firehose wrote to its error prefix; null when it is none. */
export function parseErrorKey(key: string): ErrorKey | null {
  const kind = tableKinds.find((one) => key.startsWith(errorFolder(one)));
  if (kind === undefined) return null;
  const [outputType = '', ...rest] = key.slice(errorFolder(kind).length).split('/');
  // A folder marker, as consoles leave them, holds no records.
  if (outputType === '' || rest.length === 0 || rest.at(-1) === '') return null;
  return { kind, outputType };
}

/** jq that Firehose runs on each document to choose its folder; the key `ds` is dropped at conversion. */
export const partitionQuery = '{ds: .ds}';

/**
 * S3 prefix of a kind's delivery stream.
 * https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html
 */
export function deliveryPrefix(config: Pick<Config, 'statsigFolder' | 'tables'>, kind: TableKind): string {
  return `${tableFolder(config, kind)}!{partitionKeyFromQuery:ds}/`;
}

/** Where a stream writes what it could not deliver: `errors/<stream>/<type>/`. */
export function errorPrefix(kind: TableKind): string {
  return `${errorFolder(kind)}!{firehose:error-output-type}/`;
}

/** Folder of what was tried often enough: nothing of ours touches it again until somebody moves it back. */
export const PARKED_FOLDER = 'parked/';

/** Where an object is parked: under its own key, so that moving it back is cutting the folder off. */
export function parkedKey(key: string): string {
  return `${PARKED_FOLDER}${key}`;
}

/** Folder of what was refused and is too large for a row. Not below the quarantine table's: Athena would read it. */
export const QUARANTINE_LARGE_FOLDER = 'quarantine-large/';

/**
 * Key of one event or body that is too large for a row: `quarantine-large/YYYY-MM-DD/<id>`, the day received.
 *
 * @param id Its row's `quarantine_id`: a resend on the same day writes the same object once more.
 */
export function quarantineLargeKey(day: UtcDay, id: string): string {
  return `${QUARANTINE_LARGE_FOLDER}${day}/${id}`;
}

/** Folder that Athena writes results to. */
export const QUERY_RESULTS_FOLDER = 'query-results/';

/** Folder of the results of readers who may make tables: those tables' files lie among them, so that it stays. */
const READER_TABLES_FOLDER = 'reader-tables/';

/** Folder in the folder of results that Athena puts the files of tables in which it makes of a query. */
export const MADE_TABLES_FOLDER = 'tables/';

/**
 * Folder that one reader's results go to and no other reader's, with the slash at its end.
 *
 * Athena puts a table's files below the location of the workgroup's results, `tables/<query ID>/`, and where the
 * workgroup enforces its location nobody can say otherwise, so a reader who may make tables has a folder outside of the
 * one that is emptied by and by. https://docs.aws.amazon.com/athena/latest/ug/ctas-considerations-limitations.html
 */
export function readerResultsFolder(reader: {
  readonly name: string;
  /** The database that it makes tables in. Default none. */
  readonly ownDatabase?: string | null;
}): string {
  const makesTables = reader.ownDatabase !== undefined && reader.ownDatabase !== null;
  return `${makesTables ? READER_TABLES_FOLDER : QUERY_RESULTS_FOLDER}${reader.name}/`;
}

/**
 * Folders at the bucket's top that have a use of their own. The Statsig folder can't be in one of them: a
 * table's location would lie in another's, and what expires or is redriven there would be its rows.
 */
export const RESERVED_FOLDERS: ReadonlySet<string> = new Set([
  'errors',
  'ledger',
  'overflow',
  'parked',
  'quarantine',
  'quarantine-large',
  'query-results',
  'reader-tables',
]);

/** Athena names results, and the folders of tables that it makes, after the query's ID. */
const QUERY_ID = /(^|\/)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-z])/;

/**
 * Whether a key in one of our folders is one that Sluice, its streams or Athena write. Folder markers, as consoles leave
 * them, hold nothing and count as ours.
 *
 * @param key Below a prefix of lib/access/lifecycleRules.ts; of Statsig's folder only the forwarded tables.
 */
export function isOwnKey(layout: Pick<Config, 'statsigFolder' | 'tables'>, key: string): boolean {
  if (key.endsWith('/') || key === groupsKey(layout)) return true;
  if (key.startsWith(OVERFLOW_FOLDER)) return parseOverflowKey(key) !== null;
  if (key.startsWith(ERRORS_FOLDER)) return parseErrorKey(key) !== null;
  if (key.startsWith(PARKED_FOLDER)) return isOwnKey(layout, key.slice(PARKED_FOLDER.length));
  if (key.startsWith(VERSION_NOTES)) return parseVersionNote(key) !== null;
  if (key.startsWith(LEDGER_FOLDER)) return key.endsWith('.json');
  if (key.startsWith(QUARANTINE_LARGE_FOLDER)) {
    const [day = '', id = '', ...deeper] = key.slice(QUARANTINE_LARGE_FOLDER.length).split('/');
    return isUtcDay(day) && id !== '' && deeper.length === 0;
  }
  const table = (['quarantine', 'exposures', 'events'] as const).some((kind) =>
    key.startsWith(tableFolder(layout, kind)),
  );
  return table ? 'kind' in parseTableKey(layout, key) : QUERY_ID.test(key);
}
