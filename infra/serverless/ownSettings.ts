import { didYouMean } from '../../lib/base/text.ts';
import { ConfigError } from '../../lib/config/ConfigError.ts';
import type { ServiceConfiguration } from './service.ts';

/** Members of an object in serverless.yml. */
type Settings = { readonly [name: string]: unknown };

/**
 * Settings that a deployment's own serverless.yml may have besides its name, its plugins and its stage. A section that
 * the file leaves empty is null.
 */
interface OwnSettings {
  /** The name of the service. */
  readonly service?: unknown;
  /** Settings that all functions share; undefined without any. */
  readonly provider?: Settings | null | undefined;
  /** Settings of packaging; undefined without any. */
  readonly package?: Settings | null | undefined;
  /** Settings of functions, by the functions' names. */
  readonly functions?: Settings | null | undefined;
  /** Additional resources, or other properties of ours: an object, or a list of objects. */
  readonly resources?: Settings | readonly Settings[] | null | undefined;
}

/**
 * Settings of the provider to which Serverless gives a default before it asks plugins. Only those that are written in
 * the file count.
 */
const WITH_DEFAULTS: readonly string[] = ['region', 'versionFunctions'];
/**
 * Settings that serverless.yml may not have for the provider and for functions, with what is expected in their place,
 * and why.
 */
const REFUSED: Readonly<Record<string, string>> = {
  architecture: '`architecture` of the configuration, as bundles depend on it',
  runtime: 'nothing, as bundles are made for Node 24',
};
/** Settings that serverless.yml may not have for the provider. */
const REFUSED_OF_PROVIDER: Readonly<Record<string, string>> = {
  ...REFUSED,
  stackName: 'nothing, as `sluice` looks for the stack <service>-<stage>',
};

/**
 * The deployment with the settings of serverless.yml, which take precedence: objects are merged, and all else is
 * replaced. Its settings of functions that the configuration does not need are left out with these functions.
 *
 * @param resolved The settings as Serverless has resolved them.
 * @param written The settings as they are written in the file.
 * @throws ConfigError `SLUICE_CONFIG_INVALID` for a setting that Sluice depends on, and a function that it does not have.
 */
export function withOwnSettings(
  deployment: ServiceConfiguration,
  resolved: OwnSettings,
  written: OwnSettings,
): Settings {
  const wrong = [
    ...refused('provider', REFUSED_OF_PROVIDER, resolved.provider ?? written.provider),
    ...wrongFunctions(deployment, resolved.functions),
  ];
  if (written.service !== deployment.service)
    wrong.push(
      `service in serverless.yml: got ${JSON.stringify(written.service)}, expected ${deployment.service}, which is \`service\` of the configuration.`,
    );
  if (wrong.length > 0) throw new ConfigError('SLUICE_CONFIG_INVALID', `\n  ${wrong.join('\n  ')}`);
  const { provider, package: packaging, functions, resources } = resolved;
  const providerSettings = Object.entries(provider ?? {}).filter(
    ([name]) => !WITH_DEFAULTS.includes(name) || written.provider?.[name] !== undefined,
  );
  const functionSettings = Object.entries(functions ?? {}).filter(
    ([name]) => !deployment.unused.includes(name),
  );
  return {
    provider: merged(deployment.provider, Object.fromEntries(providerSettings)),
    package: merged(deployment.package, packaging),
    functions: merged(deployment.functions, Object.fromEntries(functionSettings)),
    // Serverless merges the members of a list in its order.
    resources:
      resources === undefined || resources === null
        ? deployment.resources
        : [deployment.resources, resources].flat(),
  };
}

/** Problems with settings that Sluice decides, with what is expected in their place. */
function refused(path: string, expected: Readonly<Record<string, string>>, settings: unknown): string[] {
  if (!isSettings(settings)) return [];
  return Object.entries(expected)
    .filter(([name]) => settings[name] !== undefined && settings[name] !== null)
    .map(([name, instead]) => `${path}.${name} in serverless.yml: expected ${instead}.`);
}

/**
 * Problems with settings of functions that are not ours: a misspelt name would have no effect, or be packaged without
 * code.
 */
function wrongFunctions(
  deployment: Pick<ServiceConfiguration, 'functions' | 'unused'>,
  functions: unknown,
): string[] {
  if (functions === undefined || functions === null) return [];
  if (!isSettings(functions))
    return [
      'functions in serverless.yml: expected settings by the names of functions, such as `collect: { memorySize: 2048 }`, not a list.',
    ];
  const known = [...Object.keys(deployment.functions), ...deployment.unused];
  return Object.entries(functions).flatMap(([name, settings]) =>
    known.includes(name)
      ? refused(`functions.${name}`, REFUSED, settings)
      : [
          `functions.${name} in serverless.yml: expected a function of Sluice (${known.toSorted().join(', ')}). Put one of your own into another stack.${didYouMean(name, known)}`,
        ],
  );
}

/** Our value with theirs in it: objects are merged, and all else is replaced. */
function merged(ours: unknown, theirs: unknown): unknown {
  if (theirs === undefined || theirs === null) return ours;
  if (!isSettings(ours) || !isSettings(theirs)) return theirs;
  const names = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
  return Object.fromEntries([...names].map((name) => [name, merged(ours[name], theirs[name])]));
}

/** Whether a value is an object, and no list. */
function isSettings(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
