/** Chooses a part of what passes, at random but reproducibly: the same seed makes the same choices. */
export class Sampler {
  readonly #rate: number;
  #state: number;

  /**
   * @param rate The part chosen: 0 none, 1 all.
   * @param seed Its lower 32 bits count.
   */
  constructor(rate: number, seed: number) {
    this.#rate = rate;
    this.#state = seed | 0;
  }

  /** Whether this one is chosen. */
  next(): boolean {
    // mulberry32: one multiplication or two, and good enough for a sample.
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32 < this.#rate;
  }
}
