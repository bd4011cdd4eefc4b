import { didYouMean } from '../../lib/base/text.ts';
import { ConfigError } from '../../lib/config/ConfigError.ts';
import type { serviceConfiguration } from './service.ts';

type Settings = { readonly [name: string]: unknown };

/** Settings that a deployment's own serverless.yml may have besides its name, its plugins and its stage. */
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
/** Settings that serverless.yml may not have, of the provider and of functions: what is expected in their place, and why. */
const REFUSED: Readonly<Record<string, string>> = {
  architecture: '`architecture` in sluice.config.ts, as bundles depend on it',
  runtime: 'nothing, as bundles are made for Node 24',
};
/** The same, of the provider alone. */
const REFUSED_OF_PROVIDER: Readonly<Record<string, string>> = {
  ...REFUSED,
  stackName: `nothing, as \`sluice\` looks for the stack ${SERVICE}-<stage>`,
};

/**
 * The deployment with the settings of serverless.yml, which take precedence: objects are merged, all else is replaced. What it
 * says of functions that the configuration does not need is left out with them.
 *
 * @param resolved The settings as Serverless has resolved them.
 * @param written The same as the file has them.
 * @throws ConfigError `SLUICE_CONFIG_INVALID` for a setting that Sluice depends on, and a function that it does not have.
 */
export function withOwnSettings(
  made: ReturnType<typeof serviceConfiguration>,
  resolved: OwnSettings,
  written: OwnSettings,
): Settings {
  const wrong = [
    ...refused('provider', REFUSED_OF_PROVIDER, resolved.provider ?? written.provider),
    ...wrongFunctions(made, resolved.functions),
  ];
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

function refused(path: string, expected: Readonly<Record<string, string>>, settings: unknown): string[] {
  if (!isSettings(settings)) return [];
  return Object.entries(expected)
    .filter(([name]) => settings[name] !== undefined && settings[name] !== null)
    .map(([name, what]) => `${path}.${name} in serverless.yml: expected ${what}.`);
}

/** Settings of functions that are not ours: a misspelt name would have no effect, or be packaged without code. */
function wrongFunctions(
  made: Pick<ReturnType<typeof serviceConfiguration>, 'functions' | 'unused'>,
  functions: unknown,
): string[] {
  if (functions === undefined || functions === null) return [];
  if (!isSettings(functions))
    return [
      'functions in serverless.yml: expected settings by the names of functions, such as `collect: { memorySize: 2048 }`, not a list.',
    ];
  const known = [...Object.keys(made.functions), ...made.unused];
  return Object.entries(functions).flatMap(([name, settings]) =>
    known.includes(name)
      ? refused(`functions.${name}`, REFUSED, settings)
      : [
          `functions.${name} in serverless.yml: expected a function of Sluice (${known.toSorted().join(', ')}). Put one of your own into another stack.${didYouMean(name, known)}`,
        ],
  );
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
