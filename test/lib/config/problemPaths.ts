import { ConfigError } from '../../../lib/config/ConfigError.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';

/**
 * Paths of the fields for which a configuration is refused, as `sources.0.name`; none if it is accepted.
 *
 * @param input The configuration. A bucket is added to it where it has none.
 * @param of A path that all others are below, which is left out of them.
 */
export function problemPaths(input: object, path = ''): readonly string[] {
  try {
    Reflect.apply(defineConfig, undefined, [{ bucket: 'acme', ...input }]);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const lines = error.detail.trim().split('\n');
    return lines.map((line) =>
      line
        .trim()
        .replace(/:(?: .*)?$/, '')
        .replace(path, ''),
    );
  }
  return [];
}
