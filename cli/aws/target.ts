import { configFile, loadConfig } from '../../lib/config/loadConfig.ts';
import { LOCAL_STAGE } from '../../lib/schema/stages.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { localAccount } from '../../local/localAccount.ts';
import { sluiceCommand } from '../../observe/commands.ts';
import {
  type AwsOptions,
  type ConfiguredTarget,
  deploymentOptions,
  type Target,
} from '../../observe/target.ts';
import { type CommandLine, stageOption, textOption, UsageError } from '../terminal/commandLine.ts';
import { writeNote } from '../terminal/output.ts';

/**
 * Region and endpoint of a command: from its options, otherwise as AWS tools resolve them. AWS_DEFAULT_REGION is a variable
 * of the AWS CLI that the JavaScript SDK does not read. Without a region, the client reads the profile.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html
 *
 * @param env An empty variable counts as not set.
 */
function awsOptions(
  options: { readonly region?: string | undefined; readonly endpoint?: string | undefined },
  env: Readonly<Record<string, string | undefined>>,
): AwsOptions {
  const region = options.region || env['AWS_REGION'] || env['AWS_DEFAULT_REGION'];
  return {
    ...(region ? { region } : {}),
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
  };
}

/** The default endpoint of the local cloud. */
const LOCAL_ENDPOINT = 'http://127.0.0.1:4566';

const LOOPBACK = /^https?:\/\/(127(\.\d{1,3}){3}|localhost|\[::1\])(:\d+)?(\/|$)/i;

/** The values of `targetOptions`; an empty text counts as not set. */
interface TargetOptions {
  readonly local: boolean;
  readonly stage: string | undefined;
  readonly region: string | undefined;
  readonly endpoint: string | undefined;
}

/** Command lines whose target was printed: some commands read it more than once. */
const told = new WeakSet<CommandLine>();

/**
 * Reads the options and the configuration; the rest is resolved as AWS tools do. A command that changes something prints
 * its target on stderr first.
 *
 * @throws UsageError as {@link namedTarget}; ConfigError.
 */
export async function configuredTarget(
  line: CommandLine,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<ConfiguredTarget> {
  const named = namedTarget(readTargetOptions(line), env);
  const config = await loadConfig(configFile(repositoryRoot, env), named.stack.stage);
  const aws = { ...named.aws, region: named.aws.region ?? config.region };
  const target = { ...named, aws, config };
  if (line.changes === true && !told.has(line)) {
    told.add(line);
    writeNote(`${await targetSentence(target)}\n`);
  }
  return target;
}

/** Names the deployment that a command is about to change: `Stage prod in eu-west-1 of account 111122223333.` */
async function targetSentence({ stack: { stage }, aws, isLocal }: ConfiguredTarget): Promise<string> {
  if (isLocal) return `The local cloud on ${aws.endpoint}${stage === LOCAL_STAGE ? '' : `, stage ${stage}`}.`;
  const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
  const client = new STSClient({
    ...aws,
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
  });
  // Without an answer the command's own first call says what is wrong.
  const account = await client.send(new GetCallerIdentityCommand({})).then(
    ({ Account }) => ` of account ${Account}`,
    () => '',
  );
  client.destroy();
  return `Stage ${stage} in ${aws.region}${account}.`;
}

/** For what somebody enters or applies elsewhere: a note that names the target if the command line does not. */
export function noteUnnamedTarget(line: CommandLine): void {
  const { local, stage } = readTargetOptions(line);
  if (!local && stage === undefined)
    writeNote('For the local cloud. With --stage NAME: for that deployment.\n');
}

/** The options that name the deployment of a command line again, for commands that it prints. */
export function commandOptions(line: CommandLine): readonly string[] {
  return deploymentOptions(namedTarget(readTargetOptions(line)));
}

/** A `sluice` command for a person to run on the deployment of a command line. */
export function targetedCommand(line: CommandLine, words: readonly string[]): string {
  return sluiceCommand(commandOptions(line), words);
}

/** Reads `targetOptions` from a command line. */
export function readTargetOptions(line: CommandLine): TargetOptions {
  return {
    local: line.values['local'] === true,
    stage: stageOption(line),
    region: textOption(line, 'region') || undefined,
    endpoint: textOption(line, 'endpoint-url') || undefined,
  };
}

/** Whether the options mean the local cloud: the rule of {@link namedTarget}. */
export function isLocalMeant({ local, stage }: Pick<TargetOptions, 'local' | 'stage'>): boolean {
  return local || stage === undefined || stage === LOCAL_STAGE;
}

/**
 * Reads the options alone, for a command that works without a valid configuration. This is the rule of every command:
 * it is about the local cloud unless `--stage` names a deployment. `--stage local` is the local cloud, too.
 *
 * @throws UsageError when the local cloud is meant and has an endpoint on another machine, or a region without a stage.
 */
export function namedTarget(
  options: TargetOptions,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Target {
  const { stage } = options;
  const isMeant = isLocalMeant(options);
  const endpoint = options.endpoint ?? (env['AWS_ENDPOINT_URL'] || (isMeant ? LOCAL_ENDPOINT : undefined));
  const isLocal = endpoint !== undefined && LOOPBACK.test(endpoint);
  if (isMeant && !isLocal)
    throw new UsageError(
      'SLUICE_USAGE_OPTIONS',
      options.local
        ? `--local: ${endpoint} is not on this machine.`
        : `${endpoint} is not on this machine: expected --stage with the name of a deployment.`,
    );
  if (stage === undefined && !options.local && options.region !== undefined)
    throw new UsageError('SLUICE_USAGE_OPTIONS', '--region: expected --stage with it.');
  const aws = awsOptions({ region: options.region, endpoint }, env);
  const { region, accessKeyId, secretAccessKey } = localAccount;
  return {
    stack: { service: 'sluice', stage: stage ?? LOCAL_STAGE },
    aws: {
      ...aws,
      // The local cloud has one region, whatever the environment says.
      ...(isLocal ? { region: options.region ?? region } : {}),
      // Credentials in the environment take precedence: the local cloud also accepts others than its default ones.
      ...(isLocal && !env['AWS_ACCESS_KEY_ID'] ? { credentials: { accessKeyId, secretAccessKey } } : {}),
    },
    isLocal,
  };
}
