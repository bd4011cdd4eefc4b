import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { partName } from '../../../infra/template/Stack.ts';
import { versionedSecret } from '../../../lib/aws/secrets.ts';
import {
  type Hold,
  type HoldStore,
  readHolds,
  type StreamHolds,
} from '../../../lib/landing/hold/StreamHolds.ts';
import {
  everyStream,
  isLandingStream,
  parseStreamId,
  type StreamId,
  sortedStreams,
} from '../../../lib/tables/streams.ts';
import type { Deployment } from '../../deployment.ts';

/** The deployment whose streams are held. */
export type HoldsReaders = Pick<Deployment, 'aws' | 'stack' | 'now'>;

/** Which streams of a deployment are held. @throws HoldError; what Secrets Manager's client throws. */
export function readStreamHolds(deployment: HoldsReaders): Promise<StreamHolds> {
  return withHoldStore(deployment, async (store) => readHolds((await store.read()).text));
}

/**
 * The streams that a person means: `landing` is all of the landing, `landing-1` its first, `landing-2` its second. None if there
 * is no such stream.
 *
 * @param streams All that there are.
 */
export function streamsMeant(streams: readonly StreamId[], word: string): readonly StreamId[] {
  if (word === 'landing') return streams.filter(isLandingStream);
  const stream = parseStreamId(word.replace(/-1$/, ''));
  return stream !== null && streams.includes(stream) ? [stream] : [];
}

/** The streams of a configuration, and those that are held: what is deployed may have others than the checkout. */
export function streamsHeldToo(
  { config }: Pick<Deployment, 'config'>,
  { held }: Pick<StreamHolds, 'held'>,
): readonly StreamId[] {
  return sortedStreams([...everyStream(config), ...Object.keys(held)]);
}

/**
 * Whether a stream is released only by a person: one that a person holds, and one of several without anything to show that
 * it delivers, while others of the landing get the records (lib/landing/hold/checkStreams.ts).
 */
export function isForPerson(
  { config }: Pick<Deployment, 'config'>,
  stream: StreamId,
  { until, probe }: Hold,
): boolean {
  return until === 'release' || (probe && isLandingStream(stream) && config.streams > 1);
}

/** The word by which a person means one stream: {@link streamsMeant}. */
export function streamWord({ config }: Pick<Deployment, 'config'>, stream: StreamId): string {
  return stream === 'landing' && config.streams > 1 ? 'landing-1' : stream;
}

/** Opens the secret that says which streams are held. @throws What Secrets Manager's client and `work` throw. */
export async function withHoldStore<Result>(
  { aws, stack }: HoldsReaders,
  work: (store: HoldStore) => Promise<Result>,
): Promise<Result> {
  const client = new SecretsManagerClient(aws);
  try {
    return await work(versionedSecret(client, partName(stack, 'holds')));
  } finally {
    client.destroy();
  }
}
