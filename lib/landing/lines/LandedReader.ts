import { constants, gunzipSync, inflateRawSync } from 'node:zlib';
import { LINE_BREAK } from '../../base/text.ts';
import { type Clock, systemClock } from '../../base/time.ts';
import { MAX_LANDED_BYTES } from '../../schema/deliveryLimits.ts';
import {
  BROKEN,
  deflateFrom,
  type Found,
  HEADER,
  inflate,
  judgeMember,
  nextHeader,
  TOO_LARGE,
} from './gzipMember.ts';
import { beginsAsRow, type LandedPart, memberPart, type SkippedWhy, skippedPart } from './landedLines.ts';

/** Bytes of a member of ours, with what zlib adds to text that it can't compress. */
const MOST_MEMBER_BYTES = MAX_LANDED_BYTES + 1_048_576;
/**
 * Bytes of text, and milliseconds, that the search of one object may take: somebody can make many short members of long
 * texts.
 */
const SEARCH_BYTES = 4 * MAX_LANDED_BYTES;
const SEARCH_MS = 60_000;
/**
 * How far a member is inflated that follows broken bytes, in bytes of text, one step after the other. So little is
 * charged for what fails early: zlib does not say how much it inflated before an error. The last step is
 * MAX_LANDED_BYTES. The first one bounds how many headers are tried, to SEARCH_BYTES / 2 ** 14: for each header that is
 * tried in vain Node keeps 2 KB until the piece is read.
 */
const STEPS = [14, 16, 18, 20, 22, 24, 26, 28].map((power) => 2 ** power);
/** The first deflated bytes of a member, in which the head of a row follows the tables of codes. */
const PEEK_BYTES = 512;
/**
 * Bytes of members that are inflated together, and of their text, which is usually ten times as long: a call for each
 * takes longer.
 */
const RUN_BYTES = 262_144;
const RUN_TEXT_BYTES = 32 * RUN_BYTES;
/**
 * What stands between two rows in one line, if the first of two members has no line break at its end. Within a row it
 * is rare.
 */
const BETWEEN_ROWS = Buffer.from('}{"');

/** No bytes. */
const NOTHING = Buffer.of();

/**
 * Reads an object of the landing piece by piece: records of requests, each a gzip member with a line for each row
 * (lib/landing/store/encodeLines.ts), and what others put between them. Whoever reads such objects reads them by this.
 *
 * Usually each member begins where the one before it ends. Behind broken bytes the next one is searched: it has the
 * header that we write, text that begins as a row, and the right checksum and length at its end.
 */
export class LandedReader {
  readonly #clock: Clock;
  /** Bytes that wait for the next piece. */
  #waiting: Buffer = Buffer.of();
  /** The position in the object of the next part. */
  #position: number;
  /** Bytes of the text of the last member. */
  #lastLength = 0;
  /** Bytes of the text of the last run. */
  #lastRunLength = 8 * RUN_BYTES;
  /** Why bytes are skipped while a member is searched; null while none is. */
  #skipping: SkippedWhy | null = null;
  /** Charged against SEARCH_BYTES: an upper bound of the text that was inflated from bytes that are no member. */
  #spent = 0;
  /** Charged against SEARCH_MS: how long a search took that found no member, or has found none yet. */
  #spentMs = 0;
  readonly #runBytes: number;
  /**
   * The end of the last run that was not made of whole members only. Up to this position members are read one by one.
   */
  #aloneTo = 0;

  /**
   * @param position The position in the object at which the first piece begins.
   * @param runBytes Bytes of members that may be one part. 0: each member is a part.
   */
  constructor(clock: Clock = systemClock, position = 0, runBytes = RUN_BYTES) {
    this.#clock = clock;
    this.#position = position;
    this.#runBytes = runBytes;
  }

  /** The position in the object of the part that is being read, or of the first byte that was not read yet. */
  get position(): number {
    return this.#position;
  }

  /**
   * Yields the parts that are complete with the next piece.
   *
   * @param piece The piece in chunks, as it came: they are joined once, with the bytes that wait.
   * @param isLast Whether the object ends with this piece.
   * @returns Parts. With runs, the text of a part is freed as soon as the next part is asked for.
   */
  *read(piece: readonly Uint8Array[], isLast: boolean): Generator<LandedPart, void, undefined> {
    const [first = NOTHING, ...rest] = this.#waiting.length === 0 ? piece : [this.#waiting, ...piece];
    const whole = rest.length === 0 ? first : Buffer.concat([first, ...rest]);
    const bytes = Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength);
    let offset = 0;
    while (offset < bytes.length) {
      const part = this.#next(bytes, offset, isLast);
      if (part === null) break;
      yield part;
      if (this.#runBytes > 0) giveBack(part.text);
      offset += part.bytes.length;
      this.#position += part.bytes.length;
    }
    // The piece need not be kept for its last bytes.
    this.#waiting = Buffer.from(bytes.subarray(offset));
  }

