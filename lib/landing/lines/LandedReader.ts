import { constants, gunzipSync, inflateRawSync } from 'node:zlib';
import { type Clock, systemClock } from '../../base/time.ts';
import { MAX_LANDED_BYTES } from '../../schema/deliveryLimits.ts';
import {
  BROKEN,
  deflateFrom,
  type Found,
  HEADER,
  inflate,
  nextHeader,
  TOO_LARGE,
  trailed,
} from './gzipMember.ts';
import {
  beginsAsRow,
  type LandedPart,
  LINE_BREAK,
  memberPart,
  type SkippedWhy,
  skippedPart,
} from './landedLines.ts';

/** Bytes of a member of ours, with what zlib adds to text that it can't compress. */
const MOST_MEMBER_BYTES = MAX_LANDED_BYTES + 1_048_576;
/** Bytes of text, and milliseconds, that the search of one object may take: somebody can make bytes that each inflate far. */
const SEARCH_BYTES = 4 * MAX_LANDED_BYTES;
const SEARCH_MS = 60_000;
/**
 * Bytes of text up to which a member is inflated after broken bytes, one step after the other, so that little is charged for what
 * fails early: zlib does not say how much it inflated before an error. The last step is MAX_LANDED_BYTES. The first one bounds how
 * many headers are tried, to SEARCH_BYTES / 2 ** 14: for each in vain Node keeps 2 KB until the piece is read.
 */
const STEPS = [14, 16, 18, 20, 22, 24, 26, 28].map((power) => 2 ** power);
/** Deflated bytes that have the head of a row, behind tables of codes. */
const PEEK_BYTES = 512;
/** Bytes of members that are inflated together, and of their text, which is usually ten times as long: a call for each takes longer. */
const RUN_BYTES = 262_144;
const RUN_TEXT_BYTES = 32 * RUN_BYTES;
/** Between rows of two members in one line, of which the first has no line break at its end. In a row it is rare. */
const BETWEEN_ROWS = Buffer.from('}{"');

const NOTHING = Buffer.of();

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
  /** Charged against SEARCH_BYTES: the text, at most, that was inflated of what is no member. */
  #spent = 0;
  /** Charged against SEARCH_MS: the time of tries in a search that found no member, or none yet. */
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
    // It charges what it inflates. A member costs nothing, and what depends on more bytes is inflated, and charged, again.
    const found = this.#memberAt(bytes, at, isLast);
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
    // No header is in reach: lastIndexOf gave -1.
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
  #memberAt(bytes: Buffer, at: number, isLast: boolean): Found {
    const mayGrow = !isLast && bytes.length - at < MOST_MEMBER_BYTES;
    const from = deflateFrom(bytes, at);
    if (from === null) return BROKEN;
    if (mayGrow && from + PEEK_BYTES > bytes.length) return 'more';
    const isSearch = this.#searching !== null;
    // While nothing of the object was broken, in one step: that is faster, and members are charged nothing.
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

/** Frees memory at once: V8 would mark all objects for each 16 MB of it, which takes a sixth of the writer's time. */
function giveBack({ buffer }: Buffer): void {
  // What is smaller may be a part of Node's pool.
  if (buffer instanceof ArrayBuffer && buffer.byteLength > Buffer.poolSize) buffer.transfer(0);
}
