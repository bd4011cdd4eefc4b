/** Longest text that is remembered, in UTF-16 units. What repeats is short: members, rules and reasons have up to 40. */
const LONGEST = 64;

/**
 * Remembers what was made of texts that senders repeat, as long as a Lambda is warm. Anybody with a key may send any
 * text, so that long ones are not remembered, and when it is full it forgets all: texts that never come again must
 * not keep the place of those that do.
 */
export class ShortTexts<Made> {
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

  /** What was made of the text; undefined when it isn't remembered. */
  get(text: string): Made | undefined {
    return text.length > LONGEST ? undefined : this.#made.get(text);
  }

  /** Remembers what was made of the text, if it is short. */
  set(text: string, made: Made): void {
    if (text.length > LONGEST) return;
    if (this.#made.size >= this.#atMost) this.#made.clear();
    this.#made.set(text, made);
  }
}