  /** The next part; null if it depends on the bytes that follow. @param offset Where it begins in `bytes`. */
  #next(bytes: Buffer, offset: number, isLast: boolean): LandedPart | null {
    const skipping = this.#skipping;
    if (skipping !== null) {
      const to = skipping === 'not_searched' ? bytes.length : nextHeader(bytes, offset, isLast);
      if (to > offset) return skippedPart(this.#position, bytes.subarray(offset, to), skipping);
    } else if (this.#position >= this.#aloneTo) {
      const run = this.#run(bytes, offset, isLast);
      if (run !== null) return run;
    }
    const spent = this.#spent;
    const begunAt = this.#clock.now();
    // #memberAt charges what it inflates. That is taken back for a member, and for what depends on more bytes: it is
    // inflated, and charged, again.
    const found = this.#memberAt(bytes, offset, isLast);
    const isMember = found !== 'more' && found.text !== null;
    if (isMember || found === 'more') this.#spent = spent;
    if (!isMember && skipping !== null) this.#spentMs += this.#clock.now() - begunAt;
    if (found === 'more') return null;
    const partBytes = bytes.subarray(offset, found.end ?? nextHeader(bytes, offset + 1, isLast));
    this.#skipping = found.end === null ? found.why : null;
    if (found.why !== null) return skippedPart(this.#position, partBytes, found.why);
    this.#lastLength = found.text.length;
    return memberPart(this.#position, partBytes, found.text);
  }

  /**
   * Inflates the members up to a header together; null unless all of them are whole and all their lines are rows. What
   * gunzip answers counts only if it took all bytes: it ends without an error at a zero byte.
   */
  #run(bytes: Buffer, offset: number, isLast: boolean): LandedPart | null {
    const most = offset + this.#runBytes;
    // Bytes farther than a run are not searched: in bytes of others each member would search all of them.
    const near = bytes.subarray(offset + 1, most + HEADER.length);
    const end = isLast && most >= bytes.length ? bytes.length : offset + 1 + near.lastIndexOf(HEADER);
    // No header is in reach: lastIndexOf gave -1.
    if (end === offset) {
      if (most + HEADER.length <= bytes.length) this.#aloneTo = this.#position + this.#runBytes;
      return null;
    }
    const runBytes = bytes.subarray(offset, end);
    const { text, length } = inflate(gunzipSync, runBytes, RUN_TEXT_BYTES, this.#lastRunLength);
    if (text !== null) this.#lastRunLength = text.length;
    if (
      text !== null &&
      length === runBytes.length &&
      text.at(-1) === LINE_BREAK &&
      !text.includes(BETWEEN_ROWS)
    ) {
      const part = memberPart(this.#position, runBytes, text);
      if (part.why === null) return part;
    }
    this.#aloneTo = this.#position + runBytes.length;
    return null;
  }

  /**
   * Inflates the member that begins at a position. The member ends where zlib stopped: gunzip itself ends without an
   * error at a zero byte, and hides what follows.
   */
  #memberAt(bytes: Buffer, offset: number, isLast: boolean): Found {
    const mayGrow = !isLast && bytes.length - offset < MOST_MEMBER_BYTES;
    const from = deflateFrom(bytes, offset);
    if (from === null) return BROKEN;
    if (mayGrow && from + PEEK_BYTES > bytes.length) return 'more';
    const isSearch = this.#skipping !== null;
    // What did not fit a step has more text than that.
    let atLeast = this.#lastLength;
    // While nothing of the object was broken, one step is enough: that is faster, and members are charged nothing.
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
      const inflated = inflate(inflateRawSync, bytes.subarray(from), most, atLeast);
      if (inflated.text !== null) return judgeMember(bytes, from + inflated.length, inflated.text, mayGrow);
      if (inflated.code === 'Z_BUF_ERROR' && mayGrow) return 'more';
      if (inflated.code !== TOO_LARGE) return BROKEN;
      atLeast = most;
    }
    return BROKEN;
  }
}

/** Frees memory at once: V8 would mark all objects for each 16 MB of it, which takes a sixth of the writer's time. */
function giveBack({ buffer }: Buffer): void {
  // What is smaller may be a part of Node's pool.
  if (buffer instanceof ArrayBuffer && buffer.byteLength > Buffer.poolSize) buffer.transfer(0);
}
