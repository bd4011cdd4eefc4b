import { isUtf8 } from 'node:buffer';
import type { Readable } from 'node:stream';
import { isJsonObject } from '../../base/json.ts';
import { type FirehoseReason, firehoseReason } from '../quarantineReasons.ts';

/** One record that Firehose did not deliver, from one line of an error object. */
export interface FailedRecord {
  readonly reason: FirehoseReason;
  /** The error output type, and Firehose's code and message. */
  readonly detail: string;
  /** The record as it was put; the whole line when that cannot be read. */
  readonly raw: Uint8Array;
  /** When Firehose received it, epoch milliseconds; null when the line does not contain it. */
  readonly arrivedAt: number | null;
}

/** Most characters of a detail: AWS's message can repeat much of the row. */
const DETAIL_LENGTH = 1_000;

/**
 * Reads a line of an error object. AWS's page on failed conversions documents `ErrorCode` and `ErrorMessage`, real objects
 * have `lastErrorCode` and `lastErrorMessage`, and other types of errors have `errorCode` and `errorMessage`.
 * https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion-error-handling.html
 */
export function readErrorLine(line: string, outputType: string): FailedRecord {
  const members = parse(line);
  const data = members?.['rawData'];
  const raw = typeof data === 'string' ? Buffer.from(data, 'base64') : null;
  // Node skips invalid base64, so the text is valid only if encoding gives the same text again.
  if (members === null || raw === null || raw.toString('base64') !== data) {
    const detail = `${outputType}: the line has no readable rawData.`;
    return {
      reason: 'SLUICE_FIREHOSE_LINE_UNREADABLE',
      detail,
      raw: Buffer.from(line, 'utf8'),
      arrivedAt: null,
    };
  }
  const code = firstText(members, 'lastErrorCode', 'errorCode', 'ErrorCode');
  const message = firstText(members, 'lastErrorMessage', 'errorMessage', 'ErrorMessage');
  const arrived = members['arrivalTimestamp'];
  return {
    reason: firehoseReason(outputType, code),
    detail: `${outputType}: ${code} ${message}`.trimEnd().slice(0, DETAIL_LENGTH),
    raw,
    arrivedAt: typeof arrived === 'number' && Number.isSafeInteger(arrived) && arrived >= 0 ? arrived : null,
  };
}

/** The identifying values of a row; each null where it cannot be read. */
export interface FailedRow {
  readonly eventId: string | null;
  readonly sdkType: string | null;
  readonly sdkVersion: string | null;
}

/** Reads the event ID and the SDK of a row. */
export function readFailedRow(raw: Uint8Array): FailedRow {
  const row = isUtf8(raw) ? parse(Buffer.from(raw).toString('utf8')) : null;
  const member = (name: string) => (typeof row?.[name] === 'string' ? row[name] : null);
  return { eventId: member('event_id'), sdkType: member('sdk_type'), sdkVersion: member('sdk_version') };
}

function parse(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}

function firstText(members: Readonly<Record<string, unknown>>, ...names: readonly string[]): string {
  for (const name of names) {
    const value = members[name];
    if (typeof value === 'string') return value;
  }
  return '';
}

const NEWLINE = 0x0a;

/**
 * The rows of a record that Firehose gave up before it deaggregated the record, which has one row a line. A record of one row, or with a line that is not a JSON object, remains as it is.
 */
export function splitRecord(record: FailedRecord): readonly FailedRecord[] {
  const bytes = Buffer.from(record.raw.buffer, record.raw.byteOffset, record.raw.byteLength);
  if (!bytes.includes(NEWLINE) || !isUtf8(bytes)) return [record];
  const rows = bytes
    .toString('utf8')
    .split('\n')
    .filter((row) => row !== '');
  return rows.every(isRow) ? rows.map((row) => ({ ...record, raw: Buffer.from(row) })) : [record];
}

function isRow(text: string): boolean {
  try {
    return isJsonObject(JSON.parse(text));
  } catch {
    return false;
  }
}

/** The most characters of a line. A Firehose record in base64 has up to 1.4 million. */
const LONGEST_LINE = 8_388_608;

/**
 * The lines of a UTF-8 stream, separated by line feeds only. `node:readline` also breaks at U+2028, which JSON may contain,
 * and treats an aborted stream as complete.
 *
 * @throws The error of the stream; RangeError for an endless line.
 */
export async function* readLines(stream: Readable): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let open = '';
  for await (const chunk of stream) {
    const lines = (open + decoder.decode(chunk, { stream: true })).split('\n');
    open = lines.pop() ?? '';
    yield* lines;
    if (open.length > LONGEST_LINE) throw new RangeError(`A line is longer than ${LONGEST_LINE} characters.`);
  }
  open += decoder.decode();
  if (open !== '') yield open;
}
