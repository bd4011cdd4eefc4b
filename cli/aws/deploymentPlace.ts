import * as z from 'zod';
import { configFile, loadConfig } from '../../lib/config/loadConfig.ts';
import type { Config } from '../../lib/schema/config.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { localAccount } from '../../local/localAccount.ts';
import { type CommandLine, textOption, UsageError } from '../commandLine.ts';

/** Where AWS is, as clients take it. */
export interface AwsPlace {
  readonly region?: string;
  readonly endpoint?: string;
}

/**
 * Where a command goes: by its options, else as AWS's tools have it. AWS_DEFAULT_REGION is the AWS CLI's, which the
 * JavaScript SDK doesn't read. Without any region the client looks into the profile.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html
 *
 * @param env An empty variable counts as none.
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

/** Where `npm start` puts the local cloud unless told otherwise. */
const LOCAL_ENDPOINT = 'http://127.0.0.1:4566';

const LOOPBACK = /^https?:\/\/(127(\.\d{1,3}){3}|localhost|\[::1\])(:\d+)?(\/|$)/i;

/** What the options of a command say of a deployment and where it is, whatever its configuration. */
export interface NamedPlace {
  /** `service` of serverless.yml, and the stage. */
  readonly stack: { readonly service: string; readonly stage: string };
  /** As AWS's clients take it; without a region where nothing but the configuration says which. */
  readonly place: AwsPlace & {
    readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  /** Whether it is the local cloud: an endpoint on loopback. */
  readonly local: boolean;
}

/** Which deployment a command is about, and where it is. */
export interface DeploymentPlace extends NamedPlace {
  /** The region is the configuration's unless something else says another. */
  readonly place: NamedPlace['place'] & { readonly region: string };
  readonly config: Config;
}

/** What a command line has of `placeOptions`; an empty text counts as none. */
interface PlaceOptions {
  readonly local: boolean;
  readonly stage: string | undefined;
  readonly region: string | undefined;
  readonly endpoint: string | undefined;
}

/**
 * Reads the options, and the configuration; what they leave out is as AWS tools have it.
 *
 * @throws UsageError when `--local` goes elsewhere; ConfigError.
 */
export async function deploymentPlace(
  line: CommandLine,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<DeploymentPlace> {
  const named = namedPlace(readPlaceOptions(line), env);
  const config = await loadConfig(configFile(repositoryRoot, env));
  return { ...named, place: { ...named.place, region: named.place.region ?? config.region }, config };
}

/** What a command line has of `placeOptions`. */
export function readPlaceOptions(line: CommandLine): PlaceOptions {
  return {
    local: line.values['local'] === true,
    stage: textOption(line, 'stage') || undefined,
    region: textOption(line, 'region') || undefined,
    endpoint: textOption(line, 'endpoint-url') || undefined,
  };
}

/**
 * Reads the options alone, for who goes on where the configuration is not valid.
 *
 * @throws UsageError when `--local` goes elsewhere.
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
    stack: { service: 'sluice', stage: options.stage ?? (local ? 'local' : 'dev') },
    place: {
      ...place,
      // The local cloud is in one region, wherever the environment would rather be.
      ...(local ? { region: options.region ?? region } : {}),
      // Credentials in the environment count first: the local cloud knows others than its usual ones, too.
      ...(local && !env['AWS_ACCESS_KEY_ID'] ? { credentials: { accessKeyId, secretAccessKey } } : {}),
    },
    local,
  };
}

/** What `GET /_sluice/clock` answers: docs/local.md, "Time". */
const clock = z.object({ now: z.iso.datetime().transform((text) => Date.parse(text)) });

/**
 * What time it is where a command goes, epoch milliseconds: the local cloud's clock may have been moved. The machine's
 * for AWS, and for an endpoint that tells none: whatever else is asked of it says better what is wrong with it.
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
