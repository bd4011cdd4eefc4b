import * as z from 'zod';
import { parseJson } from '../../base/json.ts';
import { isDataFile, listObjects, type ObjectStore } from '../../base/ObjectStore.ts';
import { addDays, type UtcDay, utcDay } from '../../base/time.ts';
import type { Config } from '../../schema/config.ts';
import type { ForwardedKind } from '../../schema/kinds.ts';
import { ERASURES_FOLDER, rawDaysKey } from '../../tables/ledgerKeys.ts';
import { dayFolder, fileTime, type TableLayout } from '../../tables/tableFolders.ts';

/** From this age on, in milliseconds, a file counts: a round of the writer, which takes no longer, may take back what it has put. */
const SETTLED_MS = 180_000;
/** Days before today of which each look counts the files: later a night compares those of curated days. Of others it sees the folder. */
const COUNTED_DAYS = 3;

/** What the hourly look notes of a raw table: when it was, and of each day when a look last saw all files, and how many. Epoch milliseconds. */
const rawDaysSchema = z.strictObject({
  at: z.int(),
  days: z.record(z.string(), z.tuple([z.int(), z.int()])),
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
  return Object.entries(days).flatMap(([day, [seenAt, files]]) =>
    seenAt < at ? [{ day, seenAt, files }] : [],
  );
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
 * Notes what a look sees. A day that is lost stays in the note until its files are back, it is past retention, or an erasure has been
 * at work since: that deletes a file in which nobody else has rows.
 *
 * @param folders Days that have a folder.
 */
export async function noteRawDays(
  store: ObjectStore,
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
  let erasedAt = 0;
  for await (const { modifiedAt } of listObjects(store, ERASURES_FOLDER))
    erasedAt = Math.max(erasedAt, modifiedAt);
  const { forwardedDays } = config.retention;
  const days: RawDays['days'] = {};
  for (const day of new Set([...folders, ...Object.keys(before?.days ?? {})])) {
    // The oldest files of a day are those that came when it was still to come.
    const isPast =
      forwardedDays !== null && utcDay(now) >= addDays(day, forwardedDays - config.timeWindow.futureDays);
    if (isPast) continue;
    const known = before?.days[day] ?? [now, 0];
    const isOld =
      folders.includes(day) && day < addDays(utcDay(now), -COUNTED_DAYS) && known[0] === before?.at;
    const [left = 0, files = 0] = isOld
      ? [known[1], known[1]]
      : await filesAt(store, dayFolder(config, kind, day), known[0], now);
    const isLost = left < known[1] && known[0] > erasedAt;
    if (isLost || files > 0) days[day] = isLost ? known : [now, files];
  }
  const next: RawDays = { at: now, days };
  // Another look may have written it meanwhile: the next one goes on from there.
  await store.write(key, JSON.stringify(next), { expected: stored?.eTag ?? null });
}

/** How many files that queries read now a look of each of these times has counted, epoch milliseconds: names say when files were put. */
export async function filesAt(store: ObjectStore, folder: string, ...times: number[]): Promise<number[]> {
  const put: string[] = [];
  for await (const object of listObjects(store, folder))
    if (isDataFile(object)) put.push(/-\d-(\d{4}-[\d-]{14})-/.exec(object.key)?.[1] ?? '');
  return times.map((at) => put.filter((one) => one <= fileTime(at - SETTLED_MS)).length);
}
