import type { Config } from '../schema/config.ts';
import { exportsForStatsig } from '../schema/exports.ts';
import { listExperiments } from '../schema/names.ts';
import type { RelayChoice, RelayTarget } from '../schema/relay.ts';

/**
 * The members of the configuration that each function's bundle contains: those that the function uses, and nothing else. A
 * compromised collector reveals nothing about customers, and a secret is in as few places as possible. The build takes the
 * members from here (infra/build/bundleFunctions.ts), and the handlers' types come from here: a handler that uses another
 * member does not compile.
 */
export const functionConfig = {
  collect(config: Config) {
    // The collector needs the names of experiments, not their splits.
    const experiments: Config['experiments'] = listExperiments(config);
    return {
      ...only(config, 'bucket', 'statsigFolder', 'tables', 'unitIds', 'timeWindow', 'holdouts', 'landing'),
      ...only(config, 'landTelemetry', 'events', 'exposures', 'allowAnyKey', 'logs'),
      experiments,
      // The collector need not know which customers' sources a key may start.
      keys: config.keys.map(({ sources: _, ...key }) => key),
      privacy: usedPrivacy(config),
      ...relayed(config),
    };
  },
  register: (config: Config) => ({
    ...only(config, ...LAYOUT, 'database', 'timeWindow', 'reconcile'),
    retention: { forwardedDays: config.retention.forwardedDays },
  }),
  write: (config: Config) => only(config, 'bucket', ...LAYOUT, 'unitIds'),
  'ingest-plan': ({ sources }: Config) => ({
    // The plan does not need the settings of receipts.
    sources: sources.map(({ receipt: _, ...source }) => source),
  }),
  'ingest-trigger': ({ keys, allowAnyKey, sources }: Config) => ({
    keys,
    allowAnyKey,
    sources: sources.map(({ name, datasets }) => ({
      name,
      datasets: datasets.map(({ kind }) => ({ kind })),
    })),
  }),
  'ingest-load': (config: Config) => ({
    ...only(config, ...LAYOUT, 'database', 'sources', 'unitIds', 'region', 'curate', 'curatedTables'),
    ...encryptionOf(config),
    retention: { dataVersionDays: config.retention.dataVersionDays },
  }),
  export(config: Config) {
    return {
      ...only(config, ...LAYOUT, 'curatedTables', 'unitIds', 'database', 'exports', 'timeWindow'),
      retention: raws(config),
      ...encryptionOf(config),
      // The sources determine the columns for Statsig. The owners of the tables are left out.
      sources: (exportsForStatsig(config) ? config.sources : []).map(({ datasets }) => ({
        datasets: datasets.map(({ table, kind, mapping }) => ({ table, kind, mapping })),
      })),
    };
  },
  'curate-plan'(config: Config) {
    const { curateAfter, retention } = config;
    const { forwardedDays, dataVersionDays } = retention;
    return { ...curateSettings(config), curateAfter, retention: { forwardedDays, dataVersionDays } };
  },
  curate: curateSettings,
  reconcile: (config: Config) => ({
    ...only(config, ...LAYOUT, 'database', 'timeWindow'),
    retention: raws(config),
    ...workgroupOf(config),
  }),
  relay: relayTarget,
} satisfies Readonly<Record<string, (config: Config) => object>>;

/** A function's name: the key of the function in the stack's definition. */
type FunctionName = keyof typeof functionConfig;

/** Every function. */
export const functionNames = Object.keys(functionConfig) as readonly FunctionName[];

/** The configuration in the bundle of a function, by the function's name. */
// biome-ignore lint/plugin: each function's members are named once, above.
export type FunctionConfig<Name extends FunctionName> = ReturnType<(typeof functionConfig)[Name]>;

/** Settings that determine the raw tables. */
const LAYOUT = ['statsigFolder', 'formerStatsigFolders', 'tables'] as const;

/** Picks these members of the configuration. */
function only<Name extends keyof Config>(config: Config, ...names: readonly Name[]): Pick<Config, Name> {
  return Object.fromEntries(names.map((name) => [name, config[name]])) as Pick<Config, Name>;
}

/** How long raw tables and quarantine keep their days. */
const raws = ({ retention: { forwardedDays, quarantineDays } }: Config) => ({
  forwardedDays,
  quarantineDays,
});
/** The workgroup in which the function runs queries. */
const workgroupOf = ({ athena: { workgroup } }: Config) => ({ athena: { workgroup } });
/** How the bucket is encrypted, and the existing KMS key. */
const encryptionOf = ({ encryption, existing: { keyArn } }: Config) => ({ encryption, existing: { keyArn } });

/**
 * Settings that determine the raw tables, the tables of curated days and the views. Of experiments only the names are
 * included.
 */
function curateSettings(config: Config) {
  const experiments: Config['experiments'] = listExperiments(config);
  return {
    ...only(config, ...LAYOUT, 'database', 'curatedTables', 'unitIds', 'holdouts', 'timeWindow'),
    experiments,
    retention: { forwardedDays: config.retention.forwardedDays },
  };
}

/** The salt is used only where something is redacted. */
function usedPrivacy({ privacy: { redact, salt } }: Config): Config['privacy'] {
  return salt === undefined || Object.keys(redact).length === 0 ? { redact } : { redact, salt };
}

/** Settings that select the relayed data, without the target: its headers may hold its secret. */
function relayed({ relay }: Config): { readonly relay?: RelayChoice | undefined } {
  if (relay === undefined) return {};
  const { required, redacted } = relay;
  return { relay: { required, redacted } };
}

/** The settings of relay that name the target, without the choice of what is relayed. */
function relayTarget({ relay }: Config): { readonly relay?: RelayTarget | undefined } {
  if (relay === undefined) return {};
  return { relay: 'statsig' in relay ? { statsig: true } : { url: relay.url, headers: relay.headers } };
}
