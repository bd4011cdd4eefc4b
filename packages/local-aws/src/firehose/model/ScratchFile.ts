import { type FileHandle, open } from 'node:fs/promises';

/** Bytes gathered before they are written. */
const CHUNK_BYTES = 1024 * 1024;

/** A file that is written from front to end in large pieces, deleted by whoever made its folder. */
export class ScratchFile {
  readonly path: string;
  readonly #file: FileHandle;
  #pieces: Uint8Array[] = [];
  #gathered = 0;
  #closed = false;
  /** Bytes put into it. */
  bytes = 0;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  static async create(path: string): Promise<ScratchFile> {
    return new ScratchFile(path, await open(path, 'w'));
  }

  async add(piece: Uint8Array | string): Promise<void> {
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece;
    this.#pieces.push(bytes);
    this.#gathered += bytes.length;
    this.bytes += bytes.length;
    if (this.#gathered >= CHUNK_BYTES) await this.#flush();
  }

  /** Writes what is left. Once closed, does nothing. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await this.#flush();
    } finally {
      await this.#file.close();
    }
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#gathered = 0;
    await this.#file.appendFile(bytes);
  }
}
