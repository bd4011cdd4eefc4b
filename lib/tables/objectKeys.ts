import { isoDay, isoTimestamp, isUtcDay, type UtcDay } from '../base/time.ts';
import type { Config } from '../schema/config.ts';
import { type TableKind, tableKinds } from '../schema/kinds.ts';
import {
  ATHENA_NOTES,
  LEDGER_FOLDER,
  parseReceiptNote,
  parseVersionNote,
  RECEIPT_NOTES,
  VERSION_NOTES,
} from './ledgerKeys.ts';
import { groupsKey, parseTableKey, tableFolder } from './tableFolders.ts';

/** Folder of rows that streams did not accept in time. */
export const OVERFLOW_FOLDER = 'overflow/';
const EXTENSION = '.ndjson.gz';
/** A SHA-256 in hexadecimal. */
const DIGEST = /^[0-9a-f]{64}$/;

/** Name of the folder of the rows of several streams that one request could not put: `overflow/requests/`. */
export const REQUESTS = 'requests';

/** A folder below `overflow/`: rows of one stream, or of several streams. */
export type OverflowFolder = TableKind | typeof REQUESTS;

/** Every folder below `overflow/`. */
export const overflowFolders: readonly OverflowFolder[] = [REQUESTS, ...tableKinds];

/** Folder of rows that streams did not accept in time: `overflow/<stream>/`, or `overflow/requests/`. */
export function overflowFolder(folder: OverflowFolder): string {
  return `${OVERFLOW_FOLDER}${folder}/`;
}

/**
 * Key of the rows that one request could not put on its streams: `overflow/<stream>/<digest>.ndjson.gz` for rows of one
 * stream, `overflow/requests/<digest>.ndjson.gz` for rows of several. Version 0.2 delivers the first and leaves the second
 * where it is.
 *
 * @param digest Digest of the rows and of a nonce: each request has an object of its own, also with rows that are equal to
 *   another's. So what the collector counted as overflowed lands. A write that is repeated overwrites its object.
 */
export function overflowKey(folder: OverflowFolder, digest: string): string {
  return `${overflowFolder(folder)}${digest}${EXTENSION}`;
}

/** The folder of an overflow object; null for any other key. */
export function parseOverflowKey(key: string): OverflowFolder | null {
  const folder = overflowFolders.find((one) => key.startsWith(overflowFolder(one)));
  if (folder === undefined || !key.endsWith(EXTENSION)) return null;
  return DIGEST.test(key.slice(overflowFolder(folder).length, -EXTENSION.length)) ? folder : null;
}

/** Folder of records that streams accepted and could not deliver. */
export const ERRORS_FOLDER = 'errors/';

/** Folder of records that a stream accepted and could not deliver: `errors/<stream>/`. */
export function errorFolder(kind: TableKind): string {
  return `${ERRORS_FOLDER}${kind}/`;
}

/** The parts of an error object's key. */
export interface ErrorKey {
  readonly kind: TableKind;
  /** Firehose's error output type, `format-conversion-failed` for example. */
  readonly outputType: string;
}

/** Reads the key of an object that Firehose wrote to its error prefix; null for any other key. */
export function parseErrorKey(key: string): ErrorKey | null {
  const kind = tableKinds.find((one) => key.startsWith(errorFolder(one)));
  if (kind === undefined) return null;
  const [outputType = '', ...rest] = key.slice(errorFolder(kind).length).split('/');
  // A folder marker, as consoles create them, has no records.
  if (outputType === '' || rest.length === 0 || rest.at(-1) === '') return null;
  return { kind, outputType };
}

/** The jq expression that Firehose runs on each document to choose its folder. Conversion drops the key `ds`. */
export const partitionQuery = '{ds: .ds}';

/**
 * S3 prefix of a kind's delivery stream.
 * https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html
 */
export function deliveryPrefix(config: Pick<Config, 'statsigFolder' | 'tables'>, kind: TableKind): string {
  return `${tableFolder(config, kind)}!{partitionKeyFromQuery:ds}/`;
}

/** S3 prefix of the records that a stream could not deliver: `errors/<stream>/<type>/`. */
export function errorPrefix(kind: TableKind): string {
  return `${errorFolder(kind)}!{firehose:error-output-type}/`;
}

