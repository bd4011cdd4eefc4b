import { ConfigError } from '../../../lib/config/ConfigError.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';

/**
 * Paths of the fields for which a configuration is refused, as `sources.0.name`; none if it is accepted.
 *
 * @param input The configuration. A bucket is added to it where it has none.
 * @param within A beginning of paths, as `sources.`, which is left out of those that have it.
 */
export function problemPaths(input: object, within = ''): readonly string[] {
  try {
    Reflect.apply(defineConfig, undefined, [{ bucket: 'acme', ...input }]);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.fields.map((path) => (path.startsWith(within) ? path.slice(within.length) : path));
  }
  return [];
}

/** Rows of cases that are given by the path of the refused field, each with its words. */
export function byPath<Input>(cases: Readonly<Record<string, Readonly<Record<string, Input>>>>) {
  return Object.entries(cases).flatMap(([path, inputs]) =>
    Object.entries(inputs).map(([what, input]) => ({ path, what, input })),
  );
}

/** Cases that differ in a value, each with its words. */
export const forEach = <Value, Input>(
  words: string,
  values: readonly Value[],
  make: (value: Value) => Input,
) => Object.fromEntries(values.map((value) => [`${words} ${value}`, make(value)]));
