import { appendFile, readFile, rm } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { type LandedPart, MOST_OTHERS } from '../lines/LandedObject.ts';

/** Bytes of lines that are kept in memory. */
const LINES_BYTES = 16_777_216;

/**
 * What was skipped of an object of the landing, in the making: one object of `damaged/`, under the key of the object. It begins with
 * the lines that are no rows, as gzip members, and with whole members that have nothing else; broken bytes are behind them.
 *
 * So it is an object of the landing itself: a copy of it under its key in `landing/` is read by the same reader, which writes what it
 * can by then. What it skips again is the same object again. The writer puts that before it deletes the object of the landing: once
 * that is gone, an object of `damaged/` that is older than the copy has nothing that is still to be written.
 */
export class DamagedObject {
  readonly #whole: string;
  readonly #broken: string;
  #lines: Buffer[] = [];
  #linesBytes = 0;
  /** Bytes so far, about. */
  size = 0;

  /** @param path Of files that nobody else has: the beginning of their names. */
  constructor(path: string) {
    [this.#whole, this.#broken] = [`${path}-whole`, `${path}-broken`];
  }

  /** Adds what is skipped of a part. */
  async add(part: LandedPart): Promise<void> {
    if ('why' in part) {
      this.size += part.bytes.length;
      await appendFile(part.why === 'many_lines' ? this.#whole : this.#broken, part.bytes);
      return;
    }
    if (part.lines.length === 0 && part.others.length > 0) {
      this.size += part.bytes.length;
      await appendFile(this.#whole, part.bytes);
      return;
    }
    const bytes = part.others.reduce((sum, line) => sum + line.length, 0);
    // Each member has so few of them that those that are rows by then are read.
    if (this.#lines.length + part.others.length > MOST_OTHERS || this.#linesBytes + bytes > LINES_BYTES)
      await this.#flush();
    this.#lines.push(...part.others.map((line) => Buffer.from(line)));
    this.#linesBytes += bytes;
    this.size += bytes;
  }

  /** The bytes of the object so far. */
  async bytes(): Promise<Buffer> {
    await this.#flush();
    const read = (path: string) => readFile(path, { flag: 'a+' });
    return Buffer.concat([await read(this.#whole), await read(this.#broken)]);
  }

  async remove(): Promise<void> {
    for (const path of [this.#whole, this.#broken]) await rm(path, { force: true });
  }

  async #flush(): Promise<void> {
    if (this.#lines.length > 0) await appendFile(this.#whole, gzipSync(Buffer.concat(this.#lines)));
    [this.#lines, this.#linesBytes] = [[], 0];
  }
}
