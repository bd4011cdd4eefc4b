import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { partName } from '../../infra/template/Stack.ts';
import { versionedSecret } from '../../lib/aws/secrets.ts';
import { isoTimestamp } from '../../lib/base/time.ts';
import {
  changeHolds,
  type HoldStore,
  readHolds,
  type StreamHolds,
  withHold,
  withoutHold,
} from '../../lib/landing/hold/StreamHolds.ts';
import type { TableKind } from '../../lib/schema/kinds.ts';
import type { Place } from '../place.ts';

type HoldsPlace = Pick<Place, 'aws' | 'stack' | 'now'>;

/** Which streams of a deployment are held. @throws HoldError; what Secrets Manager's client throws. */
export function readStreamHolds(place: HoldsPlace): Promise<StreamHolds> {
  return withHoldStore(place, async (store) => readHolds((await store.read()).text));
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

/** Releases streams, whoever holds them. The check holds again what is late. @throws As {@link holdStreams}. */
export function releaseStreams(place: HoldsPlace, tables: readonly TableKind[]) {
  return withHoldStore(place, (store) =>
    changeHolds(store, (holds) => tables.reduce((all, table) => withoutHold(all, table, place.now), holds)),
  );
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
