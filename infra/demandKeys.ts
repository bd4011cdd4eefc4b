import { ConfigError } from '../lib/config/ConfigError.ts';
import type { Config } from '../lib/config/configSchema.ts';

/**
 * Refuses to deploy a collector that would refuse every request.
 *
 * @throws ConfigError `SLUICE_CONFIG_NO_KEYS`
 */
export function demandKeys(config: Pick<Config, 'keys' | 'allowAnyKey'>): void {
  if (config.keys.length === 0 && !config.allowAnyKey) throw new ConfigError('SLUICE_CONFIG_NO_KEYS');
}
