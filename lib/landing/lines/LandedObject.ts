import { isUtf8 } from 'node:buffer';
import { crc32, inflateRawSync } from 'node:zlib';
import { defineErrorFamily, type SluiceError } from '../../base/errors.ts';
import { isUtcDay, type UtcDay } from '../../base/time.ts';
import { MAX_LANDED_BYTES } from '../../schema/deliveryLimits.ts';
import { type TableKind, tableKinds } from '../../schema/kinds.ts';

/** Why an object of the landing can't be read to its end. */
export const LandedError = defineErrorFamily('system', {
  SLUICE_LANDED_DAMAGED: {
    cause: 'An object of the landing is not gzip members of lines, as Sluice writes them, to its end.',
    cure: 'Its lines before the damage are written. Look for another version of the object in damaged/, or for who writes to the landing besides Sluice and its stream.',
  },
});

/** A line of an object, by its place in the text of its member. */
export interface LandedLine {
  readonly kind: TableKind;
  readonly day: UtcDay;
  /** Where it begins and, with its line break, ends. */
  readonly from: number;
  readonly to: number;
  /** Where its row begins. It ends two bytes before the line does. */
  readonly rowFrom: number;
}

/** Lines of one member. */
export interface LandedLines {
  /** The member's own bytes. */
  readonly bytes: Buffer;
  readonly text: Buffer;
  readonly lines: readonly LandedLine[];
}

const LINE_BREAK = 0x0a;
const HEAD = new RegExp(`^\\{"kind":"(${tableKinds.join('|')})","ds":"(\\d{4}-\\d\\d-\\d\\d)","row":(?=\\{)`);
/** Bytes of the longest head of a line, or more. */
const HEAD_BYTES = 64;

/**
 * An object of the landing: the records of requests, each a gzip member with a line for each row (lib/landing/store/encodeLines.ts). Whoever
 * reads such objects reads them by this.
 */
export class LandedObject {
  readonly #bytes: Buffer;
  /** Bytes of the text of the last member. */
  #lastLength = 0;
  #damage: SluiceError | null = null;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Once all members were read: why they end before the object does; null if they do not. */
  get damage(): SluiceError | null {
    return this.#damage;
  }

  /**
   * The lines of each member, in their order, up to the first byte that is wrong. Nothing behind that is looked for: where
   * a member begins is known by the end of the one before it alone.
   */
  *members(): Generator<LandedLines, void, undefined> {
    const bytes = this.#bytes;
    if (bytes.length === 0) this.#damage = damaged(0, 'It is empty.');
    for (let at = 0; at < bytes.length; ) {
      const member = inflateMember(bytes, at, this.#lastLength);
      if ('wrong' in member) {
        this.#damage = damaged(at, member.wrong);
        return;
      }
      this.#lastLength = member.text.length;
      const { lines, isWhole } = linesOf(member.text);
      if (lines.length > 0) yield { bytes: bytes.subarray(at, member.end), text: member.text, lines };
      if (!isWhole) {
        this.#damage = damaged(at, `Its line ${lines.length + 1} is not a row.`);
        return;
      }
      at = member.end;
    }
  }

  /** Every row as JSON. For small objects. */
  *rows(): Generator<
    { readonly kind: TableKind; readonly day: UtcDay; readonly json: string },
    void,
    undefined
  > {
    for (const { text, lines } of this.members())
      for (const { kind, day, rowFrom, to } of lines)
        yield { kind, day, json: text.toString('utf8', rowFrom, to - 2) };
  }
}

function damaged(at: number, why: string): SluiceError {
  return new LandedError('SLUICE_LANDED_DAMAGED', `At byte ${at}. ${why}`);
}

/**
 * Inflates the member that begins somewhere. Its end is where zlib stopped: a byte of anything else behind it is the beginning
 * of no member. Gunzip itself ends without an error at a zero byte, and hides what follows.
 */
function inflateMember(
  bytes: Buffer,
  at: number,
  lastLength: number,
): { readonly text: Buffer; readonly end: number } | { readonly wrong: string } {
  const from = deflateFrom(bytes, at);
  if (from === null) return { wrong: 'No gzip member begins there.' };
  try {
    const { text, length } = inflate(bytes.subarray(from), lastLength);
    const trailer = from + length;
    if (trailer + TRAILER_BYTES > bytes.length) return { wrong: 'Its gzip member is cut.' };
    const isWhole =
      crc32(text) === bytes.readUInt32LE(trailer) && text.length === bytes.readUInt32LE(trailer + 4);
    return isWhole
      ? { text, end: trailer + TRAILER_BYTES }
      : { wrong: 'Its gzip member has another checksum.' };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code !== 'ERR_BUFFER_TOO_LARGE' && !code.startsWith('Z_')) throw error;
    return { wrong: `Its gzip member does not inflate: ${code}.` };
  }
}

