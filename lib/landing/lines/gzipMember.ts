import { constants, crc32, inflateRawSync } from 'node:zlib';
import type { SkippedWhy } from './landedLines.ts';

// This file reads gzip members of the landing: where a member begins, what is in it, and where it ends.

/** What each member of ours begins with. Level and system follow. */
export const HEADER = Buffer.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0);
/** The checksum and the length of a member. */
const TRAILER_BYTES = 8;
/** Bytes of the header of a member without optional fields: https://www.rfc-editor.org/rfc/rfc1952#section-2.3 */
const HEADER_BYTES = 10;
const FLAGS = { crc: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 } as const;

const LEAST_ROOM = 4_096;
const MOST_ROOM = 8_388_608;

/** Bytes of text of a cut member that are looked at. */
const MOST_OF_CUT = 67_108_864;

export const TOO_LARGE = 'ERR_BUFFER_TOO_LARGE';

/** What begins at a position: a member, with its end, or no member. `more`: that depends on the bytes that follow. */
export type Found =
  | { readonly text: Buffer; readonly end: number; readonly why: null }
  | { readonly text: null; readonly end: number | null; readonly why: SkippedWhy }
  | 'more';
export const BROKEN: Found = { text: null, end: null, why: 'broken' };

/** Where a header begins, or may with bytes that follow; the end of the bytes if none does. */
export function nextHeader(bytes: Buffer, from: number, isLast: boolean): number {
  const header = bytes.indexOf(HEADER, from);
  return header >= 0 ? header : isLast ? bytes.length : Math.max(from, bytes.length - HEADER.length + 1);
}

/** Where the deflated data of a member begin, which may be past the end of the bytes at hand; null if none begins there. */
export function deflateFrom(bytes: Buffer, at: number): number | null {
  let from = at + HEADER_BYTES;
  if (from > bytes.length) return from;
  if (bytes.readUInt16BE(at) !== 0x1f8b || bytes[at + 2] !== 8) return null;
  const flags = bytes[at + 3] ?? 0;
  if ((flags & FLAGS.reserved) !== 0) return null;
  if ((flags & FLAGS.extra) !== 0) {
    if (from + 2 > bytes.length) return from + 2;
    from += 2 + bytes.readUInt16LE(from);
  }
  for (const text of [FLAGS.name, FLAGS.comment]) {
    if ((flags & text) === 0) continue;
    const end = bytes.indexOf(0, from);
    if (end < 0) return bytes.length + 1;
    from = end + 1;
  }
  return (flags & FLAGS.crc) === 0 ? from : from + 2;
}

/**
 * Inflates what begins with deflated data, or with a member.
 *
 * @param most The most bytes of text.
 * @param lastLength Bytes of the text that was inflated last. To begin with as much room takes a third less time than
 * zlib's own pieces of 16 KB.
 * @param finishFlush Whether it must be whole. Default: it must.
 * @returns The text, and of how many bytes it was made; or the code of zlib's error.
 */
export function inflate(
  decompress: typeof inflateRawSync,
  bytes: Buffer,
  most: number,
  lastLength: number,
  finishFlush: number = constants.Z_FINISH,
):
  | { readonly text: Buffer; readonly length: number }
  | { readonly text: null; readonly length: 0; readonly code: string } {
  const chunkSize = Math.min(MOST_ROOM, most, Math.max(LEAST_ROOM, Math.ceil(1.25 * lastLength)));
  const options = { info: true, maxOutputLength: most, chunkSize, finishFlush };
  try {
    // With `info` it returns an object, which its type does not say: https://nodejs.org/docs/latest-v24.x/api/zlib.html#class-options
    const inflated: object = decompress(bytes, options);
    if (!('buffer' in inflated) || !Buffer.isBuffer(inflated.buffer))
      throw new TypeError('zlib answered no buffer.');
    // The engine says how many bytes it has read.
    const { engine } = inflated as { readonly engine?: { readonly bytesWritten: number } };
    if (engine === undefined) throw new TypeError('zlib answered no engine.');
    return { text: inflated.buffer, length: engine.bytesWritten };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code !== TOO_LARGE && !code.startsWith('Z_')) throw error;
    return { text: null, length: 0, code };
  }
}

/** The member whose deflated data end somewhere, by the checksum and the length behind them. */
export function trailed(bytes: Buffer, at: number, text: Buffer, mayGrow: boolean): Found {
  const end = at + TRAILER_BYTES;
  if (end > bytes.length) return mayGrow ? 'more' : BROKEN;
  const isSum = crc32(text) === bytes.readUInt32LE(at);
  const isLength = text.length === bytes.readUInt32LE(at + 4);
  if (isSum && isLength) return { text, end, why: null };
  // The length may be cut behind the right checksum. If both are wrong, the member may be cut and go on in the next, so this is no end.
  return { text: null, end: isSum ? at + 4 : isLength ? end : null, why: 'checksum' };
}

/** What zlib inflates of a member without its end; other bytes are returned as they are. */
export function textOfCut(bytes: Buffer): Buffer {
  const from = deflateFrom(bytes, 0);
  if (from === null) return bytes;
  const { text } = inflate(inflateRawSync, bytes.subarray(from), MOST_OF_CUT, 0, constants.Z_SYNC_FLUSH);
  return text ?? bytes;
}
