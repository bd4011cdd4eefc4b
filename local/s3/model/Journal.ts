import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { StoreError } from '../errors.ts';

/**
 * A file of JSON lines to which every change is appended before it is believed.
 *
 * A line is one write to the kernel, so it outlives the process being killed; it isn't forced to the disk,
 * so the machine losing power may take the last moments with it. A torn last line, the one thing that a kill
 * can leave, is dropped at opening. All calls are synchronous: a change and its line are one step.
 */
export class Journal<Line> {
  readonly #file: string;
  #descriptor: number;
  #length: number;

  private constructor(file: string) {
    this.#file = file;
    this.#descriptor = openSync(file, 'a');
    this.#length = fstatSync(this.#descriptor).size;
  }

  /** A new journal that begins with `lines`, complete or not there at all. */
  static create<Line>(file: string, lines: readonly Line[]): Journal<Line> {
    replaceFile(file, lines);
    return new Journal<Line>(file);
  }

  /**
   * Reads a journal and opens it for more.
   *
   * @throws StoreError `SLUICE_S3_JOURNAL_DAMAGED` for a whole line that `parse` refuses.
   */
  static open<Line>(
    file: string,
    parse: (value: unknown) => Line,
  ): { readonly journal: Journal<Line>; readonly lines: Line[] } {
    const text = readFileSync(file, 'utf8');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    const lines = whole
      .split('\n')
      .slice(0, -1)
      .map((line, i) => {
        try {
          return parse(JSON.parse(line));
        } catch (error) {
          throw new StoreError('SLUICE_S3_JOURNAL_DAMAGED', `${file}, line ${i + 1}.`, { cause: error });
        }
      });
    const journal = new Journal<Line>(file);
    if (whole.length < text.length) journal.#truncate(Buffer.byteLength(whole));
    return { journal, lines };
  }

  append(line: Line): void {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    try {
      for (let written = 0; written < bytes.length; ) {
        written += writeSync(this.#descriptor, bytes, written);
      }
    } catch (error) {
      // A full disk may have taken half a line: the next one must not be glued to it.
      this.#truncate(this.#length);
      throw error;
    }
    this.#length += bytes.length;
  }

  /** Replaces everything by `lines`: the old journal or the new one is there at any moment. */
  rewrite(lines: readonly Line[]): void {
    replaceFile(this.#file, lines);
    closeSync(this.#descriptor);
    this.#descriptor = openSync(this.#file, 'a');
    this.#length = fstatSync(this.#descriptor).size;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #truncate(length: number): void {
    ftruncateSync(this.#descriptor, length);
    this.#length = length;
  }
}

function replaceFile(file: string, lines: readonly unknown[]): void {
  writeFileSync(`${file}.new`, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  renameSync(`${file}.new`, file);
}
