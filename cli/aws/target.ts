import { configFile, loadConfig } from '../../lib/config/loadConfig.ts';
import type { Config } from '../../lib/schema/config.ts';
import { DEFAULT_SERVICE, LOCAL_STAGE } from '../../lib/schema/stages.ts';
import { localAccount } from '../../local/localAccount.ts';
import { projectRoot } from '../../local/roots.ts';
import { sluiceCommand } from '../../observe/commands.ts';
import { type ConfiguredTarget, deploymentOptions, type Target } from '../../observe/target.ts';
import { type CommandLine, stageOption, textOption, UsageError } from '../terminal/commandLine.ts';
import { writeNote } from '../terminal/output.ts';
import { awsConnection, isLoopback } from './network.ts';

/** The default endpoint of the local cloud. */
const LOCAL_ENDPOINT = 'http://127.0.0.1:4566';

/** The options of a command line. */
type Line = Pick<CommandLine, 'values'>;

/** Command lines whose target was printed: some commands read it more than once. */
const noted = new WeakSet<CommandLine>();

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
  const named = namedTarget(line, env);
  const config = await loadConfig(configFile(projectRoot, env), named.stack.stage);
  const aws = { ...named.aws, region: named.aws.region ?? config.region };
  const target = { ...ofConfig(named, config), aws };
  if (line.changes === true && !noted.has(line)) {
    noted.add(line);
    writeNote(`${await targetSentence(target)}\n`);
  }
  return target;
}

/** A target with its configuration, which names the service. */
export function ofConfig(named: Target, config: Config): Target & { readonly config: Config } {
  return { ...named, stack: { ...named.stack, service: config.service }, config };
}

/** Milliseconds that a command waits for the account's number, which only its first line has. */
const ACCOUNT_MS = 5_000;

/** Names the deployment that a command is about to change: `Stage prod in eu-west-1 of account 111122223333.` */
async function targetSentence({ stack: { stage }, aws, isLocal }: ConfiguredTarget): Promise<string> {
  if (isLocal) {
    const ofStage = stage === LOCAL_STAGE ? '' : `, stage ${stage}`;
    return `The local cloud on ${aws.endpoint}${ofStage}.`;
  }
  const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
  const client = new STSClient({
    ...aws,
    maxAttempts: 2,
    requestHandler: { ...aws.requestHandler, requestTimeout: ACCOUNT_MS },
  });
  // Without an answer, the command's own first call reports what is wrong.
  const account = await client.send(new GetCallerIdentityCommand({})).then(
    ({ Account }) => ` of account ${Account}`,
    () => '',
  );
  client.destroy();
  return `Stage ${stage} in ${aws.region}${account}.`;
}

/** Whether the options name no place: neither a deployment nor the local cloud. */
export function isUnnamed(line: Line): boolean {
  return line.values['local'] !== true && stageOption(line) === undefined;
}

/**
 * Prints a note that names the target, if the command line does not. It is for texts that somebody enters or applies
 * elsewhere.
 */
export function noteUnnamedTarget(line: Line): void {
  if (isUnnamed(line)) writeNote('For the local cloud. With --stage NAME: for that deployment.\n');
}

/** The options that name the deployment of a command line again, for commands that it prints. */
export function commandOptions(line: Line): readonly string[] {
  // They connect to nothing.
  const { AWS_ENDPOINT_URL } = process.env;
  return deploymentOptions(namedTarget(line, { AWS_ENDPOINT_URL }));
}

/** A `sluice` command for a person to run on the deployment of a command line. */
export function targetedCommand(line: Line, words: readonly string[]): string {
  return sluiceCommand(commandOptions(line), words);
}

/** Whether the options mean the local cloud: the rule of {@link namedTarget}. */
export function isLocalMeant(line: Line): boolean {
  return line.values['local'] === true || [undefined, LOCAL_STAGE].includes(stageOption(line));
}

/**
 * Reads the options alone, for a command that works without a valid configuration. This is the rule of every command:
 * it is about the local cloud unless `--stage` names a deployment. `--stage local` is the local cloud, too. The endpoint
 * is that of the options, else of the environment. The region is that of the options, else the configuration's, as
 * Serverless has it: a region of the environment would lead to another place than the one that was deployed to.
 *
 * @param line An empty option counts as not set, and so does an empty variable.
 * @throws UsageError when the local cloud is meant and has an endpoint on another machine, or a region without a stage;
 *   AwsAccessError as {@link awsConnection}.
 */
export function namedTarget(
  line: Line,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Target {
  const stage = stageOption(line);
  const isMeant = isLocalMeant(line);
  const givenRegion = textOption(line, 'region') || undefined;
  const endpoint =
    textOption(line, 'endpoint-url') || env['AWS_ENDPOINT_URL'] || (isMeant ? LOCAL_ENDPOINT : undefined);
  const isLocal = endpoint !== undefined && isLoopback(URL.parse(endpoint)?.hostname ?? '');
  const refuse = (problem: string) => new UsageError('SLUICE_USAGE_OPTIONS', problem);
  if (isMeant && !isLocal)
    throw refuse(
      line.values['local'] === true
        ? `--local: ${endpoint} is not on this machine.`
        : `${endpoint} is not on this machine: expected --stage with the name of a deployment.`,
    );
  if (isUnnamed(line) && givenRegion !== undefined) throw refuse('--region: expected --stage with it.');
  const { accessKeyId, secretAccessKey } = localAccount;
  // The local cloud has one region.
  const region = givenRegion ?? (isLocal ? localAccount.region : undefined);
  return {
    stack: { service: DEFAULT_SERVICE, stage: stage ?? LOCAL_STAGE },
    aws: {
      // No proxy leads to the local cloud.
      ...awsConnection(isLocal ? {} : env),
      ...(region ? { region } : {}),
      ...(endpoint === undefined ? {} : { endpoint }),
      // Credentials in the environment take precedence: the local cloud also accepts others than its default ones.
      ...(isLocal && !env['AWS_ACCESS_KEY_ID'] ? { credentials: { accessKeyId, secretAccessKey } } : {}),
    },
    isLocal,
  };
}
