import * as z from 'zod';
import { DAY_MS, MINUTE_MS, type UtcDay } from '../../base/time.ts';
import { type Ledger, readKnown } from '../../ledger/Ledger.ts';
import type { LedgerSubject } from '../../ledger/LedgerEntry.ts';
import type { ListedEntries } from '../../ledger/ledgerStore.ts';
import type { Dataset, Source } from '../../schema/sources.ts';
import type { CustomerBucket, DropObject } from '../CustomerBucket.ts';
import { dropFolder, layoutOf } from '../datasetFolder.ts';
import { objectState } from '../lastLoad.ts';
import { isUnloadable, leftOutReason } from '../leftOut.ts';
import { MAX_COMPARED_DAYS, MAX_FOLDER_CALLS, NAMED_DAYS } from '../limits.ts';
import { daySchema } from './messageBodies.ts';

/** Clocks of S3 and Lambda may differ by it, and S3 says whole seconds. */
const SLACK_MS = MINUTE_MS;

/**
 * What the looks at days outside of the lookback have found: part of `last-look.json`. A round lists the folder in the order
 * of its keys, some pages a run. When a round has listed all of them, the next look begins a new round.
 */
export const newerFilesSchema = z.object({
  /**
   * Days whose folder has files that are newer than those that were loaded, oldest first. A day whose newer files are
   * gone is left out when the round ends.
   */
  days: z.array(
    z.object({
      /** The day, UTC. */
      day: daySchema,
      /** Time at which the day was found, epoch milliseconds. It is named for {@link NAMED_DAYS} days. */
      at: z.number(),
      /** Time of the last look that has listed such a file, epoch milliseconds. */
      lastSeenAt: z.number(),
      /** Time at which the earliest of the files was written, epoch milliseconds. */
      writtenAt: z.number(),
      /** ETag of the ledger's entry. With another ETag the day may have been loaded since. */
      entryETag: z.string(),
    }),
  ),
  /**
   * Files that were written before this instant have been compared, epoch milliseconds; absent until the first round
   * ends.
   */
  comparedUntil: z.number().optional(),
  /** The present round; absent between two rounds. */
  round: z
    .object({
      /** Time at which the round began, epoch milliseconds. */
      beganAt: z.number(),
      /** The last key that the round has listed. */
      after: z.string(),
    })
    .optional(),
});

/** A validated note. */
export type NewerFiles = z.output<typeof newerFilesSchema>;

/** A day that has newer files. */
type NewerDay = NewerFiles['days'][number];

/** The ports of {@link findNewerFiles}. */
interface NewerFilesPorts {
  /** The bucket that the dataset's files are in. */
  readonly bucket: Pick<CustomerBucket, 'list'>;
  /** What the last load of each day has read. */
  readonly ledger: Pick<Ledger, 'read'>;
  /** The listed entries of the dataset, by day. */
  readonly entries: ListedEntries;
  /** Epoch milliseconds. */
  readonly now: number;
}

/**
 * Finds days that no run lists and whose folder has files that are newer than those that were loaded: files that were
 * added, or that replaced others. A file that was deleted does not count: its rows stay, and a backfill would remove
 * them. A file that was written again with the same bytes does not count either.
 *
 * A look lists {@link MAX_FOLDER_CALLS} pages of a thousand files at most. It reads the ledger's entries only of days
 * with files that were written since the last look.
 *
 * @param isOutside Whether no run looks at a day.
 * @param lastNote What the last look has returned. Default: there was none.
 * @throws SourceError what the bucket throws; LedgerError.
 */
export async function findNewerFiles(
  ports: NewerFilesPorts,
  { source, dataset }: { readonly source: Pick<Source, 'name'>; readonly dataset: Dataset },
  isOutside: (day: UtcDay) => boolean,
  lastNote: NewerFiles = { days: [] },
): Promise<NewerFiles> {
  const { entries, now } = ports;
  const { comparedUntil, round } = lastNote;
  const named = lastNote.days.filter(({ at }) => now - at < NAMED_DAYS * DAY_MS);
  const found = new Map(named.map((newerDay) => [newerDay.day, newerDay]));
  const isRecent = (day: UtcDay, { lastModified }: DropObject): boolean => {
    const entry = entries.get(day);
    if (entry === undefined || !isOutside(day)) return false;
    const since = (comparedUntil ?? entry.modifiedAt) - SLACK_MS;
    // A day that was found stays found while any of its newer files is left.
    const { writtenAt = since } = found.get(day) ?? {};
    return lastModified.getTime() >= Math.min(writtenAt, since);
  };
  const { recent, after, isEnd } = await listRecent(ports, dataset, isRecent, round?.after);
  for (const [day, objects] of recent) {
    const place = { source: source.name, dataset: dataset.name, day };
    const newerDay = await compareDay(ports, place, objects, found.get(day));
    if (newerDay !== null) found.set(day, newerDay);
  }
  const days = [...found.values()].sort((a, b) => (a.day < b.day ? -1 : 1));
  const beganAt = round?.beganAt ?? now;
  if (isEnd) return { days: days.filter(({ lastSeenAt }) => lastSeenAt >= beganAt), comparedUntil: beganAt };
  return { days, comparedUntil, round: after === undefined ? undefined : { beganAt, after } };
}

