import * as z from 'zod';
import { type Config, type ConfigInput, configSchema } from '../schema/config.ts';
import { lateDays, MOST_LOOKBACK_DAYS } from '../schema/exports.ts';
import { DEFAULT_STAGE, stagesSchema } from '../schema/stages.ts';
import { readValid, refusedConfig } from './invalidConfig.ts';
import { boundaryProblems } from './problems/boundaryProblems.ts';
import { crossFieldProblems } from './problems/crossFieldProblems.ts';

/** Values that a configuration may depend on. */
export interface StageContext {
  /** The stage: one of the listed stages, `personal-<name>`, or `local`, which is the local cloud's. */
  readonly stage: string;
}

/** Options that are given beside a configuration. */
export interface StageOptions {
  /**
   * The stages that the configuration is deployed to. Default: `dev` only. A function makes the configuration of these
   * and of every `personal-<name>`; an object is the configuration of one stage.
   */
  readonly stages?: readonly string[] | undefined;
}

/** A configuration that depends on the stage. Tools call it for a stage, and validate what it returns. */
export interface ConfigFunction extends StageOptions {
  (context: StageContext): ConfigInput | Promise<ConfigInput>;
}

/**
 * Validates a configuration and fills in its defaults. A function is called later, for the stage that is packaged and for
 * all others that are listed, which must not share a bucket, database or workgroup.
 *
 * @throws ConfigError `SLUICE_CONFIG_INVALID`, with a line for each field: its name, its value and what was expected.
 *
 * @example
 * export default defineConfig({ bucket: 'acme-experiments', unitIds: { companyID: 'company_id' } });
 *
 * @example
 * export default defineConfig(
 *   ({ stage }) => ({ bucket: `acme-experiments-${stage}`, database: `sluice_${stage}` }),
 *   { stages: ['dev', 'prod'] },
 * );
 */
export function defineConfig(
  input: (context: StageContext) => ConfigInput | Promise<ConfigInput>,
  options?: StageOptions,
): ConfigFunction;
export function defineConfig(input: ConfigInput, options?: StageOptions): Config & StageOptions;
export function defineConfig(
  input: ConfigInput | ConfigFunction,
  options: StageOptions = {},
): (Config & StageOptions) | ConfigFunction {
  const stages = readStages(options);
  if (typeof input === 'function')
    return Object.assign((context: StageContext) => input(context), { stages });
  const config = validateConfig(input, stages);
  return stages === undefined ? config : { ...config, stages };
}

/**
 * Validates the options that are given beside a configuration.
 *
 * @returns Its stages; undefined if it lists none.
 * @throws ConfigError `SLUICE_CONFIG_INVALID`
 */
export function readStages(options: unknown): string[] | undefined {
  return readValid(z.strictObject({ stages: stagesSchema.optional() }), options).stages;
}

/**
 * Validates what a configuration file has, or what its function returned, and fills in its defaults.
 *
 * @throws ConfigError `SLUICE_CONFIG_INVALID`
 */
export function validateConfig(input: unknown, stages: readonly string[] = [DEFAULT_STAGE]): Config {
  const valid = readValid(configSchema, input);
  const exports = valid.exports.map((exported) => ({
    ...exported,
    lookbackDays: exported.lookbackDays ?? Math.min(lateDays(valid), MOST_LOOKBACK_DAYS),
  }));
  const config: Config = { ...valid, exports };
  const problems = [...boundaryProblems(config, stages), ...crossFieldProblems(config)];
  if (problems.length > 0) throw refusedConfig(config, problems);
  return config;
}
