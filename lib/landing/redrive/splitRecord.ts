import { isUtf8 } from 'node:buffer';
import { isJsonObject } from '../../json/JsonObject.ts';
import type { FailedRecord } from './readErrorLine.ts';

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
