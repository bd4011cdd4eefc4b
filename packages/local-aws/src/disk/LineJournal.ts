import { closeSync, fstatSync, ftruncateSync, openSync, readFileSync } from 'node:fs';
import { DiskError } from '../base/errors.ts';
import { replaceAndKeepOpen, writeWhole } from './files.ts';

/**
 * A file of JSON lines to which every change is appended before it is believed.
 *
 * A line is written before {@link append} returns, so it outlives the process being killed; it isn't forced to the
 * disk, so the machine losing power may take the last moments with it. What a kill can leave is a torn last line,
 * which is one that never was: it is dropped at opening. What a full disk can leave of one is cut off again at once.
 * All calls are synchronous: a change and its line are one step.
 */
export class LineJournal<Line> {
  readonly #file: string;
  #descriptor: number;
  #length: number;
  #lines: number;
  /** A torn line could not be cut off yet: nothing may be glued to it. */
  #torn = false;

  private constructor(file: string, descriptor: number, lines: number) {
    this.#file = file;
    this.#descriptor = descriptor;
    this.#length = fstatSync(descriptor).size;
    this.#lines = lines;
  }

  /** A new journal that begins with `lines`, complete or not there at all; replaces one that is there. */
  static create<Line>(file: string, lines: readonly Line[]): LineJournal<Line> {
    return new LineJournal<Line>(file, replaceAndKeepOpen(file, textOf(lines)), lines.length);
  }

  /**
   * Reads a journal and opens it for more.
   *
   * @throws DiskError DISK_DAMAGED for a whole line that `parse` refuses, naming file and line.
   */
  static open<Line>(
    file: string,
    parse: (value: unknown) => Line,
  ): { readonly journal: LineJournal<Line>; readonly lines: Line[] } {
    const bytes = readFileSync(file);
    const whole = bytes.subarray(0, bytes.lastIndexOf('\n') + 1);
    const lines = whole
      .toString('utf8')
      .split('\n')
      .slice(0, -1)
      .map((line, i) => {
        try {
          return parse(JSON.parse(line));
        } catch (error) {
          throw new DiskError('DISK_DAMAGED', `${file}, line ${i + 1}.`, { cause: error });
        }
      });
    const journal = new LineJournal<Line>(file, openSync(file, 'a'), lines.length);
    if (whole.length < journal.#length) journal.#cut(whole.length);
    return { journal, lines };
  }

  /** Lines in the file, those that later ones have overtaken included. */
  get lines(): number {
    return this.#lines;
  }

  /** Writes one line, or throws and has written nothing. */
  append(line: Line): void {
    if (this.#torn) this.#cut(this.#length);
    const bytes = Buffer.from(textOf([line]));
    try {
      writeWhole(this.#descriptor, bytes);
    } catch (error) {
      this.#torn = true;
      try {
        this.#cut(this.#length);
      } catch {
        // Before the next line, then.
      }
      throw error;
    }
    this.#length += bytes.length;
    this.#lines += 1;
  }

  /**
   * Replaces everything by lines that mean the same: at any moment the old journal is there or the new one. Where that
   * fails, as with a full disk, the old one goes on: it is only longer.
   */
  compact(lines: readonly Line[]): void {
    let descriptor: number;
    try {
      descriptor = replaceAndKeepOpen(this.#file, textOf(lines));
    } catch {
      return;
    }
    closeSync(this.#descriptor);
    this.#descriptor = descriptor;
    this.#length = fstatSync(descriptor).size;
    this.#lines = lines.length;
    this.#torn = false;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #cut(length: number): void {
    ftruncateSync(this.#descriptor, length);
    this.#length = length;
    this.#torn = false;
  }
}

function textOf(lines: readonly unknown[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}
