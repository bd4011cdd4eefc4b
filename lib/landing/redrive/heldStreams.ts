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
 * Since when none of these tables is without a stream that is free, epoch milliseconds; 0 if always, or it is not known. A
 * table was so until the first of its streams was released.
 */
export function releasedAt(kinds: readonly TableKind[], streams: Streams, holds: StreamHolds | null): number {
  const times = kinds.map((kind) =>
    Math.min(...streams[kind].map(({ stream }) => Date.parse(holds?.released[stream] ?? NEVER))),
  );
  return Math.max(0, ...times);
}

const NEVER = '1970-01-01T00:00:00Z';
