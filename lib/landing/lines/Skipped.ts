import { isUtf8 } from 'node:buffer';
import { gzipSync } from 'node:zlib';
import { textOfCut } from './gzipMember.ts';
import type { LandedPart, SkippedWhy } from './landedLines.ts';
import { rowHours } from './receivedHours.ts';

/** Ranges of skipped bytes that are named. */
const MOST_RANGES = 20;

/** Bytes of an object that were skipped for one cause. */
interface SkippedRange {
  /** The first of them. */
  readonly from: number;
  /** The byte behind the last. */
  to: number;
  /** The cause. */
  readonly why: SkippedWhy;
}

/** What was skipped of an object. */
export class Skipped {
  /** Bytes of the object that are kept, by the cause. */
  readonly causes: Partial<Record<SkippedWhy, number>> = {};
  /** The sum of `causes`. */
  bytes = 0;
  /** How many ranges of bytes. */
  count = 0;
  /** The first {@link MOST_RANGES} of them. */
  readonly ranges: SkippedRange[] = [];
  /** Lines that are no rows. Of a member with `many_lines` only the first lines count. */
  lines = 0;
  /**
   * How many of `lines` begin as a row: of another release, of a day that does not exist, not compressed, or of a cut
   * member.
   */
  rowLike = 0;
  /** The hours in which rows in inflated lines were received; null if rows of any hour may be in what is skipped. */
  hours: Set<string> | null = new Set();
  #last: SkippedRange | undefined;
  readonly #whole: Buffer[] = [];
  readonly #broken: Buffer[] = [];

  /** Adds what is skipped of a part of the object. */
  add({ at, bytes, why, text, lines, others }: LandedPart): void {
    if (why === null) return;
    // Rows of the part are written, so only its other lines are kept. Without rows it is kept as it came.
    const kept = lines.length === 0 ? bytes : gzipSync(Buffer.concat(others));
    // Bytes that have lines are whole members.
    (others.length > 0 ? this.#whole : this.#broken).push(kept);
    this.causes[why] = (this.causes[why] ?? 0) + kept.length;
    this.bytes += kept.length;
    this.lines += others.length;
    const hours = skippedTexts(text, bytes, why, others).flatMap(rowHours);
    this.rowLike += hours.length;
    if (others.length > 0) this.#addHours(hours);
    // Uncompressed text without the head of a row holds none of our rows. Any other bytes may hold rows of any hour.
    else if (hours.length > 0 || !isUtf8(bytes)) this.hours = null;
    const to = at + bytes.length;
    if (this.#last?.to === at && this.#last.why === why) {
      this.#last.to = to;
      return;
    }
    this.#last = { from: at, to, why };
    this.count += 1;
    if (this.count <= MOST_RANGES) this.ranges.push(this.#last);
  }

  /** Adds the hours of rows. One of which the hour is not known may be of any hour. */
  #addHours(hours: readonly (string | null)[]): void {
    for (const hour of hours) {
      if (hour === null) this.hours = null;
      else this.hours?.add(hour);
    }
  }

  /**
   * All that was skipped, as an object of the landing: whole members of lines that are no rows, and broken bytes behind
   * them. If this object is copied into the landing, the same reader reads it, and writes what it can by then. If it
   * writes nothing, what it skips is the same object again.
   */
  object(): Buffer {
    return Buffer.concat([...this.#whole, ...this.#broken]);
  }
}

/** The texts of what is skipped of a part: its lines that are no rows, or what is inflated of a member that is not whole. */
function skippedTexts(
  text: Buffer,
  bytes: Buffer,
  why: SkippedWhy,
  others: readonly Buffer[],
): readonly Buffer[] {
  // Of so many lines only some are in `others`.
  if (why === 'many_lines') return [text];
  return others.length > 0 ? others : [textOfCut(bytes)];
}
