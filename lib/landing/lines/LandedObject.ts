import { isUtf8 } from 'node:buffer';
import { constants, crc32, gunzipSync, gzipSync, inflateRawSync } from 'node:zlib';
import { defineErrorFamily } from '../../base/errors.ts';
import { isJsonObject, parseJson } from '../../base/json.ts';
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

/** Why bytes are skipped. */
export type SkippedWhy =
  /** No whole member begins there. */
  | 'broken'
  /** A member has another checksum, or another length. */
  | 'checksum'
  /** Lines of a member that are no rows. Its other lines are read. */
  | 'lines'
  /** A member has so many of them that none of its lines are read. */
  | 'many_lines'
  /** The search met its bound: rows may be in these bytes. */
  | 'not_searched';

/** A part of an object: a member, a run of members, or bytes that are skipped. The parts are the whole object, in its order. */
export interface LandedPart {
  /** Where in the object it begins. */
  readonly at: number;
  readonly bytes: Buffer;
  /** Why something of it is skipped: the others of `lines`, else all its bytes. Null: nothing is. */
  readonly why: SkippedWhy | null;
  readonly text: Buffer;
  /** Lines that are rows. */
  readonly lines: readonly LandedLine[];
  /** Lines that are none, each with its line break. Of `many_lines`, some. */
  readonly others: readonly Buffer[];
}

/** What was skipped of an object. */
export class Skipped {
  /** Bytes that are kept of it, by their cause. */
  readonly causes: Partial<Record<SkippedWhy, number>> = {};
  bytes = 0;
  /** How many ranges of bytes, and the first {@link MOST_RANGES} of them. */
  count = 0;
  readonly ranges: { readonly from: number; to: number; readonly why: SkippedWhy }[] = [];
  /** Lines that are no rows. */
  lines = 0;
  /** Those that begin as a row: of another release, of a day that does not exist, or not compressed. */
  rowLike = 0;
  #last: Skipped['ranges'][number] | undefined;
  readonly #whole: Buffer[] = [];
  readonly #broken: Buffer[] = [];

