/** Keeps what was read: V8 leaves a read out, and with it the copying, once it sees that nobody wants the result. */
const read = new Uint16Array(1);

/**
 * The same text, copied together. V8 keeps a concatenation as a tree of its pieces and walks the tree at each
 * use; reading a character makes it put the pieces together for good. Worth it for texts used more than once.
 */
export function flatten(text: string): string {
  read[0] = text.charCodeAt(0);
  return text;
}

/** Characters of a concatenation that are put together at a time. */
const CHUNK = 32_768;

/**
 * A text put together from very many pieces. V8's tree of them would take up to 32 times the memory of the text, so
 * they are copied together on the way.
 */
export class LongText {
  readonly #chunks: string[] = [];
  #open = '';

  add(piece: string): void {
    this.#open += piece;
    if (this.#open.length > CHUNK) {
      this.#chunks.push(flatten(this.#open));
      this.#open = '';
    }
  }

  /** All of it. */
  end(): string {
    this.#chunks.push(this.#open);
    this.#open = '';
    return this.#chunks.join('');
  }
}
