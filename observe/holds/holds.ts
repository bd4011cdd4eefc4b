import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { streamName } from '../../infra/streams/streams.ts';
import { partName } from '../../infra/template/Stack.ts';
import { versionedSecret } from '../../lib/aws/secrets.ts';
import { streamReadings } from '../../lib/aws/streamReadings.ts';
import { type Clock, isoTimestamp } from '../../lib/base/time.ts';
import {
  changeHolds,
  type HoldStore,
  NO_HOLDS,
  readHolds,
  type StreamHolds,
  withHold,
  withoutHold,
} from '../../lib/landing/hold/StreamHolds.ts';
import { isLate, oldestSeconds } from '../../lib/landing/hold/streamAge.ts';

import type { TableKind } from '../../lib/schema/kinds.ts';
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
export function holdStreams(place: HoldsPlace, tables: readonly TableKind[], why: string) {
  const since = isoTimestamp(place.now);
  const hold = { since, by: 'hand', why, until: 'release', probe: false } as const;
  return withHoldStore(place, (store) =>
    changeHolds(store, (holds) => tables.reduce((all, table) => withHold(all, table, hold), holds)),
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
  place: HoldsPlace & Pick<Place, 'cloudwatch'>,
  tables: readonly TableKind[],
  { force = false }: { readonly force?: boolean } = {},
): Promise<StreamHolds> {
  const readings = force ? null : await readStreamMetrics(place);
  const release = (holds: StreamHolds, table: TableKind): StreamHolds => {
    const hold = holds.held[table];
    if (hold === undefined || readings === null || !isLate(readings[table]))
      return withoutHold(holds, table, place.now);
    if (hold.until === 'delivery') return holds;
    const hours = (oldestSeconds(readings[table]) / 3_600).toFixed(1);
    const why = `It was released by hand while its oldest record had waited for ${hours} hours.`;
    return withHold(holds, table, { ...hold, by: 'check', why, until: 'delivery' });
  };
  return withHoldStore(place, (store) => changeHolds(store, (holds) => tables.reduce(release, holds)));
}

/** What Firehose's metrics tell of the streams. @throws HoldError; what CloudWatch's client throws. */
export function readStreamMetrics(place: Pick<Place, 'cloudwatch' | 'stack' | 'now'>) {
  return streamReadings(place.cloudwatch, streamsOf(place), constant(place.now))();
}

function streamsOf({ stack }: Pick<Place, 'stack'>): Readonly<Record<TableKind, string>> {
  return {
    exposures: streamName(stack, 'exposures'),
    events: streamName(stack, 'events'),
    quarantine: streamName(stack, 'quarantine'),
  };
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
