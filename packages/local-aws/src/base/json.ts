/** Parses JSON; undefined if the text is not JSON. The caller validates the result. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The value at a path of own members into a value of unknown shape; undefined where the path ends early. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined;
    found = Reflect.get(found, key);
  }
  return found;
}

/** The first of these members that an input has, if it is a string. */
export function memberOf(input: unknown, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value: unknown = Object(input)[name];
    if (typeof value === 'string') return value;
  }
  return undefined;
}
