import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { streamName } from '../../infra/streams/streams.ts';
import { partName } from '../../infra/template/Stack.ts';
import { versionedSecret } from '../../lib/aws/secrets.ts';
import { type StreamNames, streamReadings } from '../../lib/aws/streamReadings.ts';
import { type Clock, isoTimestamp } from '../../lib/base/time.ts';
import {
  changeHolds,
  type Hold,
  type HoldStore,
  NO_HOLDS,
  readHolds,
  type StreamHolds,
  withHold,
  withoutHold,
} from '../../lib/landing/hold/StreamHolds.ts';
import { isLate, oldestSeconds } from '../../lib/landing/hold/streamAge.ts';
import { tableKinds } from '../../lib/schema/kinds.ts';
import {
  allStreams,
  parseStreamId,
  type StreamId,
  shardOf,
  sortedStreams,
  streamsOf,
  tableOf,
} from '../../lib/tables/streams.ts';
import type { Place } from '../place.ts';

type HoldsPlace = Pick<Place, 'aws' | 'stack' | 'now'>;

/** Which streams of a deployment are held. @throws HoldError; what Secrets Manager's client throws. */
export function readStreamHolds(place: HoldsPlace): Promise<StreamHolds> {
  return withHoldStore(place, async (store) => readHolds((await store.read()).text));
}

/** As {@link readStreamHolds}. A stack of a version before 0.3 has no secret of them, and holds none. */
export async function readHeldStreams(place: HoldsPlace): Promise<StreamHolds> {
  try {
    return await readStreamHolds(place);
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') return NO_HOLDS;
    throw error;
  }
}

/**
 * Holds streams until they are released by hand. The check does not release them.
 *
 * @param why One sentence, which `sluice status` shows.
 * @throws HoldError; what Secrets Manager's client throws.
 */
export function holdStreams(place: HoldsPlace, streams: readonly StreamId[], why: string) {
  const since = isoTimestamp(place.now);
  const hold = { since, by: 'hand', why, until: 'release', probe: false } as const;
  return withHoldStore(place, (store) =>
    changeHolds(store, (holds) => streams.reduce((all, stream) => withHold(all, stream, hold), holds)),
  );
}

/**
 * Releases streams, whoever holds them. One that is late now stays held until it delivers: what is put on it may be dropped,
 * and it would take the check minutes to hold it again.
 *
 * @param options.force Releases streams that are late, too. Then no metrics are read.
 * @throws As {@link holdStreams}; what CloudWatch's client throws.
 */
export async function releaseStreams(
  place: HoldsPlace & Pick<Place, 'cloudwatch' | 'config'>,
  streams: readonly StreamId[],
  { force = false }: { readonly force?: boolean } = {},
): Promise<StreamHolds> {
  const readings = force ? null : await readStreamMetrics(place, streams);
  const release = (holds: StreamHolds, stream: StreamId): StreamHolds => {
    const hold = holds.held[stream];
    const reading = readings?.get(stream);
    if (hold === undefined || reading === undefined || !isLate(reading))
      return withoutHold(holds, stream, place.now);
    if (hold.until === 'delivery') return holds;
    const hours = (oldestSeconds(reading) / 3_600).toFixed(1);
    const why = `It was released by hand while its oldest record had waited for ${hours} hours.`;
    return withHold(holds, stream, { ...hold, by: 'check', why, until: 'delivery' });
  };
  return withHoldStore(place, (store) => changeHolds(store, (holds) => streams.reduce(release, holds)));
}

/** What Firehose's metrics tell of streams. @throws HoldError; what CloudWatch's client throws. */
async function readStreamMetrics(
  { cloudwatch, stack, now }: Pick<Place, 'cloudwatch' | 'stack' | 'now'>,
  streams: readonly StreamId[],
) {
  const names: StreamNames = new Map(streams.map((stream) => [stream, streamName(stack, stream)]));
  return streamReadings(cloudwatch, names, constant(now))();
}

/** Every stream of a deployment with its name in AWS. */
export function streamNames({ config, stack }: Pick<Place, 'config' | 'stack'>): StreamNames {
  return new Map(allStreams(config).map((stream) => [stream, streamName(stack, stream)]));
}

/**
 * The streams that a person means: `events` is all of that table, `events-1` its first, `events-2` its second. None if there is
 * no such stream.
 *
 * @param streams All that there are.
 */
export function streamsMeant(streams: readonly StreamId[], word: string): readonly StreamId[] {
  const kind = tableKinds.find((one) => one === word);
  if (kind !== undefined) return streams.filter((stream) => tableOf(stream) === kind);
  const stream = parseStreamId(word.replace(/-1$/, ''));
  return stream !== null && streams.includes(stream) ? [stream] : [];
}

/** The streams of a configuration, and those that are held: what is deployed may have others than the checkout. */
export function streamsHeldToo(
  { config }: Pick<Place, 'config'>,
  { held }: Pick<StreamHolds, 'held'>,
): readonly StreamId[] {
  return sortedStreams([...allStreams(config), ...Object.keys(held)]);
}

/**
 * Whether a stream is released only by a person: one that a person holds, and one of several without anything to show that
 * it delivers, while others of its table get the rows (lib/landing/hold/checkStreams.ts).
 */
export function isForPerson(
  { config }: Pick<Place, 'config'>,
  stream: StreamId,
  { until, probe }: Hold,
): boolean {
  const isOne = streamsOf(config, tableOf(stream)).length === 1 && shardOf(stream) === 1;
  return until === 'release' || (probe && !isOne);
}

/** The word by which a person means one stream: {@link streamsMeant}. */
export function streamWord({ config }: Pick<Place, 'config'>, stream: StreamId): string {
  const isOne = streamsOf(config, tableOf(stream)).length === 1;
  return isOne || shardOf(stream) > 1 ? stream : `${stream}-1`;
}

function constant(now: number): Clock {
  return { now: () => now };
}

/** Opens the secret that says which streams are held. @throws What Secrets Manager's client and `work` throw. */
export async function withHoldStore<Result>(
  { aws, stack }: HoldsPlace,
  work: (store: HoldStore) => Promise<Result>,
): Promise<Result> {
  const client = new SecretsManagerClient(aws);
  try {
    return await work(versionedSecret(client, partName(stack, 'holds')));
  } finally {
    client.destroy();
  }
}
