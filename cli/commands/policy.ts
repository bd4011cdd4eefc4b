import * as z from 'zod';
import { foreignBuckets } from '../../lib/access/alsoReads.ts';
import { ACCESS_LIMITS } from '../../lib/access/policyDocument.ts';
import {
  type KnownNames,
  POLICY_TARGETS,
  PolicyError,
  type PolicyTarget,
  type PrintedPolicy,
  printedPolicies,
} from '../../lib/access/printedPolicies.ts';
import { configFile } from '../../lib/config/loadConfig.ts';
import type { Config } from '../../lib/schema/config.ts';
import {
  bucketName,
  bucketPrincipal,
  externalId,
  kmsKeyArn,
  metabasePrincipal,
  singleRegionKeyArn,
  statsigPrincipal,
} from '../../lib/schema/formats.ts';
import { REGIONS } from '../../lib/schema/regions.ts';
import { LOCAL_STAGE } from '../../lib/schema/stages.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { sluiceCommand } from '../../observe/commands.ts';
import {
  type Action,
  type Command,
  type CommandLine,
  choiceOption,
  didYouMean,
  oneOf,
  runAction,
  stageOption,
  targetOptions,
  textOption,
  UsageError,
} from '../terminal/commandLine.ts';
import { writeJson, writeNote, writeResult } from '../terminal/output.ts';

/** In the notation of Statsig's docs. */
const PLACEHOLDER = /__[A-Z0-9]+(?:_[A-Z0-9]+)*__/g;

/** The option that fills a placeholder. */
const FILLED_BY = new Map([
  ['__ACCOUNT_ID__', '--account'],
  ['__KEY_ID__', '--key'],
  ['__STATSIG_ACCOUNT_ID__', '--principal'],
  ['__ROLE_EXTERNAL_ID__', '--external-id'],
  ['__RESULTS_BUCKET__', '--bucket'],
  ['__S3_BUCKET__', '--bucket'],
  ['__INGEST_ROLE_ARN__', '--principal'],
  ['__EXPORT_ROLE_ARN__', '--principal'],
  ['__READER_ROLE_ARN__', "the stack's output Reader<Name>RoleArn"],
  ['__READER_USER_ARN__', 'the ARN of its user'],
  ['__STATSIG_USER_ARN__', '--principal'],
]);

const ACTIONS: Readonly<Record<string, Action>> = {
  print: {
    summary: 'Print the policies for whoever needs access.',
    options: [
      ...['for', 'account', 'principal', 'external-id', 'bucket', 'key'],
      ...['reader', 'source', 'export'],
    ],
    run: print,
  },
  grants: {
    summary: 'Print every grant that the stack needs where Lake Formation controls its databases.',
    options: [],
    run: grants,
  },
};

/** `sluice policy`: prints policies that grant access to others. */
export const policy: Command = {
  name: 'policy',
  summary: 'Print the IAM and bucket policies that grant access to Statsig, OWOX, Metabase and others.',
  usage: `sluice policy print --for ${POLICY_TARGETS.join('|')} | grants [options]`,
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
    principal: {
      type: 'string',
      help: "print: principal that gets access: Statsig's account ID or an ARN (default: the reader's in sluice.config.ts)",
    },
    'external-id': {
      type: 'string',
      help: 'print: statsig-role: the external ID that Statsig generated; metabase: the external ID of its principal',
    },
    bucket: { type: 'string', help: "print: the customer's bucket, or the bucket of OWOX's results" },
    key: {
      type: 'string',
      help: "print: ARN of the KMS key of the data bucket, or of the customer's bucket if it has one",
    },
    reader: { type: 'string', help: 'print: name of one of `readers` (default: the first of its kind)' },
    source: {
      type: 'string',
      help: 'print: ingest-source: name of one of `sources`, for its bucket and key',
    },
    export: { type: 'string', help: 'print: export-target: name of one of `exports`, likewise' },
    ...targetOptions,
    json: {
      type: 'boolean',
      help: 'print: one object with a member for each document; grants: one object',
    },
  },
  examples: [
    'sluice policy print --for statsig-role --account 111122223333',
    'sluice policy print --for ingest-source --bucket acme-exports --principal arn:aws:iam::999689269917:user/acme --json',
    'sluice policy print --for ingest-source --source acme --account 111122223333',
    'sluice policy print --for deploy --stage prod --account 111122223333 --json | jq .stackPermissions > stack.json',
    'sluice policy print --for probe --stage prod --account 111122223333',
    'sluice policy grants --stage prod',
  ],
  actions: ACTIONS,
  run: (line) => runAction(line, ACTIONS),
};

