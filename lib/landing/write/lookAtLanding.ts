import { mapLimit } from '../../base/concurrency.ts';
import { parseJson, valueAt } from '../../base/json.ts';
import { anyVersion, type ListedObject, listObjects } from '../../base/ObjectStore.ts';
import type { TaskQueue } from '../../base/queue.ts';
import { DAY_MS, HOUR_MS } from '../../base/time.ts';
import { LANDING_LOOK } from '../../tables/ledgerKeys.ts';
import { isLanded, LANDING_FOLDER } from '../../tables/objectKeys.ts';
import { isWritten, ListedNotes, readNotedEvents } from '../LandingNote.ts';
import { finishedLines } from './finishedEvents.ts';
import { removeWritten } from './removeWritten.ts';
import type { Writer } from './writeObjects.ts';

/**
 * Ages at which a look sends a message about an object, besides each full day. The first is longer than all that the
 * object's own message could have waited.
 */
const AGES_MS = [3 * HOUR_MS, 6 * HOUR_MS, 12 * HOUR_MS];
/** Messages of a batch of the writer: while so many are in the queue, messages wait. */
export const BATCH_MESSAGES = 1_000;
/** Messages that one look sends. The next look goes on. */
const MOST_SENT = 10_000;
/** Objects that one look tries to delete, and notes without objects that it deletes. S3 takes as many with one call. */
const MOST_DELETED = 1_000;
/** Notes that are read at the same time. */
const READS = 8;

/** The queue of the writer. */
export interface LandingQueue extends TaskQueue {
  /** Messages that wait, about. */
  waiting(): Promise<number>;
}

/**
 * Sends a message about each object that waits and has reached an age: S3 and EventBridge may lose an event, a brought
 * bucket may send none, and after ten tries, in less than three hours, a message is a dead letter. While many messages
 * wait, objects are old for that reason, and no message is sent. Objects that are written, and could not be deleted,
 * are deleted now, if the bucket lets it.
 *
 * @throws What the clients of S3 and SQS throw.
 */
export async function lookAtLanding(
  writer: Pick<Writer, 'store' | 'clock' | 'wait' | 'random' | 'log' | 'stage'> & {
    readonly config: Pick<Writer['config'], 'bucket'>;
  },
  queue: LandingQueue,
): Promise<void> {
  const { store, clock, log, config } = writer;
  const nothing = { level: 'info', event: 'write_look', told: 0, deleted: 0, undeleted: 0 };
  if ((await queue.waiting()) >= BATCH_MESSAGES) {
    log({ ...nothing, skipped: 'messages_wait' });
    return;
  }
  const now = clock.now();
  const lastLook = await lastLookTime(store);
  const notes = await ListedNotes.list(store);
  // Each hour other objects are tried, as some may never be deleted.
  const undeleted = notes.keys.filter(isWritten).length;
  const firstTried = undeleted > MOST_DELETED ? (Math.floor(now / HOUR_MS) * MOST_DELETED) % undeleted : 0;
  const bodies: string[] = [];
  const tried: ListedObject[] = [];
  let written = 0;
  /** Keys of the notes whose objects are still there. */
  const keptNotes = new Set<string>();
  for await (const object of listObjects(store, LANDING_FOLDER)) {
    const { key, modifiedAt } = object;
    if (!isLanded(key)) continue;
    for (const note of notes.of(object)) keptNotes.add(note);
    if (notes.written(object) !== undefined) {
      if (written >= firstTried && tried.length < MOST_DELETED) tried.push(object);
      written += 1;
      continue;
    }
    const isDue = agesReached(now - modifiedAt) > agesReached(lastLook - modifiedAt);
    if (isDue && bodies.length < MOST_SENT) bodies.push(objectCreatedBody(config.bucket, key));
  }
  await queue.send(bodies);
  if (bodies.length < MOST_SENT) await store.write(LANDING_LOOK, JSON.stringify({ at: now }));
  const { left, deleted } = await removeWritten(tried, writer);
  for (const object of tried) {
    if (left.has(object.key)) continue;
    for (const note of notes.of(object)) keptNotes.delete(note);
  }
  const finishedNotes = tried.flatMap((object) =>
    deleted.has(object.key) ? (notes.written(object) ?? []) : [],
  );
  const events = await mapLimit(finishedNotes, READS, (note) => readNotedEvents(store, note));
  for (const metrics of finishedLines(events, writer.stage)) log(metrics);
  const staleNotes = notes.keys.filter((key) => !keptNotes.has(key));
  await store.removeAll(anyVersion(staleNotes.slice(0, MOST_DELETED)));
  const gone = tried.length - left.size;
  log({ ...nothing, told: bodies.length, deleted: gone, undeleted: written - gone, skipped: null });
}

/** When the last look was, epoch milliseconds; 0 if there was none, or its note cannot be read. */
async function lastLookTime(store: Pick<Writer['store'], 'read'>): Promise<number> {
  const stored = await store.read(LANDING_LOOK);
  const time = stored === null ? null : valueAt(parseJson(stored.text), ['at']);
  return typeof time === 'number' ? time : 0;
}

/** How many of the ages at which a look sends a message an object has reached; negative ages have reached none. */
function agesReached(age: number): number {
  const days = Math.max(0, Math.floor(age / DAY_MS));
  return AGES_MS.filter((mark) => age >= mark).length + days;
}

/** A message about an object, with the members of S3's event that are read. */
export function objectCreatedBody(bucket: string, key: string): string {
  const detail = { bucket: { name: bucket }, object: { key } };
  return JSON.stringify({ source: 'aws.s3', 'detail-type': 'Object Created', detail });
}
