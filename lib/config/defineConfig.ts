import * as z from 'zod';
import { AN_OBJECT, bestUnionIssues, expectedText } from '../base/issues.ts';
import { valueAt } from '../base/json.ts';
import { didYouMean, displayValue, quotedName, unexpected } from '../base/text.ts';
import { denyingPattern, namePatternProblem } from '../collect/eventFilter.ts';
import { type Config, type ConfigInput, configSchema } from '../schema/config.ts';
import { MAX_WINDOW_DAYS } from '../schema/deliveryLimits.ts';
import { endpointProblems } from '../schema/endpoint.ts';
import { lateDays } from '../schema/exports.ts';
import { boundaryProblems } from '../schema/fields/platform.ts';
import { listExperiments } from '../schema/names.ts';
import { DEFAULT_STAGE, stagesSchema } from '../schema/stages.ts';
import { RESERVED_COLUMNS } from '../tables/deliveredTables.ts';
import { RELAY_FOLDER, RESERVED_FOLDERS } from '../tables/objectKeys.ts';
import { redactionPathProblem } from '../wire/Redaction.ts';
import { ConfigError } from './ConfigError.ts';
import { claimer, customerBucketProblems, exportProblems, sourceProblems } from './customerProblems.ts';
import { readerProblems } from './readerProblems.ts';
import { statsigProblems } from './statsigProblems.ts';
import { viewProblems } from './viewProblems.ts';

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
  const result = z.strictObject({ stages: stagesSchema.optional() }).safeParse(options);
  if (result.success) return result.data.stages;
  throw invalid(options, result.error.issues);
}

/**
 * Validates what a configuration file has, or what its function returned, and fills in its defaults.
 *
 * @throws ConfigError `SLUICE_CONFIG_INVALID`
 */
export function validateConfig(input: unknown, stages: readonly string[] = [DEFAULT_STAGE]): Config {
  const result = configSchema.safeParse(input);
  if (!result.success) throw invalid(input, result.error.issues);
  const exports = result.data.exports.map((exported) => ({
    ...exported,
    lookbackDays: exported.lookbackDays ?? lateDays(result.data),
  }));
  const config: Config = { ...result.data, exports };
  const problems = [...boundaryProblems(config, stages), ...findCollisions(config)];
  if (problems.length > 0) throw refused(config, problems);
  return config;
}

/** The error of an invalid configuration. @param problems Lines, each of which begins with the field. */
function refused(input: unknown, problems: readonly string[]) {
  const lines = problems.map((problem) => `${problem}${ownersOf(input, problem)}`);
  return new ConfigError('SLUICE_CONFIG_INVALID', `\n  ${lines.join('\n  ')}`);
}

/**
 * The names of what a field belongs to, because nobody counts from 0: ` (in "acme/events")` for
 * `sources.0.datasets.0.kind`.
 */
function ownersOf(input: unknown, problem: string): string {
  const [field = ''] = problem.split(':');
  const path = field.split('.');
  if (!['sources', 'exports', 'readers'].includes(path[0] ?? '')) return '';
  const names = path.flatMap((key, i) => {
    const name = /^\d+$/.test(key) ? valueAt(input, [...path.slice(0, i + 1), 'name']) : undefined;
    return typeof name === 'string' && name !== '' ? [name] : [];
  });
  return names.length === 0 ? '' : ` (in ${quotedName(names.join('/'))})`;
}

function invalid(input: unknown, issues: readonly z.core.$ZodIssue[]) {
  const problems = issues
    .flatMap(bestUnionIssues)
    .flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map(
            (key) => `${fieldName([...issue.path, key])}: no such field.${meantField(key, issue.path)}`,
          )
        : `${fieldName(issue.path)}: got ${shown(input, issue.path)}, expected ${expectedText(issue)}${exampleAt(issue)}.`,
    );
  return refused(input, problems);
}

