import * as z from 'zod';
import { foreignBuckets } from '../../lib/access/alsoReads.ts';
import { ACCESS_LIMITS, type PolicyDocument } from '../../lib/access/policyDocument.ts';
import {
  PLACEHOLDERS,
  POLICY_TARGETS,
  PolicyError,
  type PolicyTarget,
  type PrintedPolicy,
  printedPolicies,
} from '../../lib/access/printedPolicies.ts';
import { parseArn } from '../../lib/base/arn.ts';
import { didYouMean } from '../../lib/base/text.ts';
import { configFile, loadConfig } from '../../lib/config/loadConfig.ts';
import type { Config } from '../../lib/schema/config.ts';
import { singleRegionKeyArn } from '../../lib/schema/formats.ts';
import type { Reader } from '../../lib/schema/readers.ts';
import { REGIONS } from '../../lib/schema/regions.ts';
import { LOCAL_STAGE } from '../../lib/schema/stages.ts';
import { localAccount } from '../../local/localAccount.ts';
import { projectRoot } from '../../local/roots.ts';
import { isLocalMeant, isUnnamed, noteUnnamedTarget, targetedCommand } from '../aws/target.ts';
import {
  type Action,
  type CommandLine,
  choiceOption,
  commandWithActions,
  oneOf,
  stageOption,
  targetOptions,
  textOption,
  UsageError,
} from '../terminal/commandLine.ts';
import { writeJson, writeNote } from '../terminal/output.ts';

/** Documents of IAM policies, by the names of the policies. */
type PolicyDocuments = Readonly<Record<string, PolicyDocument>>;

/** Matches a placeholder in the notation of Statsig's docs. */
const PLACEHOLDER = /__[A-Z0-9]+(?:_[A-Z0-9]+)*__/g;

/** What a person does about a placeholder. */
const CURES: Readonly<Record<string, string>> = {
  [PLACEHOLDERS.account]: 'Replace it, or use --account.',
  [PLACEHOLDERS.keyId]: 'Replace it, or use --key.',
  [PLACEHOLDERS.readerRole]: "Replace it with the stack's output Reader<Name>RoleArn.",
  [PLACEHOLDERS.readerUser]: 'Replace it with the ARN of its user.',
};

/** The actions, by their names. */
const ACTIONS: Readonly<Record<string, Action>> = {
  print: {
    summary: 'Print the policies for whoever needs access.',
    options: ['for', 'account', 'key', 'reader', 'source', 'export'],
    run: print,
  },
};

/** `sluice policy`: prints policies that grant access to others. */
export const policy = commandWithActions({
  name: 'policy',
  summary: 'Print the IAM and bucket policies that grant access to Statsig, OWOX, Metabase and others.',
  options: {
    for: {
      type: 'string',
      values: POLICY_TARGETS,
      help: 'who gets access, or what the policies are for',
    },
    account: {
      type: 'string',
      help: 'AWS account of the deployment, 12 digits (default: from the configuration)',
    },
    key: {
      type: 'string',
      help: 'ARN of the KMS key of the bucket (default: from the configuration)',
    },
    reader: { type: 'string', help: 'name of one of `readers` (default: the first of its kind)' },
    source: { type: 'string', help: 'name of one of `sources` (default: the first)' },
    export: { type: 'string', help: 'name of one of `exports` (default: the first)' },
    ...targetOptions,
  },
  examples: [
    'sluice policy print --for statsig --stage prod --account 111122223333',
    'sluice policy print --for deploy --stage prod --account 111122223333 --json | jq .stackPermissions > stack.json',
  ],
  actions: ACTIONS,
});

/**
 * Prints the documents to stdout and what to do with them to stderr. It does not call AWS, so it needs no credentials.
 *
 * @returns The exit code 0.
 * @throws UsageError for an option that is wrong or has no effect; PolicyError.
 */
async function print(line: CommandLine): Promise<number> {
  const target = choiceOption(line, 'for', POLICY_TARGETS);
  if (target === undefined)
    throw new UsageError('SLUICE_USAGE_OPTIONS', `--for: missing, expected ${oneOf(POLICY_TARGETS)}.`);
  const { config, stack, region } = await readConfig(line);
  const keyArn = keyOption(line, config, region);
  const name = targetName(line, target, config);
  requirePlace(line, target);
  noteUnnamedTarget(line);
  const account =
    checked(line, 'account', z.string().regex(/^\d{12}$/, '12 digits')) ??
    config.account ??
    (isLocalMeant(line) ? localAccount.id : undefined);
  const policies = printedPolicies(target, config, { stack, region, name, account, keyArn });
  requireLengths(policies);
  if (keyArn !== undefined && !JSON.stringify(policies).includes(keyArn))
    throw new UsageError('SLUICE_USAGE_OPTIONS', `--key: no policy for ${target} names the key.`);
  writeDocuments(policies, line);
  notePlaceholders(policies);
  const reader = readersOf(config, target).find((entry) => name === undefined || name === entry.name);
  if (reader !== undefined) noteOthers(reader, line);
  return 0;
}

/** The configuration of the stage, without a call of AWS: what is printed is applied elsewhere. */
async function readConfig(
  line: CommandLine,
): Promise<{ readonly config: Config; readonly stack: string; readonly region: string }> {
  const stage = stageOption(line) ?? LOCAL_STAGE;
  const config = await loadConfig(configFile(projectRoot, process.env), stage);
  const regions = z.enum(REGIONS, 'a region that docs/reference/configuration.md lists');
  return {
    config,
    stack: `${config.service}-${stage}`,
    region: checked(line, 'region', regions) ?? config.region,
  };
}

