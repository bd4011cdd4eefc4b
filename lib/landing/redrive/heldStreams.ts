import { type TableKind, tableKinds } from '../../schema/kinds.ts';
import { type OverflowFolder, REQUESTS } from '../../tables/objectKeys.ts';
import type { StreamHolds } from '../hold/StreamHolds.ts';
import type { Redrive, RedriveOutcome, RedriveStream } from './Redrive.ts';

/** The streams of redrive. */
type Streams = Redrive['streams'];

/** Streams of a table that are not held; none while it is not known which are (null). */
export function freeStreams(
  streams: readonly RedriveStream[],
  holds: StreamHolds | null,
): readonly RedriveStream[] {
  return holds === null ? [] : streams.filter(({ stream }) => holds.held[stream] === undefined);
}

/** Tables of which nothing is put: all of their streams are held, or it is not known which are (null). */
export function heldKinds(streams: Streams, holds: StreamHolds | null): ReadonlySet<TableKind> {
  return new Set(tableKinds.filter((kind) => freeStreams(streams[kind], holds).length === 0));
}

/**
 * Whether no object of an overflow folder can be tried. Of requests an object may have rows of any table: it waits only for
 * the streams of those that it has.
 */
export function isFolderHeld(folder: OverflowFolder, held: ReadonlySet<TableKind>): boolean {
  return folder === REQUESTS ? held.size === tableKinds.length : held.has(folder);
}

/** The outcome for an object that waits for a held stream. While it is not known which are held, its message returns. */
export function waits(holds: StreamHolds | null): RedriveOutcome {
  return holds === null
    ? { outcome: 'kept', code: 'SLUICE_HOLD_UNAVAILABLE', detail: '' }
    : { outcome: 'held' };
}

/**
 * Since when no stream of these tables is held, epoch milliseconds; 0 if always, or it is not known; now while one is. It
 * is not known what a row waited for, so it counts as tried only since then, and is parked later rather than too early.
 *
 * @param now Epoch milliseconds.
 */
export function releasedAt(
  kinds: readonly TableKind[],
  streams: Streams,
  holds: StreamHolds | null,
  now: number,
): number {
  if (holds === null) return 0;
  const times = kinds
    .flatMap((kind) => streams[kind])
    .map(({ stream }) => {
      const released = holds.released[stream];
      if (holds.held[stream] !== undefined) return now;
      return released === undefined ? 0 : Date.parse(released);
    });
  return Math.max(0, ...times);
}
