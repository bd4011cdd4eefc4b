/** Chooses a part of what passes, at random. */
export class Sampler {
  readonly #rate: number;
  readonly #random: () => number;

  /**
   * @param rate The part chosen: 0 none, 1 all.
   * @param random Numbers from 0 to 1, exclusive.
   */
  constructor(rate: number, random: () => number) {
    this.#rate = rate;
    this.#random = random;
  }

  /** Whether this one is chosen. */
  next(): boolean {
    return this.#random() < this.#rate;
  }
}
