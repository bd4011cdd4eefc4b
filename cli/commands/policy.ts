import * as z from 'zod';
import { foreignBuckets } from '../../lib/access/alsoReads.ts';
import { ACCESS_LIMITS, type PolicyDocument } from '../../lib/access/policyDocument.ts';
import {
  POLICY_TARGETS,
  PolicyError,
  type PolicyTarget,
  type PrintedPolicy,
  printedPolicies,
} from '../../lib/access/printedPolicies.ts';
import { configFile, loadConfig } from '../../lib/config/loadConfig.ts';
import { singleRegionKeyArn } from '../../lib/schema/formats.ts';
import { REGIONS } from '../../lib/schema/regions.ts';
import { LOCAL_STAGE } from '../../lib/schema/stages.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { localAccount } from '../../local/localAccount.ts';
import { isLocalMeant, noteUnnamedTarget, targetedCommand } from '../aws/target.ts';
import {
  type Action,
  type CommandLine,
  choiceOption,
  commandWithActions,
  didYouMean,
  oneOf,
  stageOption,
  targetOptions,
  textOption,
  UsageError,
} from '../terminal/commandLine.ts';
import { writeJson, writeNote } from '../terminal/output.ts';

/** Documents of IAM policies, by the names of the policies. */
export type PolicyDocuments = Readonly<Record<string, PolicyDocument>>;

/** Matches a placeholder in the notation of Statsig's docs. */
const PLACEHOLDER = /__[A-Z0-9]+(?:_[A-Z0-9]+)*__/g;

/** What fills a placeholder. */
const FILLED_BY: Readonly<Record<string, string>> = {
  __ACCOUNT_ID__: '--account',
  __KEY_ID__: '--key',
  __READER_ROLE_ARN__: "the stack's output Reader<Name>RoleArn",
  __READER_USER_ARN__: 'the ARN of its user',
};

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
      help: 'print: who gets access, or what the policies are for',
    },
    account: {
      type: 'string',
      help: 'print: AWS account of the deployment, 12 digits (default: from sluice.config.ts)',
    },
    key: { type: 'string', help: 'print: ARN of the KMS key of the bucket (default: from sluice.config.ts)' },
    reader: { type: 'string', help: 'print: name of one of `readers` (default: the first of its kind)' },
    source: { type: 'string', help: 'print: name of one of `sources` (default: the first)' },
    export: { type: 'string', help: 'print: name of one of `exports` (default: the first)' },
    ...targetOptions,
  },
  examples: [
    'sluice policy print --for statsig --stage prod --account 111122223333',
    'sluice policy print --for deploy --stage prod --account 111122223333 --json | jq .stackPermissions > stack.json',
  ],
  actions: ACTIONS,
});

/** Needs no credentials: it does not call AWS. */
async function print(line: CommandLine): Promise<number> {
  const target = choiceOption(line, 'for', POLICY_TARGETS);
  if (target === undefined)
    throw new UsageError('SLUICE_USAGE_OPTIONS', `--for: missing, expected ${oneOf(POLICY_TARGETS)}.`);
  const { config, stack, region } = await readConfig(line);
  const keyArn = checked(line, 'key', singleRegionKeyArn());
  if (keyArn !== undefined && config.encryption === 's3')
    throw new UsageError('SLUICE_USAGE_OPTIONS', "--key: expected none with `encryption: 's3'`.");
  const readers = config.readers.filter(({ kind }) => kind === target);
  const name =
    namedOption(line, 'reader', readers, target) ??
    namedOption(line, 'source', target === 'ingest-source' ? config.sources : [], target) ??
    namedOption(line, 'export', target === 'export-target' ? config.exports : [], target);
  const policies = printedPolicies(target, config, {
    stack,
    region,
    name,
    account:
      checked(line, 'account', z.string().regex(/^\d{12}$/, '12 digits')) ??
      config.account ??
      (isLocalMeant(line) ? localAccount.id : undefined),
    keyArn,
  });
  requireLengths(policies);
  write(policies, line);
  const reader = readers.find((reader) => name === undefined || name === reader.name);
  for (const arn of reader?.policies ?? [])
    writeNote(`Attach this managed policy of yours, too: ${arn}. Sluice does not read it.\n`);
  for (const { bucket, owner } of reader === undefined ? [] : foreignBuckets(reader))
    writeNote(
      `${bucket} is of the account ${owner}, whose owner must allow the reader, too: ${targetedCommand(line, ['connect', 'owner', bucket])}\n`,
    );
  return 0;
}

/** The configuration of the stage, without a call of AWS: what is printed is applied elsewhere. */
async function readConfig(line: CommandLine) {
  noteUnnamedTarget(line);
  const stage = stageOption(line) ?? LOCAL_STAGE;
  const config = await loadConfig(configFile(repositoryRoot, process.env), stage);
  const regions = z.enum(REGIONS, 'a region that docs/reference/configuration.md lists');
  return {
    config,
    stack: `${config.service}-${stage}`,
    region: checked(line, 'region', regions) ?? config.region,
  };
}

/** Policies of buckets and keys, and trust policies, are no managed policies. @throws PolicyError `SLUICE_POLICY_TOO_LONG` */
function requireLengths(policies: readonly PrintedPolicy[]): void {
  const most = ACCESS_LIMITS.managedPolicyCharacters;
  for (const { name, document } of policies) {
    const { length } = JSON.stringify(document);
    if (/permissions$|^(boundary|callerPolicy|policy)$/i.test(name) && length > most)
      throw new PolicyError('SLUICE_POLICY_TOO_LONG', `${name}: ${length} characters, at most ${most}.`);
  }
}

/** The value of an option, if it fits the same field of `sluice.config.ts`: it goes into a policy unchanged. @throws UsageError. */
function checked(line: CommandLine, name: string, schema: z.ZodType<string>): string | undefined {
  const value = textOption(line, name);
  if (value === undefined) return undefined;
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new UsageError('SLUICE_USAGE_OPTIONS', `--${name}: got ${value}, expected ${issue?.message}.`);
}

/** An option that names a reader, source or export that the policies are for. @throws UsageError for any other. */
function namedOption(
  line: CommandLine,
  option: 'reader' | 'source' | 'export',
  all: readonly { readonly name: string }[],
  target: PolicyTarget,
): string | undefined {
  const name = textOption(line, option);
  const known = all.map((entry) => entry.name);
  if (name === undefined || known.includes(name)) return name;
  throw new UsageError(
    'SLUICE_USAGE_OPTIONS',
    `--${option}: no ${option} for ${target} is named ${name}; the configuration has ${known.join(', ') || 'none'}.${didYouMean(name, known)}`,
  );
}

/**
 * Writes documents to stdout, and to stderr what to do with them and which placeholders are left. One object is for a
 * program, so then stderr only has which placeholders are left.
 */
function write(policies: readonly PrintedPolicy[], line: CommandLine): void {
  if (line.values['json'] === true)
    writeJson<PolicyDocuments>(Object.fromEntries(policies.map(({ name, document }) => [name, document])), 2);
  else
    for (const { name, purpose, document } of policies) {
      writeNote(`${name}: ${purpose}\n`);
      writeJson<PolicyDocument>(document, 2);
    }
  for (const name of new Set(JSON.stringify(policies).match(PLACEHOLDER))) {
    const option = FILLED_BY[name];
    const orOption = option === undefined ? '' : `, or use ${option}`;
    writeNote(`Placeholder left: ${name}. Replace it${orOption}.\n`);
  }
}
