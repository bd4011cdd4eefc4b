import { ConfigError } from '../../lib/config/ConfigError.ts';

/**
 * Refuses to deploy a collector that would refuse every request, as no key may post events, unless it is said that its keys are in the
 * secret: what that holds can't be seen from here, and a first deployment has only just made it.
 *
 * @throws ConfigError `SLUICE_CONFIG_NO_KEYS`
 */
export function demandKeys(config: {
  readonly keys: readonly { readonly label: string; readonly kinds?: readonly string[] }[];
  readonly keysInSecret: boolean;
  readonly allowAnyKey: boolean;
}): void {
  if (config.keys.every(({ kinds }) => kinds?.length === 0) && !config.keysInSecret && !config.allowAnyKey)
    throw new ConfigError('SLUICE_CONFIG_NO_KEYS');
}
