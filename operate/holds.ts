import { streamName } from '../infra/streams/streams.ts';
import { type StreamNames, streamReadings } from '../lib/aws/streamReadings.ts';
import { type Clock, isoTimestamp } from '../lib/base/time.ts';
import { changeHolds, type StreamHolds, withHold, withoutHold } from '../lib/landing/hold/StreamHolds.ts';
import { isLate, oldestSeconds } from '../lib/landing/hold/streamAge.ts';
import type { StreamId } from '../lib/tables/streams.ts';
import type { Deployment } from '../observe/deployment.ts';
import { type HoldsReaders, withHoldStore } from '../observe/facts/flow/holds.ts';
import { readStreamNames } from '../observe/facts/flow/streamNames.ts';

/**
 * Holds streams until they are released by hand. The check does not release them.
 *
 * @param why One sentence, which `sluice status` shows.
 * @throws HoldError; what Secrets Manager's client throws.
 */
export function holdStreams(deployment: HoldsReaders, streams: readonly StreamId[], why: string) {
  const since = isoTimestamp(deployment.now);
  const hold = { since, by: 'hand', why, until: 'release', probe: false } as const;
  return withHoldStore(deployment, (store) =>
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
  deployment: HoldsReaders & Pick<Deployment, 'cloudwatch' | 'config'>,
  streams: readonly StreamId[],
  { force = false }: { readonly force?: boolean } = {},
): Promise<StreamHolds> {
  const readings = force ? null : await readStreamMetrics(deployment, streams);
  const release = (holds: StreamHolds, stream: StreamId): StreamHolds => {
    const hold = holds.held[stream];
    const reading = readings?.get(stream);
    if (hold === undefined || reading === undefined || !isLate(reading))
      return withoutHold(holds, stream, deployment.now);
    if (hold.until === 'delivery') return holds;
    const hours = (oldestSeconds(reading) / 3_600).toFixed(1);
    const why = `It was released by hand while its oldest record had waited for ${hours} hours.`;
    return withHold(holds, stream, { ...hold, by: 'check', why, until: 'delivery' });
  };
  return withHoldStore(deployment, (store) => changeHolds(store, (holds) => streams.reduce(release, holds)));
}

/** Reads Firehose's metrics of streams. @throws HoldError; what CloudWatch's client throws. */
async function readStreamMetrics(
  deployment: Pick<Deployment, 'aws' | 'cloudwatch' | 'config' | 'stack' | 'now'>,
  streams: readonly StreamId[],
) {
  const all = await readStreamNames(deployment);
  // Deployed streams may have other names than those in the checkout.
  const nameOf = (stream: StreamId) => all.get(stream) ?? streamName(deployment.stack, stream);
  const names: StreamNames = new Map(streams.map((stream) => [stream, nameOf(stream)]));
  return streamReadings(deployment.cloudwatch, names, constant(deployment.now))();
}

function constant(now: number): Clock {
  return { now: () => now };
}
