import { type TableKind, tableKinds } from '../../schema/kinds.ts';
import { type OverflowFolder, REQUESTS } from '../../tables/objectKeys.ts';
import type { StreamHolds } from '../hold/StreamHolds.ts';
import type { RedriveOutcome } from './Redrive.ts';

/** Streams that get nothing: those that are held, and all of them while it is not known which are (null). */
export function heldKinds(holds: StreamHolds | null): ReadonlySet<TableKind> {
  return new Set(tableKinds.filter((kind) => holds === null || holds.held[kind] !== undefined));
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

/** When the last of these streams was released, epoch milliseconds; 0 if none was ever held, or it is not known. */
export function releasedAt(kinds: readonly TableKind[], holds: StreamHolds | null): number {
  const times = kinds.flatMap((kind) => holds?.released[kind] ?? []);
  return Math.max(0, ...times.map((time) => Date.parse(time)));
}
