import * as z from 'zod';
import { mapLimit } from '../../base/concurrency.ts';
import { parseJson } from '../../base/json.ts';
import { isDataFile, listObjects, type ObjectStore } from '../../base/ObjectStore.ts';
import { addDays, type UtcDay, utcDay } from '../../base/time.ts';
import type { Config } from '../../schema/config.ts';
import type { ForwardedKind } from '../../schema/kinds.ts';
import { ERASURES_FOLDER, rawDaysKey } from '../../tables/ledgerKeys.ts';
import { dayFolder, deliveredTime, fileTime, type TableLayout } from '../../tables/tableFolders.ts';

/** From this age on, in milliseconds, a file counts: a round of the writer, which takes no longer, may take back what it has put. */
const SETTLED_MS = 180_000;
/** Days before today of which each look counts the files: later a night compares those of curated days. Of others it sees the folder. */
const COUNTED_DAYS = 3;
/** Days that are counted at a time: there are many when lost files of many are back. */
const PARALLEL_DAYS = 8;

/** What the hourly look notes of a raw table: when it was, and of each day when a look last saw all files, and how many. Epoch milliseconds. */
const rawDaysSchema = z.strictObject({
  at: z.int(),
  days: z.record(z.string(), z.strictObject({ seenAt: z.int(), files: z.int() })),
});
type RawDays = z.output<typeof rawDaysSchema>;

/** A day of which files are gone, how many it had, and when a look last saw all of them, epoch milliseconds. */
export interface LostDay {
  readonly day: UtcDay;
  readonly seenAt: number;
  readonly files: number;
}

/** Days of which files are gone. */
export function lostDays({ at, days }: RawDays): readonly LostDay[] {
  return Object.entries(days).flatMap(([day, seen]) => (seen.seenAt < at ? [{ day, ...seen }] : []));
}

/** The note without a day whose loss somebody accepts; null if the day is not lost. It comes back with files only. */
export function withoutLostDay(note: RawDays, day: UtcDay): RawDays | null {
  if (lostDays(note).every((lost) => lost.day !== day)) return null;
  const { [day]: _, ...days } = note.days;
  return { ...note, days };
}

/** Reads the note; null if there is none, or none that can be read: the next look begins anew. */
export function parseRawDays(text = ''): RawDays | null {
  return rawDaysSchema.safeParse(parseJson(text)).data ?? null;
}

/**
 * Notes what a look sees. A day that is lost stays in the note until its files are back or it is past retention. An erasure
 * deletes a file in which nobody else has rows, and its record forgets of which days: so what the first look after it misses,
 * of any day, counts as erased.
 *
 * @param folders Days that have a folder.
 */
export async function noteRawDays(
  store: Pick<ObjectStore, 'listPage' | 'read' | 'write'>,
  kind: ForwardedKind,
  folders: readonly UtcDay[],
  config: Pick<Config, 'retention' | 'timeWindow'> & TableLayout,
  now: number,
): Promise<void> {
  const key = rawDaysKey(kind);
  // The registrar may read its notes only: a read of what is missing would be refused.
  const { items } = await store.listPage(key, { limit: 1 });
  const stored = items.length === 0 ? null : await store.read(key);
  const before = parseRawDays(stored?.text);
  const { forwardedDays } = config.retention;
  const kept = [...new Set([...folders, ...Object.keys(before?.days ?? {})])].filter(
    // The oldest files of a day are those that came when it was still to come.
    (day) =>
      forwardedDays === null || utcDay(now) < addDays(day, forwardedDays - config.timeWindow.futureDays),
  );
  const erasedAt = async () => {
    let newest = 0;
    for await (const { modifiedAt } of listObjects(store, ERASURES_FOLDER))
      newest = Math.max(newest, modifiedAt);
    return newest;
  };
  const days: RawDays['days'] = {};
  await mapLimit(kept, PARALLEL_DAYS, async (day) => {
    const known = before?.days[day] ?? { seenAt: now, files: 0 };
    const wasLost = before !== null && known.seenAt < before.at;
    const isThere = folders.includes(day);
    const isCounted = isThere && (wasLost || day >= addDays(utcDay(now), -COUNTED_DAYS));
    const uncounted = isThere ? Math.max(1, known.files) : 0;
    const [left = uncounted, files = uncounted] = isCounted
      ? await filesAt(store, dayFolder(config, kind, day), known.seenAt, now)
      : [];
    // Read after the count: an erasure that has begun meanwhile may have deleted what it misses.
    const isLost = left < known.files && (wasLost || known.seenAt > (await erasedAt()));
    if (isLost || files > 0) days[day] = isLost ? known : { seenAt: now, files };
  });
  const next: RawDays = { at: now, days };
  // Another look may have written it meanwhile: the next one goes on from there.
  await store.write(key, JSON.stringify(next), { expected: stored?.eTag ?? null });
}

/** How many files that we put and queries read a look of each of these times has counted, epoch milliseconds: names say when. */
export async function filesAt(
  store: Pick<ObjectStore, 'listPage'>,
  folder: string,
  ...times: number[]
): Promise<number[]> {
  const counts = times.map((at) => ({ until: fileTime(at - SETTLED_MS), files: 0 }));
  for await (const object of listObjects(store, folder)) {
    const put = deliveredTime(object.key);
    if (put === undefined || !isDataFile(object)) continue;
    for (const one of counts) if (put <= one.until) one.files += 1;
  }
  return counts.map(({ files }) => files);
}
