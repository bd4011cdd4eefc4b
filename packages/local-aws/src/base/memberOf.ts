/** The first of these members that an input has, if it is a string. */
export function memberOf(input: unknown, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value: unknown = Object(input)[name];
    if (typeof value === 'string') return value;
  }
  return undefined;
}
