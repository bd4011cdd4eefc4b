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
