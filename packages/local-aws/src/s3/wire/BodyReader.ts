import type { Readable } from 'node:stream';
import { s3Errors } from '../errors.ts';

/** Reads a stream by lines and by counts of bytes, holding no more than one piece of it. */
export class BodyReader {
  readonly #pieces: AsyncIterator<unknown>;
  #rest: Uint8Array = Buffer.alloc(0);

  constructor(source: Readable) {
    this.#pieces = source.iterator({ destroyOnReturn: false });
  }

  /** Lets go of the stream, which stays open: what is left unread can be drained and the request answered. */
  async close(): Promise<void> {
    await this.#pieces.return?.();
  }

  /**
   * Text up to the next line feed, without it and a carriage return before it.
   *
   * @throws AwsError `IncompleteBody` when the stream ends before, or the line is longer than `limitBytes`.
   */
  async line(limitBytes: number): Promise<string> {
    let line = '';
    for (;;) {
      const end = this.#rest.indexOf(10);
      const piece = end < 0 ? this.#rest : this.#rest.subarray(0, end);
      line += Buffer.from(piece).toString('latin1');
      if (line.length > limitBytes) throw s3Errors.incompleteBody('A line of the chunked body is too long.');
      if (end >= 0) {
        this.#rest = this.#rest.subarray(end + 1);
        return line.endsWith('\r') ? line.slice(0, -1) : line;
      }
      await this.#refill();
    }
  }

  /** Exactly `count` bytes, in pieces. */
  async *take(count: number): AsyncGenerator<Uint8Array> {
    for (let left = count; left > 0; ) {
      if (this.#rest.length === 0) await this.#refill();
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      left -= piece.length;
      if (piece.length > 0) yield piece;
    }
  }

  /** @throws AwsError `IncompleteBody` when there is more. */
  async expectEnd(): Promise<void> {
    while (this.#rest.length === 0) {
      const next = await this.#pieces.next();
      if (next.done === true) return;
      this.#accept(next.value);
    }
    throw s3Errors.incompleteBody('The request body goes on after its last chunk.');
  }

  async #refill(): Promise<void> {
    const next = await this.#pieces.next();
    if (next.done === true) throw s3Errors.incompleteBody('The request body terminated unexpectedly.');
    this.#accept(next.value);
  }

  #accept(piece: unknown): void {
    if (!(piece instanceof Uint8Array)) throw new TypeError('A request body comes in bytes.');
    this.#rest = piece;
  }
}
