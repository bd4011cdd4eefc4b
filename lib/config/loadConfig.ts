import { pathToFileURL } from 'node:url';
import { ConfigError } from './ConfigError.ts';
import { type Config, configSchema } from './configSchema.ts';

/**
 * Loads a configuration file by path: for tools and for packaging. Deployed functions never do: the build
 * puts the validated configuration into each bundle in place of `#config`.
 *
 * @throws ConfigError `SLUICE_CONFIG_NOT_FOUND` when the file can't be imported or exports no configuration.
 */
export async function loadConfig(file: string): Promise<Config> {
  let module: { default?: unknown };
  try {
    module = await import(pathToFileURL(file).href);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError('SLUICE_CONFIG_NOT_FOUND', `${file} could not be imported.`, { cause: error });
  }
  const result = configSchema.safeParse(module.default);
  if (!result.success) {
    throw new ConfigError('SLUICE_CONFIG_NOT_FOUND', `${file} has no default export made by defineConfig.`);
  }
  return result.data;
}