/**
 * Inflates what begins with deflated data.
 *
 * @param lastLength Bytes of the text before: room for as much saves a third of the time that zlib's own pieces of 16 KB take.
 * @returns The text, and of how many bytes it was made.
 */
function inflate(bytes: Buffer, lastLength: number): { readonly text: Buffer; readonly length: number } {
  const chunkSize = Math.min(MOST_ROOM, Math.max(LEAST_ROOM, Math.ceil(1.5 * lastLength)));
  const options = { info: true, maxOutputLength: MAX_LANDED_BYTES, chunkSize };
  // With `info` it returns an object, which its type does not say: https://nodejs.org/docs/latest-v24.x/api/zlib.html#class-options
  const inflated: object = inflateRawSync(bytes, options);
  if (!('buffer' in inflated) || !Buffer.isBuffer(inflated.buffer))
    throw new TypeError('zlib answered no buffer.');
  const { engine } = inflated as { readonly engine?: { readonly bytesWritten: number } };
  if (engine === undefined) throw new TypeError('zlib answered no engine.');
  return { text: inflated.buffer, length: engine.bytesWritten };
}

const LEAST_ROOM = 4_096;
const MOST_ROOM = 1_048_576;

/** The checksum and the length of a member. */
const TRAILER_BYTES = 8;
/** Of a member without optional fields: https://www.rfc-editor.org/rfc/rfc1952#section-2.3 */
const HEADER_BYTES = 10;
const FLAGS = { crc: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 } as const;

/** Where the deflated data of a member begin; null if none begins there. */
function deflateFrom(bytes: Buffer, at: number): number | null {
  if (at + HEADER_BYTES > bytes.length || bytes.readUInt16BE(at) !== 0x1f8b || bytes[at + 2] !== 8)
    return null;
  const flags = bytes[at + 3] ?? 0;
  if ((flags & FLAGS.reserved) !== 0) return null;
  let from = at + HEADER_BYTES;
  if ((flags & FLAGS.extra) !== 0) {
    if (from + 2 > bytes.length) return null;
    from += 2 + bytes.readUInt16LE(from);
  }
  for (const text of [FLAGS.name, FLAGS.comment]) {
    if ((flags & text) === 0) continue;
    const end = bytes.indexOf(0, from);
    if (end < 0) return null;
    from = end + 1;
  }
  return (flags & FLAGS.crc) === 0 ? from : from + 2;
}

/** The lines of a text before the first that is none, and whether those are all. */
function linesOf(text: Buffer): { readonly lines: LandedLine[]; readonly isWhole: boolean } {
  const lines: LandedLine[] = [];
  const isText = isUtf8(text);
  for (let from = 0; from < text.length; ) {
    const to = text.indexOf(LINE_BREAK, from) + 1;
    if (to === 0) return { lines, isWhole: false };
    const line = lineOf(text, from, to);
    if (line === null || !(isText || isUtf8(text.subarray(from, to)))) return { lines, isWhole: false };
    lines.push(line);
    from = to;
  }
  return { lines, isWhole: true };
}

function lineOf(text: Buffer, from: number, to: number): LandedLine | null {
  const head = headAt(text, from, to);
  // `}}` and the line break.
  const isEnded = text[to - 2] === 0x7d && text[to - 3] === 0x7d;
  if (head === null || !isEnded) return null;
  return { kind: head.kind, day: head.day, from, to, rowFrom: from + head.bytes.length };
}

/** What a line begins with. */
interface Head {
  readonly bytes: Buffer;
  readonly kind: TableKind;
  readonly day: UtcDay;
}

let lastHead: Head = { bytes: Buffer.alloc(HEAD_BYTES), kind: 'events', day: '' };

/** Most lines begin as the one before: to read each head takes three times as long as to compare it. */
function headAt(text: Buffer, from: number, to: number): Head | null {
  const { bytes } = lastHead;
  const end = from + bytes.length;
  if (end < to && text[end] === BRACE && text.compare(bytes, 0, bytes.length, from, end) === 0)
    return lastHead;
  const [head, kind, day = ''] =
    HEAD.exec(text.toString('latin1', from, Math.min(to, from + HEAD_BYTES))) ?? [];
  const table = tableKinds.find((one) => one === kind);
  if (head === undefined || table === undefined || !isDay(day)) return null;
  lastHead = { bytes: Buffer.from(head), kind: table, day };
  return lastHead;
}

/** `{` */
const BRACE = 0x7b;

const knownDays: Set<UtcDay> = new Set();

/** An object has few days, and to judge one takes as long as to read ten lines. */
function isDay(day: string): boolean {
  if (knownDays.has(day)) return true;
  if (!isUtcDay(day)) return false;
  if (knownDays.size > 1_000) knownDays.clear();
  knownDays.add(day);
  return true;
}