/** What an object looks like where one is missing; an empty text for any other issue. */
function exampleAt(issue: z.core.$ZodIssue): string {
  if (expectedText(issue) !== AN_OBJECT) return '';
  const [first] = objectsAt(configSchema, issue.path);
  return first === undefined ? '' : ` such as ${exampleOf(first)}`;
}

/** So many fields are listed in a message, at most, when none is similar. */
const MOST_FIELDS = 16;

/** The field that an unknown field was meant to be, or all fields that there are. */
function meantField(key: string, path: readonly PropertyKey[]): string {
  const fields = [...new Set(objectsAt(configSchema, path).flatMap(({ shape }) => Object.keys(shape)))];
  // The field exists, but in another kind of the same object.
  if (fields.includes(key)) return '';
  const suggestion = didYouMean(key, fields);
  if (suggestion !== '' || fields.length === 0) return suggestion;
  return fields.length > MOST_FIELDS
    ? ' docs/reference/configuration.md lists all.'
    : ` Expected one of ${fields.join(', ')}.`;
}

/** The objects that a schema takes at a path: several of a union. */
function objectsAt(wrapped: z.core.$ZodType, path: readonly PropertyKey[]): readonly z.ZodObject[] {
  const schema = unwrapped(wrapped);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => objectsAt(option, path));
  const [first, ...rest] = path;
  if (schema instanceof z.ZodObject) {
    if (first === undefined) return [schema];
    const member: z.core.$ZodType | undefined = schema.shape[String(first)];
    return member === undefined ? [] : objectsAt(member, rest);
  }
  if (first !== undefined && schema instanceof z.ZodArray) return objectsAt(schema.element, rest);
  if (first !== undefined && schema instanceof z.ZodRecord) return objectsAt(schema.valueType, rest);
  return [];
}

/** What a schema takes if there is a value, before it is changed. */
function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodPipe) return unwrapped(schema.in);
  const isWrapped =
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault;
  return isWrapped ? unwrapped(schema.unwrap()) : schema;
}

/** A value that a schema takes, in short: of an object its required fields, or else its first. `…` stands for what is the user's. */
function exampleOf(wrapped: z.core.$ZodType): string {
  const schema = unwrapped(wrapped);
  if (schema instanceof z.ZodUnion) return schema.options.slice(0, 1).map(exampleOf).join('');
  if (schema instanceof z.ZodArray) return `[${exampleOf(schema.element)}]`;
  if (schema instanceof z.ZodLiteral) return `'${String([...schema.values][0])}'`;
  if (schema instanceof z.ZodString) return "'…'";
  if (schema instanceof z.ZodBoolean) return 'true';
  if (!(schema instanceof z.ZodObject)) return '…';
  const all = Object.entries(schema.shape);
  const required = all.filter(([, member]) => !z.safeParse(member, undefined).success);
  const shown = required.length > 0 ? required : all.slice(0, 1);
  const members = shown.map(([name, member]) => `${name}: ${exampleOf(member)}`);
  return `{ ${members.join(', ')} }`;
}

