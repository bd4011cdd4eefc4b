import * as z from 'zod';
import { DAY_MS, MINUTE_MS, type UtcDay } from '../../base/time.ts';
import { type Ledger, readKnown } from '../../ledger/Ledger.ts';
import type { ListedEntries } from '../../ledger/ledgerStore.ts';
import type { Dataset, Source } from '../../schema/sources.ts';
import type { CustomerBucket, DropObject } from '../CustomerBucket.ts';
import { isUnloadable, leftOutReason } from '../Drop.ts';
import { objectState } from '../lastLoad.ts';
import { MAX_COMPARED_DAYS, MAX_FOLDER_CALLS, NAMED_DAYS } from '../limits.ts';
import { dropFolder, layoutOf } from '../listDrops.ts';
import { daySchema } from './messageBodies.ts';

/** Clocks of S3 and Lambda may differ by it, and S3 says whole seconds. */
const SLACK_MS = MINUTE_MS;

/**
 * What the looks at days outside of the lookback have found: part of `last-look.json`. A look goes through the folder in the
 * order of its keys, some pages a run, and then begins anew.
 */
export const newerFilesSchema = z.object({
  /** Days whose folder has files that are newer than those that were loaded, oldest first. */
  days: z.array(
    z.object({
      /** The day, UTC. */
      day: daySchema,
      /** Time at which the day was found, epoch milliseconds. It is named for {@link NAMED_DAYS} days. */
      at: z.number(),
      /** Time at which the newest of the files was written, epoch milliseconds. */
      writtenAt: z.number(),
      /** ETag of the ledger's entry. With another one the day may have been loaded since. */
      entry: z.string(),
    }),
  ),
  /** Files that were written before this instant have been compared, epoch milliseconds; absent until the first round ends. */
  seenAt: z.number().optional(),
  /**
   * Time at which the present round began, epoch milliseconds, and the last key that it has listed; absent between two
   * rounds.
   */
  round: z
    .object({
      /** When the look at all days began, epoch milliseconds. */
      beganAt: z.number(),
      /** The last key that the round has listed. */
      after: z.string(),
    })
    .optional(),
});

/** A validated note. */
export type NewerFiles = z.output<typeof newerFilesSchema>;

/** The ports of {@link findNewerFiles}. */
export interface NewerFilesPorts {
  readonly bucket: Pick<CustomerBucket, 'list'>;
  readonly ledger: Pick<Ledger, 'read'>;
  /** The listed entries of the dataset, by day. */
  readonly entries: ListedEntries;
  /** Epoch milliseconds. */
  readonly now: number;
}

/**
 * Finds days that no run lists and whose files are newer than those that were loaded: added, or replaced by others. A file that
 * has gone is not newer, as its rows stay, and a backfill would let them go. A file that is written again as it was is none
 * either.
 *
 * It lists {@link MAX_FOLDER_CALLS} pages at most, and reads the entries of those days alone that have a file which was written
 * since the last look: it costs by what is new, and a page for each thousand files.
 *
 * @param isOutside Whether no run looks at a day.
 * @throws SourceError what the bucket throws; LedgerError.
 */
export async function findNewerFiles(
  { bucket, ledger, entries, now }: NewerFilesPorts,
  { name: source }: Pick<Source, 'name'>,
  dataset: Dataset,
  isOutside: (day: UtcDay) => boolean,
  before: NewerFiles = { days: [] },
): Promise<NewerFiles> {
  const root = `${dataset.folder}/`;
  const layout = layoutOf(dataset);
  const { seenAt, round } = before;
  const named = before.days.filter(({ at }) => now - at < NAMED_DAYS * DAY_MS);
  const reported = new Map(named.map((newerDay) => [newerDay.day, newerDay]));
  /** The files of each day that were written since it was compared. */
  const recent = new Map<UtcDay, DropObject[]>();
  const take = (object: DropObject): void => {
    const day = layout.dayOf(object.key.slice(root.length)) ?? '';
    const entry = entries.get(day);
    if (entry === undefined || !isOutside(day)) return;
    const known = reported.get(day);
    const compared = (seenAt ?? entry.modifiedAt) - SLACK_MS;
    // A day that was reported stays reported until its files are gone, or its entry is written. Then the whole day is
    // compared again.
    const since = known === undefined ? compared : known.entry === entry.eTag ? known.writtenAt : 0;
    if (object.lastModified.getTime() < since) return;
    const reason = leftOutReason(object, dropFolder(dataset, day), dataset.waitFor);
    if (reason !== null && !isUnloadable(reason)) return;
    const files = recent.get(day) ?? [];
    files.push(object);
    recent.set(day, files);
  };

  let after = round?.after;
  let next: string | undefined;
  let isEnd = false;
  for (let calls = 0; calls < MAX_FOLDER_CALLS && recent.size < MAX_COMPARED_DAYS && !isEnd; calls += 1) {
    const page = await bucket.list({ prefix: root, next, after });
    for (const object of page.objects) take(object);
    after = page.objects.at(-1)?.key ?? after;
    next = page.next;
    isEnd = next === undefined;
  }

  const days = new Map(isEnd && round === undefined ? [] : reported);
  for (const [day, objects] of recent) {
    const known = reported.get(day);
    const { eTag: entry = '' } = entries.get(day) ?? {};
    if (known?.entry === entry) {
      days.set(day, known);
      continue;
    }
    days.delete(day);
    const loaded = await readKnown(ledger, { source, dataset: dataset.name, day });
    const states = new Set(loaded?.files.filter(({ fate }) => fate !== 'gone').map(objectState));
    const newer = objects.filter((object) => !states.has(objectState(object)));
    const writtenAt = newer.reduce((last, { lastModified }) => Math.max(last, lastModified.getTime()), 0);
    if (newer.length > 0) days.set(day, { day, at: known?.at ?? now, writtenAt, entry });
  }
  const beganAt = round?.beganAt ?? now;
  return {
    days: [...days.values()].sort((a, b) => (a.day < b.day ? -1 : 1)),
    ...(isEnd ? { seenAt: beganAt } : seenAt === undefined ? {} : { seenAt }),
    ...(isEnd || after === undefined ? {} : { round: { beganAt, after } }),
  };
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
  return (found?.days ?? []).flatMap(({ day, at, entry }) =>
    entryOf(day) === entry && now - at < NAMED_DAYS * DAY_MS ? [day] : [],
  );
}
