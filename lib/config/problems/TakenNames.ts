import { type ConfigProblem, unexpected } from '../../schema/ConfigProblem.ts';

/** Names of one kind, of which each may be given once. Whoever gives a name again gets a problem. */
export class TakenNames {
  readonly #problems: ConfigProblem[];
  readonly #what: string;
  /** The field that has a name. */
  readonly #fields: Map<string, string>;

  /**
   * @param problems Gets the problem of a name that is taken: another was expected than that of the field that has it.
   * @param what What the names are of, in words: `table`.
   * @param taken Names that are taken already, each with what has it, in words. Default none.
   */
  constructor(
    problems: ConfigProblem[],
    what: string,
    taken: Iterable<readonly [name: string, owner: string]> = [],
  ) {
    this.#problems = problems;
    this.#what = what;
    this.#fields = new Map(taken);
  }

  /**
   * Takes a name for a field, or adds a problem.
   *
   * @param key What must not be taken, for names that are equal although they are written otherwise. Default: the name.
   */
  claim(name: string, field: string, key: string = name): void {
    const owner = this.#fields.get(key);
    if (owner === undefined) this.#fields.set(key, field);
    else this.#problems.push(unexpected(field, name, `another ${this.#what} than ${owner}`));
  }
}