  /** Adds what is skipped of a part. */
  add({ at, bytes, why, lines, others }: LandedPart): void {
    if (why === null) return;
    const kept = lines.length === 0 ? bytes : gzipSync(Buffer.concat(others));
    (others.length > 0 ? this.#whole : this.#broken).push(kept);
    this.causes[why] = (this.causes[why] ?? 0) + kept.length;
    this.bytes += kept.length;
    this.lines += others.length;
    for (const text of others.length > 0 ? others : [bytes]) this.rowLike += countHeads(text);
    const to = at + bytes.length;
    if (this.#last?.to === at && this.#last.why === why) {
      this.#last.to = to;
      return;
    }
    this.#last = { from: at, to, why };
    this.count += 1;
    if (this.count <= MOST_RANGES) this.ranges.push(this.#last);
  }

  /**
   * All of it, as an object of the landing: whole members of lines that are no rows, and broken bytes behind them. A copy of it in the
   * landing is read by the same reader, which writes what it can by then. What it skips again is the same object again.
   */
  object(): Buffer {
    return Buffer.concat([...this.#whole, ...this.#broken]);
  }
}

const MOST_RANGES = 20;
/** Lines of a member that are no rows: one with more is skipped as a whole. */
const MOST_OTHERS = 1_000;
const LINE_BREAK = 0x0a;
const HEAD = new RegExp(`^\\{"kind":"(${tableKinds.join('|')})","ds":"(\\d{4}-\\d\\d-\\d\\d)","row":(?=\\{)`);
/** The same of any release, which may have other kinds, and more in its heads. */
const ANY_HEAD = /^\{"kind":"\w+","ds":"\d{4}-\d\d-\d\d","(?!row":[^{])/;
/** Bytes of the longest head of a line, or more. */
const HEAD_BYTES = 64;
/** What is between a row and another member of its line, as a newer release may have. Within a row it is rare. */
const BEHIND_ROW = Buffer.from('},"');

/** What each member of ours begins with. Level and system follow. */
const HEADER = Buffer.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0);
/** Bytes of a member of ours, with what zlib adds to text that it can't compress. */
const MOST_MEMBER_BYTES = MAX_LANDED_BYTES + 1_048_576;
/** Bytes of text, and milliseconds, that the search of one object may take: somebody can make bytes that each inflate far. */
const SEARCH_BYTES = 4 * MAX_LANDED_BYTES;
const SEARCH_MS = 60_000;
/**
 * Behind broken bytes a member is inflated so far, then further: zlib does not say how much it inflated before an error. The first
 * step bounds how many headers may be tried, too: for each in vain Node keeps 2 KB until the piece is read.
 */
const STEPS = [14, 16, 18, 20, 22, 24, 26, 28].map((power) => 2 ** power);
/** Deflated bytes that have the head of a row, behind tables of codes. */
const PEEK_BYTES = 512;
/** Bytes of members that are inflated together, and of their text, which is usually ten times as long: a call for each takes longer. */
const RUN_BYTES = 262_144;
const RUN_TEXT_BYTES = 32 * RUN_BYTES;
/** Between rows of two members in one line, of which the first has no line break at its end. In a row it is rare. */
const BETWEEN_ROWS = Buffer.from('}{"');

/** What begins somewhere: a member, up to its end, or none. `more`: that depends on the bytes that follow. */
type Found =
  | { readonly text: Buffer; readonly end: number; readonly why: null }
  | { readonly text: null; readonly end: number | null; readonly why: SkippedWhy }
  | 'more';
const BROKEN: Found = { text: null, end: null, why: 'broken' };

/**
 * Reads an object of the landing piece by piece: records of requests, each a gzip member with a line for each row
 * (lib/landing/store/encodeLines.ts), and what others put between them. Whoever reads such objects reads them by this.
 *
 * Usually each member begins where the one before it ends. Behind broken bytes the next one is searched: it has the header that we
 * write, text that begins as a row, and the right checksum and length at its end.
 */
export class LandedReader {
  readonly #clock: Clock;
  /** Bytes that wait for more. */
  #waiting: Buffer = Buffer.of();
  #at: number;
  /** Bytes of the text of the last member. */
  #lastLength = 0;
  /** Bytes of the text of the last run. */
  #lastRunLength = 8 * RUN_BYTES;
  /** While a member is searched: why the bytes before it are skipped. */
  #searching: SkippedWhy | null = null;
  /** Bytes of text, at most, and milliseconds that went into what is no member. */
  #spent = 0;
  #spentMs = 0;
  readonly #runBytes: number;
  /** The end of the last run that was no whole members: up to there each is read alone. */
  #aloneTo = 0;

  /**
   * @param at Where in the object the first piece begins.
   * @param runBytes Bytes of members that may be one part. 0: each member is a part.
   */
  constructor(clock: Clock = systemClock, at = 0, runBytes = RUN_BYTES) {
    this.#clock = clock;
    this.#at = at;
    this.#runBytes = runBytes;
  }

  /** Where in the object the part begins that is at hand, or the bytes of which none was read yet. */
  get at(): number {
    return this.#at;
  }

  /**
   * The parts that are whole with the next piece.
   *
   * @param piece In chunks, as it came: they are joined once, with the bytes that wait.
   * @param isLast Whether the object ends with this piece.
   * @returns Parts. With runs, the text of one is no longer there when the next one is asked for.
   */
  *read(piece: readonly Uint8Array[], isLast: boolean): Generator<LandedPart, void, undefined> {
    const [first = NOTHING, ...rest] = this.#waiting.length === 0 ? piece : [this.#waiting, ...piece];
    const whole = rest.length === 0 ? first : Buffer.concat([first, ...rest]);
    const bytes = Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength);
    let at = 0;
    while (at < bytes.length) {
      const part = this.#next(bytes, at, isLast);
      if (part === null) break;
      yield part;
      if (this.#runBytes > 0) giveBack(part.text);
      at += part.bytes.length;
      this.#at += part.bytes.length;
    }
    // The piece need not be kept for its last bytes.
    this.#waiting = Buffer.from(bytes.subarray(at));
  }

  /** The next part; null if it depends on the bytes that follow. */
  #next(bytes: Buffer, at: number, isLast: boolean): LandedPart | null {
    const why = this.#searching;
    if (why !== null) {
      const to = why === 'not_searched' ? bytes.length : nextHeader(bytes, at, isLast);
      if (to > at) return skippedPart(this.#at, bytes.subarray(at, to), why);
    } else if (this.#at >= this.#aloneTo) {
      const run = this.#run(bytes, at, isLast);
      if (run !== null) return run;
    }
    const spent = this.#spent;
    const begunAt = why === null ? 0 : this.#clock.now();
    const found = this.#inflate(bytes, at, isLast);
    const isMember = found !== 'more' && found.text !== null;
    if (isMember || found === 'more') this.#spent = spent;
    if (!isMember && why !== null) this.#spentMs += this.#clock.now() - begunAt;
    if (found === 'more') return null;
    const own = bytes.subarray(at, found.end ?? nextHeader(bytes, at + 1, isLast));
    this.#searching = found.end === null ? found.why : null;
    if (found.why !== null) return skippedPart(this.#at, own, found.why);
    this.#lastLength = found.text.length;
    return memberPart(this.#at, own, found.text);
  }

  /**
   * Members up to a header, inflated together; null unless all are whole and all their lines are rows. What gunzip gives counts only
   * if it took all bytes: it ends without an error at a zero byte.
   */
  #run(bytes: Buffer, at: number, isLast: boolean): LandedPart | null {
    const most = at + this.#runBytes;
    // What is farther than a run is not searched: in bytes of others each member would search all of it.
    const near = bytes.subarray(at + 1, most + HEADER.length);
    const end = isLast && most >= bytes.length ? bytes.length : at + 1 + near.lastIndexOf(HEADER);
    if (end <= at) {
      if (most + HEADER.length <= bytes.length) this.#aloneTo = this.#at + this.#runBytes;
      return null;
    }
    const own = bytes.subarray(at, end);
    const { text, length } = inflate(gunzipSync, own, RUN_TEXT_BYTES, this.#lastRunLength);
    if (text !== null) this.#lastRunLength = text.length;
    if (
      text !== null &&
      length === own.length &&
      text.at(-1) === LINE_BREAK &&
      !text.includes(BETWEEN_ROWS)
    ) {
      const part = memberPart(this.#at, own, text);
      if (part.why === null) return part;
    }
    this.#aloneTo = this.#at + own.length;
    return null;
  }

  /**
   * Inflates the member that begins somewhere. Its end is where zlib stopped: gunzip itself ends without an error at a zero byte,
   * and hides what follows.
   */
  #inflate(bytes: Buffer, at: number, isLast: boolean): Found {
    const mayGrow = !isLast && bytes.length - at < MOST_MEMBER_BYTES;
    const from = deflateFrom(bytes, at);
    if (from === null) return BROKEN;
    if (mayGrow && from + PEEK_BYTES > bytes.length) return 'more';
    const isSearch = this.#searching !== null;
    for (const most of isSearch || this.#spent > 0 ? STEPS : [MAX_LANDED_BYTES]) {
      if (isSearch && (this.#spent + most > SEARCH_BYTES || this.#spentMs >= SEARCH_MS))
        return { text: null, end: null, why: 'not_searched' };
      this.#spent += most;
      if (isSearch && most === STEPS[0]) {
        const peek = bytes.subarray(from, from + PEEK_BYTES);
        const { text } = inflate(inflateRawSync, peek, MAX_LANDED_BYTES, 0, constants.Z_SYNC_FLUSH);
        this.#spent += text?.length ?? 0;
        if (text === null || !beginsAsRow(text)) return BROKEN;
      }
      const inflated = inflate(inflateRawSync, bytes.subarray(from), most, this.#lastLength);
      if (inflated.text !== null) return trailed(bytes, from + inflated.length, inflated.text, mayGrow);
      if (inflated.code === 'Z_BUF_ERROR' && mayGrow) return 'more';
      if (inflated.code !== TOO_LARGE) return BROKEN;
    }
    return BROKEN;
  }
}

/** An object of the landing of which all bytes are there. */
export class LandedObject {
  /** What was skipped, once all parts were read. */
  readonly skipped = new Skipped();
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The parts of the object. */
  *parts(): Generator<LandedPart, void, undefined> {
    for (const part of new LandedReader(systemClock, 0, 0).read([this.#bytes], true)) {
      this.skipped.add(part);
      yield part;
    }
  }

  /** Every row as JSON. For small objects. */
  *rows(): Generator<
    { readonly kind: TableKind; readonly day: UtcDay; readonly json: string },
    void,
    undefined
  > {
    for (const { text, lines } of this.parts())
      for (const { kind, day, rowFrom, to } of lines)
        yield { kind, day, json: text.toString('utf8', rowFrom, to - 2) };
  }
}

/** Lines of an object of `damaged/` that begin as a row of any release. */
export function rowsIn(bytes: Uint8Array): number {
  const object = new LandedObject(bytes);
  let rows = 0;
  for (const { lines } of object.parts()) rows += lines.length;
  return rows + object.skipped.rowLike;
}

/** Where a header begins, or may with bytes that follow; the end of the bytes if none does. */
function nextHeader(bytes: Buffer, from: number, isLast: boolean): number {
  const header = bytes.indexOf(HEADER, from);
  return header >= 0 ? header : isLast ? bytes.length : Math.max(from, bytes.length - HEADER.length + 1);
}

/** The member whose deflated data end somewhere, by the checksum and the length behind them. */
function trailed(bytes: Buffer, at: number, text: Buffer, mayGrow: boolean): Found {
  const end = at + TRAILER_BYTES;
  if (end > bytes.length) return mayGrow ? 'more' : BROKEN;
  const isSum = crc32(text) === bytes.readUInt32LE(at);
  const isLength = text.length === bytes.readUInt32LE(at + 4);
  if (isSum && isLength) return { text, end, why: null };
  // The length may be cut behind the right checksum. If both are wrong, the member may be cut and go on in the next, so this is no end.
  return { text: null, end: isSum ? at + 4 : isLength ? end : null, why: 'checksum' };
}

const TOO_LARGE = 'ERR_BUFFER_TOO_LARGE';

/**
 * Inflates what begins with deflated data, or with a member.
 *
 * @param most Bytes of its text.
 * @param lastLength Bytes of the text before: room for as much saves a third of the time that zlib's own pieces of 16 KB take.
 * @param finishFlush Whether it must be whole. Default: it must.
 * @returns The text, and of how many bytes it was made; or the code of zlib's error.
 */
function inflate(
  inflateSync: typeof inflateRawSync,
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
    const inflated: object = inflateSync(bytes, options);
    if (!('buffer' in inflated) || !Buffer.isBuffer(inflated.buffer))
      throw new TypeError('zlib answered no buffer.');
    const { engine } = inflated as { readonly engine?: { readonly bytesWritten: number } };
    if (engine === undefined) throw new TypeError('zlib answered no engine.');
    return { text: inflated.buffer, length: engine.bytesWritten };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code !== TOO_LARGE && !code.startsWith('Z_')) throw error;
    return { text: null, length: 0, code };
  }
}

const LEAST_ROOM = 4_096;
const MOST_ROOM = 8_388_608;

/** Frees memory at once: V8 would mark all objects for each 16 MB of it, which takes a sixth of the writer's time. */
function giveBack({ buffer }: Buffer): void {
  // What is smaller may be a part of Node's pool.
  if (buffer instanceof ArrayBuffer && buffer.byteLength > Buffer.poolSize) buffer.transfer(0);
}

function beginsAsRow(text: Buffer): boolean {
  return ANY_HEAD.test(text.toString('latin1', 0, HEAD_BYTES));
}

/** How often bytes have the head of a row. */
function countHeads(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf('{"kind":"'); at >= 0; at = bytes.indexOf('{"kind":"', at + 1))
    if (beginsAsRow(bytes.subarray(at))) count += 1;
  return count;
}

/** The checksum and the length of a member. */
const TRAILER_BYTES = 8;
/** Of a member without optional fields: https://www.rfc-editor.org/rfc/rfc1952#section-2.3 */
const HEADER_BYTES = 10;
const FLAGS = { crc: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 } as const;

/** Where the deflated data of a member begin, which may be behind the bytes at hand; null if none begins there. */
function deflateFrom(bytes: Buffer, at: number): number | null {
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

const NOTHING = Buffer.of();

function skippedPart(at: number, bytes: Buffer, why: SkippedWhy): LandedPart {
  return { at, bytes, why, text: NOTHING, lines: [], others: [] };
}

function memberPart(at: number, bytes: Buffer, text: Buffer): LandedPart {
  if (text.length > 0 && text.at(-1) !== LINE_BREAK)
    return memberPart(at, bytes, Buffer.concat([text, Buffer.of(LINE_BREAK)]));
  const lines: LandedLine[] = [];
  const others: Buffer[] = [];
  const isText = isUtf8(text);
  const isParsed = text.indexOf(BEHIND_ROW) >= 0;
  for (let from = 0; from < text.length && others.length <= MOST_OTHERS; ) {
    const to = text.indexOf(LINE_BREAK, from) + 1;
    const line = lineOf(text, from, to, isParsed);
    if (line !== null && (isText || isUtf8(text.subarray(from, to)))) lines.push(line);
    else others.push(text.subarray(from, to));
    from = to;
  }
  const why = others.length > MOST_OTHERS ? 'many_lines' : others.length > 0 ? 'lines' : null;
  return { at, bytes, why, text, lines: why === 'many_lines' ? [] : lines, others };
}

/** @param isParsed Whether more than a row may be in the line. */
function lineOf(text: Buffer, from: number, to: number, isParsed: boolean): LandedLine | null {
  const head = headAt(text, from, to);
  // `}}` and the line break.
  const isEnded = text[to - 2] === 0x7d && text[to - 3] === 0x7d;
  if (head === null || !isEnded) return null;
  const rowFrom = from + head.bytes.length;
  if (
    isParsed &&
    text.subarray(rowFrom, to).includes(BEHIND_ROW) &&
    !isJsonObject(parseJson(text.toString('utf8', rowFrom, to - 2)))
  )
    return null;
  return { kind: head.kind, day: head.day, from, to, rowFrom };
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