/** Problems that the schema cannot find: names that are valid alone but collide with each other. */
function findCollisions(config: Config): string[] {
  const problems: string[] = [...endpointProblems(config.endpoint, config.passThrough)];
  problems.push(...statsigFolderProblems(config));
  const claim = claimer(problems);
  const tables = new Map<string, string>();
  for (const member of ['tables', 'curatedTables'] as const)
    for (const [kind, name] of Object.entries(config[member]))
      claim(tables, name, `${member}.${kind}`, 'name');
  if (config.athena.stagingDatabase === config.database) {
    problems.push(
      unexpected(
        'athena.stagingDatabase',
        config.database,
        'another database than `database`: Statsig makes and drops tables there',
      ),
    );
  }
  problems.push(...keyProblems(config));
  for (const [path, action] of Object.entries(config.privacy.redact)) {
    const problem = redactionPathProblem(path, action, config.unitIds);
    if (problem !== null) problems.push(unexpected('privacy.redact', path, problem));
  }
  problems.push(...experimentProblems(config), ...retentionProblems(config));
  problems.push(...nameListProblems(config));
  if (Object.keys(config.privacy.redact).length > 0 && config.privacy.salt === undefined) {
    problems.push(
      unexpected('privacy.salt', undefined, 'a text of at least 16 characters, since something is redacted'),
    );
  }
  const { pastDays, futureDays } = config.timeWindow;
  const days = pastDays + futureDays + 1;
  if (days > MAX_WINDOW_DAYS) {
    problems.push(
      `timeWindow: got ${days} days (pastDays, futureDays and today), expected ${MAX_WINDOW_DAYS} at most.`,
    );
  }
  problems.push(...existingProblems(config));
  problems.push(...readerProblems(config), ...sourceProblems(config), ...exportProblems(config));
  problems.push(...customerBucketProblems(config), ...statsigProblems(config));
  const taken = new Map<string, string>();
  for (const [unitId, column] of Object.entries(config.unitIds)) {
    if (RESERVED_COLUMNS.has(column)) {
      problems.push(unexpected(`unitIds.${unitId}`, column, "a column that the tables don't have already"));
    }
    claim(taken, column, `unitIds.${unitId}`, 'column');
  }
  problems.push(...viewProblems(config));
  return problems;
}

/** Folders of Statsig's that have another use, or that are given twice. */
function statsigFolderProblems(config: Pick<Config, 'statsigFolder' | 'formerStatsigFolders'>): string[] {
  const problems: string[] = [];
  const former = config.formerStatsigFolders.map(({ folder }, i) => ({
    folder,
    field: `formerStatsigFolders.${i}.folder`,
  }));
  for (const { folder, field } of [{ folder: config.statsigFolder, field: 'statsigFolder' }, ...former]) {
    const [topFolder = ''] = folder.split('/');
    if (RESERVED_FOLDERS.has(topFolder) || `${topFolder}/` === RELAY_FOLDER)
      problems.push(unexpected(field, folder, `a folder outside ${topFolder}/, which has another use`));
  }
  for (const [i, { folder, field }] of former.entries()) {
    const isTaken =
      folder === config.statsigFolder || former.findIndex((earlier) => earlier.folder === folder) < i;
    if (isTaken) problems.push(unexpected(field, folder, 'another folder than the others'));
    const { until } = config.formerStatsigFolders[i] ?? {};
    if (config.formerStatsigFolders.findIndex((earlier) => earlier.until === until) < i)
      problems.push(unexpected(`formerStatsigFolders.${i}.until`, until, 'another day than the others'));
  }
  return problems;
}

/** Keys that are given twice, and sources of keys that do not exist. */
function keyProblems(config: Pick<Config, 'keys' | 'sources'>): string[] {
  const problems: string[] = [];
  for (const [i, { sha256 }] of config.keys.entries()) {
    const first = config.keys.findIndex((key) => key.sha256 === sha256);
    if (first < i) {
      problems.push(
        `keys.${i}.sha256: expected another key than keys.${first} (${config.keys[first]?.label}).`,
      );
    }
  }
  const sourceNames = config.sources.map(({ name }) => name);
  for (const [i, { sources = [] }] of config.keys.entries()) {
    for (const [j, name] of sources.entries()) {
      if (!sourceNames.includes(name)) {
        const expected =
          sourceNames.length === 0
            ? 'no name, as there are no `sources`'
            : `one of ${sourceNames.join(', ')}`;
        problems.push(unexpected(`keys.${i}.sources.${j}`, name, expected));
      }
    }
  }
  return problems;
}

