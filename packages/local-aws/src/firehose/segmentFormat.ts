import { crc32 } from 'node:zlib';

/** A record of a segment: where its bytes are, and when it arrived (epoch ms). */
export interface SegmentRecord {
  readonly position: number;
  readonly length: number;
  readonly arrivalMs: number;
}

/** Contents of a segment's file. */
export interface SegmentContent {
  /** In order, up to the damage. */
  readonly records: readonly SegmentRecord[];
  /** The first byte that is not what was written, and how many records after it can be read. */
  readonly damage?: { readonly at: number; readonly after: number };
}

/** The first bytes of a file. */
export const SEGMENT_MARK = Buffer.from('JRN2');
/** Length and CRC-32 of the record (u32 each), arrival (f64, epoch ms); little-endian. */
const FIELDS_BYTES = 16;
/** Size of a header: adds its own CRC-32, as a damaged length would hide all later records. */
export const HEADER_BYTES = FIELDS_BYTES + 4;

/** The header that stands before a record. */
export function recordHeader(data: Uint8Array, arrivalMs: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(data.length, 0);
  header.writeUInt32LE(crc32(data), 4);
  header.writeDoubleLE(arrivalMs, 8);
  header.writeUInt32LE(crc32(header.subarray(0, FIELDS_BYTES)), FIELDS_BYTES);
  return header;
}

/** A number of records with its CRC-32, for a file of its own that is written over and over. */
export function countBytes(count: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(count, 0);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 4)), 4);
  return bytes;
}

/** The number of {@link countBytes}: 0 of a file that a kill or a power failure has left empty, undefined of a damaged one. */
export function readCount(bytes: Buffer): number | undefined {
  if (bytes.every((byte) => byte === 0)) return 0;
  const count = bytes.length === 8 ? bytes.readUInt32LE(0) : 0;
  return bytes.equals(countBytes(count)) ? count : undefined;
}

/**
 * Reads a segment. A record at the end that a kill has cut short was never acknowledged and is no damage, nor are zeros
 * at the end, which a power failure leaves.
 */
export function readSegment(bytes: Buffer): SegmentContent {
  if (bytes.length < SEGMENT_MARK.length) return { records: [] };
  if (!bytes.subarray(0, SEGMENT_MARK.length).equals(SEGMENT_MARK))
    return { records: [], damage: { at: 0, after: countAfter(bytes, SEGMENT_MARK.length) } };
  const records: SegmentRecord[] = [];
  for (let at = SEGMENT_MARK.length; at < bytes.length; ) {
    const record = recordAt(bytes, at);
    if (record === undefined) {
      const after = countAfter(bytes, at + 1);
      return after === 0 && isTorn(bytes, at) ? { records } : { records, damage: { at, after } };
    }
    records.push(record);
    at = record.position + record.length;
  }
  return { records };
}

/** Whether a record, with its header before it, is still what was written. */
export function isRecord(bytes: Buffer): boolean {
  const record = recordAt(bytes, 0);
  return record !== undefined && record.position + record.length === bytes.length;
}

/** The record at a position; undefined when what is there is not one as it was written. */
function recordAt(bytes: Buffer, at: number): SegmentRecord | undefined {
  const position = at + HEADER_BYTES;
  if (position > bytes.length || !isHeader(bytes, at)) return undefined;
  const length = bytes.readUInt32LE(at);
  if (position + length > bytes.length) return undefined;
  if (crc32(bytes.subarray(position, position + length)) !== bytes.readUInt32LE(at + 4)) return undefined;
  return { position, length, arrivalMs: bytes.readDoubleLE(at + 8) };
}

function isHeader(bytes: Buffer, at: number): boolean {
  return crc32(bytes.subarray(at, at + FIELDS_BYTES)) === bytes.readUInt32LE(at + FIELDS_BYTES);
}

/** How many records can be read after a damage. */
function countAfter(bytes: Buffer, from: number): number {
  let found = 0;
  for (let at = from; at + HEADER_BYTES <= bytes.length; ) {
    const record = recordAt(bytes, at);
    if (record === undefined) at += 1;
    else {
      found += 1;
      at = record.position + record.length;
    }
  }
  return found;
}

/** Whether the last bytes are the beginning of a record whose rest was not written. */
function isTorn(bytes: Buffer, at: number): boolean {
  const left = bytes.length - at;
  if (left < HEADER_BYTES) return true;
  if (bytes.subarray(at).every((byte) => byte === 0)) return true;
  if (!isHeader(bytes, at)) return false;
  const length = bytes.readUInt32LE(at);
  const data = bytes.subarray(at + HEADER_BYTES);
  return length > data.length || data.subarray(-Math.min(length, 512)).every((byte) => byte === 0);
}