/** Folder of objects whose tries are used up. Sluice does not touch them until somebody moves them back. */
export const PARKED_FOLDER = 'parked/';

/** Key of a parked object: the folder and its own key, so that removing the folder moves it back. */
export function parkedKey(key: string): string {
  return `${PARKED_FOLDER}${key}`;
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

/** Folder of what loads by Athena leave behind for their next step. No reader can have this name, because names begin with a letter. */
export const LOADS_FOLDER = `${QUERY_RESULTS_FOLDER}_loads/`;

/** Folder of the loads of one table by Athena, with a trailing slash: results, manifests and refused rows. */
export function loadsFolder(table: string): string {
  return `${LOADS_FOLDER}${table}/`;
}

/** Folder of the load of one version by Athena, with a trailing slash. */
export function loadFolder(table: string, day: UtcDay, version: string): string {
  return `${loadsFolder(table)}${day}/${version}/`;
}

/** Folder of the results of readers who may create tables. It has the files of those tables, so it does not expire. */
export const READER_TABLES_FOLDER = 'reader-tables/';

/** Folder within the results in which Athena puts the files of tables that a query creates. */
export const MADE_TABLES_FOLDER = 'tables/';

/**
 * Folder of one reader's results, with a trailing slash.
 *
 * Athena puts a table's files below the location of the workgroup's results, `tables/<query ID>/`. If the workgroup
 * enforces its location, no query can choose another. So a reader who may create tables has a folder outside the one
 * whose objects expire. https://docs.aws.amazon.com/athena/latest/ug/ctas-considerations-limitations.html
 */
export function readerResultsFolder(reader: {
  readonly name: string;
  /** The database in which it creates tables. Default none. */
  readonly ownDatabase?: string | null;
}): string {
  const makesTables = reader.ownDatabase !== undefined && reader.ownDatabase !== null;
  return `${makesTables ? READER_TABLES_FOLDER : QUERY_RESULTS_FOLDER}${reader.name}/`;
}

/** Folder of copies of requests that are to be relayed, and that the target refused. They hold SDK keys. */
export const RELAY_FOLDER = 'relay/';

/** Folder of copies that wait in the bucket, not in the queue: those beyond a message's size, and of times without a queue. */
export const RELAY_WAITING_FOLDER = `${RELAY_FOLDER}waiting/`;

/** Folder of copies that the target refused for good, and of those that waited too long, by reason and day. */
export const RELAY_REFUSED_FOLDER = `${RELAY_FOLDER}refused/`;

/** Key of the claim that one run over waiting copies has. */
export const RELAY_RUN_CLAIM = `${RELAY_FOLDER}run.json`;

/** Reason of copies that were not taken within the time for which copies are tried. */
export const EXPIRED = 'expired';

/** `20261122T013000123Z-` and 24 hexadecimal digits: IDs sort by their time. */
const COPY_ID = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})(\d{3})Z-[0-9a-f]{24}$/;
/** A status of HTTP, or {@link EXPIRED}. */
const REFUSED_REASON = /^(?:\d{3}|expired)$/;

/**
 * The ID of a copy.
 *
 * @param keptAt Epoch milliseconds.
 * @param nonce 24 hexadecimal digits, different for each copy.
 */
export function relayId(keptAt: number, nonce: string): string {
  return `${isoTimestamp(keptAt).replaceAll(/[-:.]/g, '')}-${nonce}`;
}