/** Names in lists that cannot match. */
function nameListProblems(lists: Pick<Config, 'events' | 'exposures'>): string[] {
  return (['events', 'exposures'] as const).flatMap((list) =>
    Object.entries(lists[list]).flatMap(([action, names = []]) =>
      names.flatMap((name, i) => {
        const denied = action === 'allow' ? denyingPattern(name, lists[list].deny) : undefined;
        const problem =
          namePatternProblem(list, name) ??
          (denied === undefined
            ? null
            : `a name that \`deny\` does not have: ${displayValue(denied)} is there`);
        return problem === null ? [] : [unexpected(`${list}.${action}.${i}`, name, problem)];
      }),
    ),
  );
}

/** Names that are in two lists although they can be in one only. */
function experimentProblems({ experiments, holdouts }: Config): string[] {
  const names = listExperiments({ experiments });
  return (holdouts ?? []).flatMap((name, i) =>
    names.includes(name)
      ? [
          unexpected(
            `holdouts.${i}`,
            name,
            'a name that is not in `experiments`: a unit of a holdout is in no group',
          ),
        ]
      : [],
  );
}

/** A day whose raw rows are gone is never curated: its files expire at midnight, before the night's plan. */
function retentionProblems({ curate, curateAfter, retention: { forwardedDays } }: Config): string[] {
  return curate && forwardedDays !== null && forwardedDays <= curateAfter
    ? [
        `retention.forwardedDays: got ${forwardedDays}, expected more than curateAfter, ${curateAfter}: raw rows expire before they are curated.`,
      ]
    : [];
}

function fieldName(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'the configuration' : path.map(String).join('.');
}

/** The value of a field. For a value that may be or hold a secret, only its kind: messages end up in build logs. */
function shown(input: unknown, path: readonly PropertyKey[]): string {
  const value = valueAt(input, path);
  const isHidden = isSecret(path) || (mayHoldSecret(path) && typeof value === 'object');
  return isHidden ? kindText(value) : displayValue(value);
}

function kindText(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (typeof value === 'string') return `a text of ${value.length} characters`;
  if (Array.isArray(value)) return value.length === 0 ? '[]' : 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** Whether a field is a secret: a salt, or a key in the place of its hash. */
function isSecret(path: readonly PropertyKey[]): boolean {
  return path[0] === 'keys' || path.at(-1) === 'salt' || isSecretOfRelay(path);
}

/**
 * Whether a field of relay may hold a secret: headers and an address may, and so may a list of labels in which somebody
 * has put a key.
 */
function isSecretOfRelay([root, member]: readonly PropertyKey[]): boolean {
  return (
    root === 'relay' && [undefined, 'headers', 'keys', 'url'].some((secretMember) => secretMember === member)
  );
}

/** Whether a field, or one inside it, may hold a secret. */
function mayHoldSecret([root, , ...deeper]: readonly PropertyKey[]): boolean {
  return root === undefined || root === 'privacy' || (root === 'sources' && deeper.length === 0);
}

/** The database that exists in every account, and that Athena reads for every query. */
const ACCOUNT_DATABASE = 'default';

/** Problems of `existing` together with the names that it refers to. */
function existingProblems({
  encryption,
  existing,
  database,
  athena,
}: Pick<Config, 'encryption' | 'existing' | 'database' | 'athena'>): string[] {
  const problems: string[] = [];
  const hasKey = existing.keyArn !== null;
  if (encryption === 's3' && hasKey)
    problems.push("existing.keyArn: expected null with `encryption: 's3'`: no role could use the key.");
  if (encryption === 'kms' && existing.bucket && !hasKey) {
    problems.push(
      "existing.keyArn: got null, expected the ARN of the KMS key that the existing bucket is encrypted with: roles and readers may use only that key. If S3's own keys encrypt it, set `encryption: 's3'`.",
    );
  }
  for (const [field, name, flag] of [
    ['database', database, 'database'],
    ['athena.stagingDatabase', athena.stagingDatabase, 'stagingDatabase'],
  ] as const) {
    if (name === ACCOUNT_DATABASE && !existing[flag]) {
      problems.push(
        `${field}: got "${name}", which every account has already: expected another database, or existing.${flag}: true.`,
      );
    }
  }
  return problems;
}
