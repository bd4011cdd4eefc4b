import { dirname, join } from 'node:path';

/**
 * A path in quotes, with the statement that imports it, if one does. Several in a row may be parts of one path, like
 * the arguments of `join`. A text before a colon is the key of an object.
 */
const QUOTED =
  /(?:(?:^|\n)\s*(?:import|export)\s+(type\b)?([^'";]*?)from\s+)?('[\w.@#/-]+'(?:,\s*'[\w.@#/-]+')*)(?!:)/g;
/** How many words in a row are joined. */
const MOST_PARTS = 6;

/** Which modules of the repository load which, or start them by their path, by their sources alone. Types don't count. */
export class ImportGraph {
  readonly #texts: ReadonlyMap<string, string>;
  readonly #loaded = new Map<string, readonly string[]>();
  readonly #names: Readonly<Record<string, string>>;
  readonly #started: Readonly<Record<string, string>>;
  readonly #asked: RegExp;

  /**
   * @param texts Sources by their path from the root, e.g. `lib/base/json.ts`.
   * @param names What package imports stand for, e.g. `#config`: a path from the root.
   * @param started A module that another one starts by a path that it calculates: from root to root.
   * @param asked Modules that load something only when a test says the word that the first group is: a command of a CLI.
   */
  constructor(
    texts: ReadonlyMap<string, string>,
    names: Readonly<Record<string, string>> = {},
    started: Readonly<Record<string, string>> = {},
    asked = /(?!)/,
  ) {
    this.#texts = texts;
    this.#names = names;
    this.#started = started;
    this.#asked = asked;
  }

  /** All modules that a module may load or start, directly or indirectly, itself included. */
  reach(path: string): ReadonlySet<string> {
    const reached = new Set([path]);
    for (const each of reached)
      if (!this.#asked.test(each)) for (const next of this.#loads(each)) reached.add(next);
    const said = [...reached].map((each) => (each.startsWith('test/') ? this.#texts.get(each) : '')).join();
    for (const each of reached) {
      const word = this.#asked.exec(each)?.[1];
      if (word === undefined || new RegExp(`\\b${word}\\b`).test(said))
        for (const next of this.#loads(each)) reached.add(next);
    }
    return reached;
  }

  /**
   * The suites that reach one of the files. A file that is no module counts as loaded by each module that has a path to it.
   *
   * @returns Paths, sorted, and the files that no suite reaches.
   */
  suitesOf(
    files: readonly string[],
    suites: readonly string[],
  ): { readonly suites: readonly string[]; readonly unreached: readonly string[] } {
    const reaches = suites.map((suite) => [suite, this.reach(suite)] as const);
    const found = new Set<string>();
    const unreached: string[] = [];
    for (const file of files) {
      const wanted = this.#texts.has(file) ? [file] : this.#naming(file);
      const reaching = reaches.filter(([, reached]) => wanted.some((path) => reached.has(path)));
      for (const [suite] of reaching) found.add(suite);
      if (reaching.length === 0) unreached.push(file);
    }
    return { suites: [...found].sort(), unreached };
  }

  #naming(file: string): readonly string[] {
    const name = file.slice(file.lastIndexOf('/') + 1);
    return [...this.#texts].flatMap(([path, text]) =>
      text.includes(`/${name}'`) || text.includes(`'${name}'`) ? [path] : [],
    );
  }

  #loads(path: string): readonly string[] {
    const known = this.#loaded.get(path);
    if (known !== undefined) return known;
    const started = this.#started[path];
    const loaded = new Set(started === undefined ? [] : [started]);
    for (const [, type, names, quoted = ''] of this.#texts.get(path)?.matchAll(QUOTED) ?? []) {
      if (type !== undefined || onlyTypes(names ?? '')) continue;
      const parts = quoted.split(/,\s*/).map((part) => part.slice(1, -1));
      for (let end = 1; end <= parts.length; end += 1)
        for (let start = Math.max(0, end - MOST_PARTS); start < end; start += 1) {
          const name = parts.slice(start, end).join('/');
          const target =
            (names === undefined ? undefined : this.#names[name]) ??
            (name.startsWith('.') ? join(dirname(path), name) : name);
          if (this.#texts.has(target)) loaded.add(target);
        }
    }
    this.#loaded.set(path, [...loaded]);
    return [...loaded];
  }
}

/** `{ type A, type B }`: nothing of it is loaded for its values. */
function onlyTypes(names: string): boolean {
  const listed = /^\{([^}]*)\}\s*$/.exec(names.trim())?.[1];
  if (listed === undefined) return false;
  return listed.split(',').every((name) => name.trim() === '' || name.trim().startsWith('type '));
}
