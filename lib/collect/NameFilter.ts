/** Names as the configuration lists them: exact, or `prefix*`. */
export interface NameLists {
  /** Only these; absent: all. */
  readonly allow?: readonly string[] | undefined;
  /** None of these, allowed or not. */
  readonly deny: readonly string[];
}

/**
 * What a name of such a list expects, in words, when it can match nothing; else null.
 *
 * @param list `events` has custom events, `exposures` gates, configs, experiments and layers.
 * @param name Exact, or `prefix*`.
 */
export function namePatternProblem(list: 'events' | 'exposures', name: string): string | null {
  if (name.trim() !== name) return `${JSON.stringify(name.trim())}, without white space around it`;
  if (list === 'events' && /^statsig::(?:gate|config|layer)_exposure$/.test(name)) {
    return 'a custom event; of exposures the list `exposures` has gates, configs, experiments and layers';
  }
  if (list === 'exposures' && name.startsWith('statsig::')) {
    return 'a gate, config, experiment or layer; `events` has custom events by name';
  }
  return null;
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
