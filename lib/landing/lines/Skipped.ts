import { isUtf8 } from 'node:buffer';
import { gzipSync } from 'node:zlib';
import { textOfCut } from './gzipMember.ts';
import { type LandedPart, rowHours, type SkippedWhy } from './landedLines.ts';

const MOST_RANGES = 20;

/** What was skipped of an object. */
export class Skipped {
  /** Bytes of the object that are kept, by the cause. */
  readonly causes: Partial<Record<SkippedWhy, number>> = {};
  /** The sum of `causes`. */
  bytes = 0;
  /** How many ranges of bytes, and the first {@link MOST_RANGES} of them. */
  count = 0;
  readonly ranges: { readonly from: number; to: number; readonly why: SkippedWhy }[] = [];
  /** Lines that are no rows. Of a member with `many_lines` only the first lines count. */
  lines = 0;
  /**
   * How many of `lines` begin as a row: of another release, of a day that does not exist, not compressed, or of a cut
   * member.
   */
  rowLike = 0;
  /** The hours in which rows in inflated lines were received; null if rows of any hour may be in what is skipped. */
  hours: Set<string> | null = new Set();
  #last: Skipped['ranges'][number] | undefined;
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
    const looked = why === 'many_lines' ? [text] : others.length > 0 ? others : [textOfCut(bytes)];
    const hours = looked.flatMap(rowHours);
    this.rowLike += hours.length;
    // Uncompressed text without the head of a row holds none of our rows. Any other bytes may hold rows of any hour.
    const isUnknown =
      others.length > 0 ? hours.includes(null) : hours.length > 0 || why === 'not_searched' || !isUtf8(bytes);
    if (isUnknown) this.hours = null;
    for (const hour of hours) this.hours?.add(hour ?? '');
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
   * All that was skipped, as an object of the landing: whole members of lines that are no rows, and broken bytes behind
   * them. If this object is copied into the landing, the same reader reads it, and writes what it can by then. If it
   * writes nothing, what it skips is the same object again.
   */
  object(): Buffer {
    return Buffer.concat([...this.#whole, ...this.#broken]);
  }
}
