import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Config, configSchema } from '../schema/config.ts';
import { ConfigError } from './ConfigError.ts';

/** The configuration file that tools read: `SLUICE_CONFIG` if it is set, else `sluice.config.ts` at the root. */
export function configFile(root: string, env: Readonly<Record<string, string | undefined>>): string {
  return resolve(root, env.SLUICE_CONFIG ?? 'sluice.config.ts');
}

/**
 * Loads a configuration file by path: for tools and for packaging. Deployed functions never do: the build
 * puts the validated configuration into each bundle in place of `#config`.
 *
 * @throws ConfigError `SLUICE_CONFIG_NOT_FOUND` when the file is not there or exports no configuration,
 *   `SLUICE_CONFIG_BROKEN` when it can't be imported.
 */
export async function loadConfig(file: string): Promise<Config> {
  let module: { default?: unknown };
  try {
    module = await import(pathToFileURL(file).href);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const code = existsSync(file) ? 'SLUICE_CONFIG_BROKEN' : 'SLUICE_CONFIG_NOT_FOUND';
    throw new ConfigError(code, whatFailed(file, error), { cause: error });
  }
  const result = configSchema.safeParse(module.default);
  if (!result.success) {
    throw new ConfigError('SLUICE_CONFIG_NOT_FOUND', `${file} has no default export made by defineConfig.`);
  }
  return result.data;
}

/** Why a module could not be imported, with the line if the engine reports it: it does so only in the stack. */
function whatFailed(file: string, error: unknown): string {
  if (!existsSync(file)) return `${file} is not there.`;
  if (!(error instanceof Error)) return `${file}: ${String(error)}`;
  const { stack = '' } = error;
  const line = [file, pathToFileURL(file).href]
    .map((name) => stack.indexOf(`${name}:`) + name.length)
    .flatMap((end) => /^:\d+(:\d+)?/.exec(stack.slice(end))?.[0] ?? [])
    .at(0);
  return `${file}${line ?? ''}: ${error.name}: ${error.message}`;
}
