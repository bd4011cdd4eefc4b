import type { Agent } from 'node:https';
import type { STSClientConfig } from '@aws-sdk/client-sts';
import * as z from 'zod';
import type { Config } from '../lib/schema/config.ts';
import { LOCAL_STAGE } from '../lib/schema/stages.ts';

/** Region and endpoint, as AWS clients take them. */
interface AwsOptions {
  /** The region; absent if the configuration has it alone. */
  readonly region?: string;
  /** URL of the local cloud, or of another endpoint; absent for AWS's own. */
  readonly endpoint?: string;
}

/** Credentials, or a function that finds them, as clients take both. */
type Credentials = NonNullable<STSClientConfig['credentials']>;

/** How AWS's clients connect on a person's machine. */
export interface AwsConnection {
  /** Time limits, milliseconds, and behind a proxy an agent: the client that reads it closes it, and the next gets another. */
  readonly requestHandler: {
    /** Until there is a connection. */
    readonly connectionTimeout: number;
    /** Until there is the head of the answer. */
    readonly requestTimeout: number;
    /** Whether a call ends by these limits: the SDK only warns without it. */
    readonly throwOnRequestTimeout: boolean;
    /** Connects through the proxy. */
    readonly httpsAgent?: Agent;
  };
  /** The local cloud's own credentials; behind a proxy the default chain, whose clients of SSO and STS use the proxy, too. */
  readonly credentials?: Credentials;
}

/** Which deployment the options of a command name, without the configuration. */
export interface Target {
  /** `service` of serverless.yml, and the stage. */
  readonly stack: { readonly service: string; readonly stage: string };
  /** As AWS clients take it; without a region if only the configuration has one. */
  readonly aws: AwsOptions & Partial<AwsConnection>;
  /** Whether it is the local cloud: an endpoint on loopback. */
  readonly isLocal: boolean;
}

/** Which deployment a command is about, with its configuration. */
export interface ConfiguredTarget extends Target {
  /** The configuration's region, unless the options have another. */
  readonly aws: Target['aws'] & { readonly region: string };
  /** Of the stage. */
  readonly config: Config;
}

/** The options of `sluice` that name a deployment: `sluiceCommand` of commands.ts takes them. */
export function deploymentOptions({ stack: { stage }, aws, isLocal }: Target): readonly string[] {
  const { region, endpoint } = aws;
  return [
    ...(isLocal ? ['--local'] : []),
    ...(isLocal && stage === LOCAL_STAGE ? [] : ['--stage', stage]),
    // The local cloud has one region.
    ...(isLocal || region === undefined ? [] : ['--region', region]),
    ...(endpoint === undefined ? [] : ['--endpoint-url', endpoint]),
  ];
}

/** Milliseconds for which {@link readClock} waits: the local cloud answers late while it runs functions and queries. */
const CLOCK_MS = 10_000;

/** The response of the local cloud to `GET /_sluice/clock`. */
const clock = z.object({ now: z.iso.datetime().transform((text) => Date.parse(text)) });

/**
 * The time of a deployment, epoch milliseconds: the local cloud's clock can be moved. For AWS, and for an endpoint that does
 * not answer, it is this machine's time; the next call reports what is wrong with the endpoint. So it is for another
 * emulator, which has no such clock.
 *
 * @param limitMs Milliseconds until an endpoint does not answer.
 */
export async function readClock(
  { isLocal, aws }: Pick<Target, 'isLocal' | 'aws'>,
  limitMs = CLOCK_MS,
): Promise<number> {
  if (!isLocal || aws.endpoint === undefined) return Date.now();
  try {
    const answer = await fetch(new URL('/_sluice/clock', aws.endpoint), {
      signal: AbortSignal.timeout(limitMs),
    });
    const read = clock.safeParse(await answer.json());
    return read.success ? read.data.now : Date.now();
  } catch {
    return Date.now();
  }
}
