import * as z from 'zod';
import { DAY_MS } from '../base/time.ts';

/** Milliseconds after which an erasure that has not ended explains nothing any more. */
const IDLE_MS = 30 * DAY_MS;

/** An erasure that changes files of a day. It is noted before the first change, and is then why rows are gone. */
export const erasureNoteSchema = z.object({
  /** lib/erase/Unit.ts: erasureId. */
  id: z.string().min(1),
  /** Epoch milliseconds of its first change of the day, or of the first after it went on. */
  at: z.number(),
  /** When its run ended; absent while it is under way, or stopped. */
  endedAt: z.number().optional(),
});

type Erased = { readonly erasures?: readonly z.output<typeof erasureNoteSchema>[] | undefined };

/** The erasures that explain why files of a day have changed: not those that stopped 30 days ago. */
export function countingErasures({ erasures = [] }: Erased, now: number): readonly string[] {
  return erasures.flatMap(({ id, at, endedAt }) => (endedAt !== undefined || now - at < IDLE_MS ? [id] : []));
}

/** The erasures that have stopped for 30 days: nothing has ended them. */
export function idleErasures(entry: Erased, now: number): readonly string[] {
  const counting = countingErasures(entry, now);
  return (entry.erasures ?? []).flatMap(({ id }) => (counting.includes(id) ? [] : [id]));
}

/** The notes of a day with that of an erasure: begun, or with `endedAt` ended. */
export function noteErasure<Entry extends Erased>(
  entry: Entry,
  note: z.output<typeof erasureNoteSchema>,
): Entry {
  return { ...entry, erasures: [...(entry.erasures ?? []).filter(({ id }) => id !== note.id), note] };
}

/**
 * A day that is settled with files that were listed at an instant: erasures that had ended by then explain nothing of the next.
 * What settles a day calls it: a curation, a load, an export.
 */
export function settleErasures<Entry extends Erased>(entry: Entry, listedAt: number): Entry {
  const { erasures = [], ...kept } = entry;
  const left = erasures.filter(({ endedAt }) => endedAt === undefined || endedAt >= listedAt);
  // The member is optional in every entry.
  return (left.length === 0 ? kept : { ...entry, erasures: left }) as Entry;
}
