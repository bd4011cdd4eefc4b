import type { Plugin } from 'esbuild';
import type { Config } from '../../lib/config/configSchema.ts';

const NAMESPACE = 'sluice-config';

/**
 * Makes `#config` the validated configuration as plain data, so that a deployed function neither validates
 * it again nor carries the file it came from.
 */
export function configModule(config: Config): Plugin {
  return {
    name: NAMESPACE,
    setup(build) {
      build.onResolve({ filter: /^#config$/ }, () => ({ path: 'configuration', namespace: NAMESPACE }));
      build.onLoad({ filter: /.*/, namespace: NAMESPACE }, () => ({
        contents: `export default ${JSON.stringify(config)};`,
        loader: 'js',
      }));
    },
  };
}
