import { readFileSync } from 'node:fs';

/** The values of a template, by their names. */
export type Values = Readonly<Record<string, string | number | undefined>>;

/**
 * A section of a template in this folder, from `== name` to the next.
 *
 * @returns Its lines with their values; undefined for a line with a value that is undefined, which is left out. An empty value
 *   at the beginning of a line is a condition.
 * @throws RangeError for a section or a value that nobody has.
 */
export function sectionLines(file: string, name: string, values: Values): readonly (string | undefined)[] {
  const all = readFileSync(new URL(file, import.meta.url), 'utf8').split(/^== (\S+)\n/m);
  const at = all.indexOf(name);
  if (at < 0) throw new RangeError(name);
  return (all[at + 1] ?? '')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const names = [...line.matchAll(/\{\{(\w+)\}\}/g)].map(([, key = '']) => key);
      const unknown = names.find((key) => !Object.hasOwn(values, key));
      if (unknown !== undefined) throw new RangeError(`${name}: ${unknown}`);
      if (names.some((key) => values[key] === undefined)) return undefined;
      return line.replace(/\{\{(\w+)\}\}/g, (_, key: string) => String(values[key]));
    });
}

/** A section of a template as text: {@link sectionLines}. */
export function section(file: string, name: string, values: Values = {}): string {
  return sectionLines(file, name, values)
    .filter((line) => line !== undefined)
    .join('\n');
}
