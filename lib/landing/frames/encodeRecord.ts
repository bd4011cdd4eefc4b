import { constants, zstdCompressSync } from 'node:zlib';
import { isUtcDay, type UtcDay } from '../../base/time.ts';
import { MAX_HEADER_BYTES, MAX_LANDED_BYTES } from '../../schema/deliveryLimits.ts';
import { type TableKind, tableKinds } from '../../schema/kinds.ts';
import { LandingError } from './LandingError.ts';
import {
  countLines,
  hexCrc,
  LINE_BREAK,
  MAGIC,
  openText,
  PREFIX_BYTES,
  RECORD_ID,
  type RecordHeader,
  sealed,
  type TableFrame,
} from './recordFormat.ts';

/** One row, as JSON in one line, and the day of its folder. */
export interface LandingRow {
  readonly day: UtcDay;
  readonly json: string;
}

/** A request's rows. A table without rows has no frame. */
export interface LandingRequest {
  /** 32 hexadecimal digits, drawn for each request: what landed twice has the same. */
  readonly id: string;
  /** The gateway's ID of the request; null when it is not known. */
  readonly request: string | null;
  /** Epoch milliseconds. */
  readonly receivedAt: number;
  readonly rows: Readonly<Partial<Record<TableKind, readonly LandingRow[]>>>;
}

/** A record, ready to be put. */
export interface EncodedRecord {
  readonly header: RecordHeader;
  readonly bytes: Uint8Array;
  /** Bytes of all rows with their line breaks. */
  readonly decoded: number;
}

const COMPRESSION = {
  params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 },
};

/**
 * Makes a record of a request's rows.
 *
 * @throws LandingError `SLUICE_LANDING_ROWS_INVALID`, `SLUICE_LANDING_ROWS_TOO_LARGE`.
 */
export function encodeRecord({ id, request, receivedAt, rows }: LandingRequest): EncodedRecord {
  if (!RECORD_ID.test(id) || !Number.isSafeInteger(receivedAt) || receivedAt < 0)
    throw new LandingError('SLUICE_LANDING_ROWS_INVALID', 'ID or time of the request.');
  const frames: TableFrame[] = [];
  const parts: Uint8Array[] = [];
  let decoded = 0;
  for (const table of tableKinds) {
    const own = rows[table] ?? [];
    if (own.length === 0) continue;
    const encoded = encodeFrame(table, own, MAX_LANDED_BYTES - decoded);
    parts.push(encoded.bytes);
    decoded += encoded.frame.decoded;
    frames.push(encoded.frame);
  }
  const header = { id, request, receivedAt, frames };
  return { header, bytes: recordOf(header, parts), decoded };
}

/**
 * Makes the frame of one table.
 *
 * @param rows At least one.
 * @param most Bytes that the rows may have. Default: as many as those of a whole record.
 * @throws LandingError `SLUICE_LANDING_ROWS_INVALID`, `SLUICE_LANDING_ROWS_TOO_LARGE`.
 */
export function encodeFrame(
  table: TableKind,
  rows: readonly LandingRow[],
  most = MAX_LANDED_BYTES,
): { readonly frame: TableFrame; readonly bytes: Uint8Array } {
  const text = textOf(rows, most);
  if (countLines(text) !== rows.length) throw new LandingError('SLUICE_LANDING_ROWS_INVALID', `${table}.`);
  const bytes = zstdCompressSync(text, COMPRESSION);
  const { length } = bytes;
  const frame = { table, length, decoded: text.length, crc32: hexCrc(bytes), rows: countDays(rows, table) };
  return { frame, bytes };
}

/**
 * A record of frames that are encoded already.
 *
 * @throws LandingError `SLUICE_LANDING_ROWS_TOO_LARGE`.
 */
export function recordOf(header: RecordHeader, frames: readonly Uint8Array[]): Buffer {
  const payload = Buffer.from(sealed(openText(header)));
  if (payload.length > MAX_HEADER_BYTES)
    throw new LandingError('SLUICE_LANDING_ROWS_TOO_LARGE', `A header of ${payload.length} bytes.`);
  const length = Buffer.alloc(PREFIX_BYTES - MAGIC.length);
  length.writeUInt32LE(payload.length);
  return Buffer.concat([MAGIC, length, payload, ...frames]);
}

/** Rows as lines. @param most Bytes. */
function textOf(rows: readonly LandingRow[], most: number): Buffer {
  const length = rows.reduce((sum, { json }) => sum + Buffer.byteLength(json) + 1, 0);
  if (length > most)
    throw new LandingError('SLUICE_LANDING_ROWS_TOO_LARGE', `More than ${MAX_LANDED_BYTES} bytes.`);
  // Row by row: to join a thousand of them first takes four times as long.
  const text = Buffer.allocUnsafe(length);
  let at = 0;
  for (const { json } of rows) {
    at += text.write(json, at);
    at = text.writeUInt8(LINE_BREAK, at);
  }
  return text;
}

function countDays(rows: readonly LandingRow[], table: TableKind): Readonly<Record<UtcDay, number>> {
  const counts = new Map<UtcDay, number>();
  for (const { day } of rows) counts.set(day, (counts.get(day) ?? 0) + 1);
  for (const day of counts.keys())
    if (!isUtcDay(day)) throw new LandingError('SLUICE_LANDING_ROWS_INVALID', `${table}: the day ${day}.`);
  return Object.fromEntries(counts);
}
