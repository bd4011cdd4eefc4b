/** Keeps what was read: V8 leaves a read out, and with it the copying, once it sees that nobody wants the result. */
const read = new Uint16Array(1);

/**
 * The same text, copied together. V8 keeps a concatenation as a tree of its pieces and walks the tree at each
 * use; reading a character makes it put the pieces together for good. Worth it for texts used more than once: without it
 * the collector takes 15 % longer.
 */
export function flattenRope(text: string): string {
  read[0] = text.charCodeAt(0);
  return text;
}

/** Longest text that is remembered, in UTF-16 units. What repeats is short: members, rules and reasons have up to 40. */
const LONGEST = 64;

/**
 * Remembers results for texts that senders repeat, as long as a Lambda is warm. Anybody with a key may send any
 * text, so that long ones are not remembered, and when it is full it forgets all: texts that never come again must
 * not keep the place of those that do.
 */
export class InternCache<Made> {
  readonly #made = new Map<string, Made>();
  readonly #atMost: number;

  /** @param atMost How many texts. */
  constructor(atMost: number) {
    this.#atMost = atMost;
  }

  /** How many texts are remembered. */
  get size(): number {
    return this.#made.size;
  }

  /** Returns the remembered result for the text; undefined if there is no result. */
  get(text: string): Made | undefined {
    return text.length > LONGEST ? undefined : this.#made.get(text);
  }

  /** Remembers the result for the text, if the text is short. */
  set(text: string, made: Made): void {
    if (text.length > LONGEST) return;
    if (this.#made.size >= this.#atMost) this.#made.clear();
    this.#made.set(text, made);
  }
}
