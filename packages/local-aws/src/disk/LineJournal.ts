import { closeSync, fstatSync, ftruncateSync, openSync } from 'node:fs';
import { diskProblem } from '../base/diskProblem.ts';
import { DiskError } from '../base/errors.ts';
import { isChecked, isTorn, parseChecked, withChecksum } from './checked.ts';
import { readWhole, replaceAndKeepOpen, writeWhole } from './files.ts';

/**
 * A file of JSON lines with checksums. Every change is appended to it before it takes effect.
 *
 * A line is written before {@link append} returns, so it survives a killed process. It isn't flushed to the disk, so a
 * power failure may lose the last moments. A kill can leave an incomplete last line, which doesn't count and is dropped
 * at the next open. A last line that lacks nothing but its line end counts. An incomplete line from a full disk is removed at
 * once. All calls are synchronous: a change and its line are one step.
 *
 * The owner of a journal closes it. Two journals must not be open on one file.
 */
export class LineJournal<Line> {
  readonly #file: string;
  #descriptor: number;
  #length: number;
  #lines: number;
  /** Whether the file ends in an incomplete line that could not be removed yet: nothing may be appended to it. */
  #torn = false;
  /** Whether the last line has no line end yet, which is then written before the next line. */
  #unended = false;

  private constructor(file: string, descriptor: number, lines: number) {
    this.#file = file;
    this.#descriptor = descriptor;
    this.#length = fstatSync(descriptor).size;
    this.#lines = lines;
  }

  /** Creates a journal that begins with `lines`, atomically. Replaces an existing one. */
  static create<Entry>(file: string, lines: readonly Entry[]): LineJournal<Entry> {
    return new LineJournal<Entry>(file, replaceAndKeepOpen(file, textOf(lines)), lines.length);
  }

  /**
   * Reads a journal and opens it for appending.
   *
   * @throws DiskError DISK_DAMAGED for a complete line that is not what was written or that `parse` refuses, with file
   *   and line, and how many lines can be read. The file stays as it is.
   */
  static open<Entry>(
    file: string,
    parse: (value: unknown) => Entry,
  ): { readonly journal: LineJournal<Entry>; readonly lines: Entry[] } {
    const { lines, ending, end } = readLines(file, parse);
    const journal = new LineJournal<Entry>(file, openSync(file, 'a'), lines.length);
    journal.#takeEnding(ending, end);
    return { journal, lines };
  }

  /**
   * Reads a journal without opening it: another process may be writing its last line, which then does not count.
   *
   * @throws DiskError DISK_DAMAGED, as {@link open}.
   */
  static read<Entry>(file: string, parse: (value: unknown) => Entry): readonly Entry[] {
    return readLines(file, parse).lines;
  }

  /** Opens a journal for appending, whatever its lines hold. Damaged ones stay as they are. */
  static resume<Entry>(file: string): LineJournal<Entry> {
    const bytes = readWhole(file);
    const end = bytes.lastIndexOf('\n') + 1;
    const lines = bytes.toString('latin1').split('\n').length - 1;
    const journal = new LineJournal<Entry>(file, openSync(file, 'a'), lines);
    journal.#takeEnding(bytes.subarray(end).toString('utf8'), end);
    return journal;
  }

  /** Number of lines in the file, including superseded ones. */
  get lines(): number {
    return this.#lines;
  }

  /** Writes one line. If it throws, nothing is written. */
  append(line: Line): void {
    this.appendAll([line]);
  }

  /** Writes lines with one call of the system. If it throws, none is written. */
  appendAll(lines: readonly Line[]): void {
    if (this.#torn) this.#cut(this.#length);
    const bytes = Buffer.from(`${this.#unended ? '\n' : ''}${textOf(lines)}`);
    try {
      writeWhole(this.#descriptor, bytes);
    } catch (error) {
      this.#torn = true;
      try {
        this.#cut(this.#length);
      } catch {
        // The partial line is removed before the next line is written.
      }
      throw error;
    }
    this.#length += bytes.length;
    this.#lines += lines.length;
    this.#unended = false;
  }

  /**
   * Replaces everything by equivalent lines. At any moment either the old journal or the new one exists. If the disk takes no
   * new journal, the old one stays in use: it has the same content in more lines.
   */
  compact(lines: readonly Line[]): void {
    try {
      this.rewrite(lines);
    } catch (error) {
      if (diskProblem(error) === undefined) throw error;
    }
  }

  /** Replaces everything by other lines. If this throws, nothing has changed. */
  rewrite(lines: readonly Line[]): void {
    const descriptor = replaceAndKeepOpen(this.#file, textOf(lines));
    closeSync(this.#descriptor);
    this.#descriptor = descriptor;
    this.#length = fstatSync(descriptor).size;
    this.#lines = lines.length;
    this.#torn = false;
    this.#unended = false;
  }

  /** Closes the file. Nothing can be appended any more. */
  close(): void {
    closeSync(this.#descriptor);
  }

  /** Handles the text after the last line end, which starts at `position`. */
  #takeEnding(ending: string, position: number): void {
    if (isTorn(ending) && !isChecked(ending)) this.#cut(position);
    else this.#unended = ending !== '';
  }

  /** Cuts the file to a length in bytes. */
  #cut(length: number): void {
    ftruncateSync(this.#descriptor, length);
    this.#length = length;
    this.#torn = false;
  }
}

/** Lines as they stand in the file. */
function textOf(lines: readonly unknown[]): string {
  return lines.map((line) => `${withChecksum(JSON.stringify(line))}\n`).join('');
}

/** What a journal's file holds. */
interface FileLines<Entry> {
  /** Every line that counts. */
  readonly lines: Entry[];
  /** The text after the last line end; empty if there is none. */
  readonly ending: string;
  /** Where that text begins, in bytes. */
  readonly end: number;
}

/** Reads the lines of a journal. @throws DiskError DISK_DAMAGED */
function readLines<Entry>(file: string, parse: (value: unknown) => Entry): FileLines<Entry> {
  const bytes = readWhole(file);
  const wholeLines = bytes.subarray(0, bytes.lastIndexOf('\n') + 1);
  // What follows the last line end is a whole line without its end, a line that a kill has cut, or damage.
  const ending = bytes.subarray(wholeLines.length).toString('utf8');
  const isWhole = isChecked(ending);
  const texts = wholeLines.toString('utf8').split('\n').slice(0, -1);
  if (isWhole) texts.push(ending);
  const lines: Entry[] = [];
  const damaged: { readonly line: number; readonly cause: unknown }[] = [];
  for (const [i, text] of texts.entries()) {
    try {
      lines.push(parse(parseChecked(text)));
    } catch (cause) {
      damaged.push({ line: i + 1, cause });
    }
  }
  if (!isWhole && ending !== '' && !isTorn(ending))
    damaged.push({ line: texts.length + 1, cause: 'The line has no end.' });
  const [first] = damaged;
  if (first !== undefined) {
    const found = `${file}, line ${first.line}. ${lines.length} of ${lines.length + damaged.length} lines can be read.`;
    throw new DiskError('DISK_DAMAGED', found, { cause: first.cause });
  }
  return { lines, ending, end: wholeLines.length };
}