/** Needs no credentials: it does not call AWS. */
async function print(line: CommandLine): Promise<number> {
  const target = readTarget(line);
  const [{ loadConfig }, { commandOptions, noteUnnamedTarget }] = await Promise.all([
    import('../../lib/config/loadConfig.ts'),
    import('../aws/target.ts'),
  ]);
  noteUnnamedTarget(line);
  const stage = stageOption(line) ?? LOCAL_STAGE;
  const config = await loadConfig(configFile(repositoryRoot, process.env), stage);
  const of = {
    reader: readReader(line, target, config),
    source: namedOption(line, 'source', target === 'ingest-source' ? config.sources : []),
    export: namedOption(line, 'export', target === 'export-target' ? config.exports : []),
  };
  const known = { ...readNames(line, target, config), stack: `sluice-${stage}`, ...of };
  const policies = printedPolicies(target, config, known);
  requireLengths(policies);
  const options = commandOptions(line);
  write(policies, line);
  const reader = config.readers.find(
    ({ kind, name }) => target.startsWith(kind) && (of.reader === undefined || of.reader === name),
  );
  for (const arn of reader?.policies ?? [])
    writeNote(`Attach this managed policy of yours, too: ${arn}. Sluice does not read it.\n`);
  for (const { bucket, owner } of reader === undefined ? [] : foreignBuckets(reader))
    writeNote(
      `${bucket} is of the account ${owner}, whose owner must allow the reader, too: ${sluiceCommand(options, ['connect', 'owner', bucket])}\n`,
    );
  return 0;
}

/** Policies of buckets and keys, and trust policies, are no managed policies. @throws PolicyError `SLUICE_POLICY_TOO_LONG` */
function requireLengths(policies: readonly PrintedPolicy[]): void {
  const most = ACCESS_LIMITS.managedPolicyCharacters;
  for (const { name, document } of policies) {
    const { length } = JSON.stringify(document);
    if (/permissions$|^callerPolicy$/i.test(name) && length > most)
      throw new PolicyError('SLUICE_POLICY_TOO_LONG', `${name}: ${length} characters, at most ${most}.`);
  }
}

/** Needs no credentials. What it prints needs a deployed stack and an administrator of Lake Formation. */
async function grants(line: CommandLine): Promise<number> {
  const [{ loadConfig }, { noteUnnamedTarget }, { grantCommand, lakeGrants }] = await Promise.all([
    import('../../lib/config/loadConfig.ts'),
    import('../aws/target.ts'),
    import('../../infra/lakeFormation.ts'),
  ]);
  noteUnnamedTarget(line);
  const stage = stageOption(line) ?? LOCAL_STAGE;
  const config = await loadConfig(configFile(repositoryRoot, process.env), stage);
  const all = lakeGrants({ config, service: 'sluice', stage });
  const region = checked(
    line,
    'region',
    z.enum(REGIONS, 'a region that docs/reference/configuration.md lists'),
  );
  const lines = [
    `export AWS_REGION=${region ?? config.region}`,
    'account=$(aws sts get-caller-identity --query Account --output text)',
    `id() { aws cloudformation describe-stack-resource --stack-name sluice-${stage} --logical-resource-id "$1" --query StackResourceDetail.PhysicalResourceId --output text; }`,
    ...all.map(grantCommand),
  ];
  writeResult(line, { grants: all }, () => `${lines.join('\n')}\n`);
  return 0;
}

