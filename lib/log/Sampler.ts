import { seededRandom } from '../random/seededRandom.ts';

/** Chooses a part of what passes, at random but reproducibly: the same seed makes the same choices. */
export class Sampler {
  readonly #rate: number;
  readonly #random: () => number;

  /**
   * @param rate The part chosen: 0 none, 1 all.
   * @param seed Its lower 32 bits count.
   */
  constructor(rate: number, seed: number) {
    this.#rate = rate;
    this.#random = seededRandom(seed);
  }

  /** Whether this one is chosen. */
  next(): boolean {
    return this.#random() < this.#rate;
  }
}
