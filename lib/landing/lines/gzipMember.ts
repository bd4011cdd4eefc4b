import { constants, crc32, inflateRawSync } from 'node:zlib';
import { nodeErrorCode } from '../../base/errors.ts';
import type { Inflated } from '../../base/Inflated.ts';
import type { SkippedWhy } from './landedLines.ts';

// This file reads gzip members of the landing: where a member begins, what is in it, and where it ends.

/** What the header of each member of ours begins with. Level and system follow, which differ by zlib and machine. */
export const HEADER = Buffer.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0);
/** The checksum and the length of a member. */
const TRAILER_BYTES = 8;
/** Bytes of the header of a member without optional fields: https://www.rfc-editor.org/rfc/rfc1952#section-2.3 */
const HEADER_BYTES = 10;
/** The first two bytes of any member, and the only method of compression. */
const MAGIC = 0x1f8b;
const DEFLATE = 8;
/** Bits that say which optional fields follow the header. */
const FLAGS = { crc: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 } as const;

/** The least and the most bytes of memory that zlib writes text into at once. */
const LEAST_ROOM = 4_096;
const MOST_ROOM = 8_388_608;

/** Bytes of text of a cut member that are looked at. */
const MOST_OF_CUT = 67_108_864;

/** Node's code for a text that is larger than `maxOutputLength`. */
export const TOO_LARGE = 'ERR_BUFFER_TOO_LARGE';

/** What begins at a position: a member, with its end, or no member. `more`: that depends on the bytes that follow. */
export type Found =
  | { readonly text: Buffer; readonly end: number; readonly why: null }
  | { readonly text: null; readonly end: number | null; readonly why: SkippedWhy }
  | 'more';
/** No member begins at a position, and where one ends is not known. */
export const BROKEN: Found = { text: null, end: null, why: 'broken' };

/**
 * Where the next header begins; or where one may begin, if bytes follow that complete it. The end of the bytes if there
 * is none.
 *
 * @param isLast Whether no bytes follow.
 */
export function nextHeader(bytes: Buffer, from: number, isLast: boolean): number {
  const header = bytes.indexOf(HEADER, from);
  if (header >= 0) return header;
  return isLast ? bytes.length : Math.max(from, bytes.length - HEADER.length + 1);
}

/**
 * Where the deflated data of the member begin that begins at a position. It may be past the end of the bytes: then the
 * header goes on in those that follow. Null if no member begins there.
 * https://www.rfc-editor.org/rfc/rfc1952#section-2.3
 */
export function deflateFrom(bytes: Buffer, memberStart: number): number | null {
  let end = memberStart + HEADER_BYTES;
  if (end > bytes.length) return end;
  if (bytes.readUInt16BE(memberStart) !== MAGIC || bytes.readUInt8(memberStart + 2) !== DEFLATE) return null;
  const flags = bytes.readUInt8(memberStart + 3);
  if ((flags & FLAGS.reserved) !== 0) return null;
  if ((flags & FLAGS.extra) !== 0) {
    if (end + 2 > bytes.length) return end + 2;
    end += 2 + bytes.readUInt16LE(end);
  }
  for (const flag of [FLAGS.name, FLAGS.comment]) {
    if ((flags & flag) === 0) continue;
    const zero = bytes.indexOf(0, end);
    if (zero < 0) return bytes.length + 1;
    end = zero + 1;
  }
  return (flags & FLAGS.crc) === 0 ? end : end + 2;
}

/**
 * Inflates what begins with deflated data, or with a member.
 *
 * @param most The most bytes of text.
 * @param lastLength Bytes of the text that was inflated last. To begin with as much room takes a third less time than
 * zlib's own pieces of 16 KB.
 * @param finishFlush `Z_SYNC_FLUSH` of zlib for data that may be cut. Default `Z_FINISH`: they have to be whole.
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
    const { buffer, engine } = decompress(bytes, options) as unknown as Inflated;
    return { text: buffer, length: engine.bytesWritten };
  } catch (error) {
    const code = nodeErrorCode(error);
    if (code !== TOO_LARGE && !code.startsWith('Z_')) throw error;
    return { text: null, length: 0, code };
  }
}

/**
 * Judges a member by the checksum and the length behind its deflated data.
 *
 * @param dataEnd Where its deflated data end.
 * @param text What was inflated of them.
 * @param mayGrow Whether bytes may follow.
 */
export function judgeMember(bytes: Buffer, dataEnd: number, text: Buffer, mayGrow: boolean): Found {
  const end = dataEnd + TRAILER_BYTES;
  if (end > bytes.length) return mayGrow ? 'more' : BROKEN;
  const lengthStart = dataEnd + 4;
  const isSum = crc32(text) === bytes.readUInt32LE(dataEnd);
  const isLength = text.length === bytes.readUInt32LE(lengthStart);
  if (isSum && isLength) return { text, end, why: null };
  // The length may be cut behind the right checksum.
  if (isSum) return { text: null, end: lengthStart, why: 'checksum' };
  // If both are wrong, the member may be cut and go on in the next, so this is no end.
  return { text: null, end: isLength ? end : null, why: 'checksum' };
}

/** What zlib inflates of a member without its end; other bytes are returned as they are. */
export function textOfCut(bytes: Buffer): Buffer {
  const from = deflateFrom(bytes, 0);
  if (from === null) return bytes;
  const deflated = bytes.subarray(from);
  const { text } = inflate(inflateRawSync, deflated, MOST_OF_CUT, deflated.length, constants.Z_SYNC_FLUSH);
  return text ?? bytes;
}
