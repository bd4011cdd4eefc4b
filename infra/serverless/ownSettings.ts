import { ConfigError } from '../../lib/config/ConfigError.ts';
import type { serviceConfiguration } from './service.ts';

type Settings = { readonly [name: string]: unknown };

/** What a deployment's own serverless.yml may say beside its name, its plugins and its stage. */
interface OwnSettings {
  readonly service?: unknown;
  readonly provider?: Settings | undefined;
  readonly package?: Settings | undefined;
  /** Settings of functions, by their names. */
  readonly functions?: Settings | undefined;
  /** More resources, or other properties of ours: an object, or a list of them. */
  readonly resources?: Settings | readonly Settings[] | undefined;
}

/** Settings of the provider that Serverless gives a default before it asks plugins: only what is written counts. */
const WITH_DEFAULTS: readonly string[] = ['region', 'versionFunctions'];
/** The service's name, which the names of stacks begin with. */
const SERVICE = 'sluice';
/** Settings of the provider that the bundles depend on too. */
const OF_CONFIGURATION: readonly string[] = ['architecture'];

/**
 * The deployment with the settings of serverless.yml, which take precedence: objects are merged, all else is replaced. What it
 * says of functions that the configuration does not need is left out with them.
 *
 * @param resolved The settings as Serverless has resolved them.
 * @param written The same as the file has them.
 * @throws ConfigError `SLUICE_CONFIG_INVALID` for a setting that only `sluice.config.ts` may have.
 */
export function withOwnSettings(
  made: ReturnType<typeof serviceConfiguration>,
  resolved: OwnSettings,
  written: OwnSettings,
): Settings {
  const wrong = OF_CONFIGURATION.filter((name) => written.provider?.[name] !== undefined).map(
    (name) =>
      `provider.${name} in serverless.yml: expected \`${name}\` in sluice.config.ts, as bundles depend on it.`,
  );
  if (written.service !== SERVICE)
    wrong.push(
      `service in serverless.yml: got ${JSON.stringify(written.service)}, expected ${SERVICE}, as \`sluice\` looks for the stack ${SERVICE}-<stage>.`,
    );
  if (wrong.length > 0) throw new ConfigError('SLUICE_CONFIG_INVALID', `\n  ${wrong.join('\n  ')}`);
  const { provider, package: packaging, functions = {}, resources } = resolved;
  const ofProvider = Object.entries(provider ?? {}).filter(
    ([name]) => !WITH_DEFAULTS.includes(name) || written.provider?.[name] !== undefined,
  );
  const ofFunctions = Object.entries(functions).filter(([name]) => !made.unused.includes(name));
  return {
    provider: merged(made.provider, Object.fromEntries(ofProvider)),
    package: merged(made.package, packaging),
    functions: merged(made.functions, Object.fromEntries(ofFunctions)),
    // Serverless merges a list in its order.
    resources: resources === undefined ? made.resources : [made.resources, resources].flat(),
  };
}

function merged(ours: unknown, own: unknown): unknown {
  if (own === undefined || own === null) return ours;
  if (!isSettings(ours) || !isSettings(own)) return own;
  const names = new Set([...Object.keys(ours), ...Object.keys(own)]);
  return Object.fromEntries([...names].map((name) => [name, merged(ours[name], own[name])]));
}

function isSettings(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
