/** How often each of some names was counted. */
export class Counts {
  readonly #counts = new Map<string, number>();

  /** Counts each name once for each time that it is listed. */
  constructor(names: Iterable<string> = []) {
    for (const name of names) this.add(name);
  }

  add(name: string, times = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + times);
  }

  toObject(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }
}
