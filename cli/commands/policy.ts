import * as z from 'zod';
import { ACCESS_LIMITS } from '../../lib/access/policyDocument.ts';
import {
  type KnownNames,
  POLICY_TARGETS,
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
import { DEFAULT_STAGE } from '../../lib/schema/stages.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import {
  type Command,
  type CommandLine,
  didYouMean,
  stageOption,
  textOption,
  UsageError,
} from '../terminal/commandLine.ts';
import { writeJson, writeNote } from '../terminal/output.ts';

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
]);

/** `sluice policy`: policies that grant access to others, as JSON. It does not call AWS and needs no credentials. */
export const policy: Command = {
  name: 'policy',
  summary: 'Print the IAM and bucket policies that grant access to Statsig, OWOX, Metabase and others.',
  usage: `sluice policy print --for ${POLICY_TARGETS.join('|')} [options]`,
  options: {
    for: { type: 'string', help: 'who gets access, or what the policies are for' },
    account: {
      type: 'string',
      help: 'AWS account of the deployment, 12 digits (default: that of sluice.config.ts)',
    },
    region: { type: 'string', help: 'its region (default: that of sluice.config.ts)' },
    stage: { type: 'string', help: 'stage of the deployment (default dev)' },
    principal: {
      type: 'string',
      help: "principal that gets access: Statsig's account ID or an ARN (default: the reader's in sluice.config.ts)",
    },
    'external-id': { type: 'string', help: 'statsig-role: the external ID that Statsig generated' },
    bucket: { type: 'string', help: "the customer's bucket, or the bucket of OWOX's results" },
    key: {
      type: 'string',
      help: "ARN of the KMS key of the data bucket, or of the customer's bucket if it has one",
    },
    reader: { type: 'string', help: 'name of one of `readers` (default: the first of its kind)' },
    json: { type: 'boolean', help: 'print one object, with a member for each document' },
  },
  examples: [
    'sluice policy print --for statsig-role --account 111122223333',
    'sluice policy print --for ingest-source --bucket acme-exports --principal arn:aws:iam::999689269917:user/acme --json',
    'sluice policy print --for deploy --stage prod --account 111122223333 --json | jq .stackPermissions > stack.json',
    'sluice policy print --for probe --stage prod --account 111122223333',
  ],
  async run(line) {
    if (line.positionals.length !== 1 || line.positionals[0] !== 'print')
      throw new UsageError('SLUICE_USAGE_ARGUMENTS', 'Expected print.');
    const target = readTarget(line);
    const { loadConfig } = await import('../../lib/config/loadConfig.ts');
    const stage = stageOption(line) ?? DEFAULT_STAGE;
    const config = await loadConfig(configFile(repositoryRoot, process.env), stage);
    const policies = printedPolicies(target, config, {
      ...readNames(line, target, config),
      stack: `sluice-${stage}`,
      reader: readReader(line, target, config),
    });
    write(policies, line.values['json'] === true);
    return 0;
  },
};

function readTarget(line: CommandLine): PolicyTarget {
  const value = textOption(line, 'for');
  const target = POLICY_TARGETS.find((one) => one === value);
  if (target !== undefined) return target;
  throw new UsageError(
    'SLUICE_USAGE_OPTIONS',
    `Expected --for ${POLICY_TARGETS.join(', ')}.${didYouMean(value ?? '', POLICY_TARGETS)}`,
  );
}

/** Validates each option as the same field of `sluice.config.ts`, because it goes into a policy unchanged. */
function readNames(
  line: CommandLine,
  target: PolicyTarget,
  { account, region }: Pick<Config, 'account' | 'region'>,
): Omit<KnownNames, 'reader' | 'stack'> {
  const ofOthers = target === 'ingest-source' || target === 'export-target';
  return {
    region: checked(line, 'region', z.enum(REGIONS, 'a region that lib/schema/regions.ts lists')) ?? region,
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

/**
 * Writes documents to stdout, and to stderr what to do with them and which placeholders are left. One object is for a
 * program, so then stderr only has what is wrong with the documents.
 */
function write(policies: readonly PrintedPolicy[], asOne: boolean): void {
  if (asOne) {
    const byName = Object.fromEntries(policies.map(({ name, document }) => [name, document]));
    writeJson(byName, 2);
  } else {
    for (const { name, purpose, document } of policies) {
      writeNote(`${name}: ${purpose}\n`);
      writeJson(document, 2);
    }
  }
  for (const { name, document } of policies) {
    const characters = JSON.stringify(document).length;
    if (characters > ACCESS_LIMITS.managedPolicyCharacters)
      writeNote(
        `${name} has ${characters} characters, but IAM allows ${ACCESS_LIMITS.managedPolicyCharacters} in one policy. Split its statements.\n`,
      );
  }
  const missing = new Set(JSON.stringify(policies).match(PLACEHOLDER));
  for (const name of missing) {
    writeNote(`Placeholder left: ${name}. Replace it, or use ${FILLED_BY.get(name) ?? 'its option'}.\n`);
  }
}
