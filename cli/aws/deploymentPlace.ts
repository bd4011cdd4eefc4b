import * as z from 'zod';
import { configFile, loadConfig } from '../../lib/config/loadConfig.ts';
import type { Config } from '../../lib/schema/config.ts';
import { DEFAULT_STAGE, LOCAL_STAGE } from '../../lib/schema/stages.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { localAccount } from '../../local/localAccount.ts';
import { type CommandLine, textOption, UsageError } from '../terminal/commandLine.ts';

/** Region and endpoint, as AWS clients take them. */
export interface AwsPlace {
  readonly region?: string;
  readonly endpoint?: string;
}

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

/** A deployment and its place by the options of a command alone, without the configuration. */
export interface NamedPlace {
  /** `service` of serverless.yml, and the stage. */
  readonly stack: { readonly service: string; readonly stage: string };
  /** As AWS clients take it; without a region if only the configuration has one. */
  readonly place: AwsPlace & {
    readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  /** Whether it is the local cloud: an endpoint on loopback. */
  readonly local: boolean;
}

/** Which deployment a command is about, and where it is. */
export interface DeploymentPlace extends NamedPlace {
  /** The region is that of the configuration unless the options or the environment have another. */
  readonly place: NamedPlace['place'] & { readonly region: string };
  readonly config: Config;
}

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

/** The response of `GET /_sluice/clock`: docs/local.md, "Time". */
const clock = z.object({ now: z.iso.datetime().transform((text) => Date.parse(text)) });

/**
 * The time of a deployment, epoch milliseconds: the local cloud's clock can be moved. For AWS, and for an endpoint that does
 * not answer, it is this machine's time; the next call reports what is wrong with the endpoint.
 */
export async function readClock({ local, place }: Pick<NamedPlace, 'local' | 'place'>): Promise<number> {
  if (!local || place.endpoint === undefined) return Date.now();
  try {
    const answer = await fetch(new URL('/_sluice/clock', place.endpoint));
    const read = clock.safeParse(await answer.json());
    return read.success ? read.data.now : Date.now();
  } catch {
    return Date.now();
  }
}
