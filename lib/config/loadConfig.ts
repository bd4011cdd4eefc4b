import { existsSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isJsonObject } from '../base/json.ts';
import { didYouMean, displayValue } from '../base/text.ts';
import type { Config } from '../schema/config.ts';
import { DEFAULT_STAGE, isPersonalStage, LOCAL_STAGE, stackNameProblem } from '../schema/stages.ts';
import { ConfigError, refusedFields } from './ConfigError.ts';
import { readStages, validateConfig } from './defineConfig.ts';
import { type StageConfig, stageProblems } from './problems/stageProblems.ts';

/** The configuration file that tools read: `SLUICE_CONFIG` if it is set, else `sluice.config.ts` at the root. */
export function configFile(root: string, env: Readonly<Record<string, string | undefined>>): string {
  return resolve(root, env.SLUICE_CONFIG ?? 'sluice.config.ts');
}

/**
 * Loads the configuration of one stage from a file: for tools and for packaging. Deployed functions never do: the build
 * puts the validated configuration into each bundle in place of `#config`.
 *
 * @param stage One of the listed stages, `personal-<name>`, or `local`, the local cloud's.
 * @throws ConfigError `SLUICE_CONFIG_NOT_FOUND` when the file is not there or exports no configuration,
 *   `SLUICE_CONFIG_BROKEN` when it can't be imported, `SLUICE_CONFIG_INVALID`, and the codes that begin with
 *   `SLUICE_CONFIG_STAGE`.
 */
export function loadConfig(file: string, stage: string): Promise<Config> {
  return namingFile(file, async () => {
    const { config } = await evaluate(await importConfig(file), stage);
    const problem = stackNameProblem(config.service, stage);
    if (problem !== null) throw refusedFields([problem]);
    return config;
  });
}

/**
 * Loads the configuration of a stage that is to be packaged. It is compared with the configurations of all listed
 * stages, so that no two of them use one bucket or write to one folder. The local cloud's stage is in no account, and
 * is not compared.
 *
 * @throws ConfigError As {@link loadConfig}, and `SLUICE_CONFIG_STAGES_SHARE`.
 */
export function loadComparedConfig(file: string, stage: string): Promise<Config> {
  return namingFile(file, async () => {
    const imported = await importConfig(file);
    const { config, stages } = await evaluate(imported, stage);
    if (stage !== LOCAL_STAGE) await compareStages(imported, { stage, config, stages });
    return config;
  });
}

/**
 * Checks the configurations of all listed stages, as packaging one of them does, on a machine that has none of their
 * secrets.
 *
 * @returns The stages.
 * @throws ConfigError As {@link loadComparedConfig}.
 */
export function checkStages(file: string): Promise<readonly string[]> {
  return namingFile(file, async () => {
    const imported = await importConfig(file);
    const { stages } = await evaluate(imported, LOCAL_STAGE, true);
    const [stage = DEFAULT_STAGE] = stages;
    await compareStages(imported, { ...(await evaluate(imported, stage, true)), stage });
    return stages;
  });
}

/** Names the file in the error of what it has, as `SLUICE_CONFIG` may name any. */
async function namingFile<Result>(file: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ConfigError) || error.detail.includes(file)) throw error;
    const space = error.detail.startsWith('\n') ? '' : ' ';
    throw new ConfigError(error.code, `${file}:${space}${error.detail}`, {
      cause: error,
      fields: error.fields,
    });
  }
}

/** Compares all stages of the configuration with each other. @throws ConfigError SLUICE_CONFIG_STAGES_SHARE. */
async function compareStages(
  imported: ImportedConfig,
  { stage, config, stages }: EvaluatedConfig & { readonly stage: string },
): Promise<void> {
  const all: StageConfig[] = [];
  for (const name of new Set([...stages, stage])) {
    const stageConfig = name === stage ? config : (await evaluate(imported, name, true)).config;
    all.push({ stage: name, config: stageConfig });
  }
  const problems = stageProblems(all);
  if (problems.length > 0) throw refusedFields(problems, { code: 'SLUICE_CONFIG_STAGES_SHARE' });
}

/** A configuration file and what it exports. */
interface ImportedConfig {
  /** The path of the file. */
  readonly file: string;
  /** An object, or a function that makes one for a stage. Both may have `stages`. */
  readonly configuration: unknown;
}

/** Imports a configuration file. @throws ConfigError SLUICE_CONFIG_BROKEN, SLUICE_CONFIG_NOT_FOUND. */
async function importConfig(file: string): Promise<ImportedConfig> {
  try {
    const module: { readonly default?: unknown } = await import(pathToFileURL(file).href);
    return { file, configuration: module.default };
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const code = existsSync(file) ? 'SLUICE_CONFIG_BROKEN' : 'SLUICE_CONFIG_NOT_FOUND';
    throw new ConfigError(code, whatFailed(file, error), { cause: error });
  }
}

