import { crc32 } from 'node:zlib';
import type { UtcDay } from '../../base/time.ts';
import type { TableKind } from '../../schema/kinds.ts';

/*
 * A record holds the rows of one request: a skippable zstd frame with the header as JSON, then one zstd frame a table with
 * its rows as lines of JSON. Objects of the landing are records, one after the other: RFC 8878 lets frames be appended, and
 * readers of zstd skip what is skippable. https://www.rfc-editor.org/rfc/rfc8878#section-3
 */

/** The version of records that this release writes and reads. */
export const VERSION = 1;
/** 0x184D2A50, little-endian: the first magic number of skippable frames. */
export const MAGIC = Buffer.of(0x50, 0x2a, 0x4d, 0x18);
/** The magic number and the length of the header. */
export const PREFIX_BYTES = 8;
/** The ID of a record. */
export const RECORD_ID = /^[0-9a-f]{32}$/;

/** Ends each row. */
export const LINE_BREAK = 0x0a;

/** A header's entry for the frame of one table. */
export interface TableFrame {
  readonly table: TableKind;
  /** Bytes of the zstd frame, and of its rows with their line breaks. */
  readonly length: number;
  readonly decoded: number;
  /** CRC-32 of the zstd frame, 8 hexadecimal digits. */
  readonly crc32: string;
  /** How many rows each day has. */
  readonly rows: Readonly<Record<UtcDay, number>>;
}

/** The header of a record. Without frames it is a probe: it shows that records arrive. */
export interface RecordHeader {
  readonly id: string;
  readonly request: string | null;
  readonly receivedAt: number;
  /** At most one a table, in the order in which they follow the header. */
  readonly frames: readonly TableFrame[];
}

/** How many lines a text has; -1 if one is empty or the last does not end. */
export function countLines(text: Uint8Array): number {
  let count = 0;
  let from = 0;
  while (from < text.length) {
    const end = text.indexOf(LINE_BREAK, from);
    if (end <= from) return -1;
    count += 1;
    from = end + 1;
  }
  return count;
}

/** The header, and behind it its checksum as its last member. In every version both are there. */
export function sealed(open: string): string {
  return `${open},"crc32":"${hexCrc(open)}"}`;
}

/** The JSON of a header, without its last brace. */
export function openText({ id, request, receivedAt, frames }: RecordHeader): string {
  const members = { version: VERSION, id, request, received_at: receivedAt, frames };
  return JSON.stringify(members).slice(0, -1);
}

/** CRC-32 as 8 hexadecimal digits. */
export function hexCrc(data: string | Uint8Array): string {
  return crc32(data).toString(16).padStart(8, '0');
}
