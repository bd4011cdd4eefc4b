import { isUtf8 } from 'node:buffer';
import { isJsonObject } from '../../base/json.ts';
import { type FirehoseReason, firehoseReason } from '../quarantineReasons.ts';

/** One record that Firehose gave up, as one line of an error object tells it. */
export interface FailedRecord {
  readonly reason: FirehoseReason;
  /** The error output type, and Firehose's own code and message. */
  readonly detail: string;
  /** The row as we had put it; the whole line when that can't be read. */
  readonly raw: Uint8Array;
  /** When Firehose received it, epoch milliseconds; null when the line doesn't say. */
  readonly arrivedAt: number | null;
}

/** Characters of a detail: AWS's message may repeat much of the row. */
const DETAIL_LENGTH = 1_000;

/**
 * Reads a line of an error object. AWS's page on failed conversions prints `ErrorCode` and `ErrorMessage`, its
 * objects have `lastErrorCode` and `lastErrorMessage`, and other types of errors `errorCode` and `errorMessage`.
 * https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion-error-handling.html
 */
export function readErrorLine(line: string, outputType: string): FailedRecord {
  const members = parse(line);
  const data = members?.['rawData'];
  const raw = typeof data === 'string' ? Buffer.from(data, 'base64') : null;
  // Node skips over what is no base64: whatever isn't the same again was none.
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

/** What a row says of itself; each null where it can't be read. */
export interface FailedRow {
  readonly eventId: string | null;
  readonly sdkType: string | null;
  readonly sdkVersion: string | null;
}

/** Reads which event a row is of, and which SDK it came from. */
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
 * The rows of a record that Firehose gave up before it took the record apart: we pack many into one, a line each
 * (lib/landing/delivery/packDocuments.ts). A record of one row, and whatever isn't an object of JSON line by line, stays as it is.
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
