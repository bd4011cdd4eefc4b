import { type FileHandle, open } from 'node:fs/promises';
import { defineErrorFamily } from '../base/errors.ts';
import { MAX_FOOTER_BYTES } from '../parquet/parquetFooter.ts';
import type { CustomerBucket, DropObject } from './CustomerBucket.ts';
import { FOOTER_GUESS_BYTES, LARGEST_PART_BYTES } from './limits.ts';

/** Why a file can't be previewed, except for problems of the file itself. */
export const PreviewError = defineErrorFamily('user', {
  SLUICE_PREVIEW_FILE_CHANGED: {
    cause: 'The file was replaced or deleted while it was read.',
    cure: 'Preview it again.',
  },
  SLUICE_PREVIEW_NO_FILE: {
    cause: 'The file to preview does not exist.',
    cure: 'Name a day that has files with --day, or a key with --file.',
  },
  SLUICE_PREVIEW_TOO_LARGE: {
    cause: 'The first row group of the file, or its footer, is too large to be previewed.',
    cure: 'Write the file with row groups of about 100 MB. Loads also need less memory for them.',
  },
});

/**
 * A sparse local copy of an object, with fetched bytes at their offsets. It is as long as the object, and takes only the
 * space of the fetched bytes.
 */
export class PartialFile {
  readonly path: string;
  readonly #bucket: Pick<CustomerBucket, 'read'>;
  readonly #object: DropObject;
  readonly #handle: FileHandle;
  #fetched = 0;
  /** Everything from this offset to the end is fetched. */
  #tail: number;

  private constructor(
    bucket: Pick<CustomerBucket, 'read'>,
    object: DropObject,
    path: string,
    handle: FileHandle,
  ) {
    this.#bucket = bucket;
    this.#object = object;
    this.path = path;
    this.#handle = handle;
    this.#tail = object.size;
  }

  /** Creates the file without any bytes of the object. */
  static async open(
    bucket: Pick<CustomerBucket, 'read'>,
    object: DropObject,
    path: string,
  ): Promise<PartialFile> {
    const handle = await open(path, 'w+');
    await handle.truncate(object.size);
    return new PartialFile(bucket, object, path, handle);
  }

  /** Bytes fetched so far. */
  get fetched(): number {
    return this.#fetched;
  }

  /**
   * Fetches a range, except for bytes at its end that are fetched already, as footers are read before the rows.
   *
   * @param end The first byte after the range. It may be beyond the end of the object.
   * @throws PreviewError if the object has changed, or the range is too large.
   */
  async fetch(start: number, end: number): Promise<void> {
    const from = Math.max(0, start);
    const last = Math.min(end, this.#tail) - 1;
    if (last < from) return;
    if (last - from >= LARGEST_PART_BYTES)
      throw new PreviewError('SLUICE_PREVIEW_TOO_LARGE', `${this.#object.key}: ${last - from + 1} bytes.`);
    const body = await this.#bucket.read(this.#object, { first: from, last });
    if (body === null) throw new PreviewError('SLUICE_PREVIEW_FILE_CHANGED', `${this.#object.key}.`);
    let place = from;
    for await (const chunk of body) {
      const bytes = Buffer.from(chunk);
      await this.#handle.write(bytes, 0, bytes.length, place);
      place += bytes.length;
    }
    this.#fetched += place - from;
    if (place === this.#tail) this.#tail = from;
  }

  /** The last bytes of the object. */
  async tail(bytes: number): Promise<Buffer> {
    const buffer = Buffer.alloc(Math.min(bytes, this.#object.size));
    await this.#handle.read(buffer, 0, buffer.length, this.#object.size - buffer.length);
    return buffer;
  }

  /** Fetches the magic at the beginning and the footer at the end, whose last 8 bytes contain its length. */
  async fetchFooter(): Promise<void> {
    const { size } = this.#object;
    const guess = size - FOOTER_GUESS_BYTES;
    await this.fetch(guess, size);
    if (guess > 0) await this.fetch(0, 4);
    const tail = await this.tail(8);
    if (tail.length < 8 || tail.toString('latin1', 4) !== 'PAR1') return;
    const length = tail.readUInt32LE(0);
    const start = size - 8 - length;
    // A load refuses a larger one.
    if (start > 0 && start < guess && length <= MAX_FOOTER_BYTES) await this.fetch(start, guess);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
