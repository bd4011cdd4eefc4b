import { type FileHandle, open } from 'node:fs/promises';
import type { FileEnds } from './format/parquetFooter.ts';

/** Bytes that are read at once to find headers. They often contain small pages as well. */
export const WINDOW_BYTES = 64 * 1_024;

/** A file with a buffer of the last read. Of a small file, which is in memory as a whole, nothing is read. */
export class FileWindow {
  readonly #path: string;
  readonly #size: number;
  #handle: FileHandle | undefined;
  #start: number;
  #bytes: Buffer;

  constructor(path: string, { size, end }: FileEnds) {
    this.#path = path;
    this.#size = size;
    this.#start = size - end.length;
    this.#bytes = end;
  }

  /** Closes the file if it was opened. */
  async close(): Promise<void> {
    await this.#handle?.close();
  }

  /** Bytes from an offset: more than requested if they are buffered, fewer at the end of the file. */
  async from(at: number, length: number): Promise<Buffer> {
    const end = Math.min(at + length, this.#size);
    if (at < this.#start || end > this.#start + this.#bytes.length) {
      const wanted = Math.min(Math.max(length, WINDOW_BYTES), Math.max(0, this.#size - at));
      this.#handle ??= await open(this.#path);
      this.#bytes = await readAt(this.#handle, at, wanted);
      this.#start = at;
    }
    return this.#bytes.subarray(at - this.#start);
  }

  /** Exactly this number of bytes. @throws RangeError if the file ends before. */
  async exactly(at: number, length: number): Promise<Buffer> {
    const bytes = await this.from(at, length);
    if (bytes.length < length) throw new RangeError('A page ends after the end of the file.');
    return bytes.subarray(0, length);
  }
}

/** Reads some bytes of a file. @throws RangeError if the file ends before. */
async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  for (let read = 0; read < length; ) {
    const { bytesRead } = await handle.read(bytes, read, length - read, position + read);
    if (bytesRead === 0) throw new RangeError('The file ends before its footer says.');
    read += bytesRead;
  }
  return bytes;
}
