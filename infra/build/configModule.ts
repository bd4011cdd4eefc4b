import type { Plugin } from 'esbuild';
import type { Config } from '../../lib/config/configSchema.ts';
import { functionConfig } from '../../lib/config/functionConfig.ts';

const NAMESPACE = 'sluice-config';

/**
 * Makes `#config` what a function uses of the validated configuration, as plain data: a deployed function neither
 * validates it again nor carries the file it came from, nor what other functions use.
 *
 * @param name Of the function. One that lib/config/functionConfig.ts doesn't know gets all.
 */
export function configModule(name: string, config: Config): Plugin {
  const used = Object.entries(functionConfig).find(([of]) => of === name)?.[1](config) ?? config;
  return {
    name: NAMESPACE,
    setup(build) {
      build.onResolve({ filter: /^#config$/ }, () => ({ path: 'configuration', namespace: NAMESPACE }));
      build.onLoad({ filter: /.*/, namespace: NAMESPACE }, () => ({
        contents: `export default ${JSON.stringify(used)};`,
        loader: 'js',
      }));
    },
  };
}
