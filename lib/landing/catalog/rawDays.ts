import * as z from 'zod';
import type { ObjectStore } from '../../base/ObjectStore.ts';
import { addDays, type UtcDay, utcDay } from '../../base/time.ts';
import type { Config } from '../../schema/config.ts';
import type { ForwardedKind } from '../../schema/kinds.ts';
import { rawDaysKey } from '../../tables/ledgerKeys.ts';

/** A day counts once looks this long apart have seen its files: the writer may take files back, and a probe deletes its own. */
const SEEN_MS = 1_800_000;

/** What the hourly look notes of a raw table: when it was, and of each day when looks first and last saw files. Epoch milliseconds. */
const rawDaysSchema = z.strictObject({
  at: z.int(),
  days: z.record(z.string(), z.tuple([z.int(), z.int()])),
});
type RawDays = z.output<typeof rawDaysSchema>;

/** A day whose files are all gone, and when a look last saw some, epoch milliseconds. */
export interface LostDay {
  readonly day: UtcDay;
  readonly seenAt: number;
}

/** Days whose files are gone. An erasure is no reason: it replaces files under their keys. */
export function lostDays({ at, days }: RawDays): readonly LostDay[] {
  return Object.entries(days).flatMap(([day, [first, last]]) =>
    last < at && last - first >= SEEN_MS ? [{ day, seenAt: last }] : [],
  );
}

/**
 * The next note. A day that is lost stays in it until its files are back or it is past retention.
 *
 * @param there Days that have a folder.
 */
export function nextRawDays(
  before: RawDays | null,
  there: readonly UtcDay[],
  { retention, timeWindow }: Pick<Config, 'retention' | 'timeWindow'>,
  now: number,
): RawDays {
  const { forwardedDays } = retention;
  // The oldest files of a day are those that came when it was still to come.
  const isPast = (day: UtcDay) =>
    forwardedDays !== null && utcDay(now) >= addDays(day, forwardedDays - timeWindow.futureDays);
  const lost = before === null ? [] : lostDays({ ...before, at: now }).map(({ day }) => day);
  const seen = new Set(there);
  const days = [...new Set([...lost, ...there])].filter((day) => !isPast(day)).sort();
  return {
    at: now,
    days: Object.fromEntries(
      days.map((day) => {
        const [first, last] = before?.days[day] ?? [now, now];
        return [day, [first, seen.has(day) ? now : last]];
      }),
    ),
  };
}

/** The note without a day whose loss somebody accepts; null if the day is not lost. It comes back with files only. */
export function withoutLostDay(note: RawDays, day: UtcDay): RawDays | null {
  if (lostDays(note).every((lost) => lost.day !== day)) return null;
  const { [day]: _, ...days } = note.days;
  return { ...note, days };
}

/** Reads the note; null if there is none, or none that can be read: the next look begins anew. */
export function parseRawDays(text: string | undefined): RawDays | null {
  try {
    return rawDaysSchema.parse(JSON.parse(text ?? ''));
  } catch {
    return null;
  }
}

/** Notes what a look sees. */
export async function noteRawDays(
  store: ObjectStore,
  kind: ForwardedKind,
  there: readonly UtcDay[],
  config: Pick<Config, 'retention' | 'timeWindow'>,
  now: number,
): Promise<void> {
  const key = rawDaysKey(kind);
  // The registrar may list folders only: a read of what is missing would be refused.
  const { items } = await store.listPage(key, { limit: 1 });
  const before = items.length === 0 ? null : await store.read(key);
  const next = nextRawDays(parseRawDays(before?.text), there, config, now);
  // Another look may have written it meanwhile: the next one goes on from there.
  await store.write(key, JSON.stringify(next), { expected: before?.eTag ?? null });
}
