import { mapLimit } from '../base/concurrency.ts';
import { errorName } from '../base/errors.ts';
import { type ListedObject, listObjects, type ObjectHead, type ObjectStore } from '../base/ObjectStore.ts';
import { DAY_MS, HOUR_MS } from '../base/time.ts';
import { heldTimes } from '../landing/heldTimes.ts';
import { ListedNotes } from '../landing/LandingNote.ts';
import { DAMAGED_FOLDER, isAside, isRedriven, LANDING_FOLDER } from '../tables/objectKeys.ts';

/** Hours of a day. */
export const DAY_HOURS = DAY_MS / HOUR_MS;
/** Objects put aside whose metadata is read, at most. Any further object counts for all hours of its time. */
const MOST_ASIDE = 10_000;
/** Objects whose metadata is read at the same time. */
const READS = 16;

/** The objects that may hold events of one hour. */
export interface Waiting {
  /** How many objects there are. */
  readonly objects: number;
  /** Why the hours of an object could not be read; null: all of them could. */
  readonly unread: string | null;
}

/**
 * Counts the objects of `landing/` that wait, and those of `damaged/`, for each hour of the day of which they may hold
 * events. An object whose message is a dead letter counts as waiting.
 *
 * @param start When the day begins, epoch milliseconds.
 * @returns The objects of each hour of the day, 24 in all.
 */
export async function readWaiting(store: ObjectStore, start: number): Promise<readonly Waiting[]> {
  const notes = await ListedNotes.list(store);
  const waiting = Array.from({ length: DAY_HOURS }, (): Waiting => ({ objects: 0, unread: null }));
  const aside: ListedObject[] = [];
  /** Counts an object in the hours of which it may hold events. @param unread Why its metadata could not be read. */
  const wait = (
    { key, modifiedAt }: ListedObject,
    unread: string | null,
    metadata?: ObjectHead['metadata'],
  ) => {
    for (const time of heldTimes(key, modifiedAt, metadata))
      for (const [hour, before] of waiting.entries()) {
        const from = start + hour * HOUR_MS;
        if (time.from < from + HOUR_MS && time.to >= from)
          waiting[hour] = { objects: before.objects + 1, unread: before.unread ?? unread };
      }
  };
  for (const folder of [LANDING_FOLDER, DAMAGED_FOLDER])
    for await (const object of listObjects(store, folder)) {
      const { key, modifiedAt } = object;
      if (key.endsWith('/') || isRedriven(key) || notes.written(object) !== undefined) continue;
      const times = heldTimes(key, modifiedAt);
      const isOfDay = times.some(({ from, to }) => to >= start && from < start + DAY_MS);
      if (isOfDay && isAside(key) && aside.length < MOST_ASIDE) aside.push(object);
      else if (isOfDay) wait(object, null);
    }
  await mapLimit(aside, READS, async (object) => {
    try {
      const head = await store.head(object.key);
      if (head !== null) wait(object, null, head.metadata);
    } catch (error) {
      wait(object, unreadText(object.key, error));
    }
  });
  return waiting;
}

/** Why an hour can't be judged: an object can't be read. */
export function unreadText(key: string, error: unknown): string {
  return `${key} can't be read: ${errorName(error)}`;
}
