import { resolve } from 'node:path';

/** The configuration file that tools read: `SLUICE_CONFIG` if it is set, else `sluice.config.ts` at the root. */
export function configFile(root: string, env: Readonly<Record<string, string | undefined>>): string {
  return resolve(root, env.SLUICE_CONFIG ?? 'sluice.config.ts');
}