/** The configuration of one stage, and the list of all stages. */
interface EvaluatedConfig {
  /** The validated configuration of the stage. */
  readonly config: Config;
  /** Names of all stages that the configuration lists. */
  readonly stages: readonly string[];
}

/**
 * Evaluates the configuration for one stage.
 *
 * @param isOther Whether only its names are compared with those of the stage that is packaged. The salt may
 *   then be missing: it may be a secret that only the machine which packages that stage has.
 */
async function evaluate(
  { file, configuration }: ImportedConfig,
  stage: string,
  isOther = false,
): Promise<EvaluatedConfig> {
  if (typeof configuration === 'function') {
    // defineConfig sets the stages of a function as its property.
    const stages = stagesOf(Reflect.get(configuration, 'stages'));
    // A stage that is not listed is refused before the function is called with it.
    requireStageOfFunction(stage, stages);
    const made = await callForStage(configuration, stage);
    return { config: validateForStage(isOther ? withSalt(made) : made, stage, stages), stages };
  }
  if (!isJsonObject(configuration))
    throw new ConfigError('SLUICE_CONFIG_NOT_FOUND', `${file} has no default export made by defineConfig.`);
  const { stages: listed, ...input } = configuration;
  const stages = stagesOf(listed);
  const config = validateConfig(input, stages);
  requireStageOfObject(stage, stages);
  return { config, stages };
}

/** The stages that a configuration lists; the default stage alone if it lists none. */
function stagesOf(listed: unknown): readonly string[] {
  return readStages({ stages: listed }) ?? [DEFAULT_STAGE];
}

/** Requires that a stage is listed, or needs no listing: the local cloud's, and those of persons. */
function requireStageOfFunction(stage: string, stages: readonly string[]): void {
  if (stages.includes(stage) || stage === LOCAL_STAGE || isPersonalStage(stage)) return;
  throw new ConfigError(
    'SLUICE_CONFIG_STAGE_UNKNOWN',
    `stage: got ${displayValue(stage)}, expected ${stages.join(', ')}, personal-<name>, or ${LOCAL_STAGE} for the local cloud.${didYouMean(stage, stages)}`,
  );
}

/** Requires that a stage is the only one of an object, which is one stage's configuration, or the local cloud's. */
function requireStageOfObject(stage: string, stages: readonly string[]): void {
  if (stages.length > 1)
    throw new ConfigError('SLUICE_CONFIG_STAGES_OF_OBJECT', `stages: got ${stages.join(', ')}.`);
  if (stages.includes(stage) || stage === LOCAL_STAGE) return;
  if (isPersonalStage(stage))
    throw new ConfigError('SLUICE_CONFIG_STAGES_OF_OBJECT', `stage: got ${stage} besides ${stages.join()}.`);
  throw new ConfigError(
    'SLUICE_CONFIG_STAGE_UNKNOWN',
    `stage: got ${displayValue(stage)}, but the configuration is an object, which is for ${stages.join()} alone, and for ${LOCAL_STAGE}, the local cloud.`,
  );
}

/**
 * Calls the function that makes a stage's configuration. @throws ConfigError SLUICE_CONFIG_STAGE_FAILED if it throws.
 */
async function callForStage(configure: CallableFunction, stage: string): Promise<unknown> {
  try {
    return await configure({ stage });
  } catch (error) {
    const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw new ConfigError('SLUICE_CONFIG_STAGE_FAILED', `Stage ${stage}: ${why}`, { cause: error });
  }
}

/** Validates what a function made for a stage, and names the stage in the error. */
function validateForStage(made: unknown, stage: string, stages: readonly string[]): Config {
  try {
    return validateConfig(made, stages);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(error.code, `Stage ${stage}:${error.detail}`, {
      cause: error,
      fields: error.fields,
    });
  }
}

/** The input with a salt in place of one that is missing. */
function withSalt(made: unknown): unknown {
  if (!isJsonObject(made) || !isJsonObject(made['privacy'])) return made;
  const { privacy } = made;
  return { ...made, privacy: { ...privacy, salt: privacy['salt'] ?? 'the salt of another stage' } };
}

/**
 * Why a module could not be imported, with the line if the engine reports it. It does so only in the stack, where the file
 * has the path to which links lead.
 */
function whatFailed(file: string, error: unknown): string {
  if (!existsSync(file)) return `${file} is not there.`;
  if (!(error instanceof Error)) return `${file}: ${String(error)}`;
  const { stack = '' } = error;
  const line = [file, realpathSync(file)]
    .flatMap((path) => [path, pathToFileURL(path).href])
    .flatMap((name) => stack.split(name).slice(1))
    .flatMap((after) => /^:\d+(:\d+)?/.exec(after)?.[0] ?? [])
    .at(0);
  return `${file}${line ?? ''}: ${error.name}: ${error.message}`;
}
