/** A member for each name that was counted. Names that are written as a type can be absent. */
export type Counted<Name extends string> = string extends Name
  ? Record<string, number>
  : Partial<Record<Name, number>>;

/** How often each of some names was counted. */
export class Counts<Name extends string = string> {
  readonly #counts = new Map<Name, number>();

  /** Counts each name once for each time that it is listed. */
  constructor(names: Iterable<Name> = []) {
    for (const name of names) this.add(name);
  }

  /** Adds to the count of a name. */
  add(name: Name, times = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + times);
  }

  /** The counts by name, without names that were never added. */
  toObject(): Counted<Name> {
    return Object.fromEntries(this.#counts) as Counted<Name>;
  }
}
