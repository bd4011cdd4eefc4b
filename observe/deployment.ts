import * as z from 'zod';
import type { Config } from '../lib/schema/config.ts';
import { LOCAL_STAGE } from '../lib/schema/stages.ts';

/** Region and endpoint, as AWS clients take them. */
export interface AwsPlace {
  readonly region?: string;
  readonly endpoint?: string;
}

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

/** The options of `sluice` that name a deployment: {@link sluiceCommand} of commands.ts takes them. */
export function deploymentOptions({ stack: { stage }, place, local }: NamedPlace): readonly string[] {
  const { region, endpoint } = place;
  return [
    ...(local ? ['--local'] : []),
    ...(local && stage === LOCAL_STAGE ? [] : ['--stage', stage]),
    // The local cloud has one region.
    ...(local || region === undefined ? [] : ['--region', region]),
    ...(endpoint === undefined ? [] : ['--endpoint-url', endpoint]),
  ];
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
