import { crc32 } from 'node:zlib';

/** A record of a segment: where its bytes are, and when it arrived (epoch ms). */
export interface SegmentRecord {
  readonly position: number;
  readonly length: number;
  readonly arrivalMs: number;
}

/** Contents of a segment's file. */
export interface SegmentContent {
  /** Size of the header before each record. */
  readonly headerBytes: number;
  /** In order, up to the damage. */
  readonly records: readonly SegmentRecord[];
  /** The first byte that is not what was written, and how many records after it can be read. */
  readonly damage?: { readonly at: number; readonly after: number };
}

/** The first bytes of a file. As the length of an earlier version's first record, they would be too large. */
export const SEGMENT_MARK = Buffer.from('JRN2');
/** Length and CRC-32 of the record (u32 each), arrival (f64, epoch ms); little-endian. */
const RECORD_HEADER_BYTES = 16;
/** Size of a checked header: adds the header's own CRC-32, as a damaged length would hide all later records. */
export const CHECKED_HEADER_BYTES = RECORD_HEADER_BYTES + 4;
/** Longer than any record that Firehose accepts. */
const LONGEST_BYTES = 16 * 1024 * 1024;

/** The header that stands before a record. */
export function recordHeader(data: Uint8Array, arrivalMs: number): Buffer {
  const header = Buffer.alloc(CHECKED_HEADER_BYTES);
  header.writeUInt32LE(data.length, 0);
  header.writeUInt32LE(crc32(data), 4);
  header.writeDoubleLE(arrivalMs, 8);
  header.writeUInt32LE(crc32(header.subarray(0, RECORD_HEADER_BYTES)), RECORD_HEADER_BYTES);
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
 * at the end, which a power failure leaves. Segments of earlier versions have no mark and no checksums of headers.
 */
export function readSegment(bytes: Buffer): SegmentContent {
  if (bytes.length < SEGMENT_MARK.length) return { headerBytes: CHECKED_HEADER_BYTES, records: [] };
  const isMarked = bytes.subarray(0, SEGMENT_MARK.length).equals(SEGMENT_MARK);
  const headerBytes = isMarked ? CHECKED_HEADER_BYTES : RECORD_HEADER_BYTES;
  if (!isMarked) {
    const after = afterDamagedMark(bytes);
    if (after !== undefined) return { headerBytes, records: [], damage: { at: 0, after } };
  }
  const records: SegmentRecord[] = [];
  for (let at = isMarked ? SEGMENT_MARK.length : 0; at < bytes.length; ) {
    const record = recordAt(bytes, at, headerBytes);
    if (record === undefined) {
      const after = countAfter(bytes, at + 1, headerBytes);
      const isWhole = after === 0 && isTorn(bytes, at, headerBytes);
      return isWhole ? { headerBytes, records } : { headerBytes, records, damage: { at, after } };
    }
    records.push(record);
    at = record.position + record.length;
  }
  return { headerBytes, records };
}

/** Whether a record, with its header before it, is still what was written. */
export function isRecord(bytes: Buffer, headerBytes: number): boolean {
  const record = recordAt(bytes, 0, headerBytes);
  return record !== undefined && record.position + record.length === bytes.length;
}

/**
 * How many records can be read in a file without mark whose first record is not one: it had a mark that is damaged, or is
 * of an earlier version and its first length is. Undefined when it is of an earlier version and nothing speaks for damage.
 */
function afterDamagedMark(bytes: Buffer): number | undefined {
  if (recordAt(bytes, 0, RECORD_HEADER_BYTES) !== undefined) return undefined;
  const likeMark = SEGMENT_MARK.filter((byte, i) => bytes[i] === byte).length;
  const checked = countAfter(bytes, SEGMENT_MARK.length, CHECKED_HEADER_BYTES);
  if (checked > 0 || likeMark >= SEGMENT_MARK.length - 1) return checked;
  return bytes.readUInt32LE(0) > LONGEST_BYTES ? countAfter(bytes, 1, RECORD_HEADER_BYTES) : undefined;
}

/** The record at a position; undefined when what is there is not one as it was written. */
function recordAt(bytes: Buffer, at: number, headerBytes: number): SegmentRecord | undefined {
  const position = at + headerBytes;
  if (position > bytes.length) return undefined;
  const length = bytes.readUInt32LE(at);
  // Zeros are no record. An empty one has a time.
  if (length === 0 && bytes.readDoubleLE(at + 8) === 0) return undefined;
  if (position + length > bytes.length || !isHeader(bytes, at, headerBytes)) return undefined;
  if (crc32(bytes.subarray(position, position + length)) !== bytes.readUInt32LE(at + 4)) return undefined;
  return { position, length, arrivalMs: bytes.readDoubleLE(at + 8) };
}

function isHeader(bytes: Buffer, at: number, headerBytes: number): boolean {
  if (headerBytes === RECORD_HEADER_BYTES) return true;
  const checksum = bytes.readUInt32LE(at + RECORD_HEADER_BYTES);
  return crc32(bytes.subarray(at, at + RECORD_HEADER_BYTES)) === checksum;
}

/** How many records can be read after a damage. */
function countAfter(bytes: Buffer, from: number, headerBytes: number): number {
  let found = 0;
  for (let at = from; at + headerBytes <= bytes.length; ) {
    const record = recordAt(bytes, at, headerBytes);
    if (record === undefined) at += 1;
    else {
      found += 1;
      at = record.position + record.length;
    }
  }
  return found;
}

/** Whether the last bytes are the beginning of a record whose rest was not written. */
function isTorn(bytes: Buffer, at: number, headerBytes: number): boolean {
  const left = bytes.length - at;
  if (left < headerBytes) return true;
  if (bytes.subarray(at).every((byte) => byte === 0)) return true;
  if (!isHeader(bytes, at, headerBytes)) return false;
  const length = bytes.readUInt32LE(at);
  const data = bytes.subarray(at + headerBytes);
  return length > data.length || data.subarray(-Math.min(length, 512)).every((byte) => byte === 0);
}