/**
 * The key of `--key`; undefined without it.
 *
 * @throws UsageError also if the key of the configuration is not of the region: S3 uses only keys of the bucket's region.
 */
function keyOption(
  line: CommandLine,
  { encryption, existing }: Pick<Config, 'encryption' | 'existing'>,
  region: string,
): string | undefined {
  const keyArn = checked(line, 'key', singleRegionKeyArn());
  if (keyArn !== undefined && encryption === 's3')
    throw new UsageError('SLUICE_USAGE_OPTIONS', "--key: expected none with `encryption: 's3'`.");
  const usedKey = keyArn ?? existing.keyArn;
  const keyRegion = usedKey === null ? region : parseArn(usedKey).region;
  if (keyRegion !== region)
    throw new UsageError(
      'SLUICE_USAGE_OPTIONS',
      `${keyArn === undefined ? 'existing.keyArn' : '--key'}: got a key of ${keyRegion}, expected one of ${region}, where the bucket is.`,
    );
  return keyArn;
}

/** The readers that a target can be for; none for other targets. */
function readersOf({ readers }: Pick<Config, 'readers'>, target: PolicyTarget): readonly Reader[] {
  return readers.filter(({ kind }) => kind === target);
}

/**
 * The name of the reader, source or export that the policies are for; undefined if no option says it. All three options
 * are judged, and at most one of them fits a target.
 *
 * @throws UsageError for any other name.
 */
function targetName(line: CommandLine, target: PolicyTarget, config: Config): string | undefined {
  const reader = namedOption(line, 'reader', readersOf(config, target), target);
  const source = namedOption(line, 'source', target === 'ingest-source' ? config.sources : [], target);
  const exported = namedOption(line, 'export', target === 'export-target' ? config.exports : [], target);
  return reader ?? source ?? exported;
}

/**
 * Requires a named place for policies that another company applies: whoever forgets `--stage` would send what admits the
 * local cloud.
 *
 * @throws PolicyError `SLUICE_POLICY_NO_STAGE`.
 */
function requirePlace(line: CommandLine, target: PolicyTarget): void {
  const isOfCustomer = target === 'ingest-source' || target === 'export-target';
  if (isOfCustomer && isUnnamed(line)) throw new PolicyError('SLUICE_POLICY_NO_STAGE', `${target}.`);
}

/**
 * Requires that AWS takes the policies by their length.
 *
 * @throws PolicyError `SLUICE_POLICY_TOO_LONG` for a document that is longer than a managed policy may be.
 */
function requireLengths(policies: readonly PrintedPolicy[]): void {
  const most = ACCESS_LIMITS.managedPolicyCharacters;
  for (const { name, document, isManaged } of policies) {
    const { length } = JSON.stringify(document);
    if (isManaged && length > most)
      throw new PolicyError('SLUICE_POLICY_TOO_LONG', `${name}: ${length} characters, at most ${most}.`);
  }
}

/**
 * The value of an option, which goes into a policy unchanged; undefined without the option.
 *
 * @param schema What the same field of `sluice.config.ts` has to fit.
 * @throws UsageError if the value does not fit.
 */
function checked(line: CommandLine, name: string, schema: z.ZodType<string>): string | undefined {
  const value = textOption(line, name);
  if (value === undefined) return undefined;
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new UsageError('SLUICE_USAGE_OPTIONS', `--${name}: got ${value}, expected ${issue?.message}.`);
}

/**
 * An option that names a reader, source or export; undefined without the option.
 *
 * @param entries Those that a target can be for.
 * @throws UsageError for the name of any other.
 */
function namedOption(
  line: CommandLine,
  option: 'reader' | 'source' | 'export',
  entries: readonly { readonly name: string }[],
  target: PolicyTarget,
): string | undefined {
  const name = textOption(line, option);
  const known = entries.map((entry) => entry.name);
  if (name === undefined || known.includes(name)) return name;
  throw new UsageError(
    'SLUICE_USAGE_OPTIONS',
    `--${option}: no ${option} for ${target} is named ${name}; the configuration has ${known.join(', ') || 'none'}.${didYouMean(name, known)}`,
  );
}

/** Writes documents to stdout: with `--json` as one object for a program, else one by one, and where each is applied to stderr. */
function writeDocuments(policies: readonly PrintedPolicy[], line: CommandLine): void {
  if (line.values['json'] === true) {
    const documents = policies.map(({ name, document }) => [name, document] as const);
    writeJson<PolicyDocuments>(Object.fromEntries(documents), 2);
    return;
  }
  for (const { name, purpose, document } of policies) {
    writeNote(`${name}: ${purpose}\n`);
    writeJson<PolicyDocument>(document, 2);
  }
}

/** Says on stderr which placeholders are left. */
function notePlaceholders(policies: readonly PrintedPolicy[]): void {
  const left = new Set(JSON.stringify(policies).match(PLACEHOLDER));
  for (const name of left) writeNote(`Placeholder left: ${name}. ${CURES[name] ?? 'Replace it.'}\n`);
}

/** Says on stderr what else a reader needs that Sluice does not print here. */
function noteOthers(reader: Reader, line: CommandLine): void {
  for (const arn of reader.policies)
    writeNote(`Attach this managed policy of yours, too: ${arn}. Sluice does not read it.\n`);
  for (const { bucket, owner } of foreignBuckets(reader)) {
    const command = targetedCommand(line, ['connect', 'owner', bucket]);
    writeNote(`${bucket} is of the account ${owner}, whose owner must allow the reader, too: ${command}\n`);
  }
}
