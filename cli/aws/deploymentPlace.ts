import { configFile, loadConfig } from '../../lib/config/loadConfig.ts';
import { DEFAULT_STAGE, LOCAL_STAGE } from '../../lib/schema/stages.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { localAccount } from '../../local/localAccount.ts';
import {
  type AwsPlace,
  type DeploymentPlace,
  deploymentOptions,
  type NamedPlace,
} from '../../observe/deployment.ts';
import { type CommandLine, textOption, UsageError } from '../terminal/commandLine.ts';

/**
 * Region and endpoint of a command: from its options, otherwise as AWS tools resolve them. AWS_DEFAULT_REGION is a variable
 * of the AWS CLI that the JavaScript SDK does not read. Without a region, the client reads the profile.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html
 *
 * @param env An empty variable counts as not set.
 */
function awsPlace(
  options: { readonly region?: string | undefined; readonly endpoint?: string | undefined },
  env: Readonly<Record<string, string | undefined>>,
): AwsPlace {
  const region = options.region || env['AWS_REGION'] || env['AWS_DEFAULT_REGION'];
  return {
    ...(region ? { region } : {}),
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
  };
}

/** The default endpoint of the local cloud. */
const LOCAL_ENDPOINT = 'http://127.0.0.1:4566';

const LOOPBACK = /^https?:\/\/(127(\.\d{1,3}){3}|localhost|\[::1\])(:\d+)?(\/|$)/i;

/** The values of `placeOptions`; an empty text counts as not set. */
interface PlaceOptions {
  readonly local: boolean;
  readonly stage: string | undefined;
  readonly region: string | undefined;
  readonly endpoint: string | undefined;
}

/**
 * Reads the options and the configuration; the rest is resolved as AWS tools do.
 *
 * @throws UsageError when `--local` has an endpoint on another machine; ConfigError.
 */
export async function deploymentPlace(
  line: CommandLine,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<DeploymentPlace> {
  const named = namedPlace(readPlaceOptions(line), env);
  const config = await loadConfig(configFile(repositoryRoot, env), named.stack.stage);
  return { ...named, place: { ...named.place, region: named.place.region ?? config.region }, config };
}

/** The options that name the deployment of a command line again, for commands that it prints. */
export function commandOptions(line: CommandLine): readonly string[] {
  return deploymentOptions(namedPlace(readPlaceOptions(line)));
}

/** Reads `placeOptions` from a command line. */
export function readPlaceOptions(line: CommandLine): PlaceOptions {
  return {
    local: line.values['local'] === true,
    stage: textOption(line, 'stage') || undefined,
    region: textOption(line, 'region') || undefined,
    endpoint: textOption(line, 'endpoint-url') || undefined,
  };
}

/**
 * Reads the options alone, for a command that works without a valid configuration.
 *
 * @throws UsageError when `--local` has an endpoint on another machine.
 */
export function namedPlace(
  options: PlaceOptions,
  env: Readonly<Record<string, string | undefined>> = process.env,
): NamedPlace {
  const endpoint =
    options.endpoint ?? (env['AWS_ENDPOINT_URL'] || (options.local ? LOCAL_ENDPOINT : undefined));
  const local = endpoint !== undefined && LOOPBACK.test(endpoint);
  if (options.local && !local)
    throw new UsageError('SLUICE_USAGE_OPTIONS', `--local: ${endpoint} is not on this machine.`);
  const place = awsPlace({ region: options.region, endpoint }, env);
  const { region, accessKeyId, secretAccessKey } = localAccount;
  return {
    stack: { service: 'sluice', stage: options.stage ?? (local ? LOCAL_STAGE : DEFAULT_STAGE) },
    place: {
      ...place,
      // The local cloud has one region, whatever the environment says.
      ...(local ? { region: options.region ?? region } : {}),
      // Credentials in the environment take precedence: the local cloud also accepts others than its default ones.
      ...(local && !env['AWS_ACCESS_KEY_ID'] ? { credentials: { accessKeyId, secretAccessKey } } : {}),
    },
    local,
  };
}
