import * as z from 'zod';
import { mapLimit } from '../../base/concurrency.ts';
import { parseJson } from '../../base/json.ts';
import { listObjects, type ObjectStore } from '../../base/ObjectStore.ts';
import { addDays, MINUTE_MS, type UtcDay, utcDay } from '../../base/time.ts';
import type { Config } from '../../schema/config.ts';
import type { ForwardedKind } from '../../schema/kinds.ts';
import { ERASURES_FOLDER, rawDaysKey } from '../../tables/ledgerKeys.ts';
import { isDataFile } from '../../tables/objectKeys.ts';
import { dayFolder, deliveredTime, fileTime, type TableLayout } from '../../tables/tableFolders.ts';

/**
 * The age, in milliseconds, from which on a file counts. A younger file may be of a round of the writer that still
 * takes it back.
 */
const SETTLED_MS = 3 * MINUTE_MS;
/**
 * Each look counts the files of today and of so many days before. Later a night compares the files of curated days. Of
 * all other days a look only sees whether they have a folder.
 */
const COUNTED_DAYS = 3;
/** Days whose files are counted at the same time. There are many such days when lost files of many days are back. */
const PARALLEL_DAYS = 8;

/** What the hourly look notes about a raw table. Times are epoch milliseconds. */
const rawDaysSchema = z.strictObject({
  /** When the look was. */
  at: z.int(),
  /** What is known of each day. */
  days: z.record(
    z.string(),
    z.strictObject({
      /** When a look last saw all its files. */
      seenAt: z.int(),
      /** How many these were. */
      files: z.int(),
      /** Since when looks have seen archived files of it, which queries skip. */
      archivedSince: z.int().optional(),
    }),
  ),
});
/** The note as it is stored. */
type RawDays = z.output<typeof rawDaysSchema>;

/** A day of which files are gone. */
export interface LostDay {
  /** The day, UTC. */
  readonly day: UtcDay;
  /** When a look last saw all its files, epoch milliseconds. */
  readonly seenAt: number;
  /** Number of files that it had then. */
  readonly files: number;
}

/** Days of which files are gone. */
export function lostDays({ at, days }: RawDays): readonly LostDay[] {
  return Object.entries(days).flatMap(([day, seen]) => (seen.seenAt < at ? [{ day, ...seen }] : []));
}

/**
 * The note without a day whose loss somebody accepts; null if the day is not lost. The day returns to the note once it
 * has files.
 */
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
 * Notes what a look sees. A lost day stays in the note until its files are back or it is past retention. An erasure
 * deletes a file if nobody else has rows in it, and its record does not keep from which days. So whatever the first
 * look after an erasure misses, of any day, counts as erased.
 *
 * @param folders Days that have a folder.
 * @param now When the look is, epoch milliseconds.
 * @param log Gets a line if the note before can't be read: which days had lost files is then not known any more.
 */
export async function noteRawDays(
  store: Pick<ObjectStore, 'listPage' | 'read' | 'write'>,
  kind: ForwardedKind,
  folders: readonly UtcDay[],
  config: Pick<Config, 'timeWindow'> & {
    readonly retention: Pick<Config['retention'], 'forwardedDays'>;
  } & TableLayout,
  now: number,
  log: (fields: Record<string, unknown>) => void,
): Promise<void> {
  const key = rawDaysKey(kind);
  // The registrar may read its notes only: a read of what is missing would be refused.
  const { items } = await store.listPage(key, { limit: 1 });
  const stored = items.length === 0 ? null : await store.read(key);
  const before = parseRawDays(stored?.text);
  if (stored !== null && before === null)
    log({ level: 'warn', event: 'raw_days', problem: 'note_unreadable', key });
  const { forwardedDays } = config.retention;
  const kept = [...new Set([...folders, ...Object.keys(before?.days ?? {})])].filter(
    // The oldest files of a day came up to `futureDays` before the day itself.
    (day) =>
      forwardedDays === null || utcDay(now) < addDays(day, forwardedDays - config.timeWindow.futureDays),
  );
  const days: RawDays['days'] = {};
  await mapLimit(kept, PARALLEL_DAYS, async (day) => {
    const known = before?.days[day] ?? { seenAt: now, files: 0 };
    const wasLost = before !== null && known.seenAt < before.at;
    const isThere = folders.includes(day);
    const isCounted = isThere && (wasLost || day >= addDays(utcDay(now), -COUNTED_DAYS));
    const uncounted = isThere ? Math.max(1, known.files) : 0;
    const counted = isCounted
      ? await filesAt(store, dayFolder(config, kind, day), known.seenAt, now)
      : { counts: [], isArchived: known.archivedSince !== undefined };
    // Those of the files at the last look that are left, and all files now.
    const [left = uncounted, files = uncounted] = counted.counts;
    // The last erasure is read after the count: an erasure that has begun meanwhile may have deleted the files that the
    // count misses.
    const isLost = left < known.files && (wasLost || known.seenAt > (await lastErasureTime(store)));
    const archived = counted.isArchived ? { archivedSince: known.archivedSince ?? now } : {};
    if (isLost) days[day] = known;
    else if (files > 0) days[day] = { seenAt: now, files, ...archived };
  });
  const next: RawDays = { at: now, days };
  // Another look may have written it meanwhile: the next one goes on from there.
  await store.write(key, JSON.stringify(next), { expected: stored?.eTag ?? null });
}

/** When the record of an erasure was written last, epoch milliseconds; 0 without one. */
async function lastErasureTime(store: Pick<ObjectStore, 'listPage'>): Promise<number> {
  let newest = 0;
  for await (const { modifiedAt } of listObjects(store, ERASURES_FOLDER))
    newest = Math.max(newest, modifiedAt);
  return newest;
}

/** The files of a folder, as looks at some times have counted them. */
interface FilesAt {
  /** How many files there were, for each time. */
  readonly counts: readonly number[];
  /** Whether objects of the folder are archived. */
  readonly isArchived: boolean;
}

/**
 * Counts files that Sluice put and that queries read. The name of a file says when it was put.
 *
 * @param times Times of looks, epoch milliseconds.
 */
export async function filesAt(
  store: Pick<ObjectStore, 'listPage'>,
  folder: string,
  ...times: number[]
): Promise<FilesAt> {
  const counts = times.map((time) => ({ until: fileTime(time - SETTLED_MS), files: 0 }));
  let hasArchived = false;
  for await (const object of listObjects(store, folder)) {
    hasArchived ||= object.isArchived === true;
    const put = deliveredTime(object.key);
    if (put === undefined || !isDataFile(object)) continue;
    for (const look of counts) if (put <= look.until) look.files += 1;
  }
  return { counts: counts.map(({ files }) => files), isArchived: hasArchived };
}