/** When the copy with that ID was kept, epoch milliseconds; null for a text that is no ID. */
export function relayIdTime(id: string): number | null {
  const [, year, month, day, hour, minute, second, ms] = COPY_ID.exec(id) ?? [];
  if (year === undefined) return null;
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`);
  return Number.isNaN(time) ? null : time;
}

/** Key of a copy that waits. */
export function relayWaitingKey(id: string): string {
  return `${RELAY_WAITING_FOLDER}${id}`;
}

/** The ID in the key of a copy that waits; null for any other key. */
export function parseRelayWaitingKey(key: string): string | null {
  if (!key.startsWith(RELAY_WAITING_FOLDER)) return null;
  const id = key.slice(RELAY_WAITING_FOLDER.length);
  return relayIdTime(id) === null ? null : id;
}

/** A copy that was refused: the status of its answer, or {@link EXPIRED}; when, epoch milliseconds; its ID. */
export interface RelayRefusedKey {
  readonly reason: string;
  readonly at: number;
  readonly id: string;
}

/**
 * Key of a copy that was refused: `relay/refused/<reason>/YYYY-MM-DD/<ID>.<HHMMSSmmm>`, with day and time of the refusal. A copy
 * that is sent again and refused again is then another object: a late deletion of the first does not meet it.
 */
export function relayRefusedKey({ reason, at, id }: RelayRefusedKey): string {
  const time = isoTimestamp(at).slice(11, 23).replaceAll(/[:.]/g, '');
  return `${RELAY_REFUSED_FOLDER}${reason}/${isoDay(at)}/${id}.${time}`;
}

/** Whether copies can be refused for that reason. */
export function isRelayReason(text: string): boolean {
  return REFUSED_REASON.test(text);
}

/** Reads the key of a copy that was refused; null for any other key. */
export function parseRelayRefusedKey(key: string): RelayRefusedKey | null {
  if (!key.startsWith(RELAY_REFUSED_FOLDER)) return null;
  const [reason = '', day = '', name = '', ...deeper] = key.slice(RELAY_REFUSED_FOLDER.length).split('/');
  const [, id = '', hour, minute, second, ms] = /^(.*)\.(\d{2})(\d{2})(\d{2})(\d{3})$/.exec(name) ?? [];
  if (!isRelayReason(reason) || !isUtcDay(day) || relayIdTime(id) === null || deeper.length > 0) return null;
  const at = Date.parse(`${day}T${hour}:${minute}:${second}.${ms}Z`);
  return Number.isNaN(at) ? null : { reason, at, id };
}

/**
 * Top-level folders of the bucket with a fixed use. The Statsig folder cannot be in one of them: a table's location would
 * be inside another's, and its rows would expire or be redriven.
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

/** Athena names results, and the folders of tables that it creates, after the query's ID. */
const QUERY_ID = /(^|\/)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-z])/;

/**
 * Whether Sluice, its streams or Athena wrote a key in one of Sluice's folders. Folder markers, as consoles create them,
 * are empty and also count.
 *
 * @param key Below a prefix of lib/access/lifecycleRules.ts; of Statsig's folder only the forwarded tables.
 */
export function isOwnKey(layout: Pick<Config, 'statsigFolder' | 'tables'>, key: string): boolean {
  if (key.endsWith('/') || key === groupsKey(layout)) return true;
  if (key.startsWith(OVERFLOW_FOLDER)) return parseOverflowKey(key) !== null;
  if (key.startsWith(ERRORS_FOLDER)) return parseErrorKey(key) !== null;
  if (key.startsWith(PARKED_FOLDER)) return isOwnKey(layout, key.slice(PARKED_FOLDER.length));
  if (key.startsWith(LOADS_FOLDER) || key.startsWith(ATHENA_NOTES)) return true;
  if (key.startsWith(RECEIPT_NOTES)) return parseReceiptNote(key) !== null;
  if (key.startsWith(VERSION_NOTES)) return parseVersionNote(key) !== null;
  if (key.startsWith(LEDGER_FOLDER)) return key.endsWith('.json');
  if (key.startsWith(RELAY_FOLDER))
    return (
      key === RELAY_RUN_CLAIM || parseRelayWaitingKey(key) !== null || parseRelayRefusedKey(key) !== null
    );
  if (key.startsWith(QUARANTINE_LARGE_FOLDER)) {
    const [day = '', id = '', ...deeper] = key.slice(QUARANTINE_LARGE_FOLDER.length).split('/');
    return isUtcDay(day) && id !== '' && deeper.length === 0;
  }
  const table = (['quarantine', 'exposures', 'events'] as const).some((kind) =>
    key.startsWith(tableFolder(layout, kind)),
  );
  return table ? 'kind' in parseTableKey(layout, key) : QUERY_ID.test(key);
}