/** What one look has listed. */
interface ListedRecent {
  /** The files to look at, by their days. */
  readonly recent: ReadonlyMap<UtcDay, readonly DropObject[]>;
  /** The last key that was listed; undefined without any. */
  readonly after: string | undefined;
  /** Whether no key follows. */
  readonly isEnd: boolean;
}

/** Lists pages of the folder that follow a key, and keeps the recent files that a load would read. */
async function listRecent(
  { bucket }: Pick<NewerFilesPorts, 'bucket'>,
  dataset: Dataset,
  isRecent: (day: UtcDay, object: DropObject) => boolean,
  afterKey: string | undefined,
): Promise<ListedRecent> {
  const root = `${dataset.folder}/`;
  const layout = layoutOf(dataset);
  const recent = new Map<UtcDay, DropObject[]>();
  let after = afterKey;
  let next: string | undefined;
  let isEnd = false;
  for (let calls = 0; calls < MAX_FOLDER_CALLS && recent.size < MAX_COMPARED_DAYS && !isEnd; calls += 1) {
    const page = await bucket.list({ prefix: root, next, after });
    for (const object of page.objects) {
      const day = layout.dayOf(object.key.slice(root.length));
      if (day === null || !isRecent(day, object)) continue;
      const reason = leftOutReason(object, dropFolder(dataset, day), dataset.waitFor);
      if (reason !== null && !isUnloadable(reason)) continue;
      const files = recent.get(day) ?? [];
      files.push(object);
      recent.set(day, files);
    }
    after = page.objects.at(-1)?.key ?? after;
    next = page.next;
    isEnd = next === undefined;
  }
  return { recent, after, isEnd };
}

/** Compares listed files of a day with its entry; null if none is newer. */
async function compareDay(
  { ledger, entries, now }: NewerFilesPorts,
  place: Pick<LedgerSubject, 'source' | 'dataset' | 'day'>,
  objects: readonly DropObject[],
  known: NewerDay | undefined,
): Promise<NewerDay | null> {
  const { day } = place;
  const { eTag: entryETag = '' } = entries.get(day) ?? {};
  const isSameEntry = known?.entryETag === entryETag;
  if (isSameEntry && known.writtenAt <= firstWritten(objects)) return { ...known, lastSeenAt: now };
  const loaded = await readKnown(ledger, place);
  const states = new Set(loaded?.files.filter(({ fate }) => fate !== 'gone').map(objectState));
  const newer = objects.filter((object) => !states.has(objectState(object)));
  if (newer.length === 0) return null;
  const firstNewer = firstWritten(newer);
  const writtenAt = isSameEntry ? Math.min(known.writtenAt, firstNewer) : firstNewer;
  // An erasure writes the entry, too, and the files stay those that were found. After a load they are others.
  const isFoundBefore = isSameEntry || known?.writtenAt === writtenAt;
  return { day, at: isFoundBefore ? known.at : now, lastSeenAt: now, writtenAt, entryETag };
}

/** When the first of the files was written, epoch milliseconds. */
function firstWritten(objects: readonly DropObject[]): number {
  return objects.reduce(
    (first, { lastModified }) => Math.min(first, lastModified.getTime()),
    Number.POSITIVE_INFINITY,
  );
}

/**
 * The days whose folder has files that are newer than those that were loaded, oldest first.
 *
 * @param found What the last look found; undefined if there was none.
 * @param entryOf ETag of the ledger's entry of a day.
 * @param now Epoch milliseconds.
 */
export function newerDays(
  found: NewerFiles | undefined,
  entryOf: (day: UtcDay) => string | undefined,
  now: number,
): readonly UtcDay[] {
  return (found?.days ?? []).flatMap(({ day, at, entryETag }) =>
    entryOf(day) === entryETag && now - at < NAMED_DAYS * DAY_MS ? [day] : [],
  );
}