function readTarget(line: CommandLine): PolicyTarget {
  const target = choiceOption(line, 'for', POLICY_TARGETS);
  if (target !== undefined) return target;
  throw new UsageError('SLUICE_USAGE_OPTIONS', `--for: missing, expected ${oneOf(POLICY_TARGETS)}.`);
}

/** Validates each option as the same field of `sluice.config.ts`, because it goes into a policy unchanged. */
function readNames(
  line: CommandLine,
  target: PolicyTarget,
  { account, region }: Pick<Config, 'account' | 'region'>,
): Omit<KnownNames, 'reader' | 'stack'> {
  const ofOthers = target === 'ingest-source' || target === 'export-target';
  return {
    region:
      checked(line, 'region', z.enum(REGIONS, 'a region that docs/reference/configuration.md lists')) ??
      region,
    account: checked(line, 'account', z.string().regex(/^\d{12}$/, '12 digits')) ?? account ?? undefined,
    keyArn: checked(line, 'key', ofOthers ? kmsKeyArn() : singleRegionKeyArn()),
    principal: checked(line, 'principal', principalOf(target)),
    externalId: checked(line, 'external-id', externalId()),
    bucket: checked(line, 'bucket', bucketName()),
  };
}

function principalOf(target: PolicyTarget): z.ZodType<string> {
  switch (target) {
    case 'statsig-role':
      return statsigPrincipal();
    case 'metabase':
      return metabasePrincipal();
    case 'ingest-source':
    case 'export-target':
    case 'statsig-bucket':
      return bucketPrincipal();
    default:
      return z.never(`none: the policies for ${target} name no principal`);
  }
}

function checked(line: CommandLine, name: string, schema: z.ZodType<string>): string | undefined {
  const value = textOption(line, name);
  if (value === undefined) return undefined;
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new UsageError('SLUICE_USAGE_OPTIONS', `--${name}: got ${value}, expected ${issue?.message}.`);
}

/** The name of a target begins with the kind of its reader, if it has one. */
function readReader(line: CommandLine, target: PolicyTarget, { readers }: Config): string | undefined {
  const name = textOption(line, 'reader');
  if (name === undefined || readers.some((reader) => reader.name === name && target.startsWith(reader.kind)))
    return name;
  throw new UsageError('SLUICE_USAGE_OPTIONS', `--reader: no reader for ${target} is named ${name}.`);
}

/** An option that names one of the configuration's sources or exports. @throws UsageError for any other. */
function namedOption(
  line: CommandLine,
  option: 'source' | 'export',
  all: readonly { readonly name: string }[],
): string | undefined {
  const name = textOption(line, option);
  if (name === undefined || all.some((one) => one.name === name)) return name;
  const target = option === 'source' ? 'ingest-source' : 'export-target';
  const known = all.map((one) => one.name);
  throw new UsageError(
    'SLUICE_USAGE_OPTIONS',
    `--${option}: expected --for ${target} and the name of one of the configuration's ${option}s, got ${name}.${didYouMean(name, known)}`,
  );
}

/**
 * Writes documents to stdout, and to stderr what to do with them and which placeholders are left. One object is for a
 * program, so then stderr only has which placeholders are left.
 */
function write(policies: readonly PrintedPolicy[], line: CommandLine): void {
  if (line.values['json'] === true)
    writeJson(Object.fromEntries(policies.map(({ name, document }) => [name, document])), 2);
  else
    for (const { name, purpose, document } of policies) {
      writeNote(`${name}: ${purpose}\n`);
      writeJson(document, 2);
    }
  const missing = new Set(JSON.stringify(policies).match(PLACEHOLDER));
  for (const name of missing) {
    writeNote(`Placeholder left: ${name}. Replace it, or use ${FILLED_BY.get(name) ?? 'its option'}.\n`);
  }
}
