import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LINE_BREAK } from '../../base/text.ts';
import type { UtcDay } from '../../base/time.ts';
import { type TableKind, tableKinds } from '../../schema/kinds.ts';
import type { LandedLine, LandedPart } from '../lines/landedLines.ts';
import { ROW_END } from '../store/encodeLines.ts';

/** Bytes of rows that are kept in memory before they are appended to their files. */
const WAITING_BYTES = 4_194_304;
/** Files that keep the memory for their rows: a round may have rows of any number of days. */
const MOST_KEPT = 16;
/** Bytes of memory that a file begins with. They are not counted as rows, and one part can have rows of 1,500 files. */
const FIRST_BYTES = 4_096;
/** Bytes of a line that DuckDB reads without larger buffers than its own. */
export const SMALL_LINE = 1_048_576;

/**
 * The rows of one kind and day in a round: a file with a JSON object in each line, and what is known of it. Every line
 * ends with a line break, the last one too.
 */
export interface RoundLines {
  /** The kind of the rows' table. */
  readonly kind: TableKind;
  /** The day of their folder. */
  readonly day: UtcDay;
  /** The absolute path of the file. */
  readonly path: string;
  /** How many lines the file has. */
  readonly rows: number;
  /** The size of the file. */
  readonly bytes: number;
  /** Bytes of its longest line, or more. */
  readonly longest: number;
  /**
   * Key of the object that a line came from, by the position at which the line begins in the file.
   *
   * @throws RangeError if no line begins there or before.
   */
  keyAt(offset: number): string;
}

/** Lines of objects, split by kind and day into files of a folder, to be written to tables at once. */
export class Round {
  /** Keys of the objects in the round. An object may have no lines in it. */
  readonly keys = new Set<string>();
  /** The sum of {@link sizeInRound}. */
  size = 0;
  readonly #directory: string;
  readonly #files = new Map<string, LinesFile>();
  #last: LinesFile | undefined;
  #waitingBytes = 0;

  /** @param directory An empty folder of its own. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Adds lines of an object. */
  async add(
    key: string,
    { bytes, text, lines }: Pick<LandedPart, 'bytes' | 'text' | 'lines'>,
  ): Promise<void> {
    this.keys.add(key);
    this.size += sizeInRound({ bytes, text });
    for (const line of lines) this.#file(line.kind, line.day).add(key, text, line);
    this.#waitingBytes += text.length;
    if (this.#waitingBytes >= WAITING_BYTES) await this.#flush();
  }

  /** Ends the files. @returns All of them, by kind, quarantine last, and by day. */
  async close(): Promise<RoundLines[]> {
    await this.#flush();
    return [...this.#files.values()].sort(
      (a, b) => tableKinds.indexOf(a.kind) - tableKinds.indexOf(b.kind) || (a.day < b.day ? -1 : 1),
    );
  }

  /** The file of a kind and day; made with its first line. */
  #file(kind: TableKind, day: UtcDay): LinesFile {
    // Most lines follow one of their kind and day.
    if (this.#last?.kind === kind && this.#last.day === day) return this.#last;
    const name = `${kind}-${day}.ndjson`;
    const file = this.#files.get(name) ?? new LinesFile(kind, day, join(this.#directory, name));
    this.#files.set(name, file);
    this.#last = file;
    return file;
  }

  /** Appends the rows that wait to their files. */
  async #flush(): Promise<void> {
    this.#waitingBytes = 0;
    for (const file of this.#files.values()) await file.flush(this.#files.size <= MOST_KEPT);
  }
}

/**
 * How much of a round a member takes: the bytes of its text. Of rows that hardly compress the files are about as large
 * as the members, and in memory while they are put, so these count twice.
 */
export function sizeInRound({ bytes, text }: Pick<LandedPart, 'bytes' | 'text'>): number {
  return Math.max(text.length, 2 * bytes.length);
}

/** The file of one kind and day, to which lines are appended. */
class LinesFile implements RoundLines {
  readonly kind: TableKind;
  readonly day: UtcDay;
  readonly path: string;
  rows = 0;
  bytes = 0;
  longest = SMALL_LINE;
  readonly #objects: { readonly from: number; readonly key: string }[] = [];
  /** Rows that are not in the file yet. */
  #waiting = Buffer.of();
  #waitingBytes = 0;

  constructor(kind: TableKind, day: UtcDay, path: string) {
    this.kind = kind;
    this.day = day;
    this.path = path;
  }

  /** Takes the row of a line: by itself, DuckDB reads it in two thirds of the time that it takes for one within its line. */
  add(key: string, text: Buffer, { rowFrom, to }: LandedLine): void {
    if (this.#objects.at(-1)?.key !== key) this.#objects.push({ from: this.bytes, key });
    const length = to - ROW_END.length - rowFrom + 1;
    if (length > this.longest) this.longest = length;
    const end = this.#waitingBytes + length;
    if (end > this.#waiting.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, 2 * end));
      this.#waiting.copy(larger, 0, 0, this.#waitingBytes);
      this.#waiting = larger;
    }
    text.copy(this.#waiting, this.#waitingBytes, rowFrom, to - ROW_END.length);
    this.#waiting[end - 1] = LINE_BREAK;
    this.#waitingBytes = end;
    this.rows += 1;
    this.bytes += length;
  }

  keyAt(offset: number): string {
    const object = this.#objects.findLast(({ from }) => from <= offset);
    if (object === undefined) throw new RangeError(`No line of ${this.path} begins at ${offset}.`);
    return object.key;
  }

  /** Appends the rows that wait. @param keepsMemory Whether their memory is kept for the next rows. */
  async flush(keepsMemory: boolean): Promise<void> {
    if (this.#waitingBytes > 0) await appendFile(this.path, this.#waiting.subarray(0, this.#waitingBytes));
    this.#waitingBytes = 0;
    if (!keepsMemory) this.#waiting = Buffer.of();
  }
}
