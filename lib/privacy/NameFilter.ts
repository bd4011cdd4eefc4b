/** Names as the configuration lists them: exact, or `prefix*`. */
export interface NameLists {
  /** Only these; absent: all. */
  readonly allow?: readonly string[] | undefined;
  /** None of these, allowed or not. */
  readonly deny: readonly string[];
}

/** Says which names land. */
export class NameFilter {
  readonly #allow: Names | null;
  readonly #deny: Names;

  constructor({ allow, deny }: NameLists) {
    this.#allow = allow === undefined ? null : new Names(allow);
    this.#deny = new Names(deny);
  }

  /**
   * Whether what goes by these names lands: none of them is denied, and one of them is allowed.
   *
   * @param names Of one thing: a layer also goes by the experiment that it allocated.
   */
  passes(names: readonly string[]): boolean {
    if (names.some((name) => this.#deny.has(name))) return false;
    const allow = this.#allow;
    return allow === null || names.some((name) => allow.has(name));
  }
}

class Names {
  readonly #exact: ReadonlySet<string>;
  readonly #prefixes: readonly string[];

  constructor(patterns: readonly string[]) {
    this.#exact = new Set(patterns.filter((pattern) => !pattern.endsWith('*')));
    this.#prefixes = patterns
      .filter((pattern) => pattern.endsWith('*'))
      .map((pattern) => pattern.slice(0, -1));
  }

  has(name: string): boolean {
    return this.#exact.has(name) || this.#prefixes.some((prefix) => name.startsWith(prefix));
  }
}
