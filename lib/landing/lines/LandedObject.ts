import { isUtf8 } from 'node:buffer';
import { constants, crc32, inflateRawSync, type ZlibOptions } from 'node:zlib';
import { defineErrorFamily, type SluiceError } from '../../base/errors.ts';
import { type Clock, isUtcDay, systemClock, type UtcDay } from '../../base/time.ts';
import { MAX_LANDED_BYTES } from '../../schema/deliveryLimits.ts';
import { type TableKind, tableKinds } from '../../schema/kinds.ts';

/** Why an object of the landing can't be read as a whole. */
export const LandedError = defineErrorFamily('system', {
  SLUICE_LANDED_DAMAGED: {
    cause:
      'Bytes of an object of the landing are no rows that this release reads. They may be accepted events. All other rows of the object are written, and these bytes are in damaged/.',
    cure: 'Find out who writes to the landing, or to its stream, besides Sluice. Rows of a newer release are written once the writer is upgraded and the object is tried again.',
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
  /** Lines that are rows. */
  readonly lines: readonly LandedLine[];
  /** Lines that are none, each with its line break. */
  readonly others: readonly Buffer[];
}

/** Why bytes are skipped. */
export type SkippedWhy =
  /** No gzip member begins there. */
  | 'no_member'
  /** The object ends within its member. */
  | 'cut'
  | 'not_inflated'
  /** Another checksum, or another length. */
  | 'checksum'
  /** A member is longer than the rows of any request. */
  | 'too_large'
  /** Lines of a member that are no rows. Its other lines are read. */
  | 'lines'
  /** A member has so many of them that none of its lines are read. */
  | 'many_lines'
  /** The search met its bound: rows may be in these bytes. */
  | 'not_searched';

/** A part of an object: a member, or bytes that are skipped. The parts are the whole object, in its order. */
export type LandedPart = { /** Where in the object it begins. */ readonly at: number } & (
  | LandedLines
  | { readonly bytes: Buffer; readonly why: SkippedWhy }
);

/** What was skipped of an object. */
export class Skipped {
  /** Bytes by their cause: of `lines`, those of the lines. */
  readonly causes: Partial<Record<SkippedWhy, number>> = {};
  /** How many ranges of bytes, and the first {@link MOST_RANGES} of them. */
  count = 0;
  readonly ranges: { readonly from: number; to: number; readonly why: SkippedWhy }[] = [];
  /** Lines that are no rows; of a member with `many_lines`, some of them. */
  lines = 0;
  /** Those that begin as a row: of another release, or of a day that does not exist. */
  rowLike = 0;
  #last: Skipped['ranges'][number] | undefined;

  get bytes(): number {
    return Object.values(this.causes).reduce((sum, bytes) => sum + bytes, 0);
  }

  add(why: SkippedWhy, from: number, to: number, bytes = to - from): void {
    this.causes[why] = (this.causes[why] ?? 0) + bytes;
    if (this.#last?.to === from && this.#last.why === why) {
      this.#last.to = to;
      return;
    }
    this.#last = { from, to, why };
    this.count += 1;
    if (this.count <= MOST_RANGES) this.ranges.push(this.#last);
  }

  addLines(others: readonly Buffer[]): void {
    this.lines += others.length;
    this.rowLike += others.filter((line) => beginsAsRow(line)).length;
  }
}

const MOST_RANGES = 20;
/** Lines of a member that are no rows: one with more is skipped as a whole. */
export const MOST_OTHERS = 1_000;
const LINE_BREAK = 0x0a;
const HEAD = new RegExp(`^\\{"kind":"(${tableKinds.join('|')})","ds":"(\\d{4}-\\d\\d-\\d\\d)","row":(?=\\{)`);
/** The same of any release, which may have other kinds, and more in its heads. */
const ANY_HEAD = /^\{"kind":"\w+","ds":"\d{4}-\d\d-\d\d","(?!row":[^{])/;
/** Bytes of the longest head of a line, or more. */
const HEAD_BYTES = 64;

/** What each member of ours begins with. Level and system follow. */
const HEADER = Buffer.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0);
/** Bytes of a member of ours, with what zlib adds to text that it can't compress. */
const MOST_MEMBER_BYTES = MAX_LANDED_BYTES + 1_048_576;
/** Bytes of text, and milliseconds, that the search of one object may take: somebody can make bytes that each inflate far. */
const SEARCH_BYTES = 4 * MAX_LANDED_BYTES;
const SEARCH_MS = 60_000;
/**
 * A member behind broken bytes is inflated so far, then further: zlib does not say how much it inflated before an error. The first
 * step bounds how many headers may be tried, too: for each in vain Node keeps 2 KB until the piece is read.
 */
const STEPS = [13, 16, 18, 20, 22, 24, 26, 28].map((power) => 2 ** power);
/** Deflated bytes that have the head of a row, behind tables of codes. */
const PEEK_BYTES = 512;
const AS_FAR_AS_IT_GOES = { finishFlush: constants.Z_SYNC_FLUSH };

/** What a member inflates to. With `end` it is known where the next one begins. `more`: it ends behind the bytes at hand. */
type Inflated =
  | { readonly text: Buffer; readonly end: number }
  | { readonly why: SkippedWhy; readonly end: number | null }
  | 'more';

/**
 * Reads an object of the landing piece by piece: records of requests, each a gzip member with a line for each row
 * (lib/landing/store/encodeLines.ts), and what others put between them. Whoever reads such objects reads them by this.
 *
 * Usually each member begins where the one before it ends. Behind broken bytes the next one is searched: it has the header that we
 * write, text that begins as a row, and the right checksum and length at its end.
 */
export class LandedReader {
  skipped = new Skipped();
  readonly #clock: Clock;
  /** Bytes that wait for more, and where they are in the object. */
  #waiting: Buffer = Buffer.of();
  #at: number;
  /** Bytes with which the member that waits is inflated again: twice as many, or it would be inflated with each piece. */
  #enough = 0;
  /** Bytes of the text of the last member. */
  #lastLength = 0;
  /** While a member is searched: why the bytes before it are skipped. */
  #searching: SkippedWhy | null = null;
  #isDamaged = false;
  /** Bytes that were inflated in vain; those of the member at hand, which may still be one; milliseconds of searching in vain. */
  #spent = 0;
  #tried = 0;
  #spentMs = 0;

  /** @param at Where in the object the first piece begins. */
  constructor(clock: Clock = systemClock, at = 0) {
    this.#clock = clock;
    this.#at = at;
  }

  /** Where in the object the bytes begin of which no part was read yet. */
  get at(): number {
    return this.#at;
  }

  /**
   * The parts that are whole with the next piece. Their bytes are those of the piece.
   *
   * @param isLast Whether the object ends with this piece.
   */
  *read(piece: Uint8Array, isLast: boolean): Generator<LandedPart, void, undefined> {
    const own = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    const bytes = this.#waiting.length === 0 ? own : Buffer.concat([this.#waiting, own]);
    if (!isLast && bytes.length < this.#enough) {
      this.#waiting = bytes;
      return;
    }
    this.#enough = 0;
    /** Bytes before it are in a part, and those before `at` are read. */
    let done = 0;
    let at = 0;
    const partTo = (to: number): { readonly at: number; readonly bytes: Buffer } => {
      const part = { at: this.#at + done, bytes: bytes.subarray(done, to) };
      done = to;
      return part;
    };
    const skip = (to: number, why: SkippedWhy): LandedPart => {
      this.skipped.add(why, this.#at + done, this.#at + to);
      return { ...partTo(to), why };
    };
    while (at < bytes.length) {
      const why = this.#searching;
      if (why !== null) {
        const header = why === 'not_searched' ? -1 : bytes.indexOf(HEADER, at);
        // Without one in these bytes, one may begin in the last of them.
        at = header >= 0 ? header : isLast ? bytes.length : Math.max(at, bytes.length - HEADER.length + 1);
        if (header < 0) break;
      }
      const begunAt = why === null ? 0 : this.#clock.now();
      const found = this.#inflate(bytes, at, isLast);
      const isMember = found !== 'more' && 'text' in found && (why === null || beginsAsRow(found.text));
      if (why !== null && !isMember) this.#spentMs += this.#clock.now() - begunAt;
      if (found === 'more') {
        [this.#tried, this.#enough] = [0, Math.min(2 * (bytes.length - at), MOST_MEMBER_BYTES)];
        break;
      }
      const text = isMember ? found.text : null;
      if (text === null) {
        this.#isDamaged = true;
        this.#spent += this.#tried;
      }
      this.#tried = 0;
      const cause = 'why' in found ? found.why : 'no_member';
      if (found.end === null) {
        if (cause === 'not_searched' && why !== null && at > done) yield skip(at, why);
        this.#searching = cause === 'not_searched' ? cause : (why ?? cause);
        at += 1;
        continue;
      }
      if (why !== null && at > done) yield skip(at, why);
      this.#searching = null;
      at = found.end;
      if (text === null) yield skip(at, cause);
      else {
        this.#lastLength = text.length;
        const read = linesOf(text);
        if (read.others.length > 0) this.skipped.addLines(read.others);
        if (read.others.length > MOST_OTHERS) yield skip(at, 'many_lines');
        else {
          if (read.others.length > 0)
            this.skipped.add('lines', this.#at + done, this.#at + at, lengthOf(read.others));
          yield { ...partTo(at), ...read };
        }
      }
    }
    if (this.#searching !== null && at > done) yield skip(at, this.#searching);
    // The piece need not be kept for its last bytes.
    this.#waiting = Buffer.from(bytes.subarray(done));
    this.#at += done;
  }

  /**
   * Inflates the member that begins somewhere. Its end is where zlib stopped: gunzip itself ends without an error at a zero byte,
   * and hides what follows.
   */
  #inflate(bytes: Buffer, at: number, isLast: boolean): Inflated {
    const isSearch = this.#searching !== null;
    const mayGrow = !isLast && bytes.length - at < MOST_MEMBER_BYTES;
    const from = deflateFrom(bytes, at);
    if (from === null) return { why: 'no_member', end: null };
    if (from > bytes.length) return mayGrow ? 'more' : { why: 'cut', end: null };
    for (const most of this.#isDamaged ? STEPS : [MAX_LANDED_BYTES]) {
      const isBound = this.#spent + this.#tried + most > SEARCH_BYTES || this.#spentMs >= SEARCH_MS;
      if (isSearch && isBound) return { why: 'not_searched', end: null };
      const inflated = inflate(bytes.subarray(from), most, this.#lastLength);
      if (this.#isDamaged) this.#tried += 'text' in inflated ? inflated.text.length : most;
      if ('text' in inflated) return trailed(bytes, from + inflated.length, inflated.text, mayGrow);
      if (inflated.code === 'Z_BUF_ERROR') return mayGrow ? 'more' : { why: 'cut', end: null };
      if (inflated.code !== TOO_LARGE) return { why: 'not_inflated', end: null };
      if (!isSearch || most !== STEPS[0]) continue;
      const begun = inflate(bytes.subarray(from, from + PEEK_BYTES), MAX_LANDED_BYTES, 0, AS_FAR_AS_IT_GOES);
      if (!('text' in begun && beginsAsRow(begun.text))) return { why: 'no_member', end: null };
      this.#tried += begun.text.length;
    }
    return { why: 'too_large', end: null };
  }
}

/** An object of the landing of which all bytes are there. */
export class LandedObject {
  readonly #bytes: Uint8Array;
  readonly #reader: LandedReader;

  constructor(bytes: Uint8Array, clock?: Clock) {
    this.#bytes = bytes;
    this.#reader = new LandedReader(clock);
  }

  /** What was skipped, once all parts were read. */
  get skipped(): Skipped {
    return this.#reader.skipped;
  }

  /** Once all parts were read: what says that some were skipped; null if none were. */
  get damage(): SluiceError | null {
    return damageOf(this.skipped);
  }

  /** The parts of the object, once. */
  parts(): Generator<LandedPart, void, undefined> {
    return this.#reader.read(this.#bytes, true);
  }

  /** The members among them. */
  *members(): Generator<LandedLines, void, undefined> {
    for (const part of this.parts()) if ('text' in part) yield part;
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

/** What says that parts of an object were skipped; null if none were. */
export function damageOf({ bytes, count, causes }: Skipped): SluiceError | null {
  if (count === 0) return null;
  const bound = 'not_searched' in causes ? ' Rows may be in it: the search met its bound.' : '';
  return new LandedError('SLUICE_LANDED_DAMAGED', `${bytes} bytes, in ${count} places.${bound}`);
}

/** The member whose deflated data end somewhere, by the checksum and the length behind them. */
function trailed(bytes: Buffer, at: number, text: Buffer, mayGrow: boolean): Inflated {
  const end = at + TRAILER_BYTES;
  if (end > bytes.length) return mayGrow ? 'more' : { why: 'cut', end: null };
  const isSum = crc32(text) === bytes.readUInt32LE(at);
  const isLength = text.length === bytes.readUInt32LE(at + 4);
  if (isSum && isLength) return { text, end };
  // The length may be cut behind the right checksum. If both are wrong, the member may be cut and go on in the next, so this is no end.
  return { why: 'checksum', end: isSum ? at + 4 : isLength ? end : null };
}

const TOO_LARGE = 'ERR_BUFFER_TOO_LARGE';

/**
 * Inflates what begins with deflated data.
 *
 * @param most Bytes of its text.
 * @param lastLength Bytes of the text before: room for as much saves a third of the time that zlib's own pieces of 16 KB take.
 * @returns The text, and of how many bytes it was made; or the code of zlib's error.
 */
function inflate(
  bytes: Buffer,
  most: number,
  lastLength: number,
  more: ZlibOptions = {},
): { readonly text: Buffer; readonly length: number } | { readonly code: string } {
  const chunkSize = Math.min(MOST_ROOM, most, Math.max(LEAST_ROOM, Math.ceil(1.5 * lastLength)));
  const options = { info: true, maxOutputLength: most, chunkSize, ...more };
  try {
    // With `info` it returns an object, which its type does not say: https://nodejs.org/docs/latest-v24.x/api/zlib.html#class-options
    const inflated: object = inflateRawSync(bytes, options);
    if (!('buffer' in inflated) || !Buffer.isBuffer(inflated.buffer))
      throw new TypeError('zlib answered no buffer.');
    const { engine } = inflated as { readonly engine?: { readonly bytesWritten: number } };
    if (engine === undefined) throw new TypeError('zlib answered no engine.');
    return { text: inflated.buffer, length: engine.bytesWritten };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code !== TOO_LARGE && !code.startsWith('Z_')) throw error;
    return { code };
  }
}

const LEAST_ROOM = 4_096;
const MOST_ROOM = 1_048_576;

function lengthOf(buffers: readonly Buffer[]): number {
  return buffers.reduce((sum, { length }) => sum + length, 0);
}

function beginsAsRow(text: Buffer): boolean {
  return ANY_HEAD.test(text.toString('latin1', 0, HEAD_BYTES));
}

/** The checksum and the length of a member. */
const TRAILER_BYTES = 8;
/** Of a member without optional fields: https://www.rfc-editor.org/rfc/rfc1952#section-2.3 */
const HEADER_BYTES = 10;
/** Of a header, what says that it is gzip's, with its only method. */
const GZIP_BYTES = 3;
const FLAGS = { crc: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 } as const;

/** Where the deflated data of a member begin, which may be behind the bytes at hand; null if none begins there. */
function deflateFrom(bytes: Buffer, at: number): number | null {
  const magic = Math.min(GZIP_BYTES, bytes.length - at);
  if (bytes.compare(HEADER, 0, magic, at, at + magic) !== 0) return null;
  const flags = bytes[at + 3] ?? 0;
  if ((flags & FLAGS.reserved) !== 0) return null;
  let from = at + HEADER_BYTES;
  if (from > bytes.length) return from;
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

/** The lines of a text. Of one that has too many others, some. */
function linesOf(text: Buffer): Pick<LandedLines, 'text' | 'lines' | 'others'> {
  if (text.length > 0 && text.at(-1) !== LINE_BREAK)
    return linesOf(Buffer.concat([text, Buffer.of(LINE_BREAK)]));
  const lines: LandedLine[] = [];
  const others: Buffer[] = [];
  const isText = isUtf8(text);
  for (let from = 0; from < text.length && others.length <= MOST_OTHERS; ) {
    const to = text.indexOf(LINE_BREAK, from) + 1;
    const line = lineOf(text, from, to);
    if (line !== null && (isText || isUtf8(text.subarray(from, to)))) lines.push(line);
    else others.push(text.subarray(from, to));
    from = to;
  }
  return { text, lines, others };
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
