import type { ListedObject } from '../../base/ObjectStore.ts';
import { WRITE_NOTES } from '../../tables/ledgerKeys.ts';
import {
  ERRORS_FOLDER,
  LANDING_FOLDER,
  type LandingKind,
  LISTS_FOLDER,
  landingKind,
  OVERFLOW_FOLDER,
  PARKED_FOLDER,
} from '../../tables/objectKeys.ts';
import { adoptObject, isLeftObject } from '../adopt/adoptObjects.ts';
import { failureOf, gather, tryObject, type WriteFailure, type Writer, WriteTally } from './attempts.ts';
import type { WriteStore } from './WriteStore.ts';
import { noteAttempt, noteKeyOf, readWriteNote, removeNote } from './writeNotes.ts';
import type { WriteTime } from './writeObject.ts';

/** Objects that a look counts. The count of more of them is this one. */
const MAX_COUNTED = 100_000;
/** Age from which an object has no message that writes it, milliseconds. S3's events may come minutes late. */
const LOST_AFTER_MS = 600_000;
/** Notes that a look reads to say why objects wait. */
const MAX_READ_NOTES = 20;

/** Objects in the landing, and those that release 0.2 left behind. */
export interface LookReport {
  /** Objects of the landing, and of release 0.2's overflow and errors. */
  readonly waiting: number;
  /** Seconds since the oldest of them was put; 0 if there is none. */
  readonly oldest_seconds: number;
  /** Objects that are their own fault. */
  readonly parked: number;
  /** Why attempts failed, and how often of those that were read. */
  readonly codes: Readonly<Record<string, number>>;
}

/**
 * The look at the landing, every five minutes: it counts what waits, adopts what release 0.2 left, gathers records that the
 * collector put itself, and writes what is older than ten minutes, whether its message was lost, its tries are used up, or the bucket sends none. It
 * begins with what was never tried, then goes on with what was tried longest ago: an object that ends every attempt
 * stops no other.
 *
 * @returns Null if the bucket could not be listed.
 */
export async function lookAtLanding(writer: Writer, time: WriteTime): Promise<LookReport | null> {
  const { store, clock, log } = writer;
  let seen: Awaited<ReturnType<typeof readLanding>>;
  try {
    seen = await readLanding(store);
  } catch (error) {
    log({ level: 'error', event: 'write_look', ...failureOf(error) });
    return null;
  }
  const { objects, left, notes, parked, codes } = seen;
  const waiting = [...objects, ...left.filter(({ key }) => !key.startsWith(PARKED_FOLDER))];
  const oldest = waiting.reduce((least, { modifiedAt }) => Math.min(least, modifiedAt), clock.now());
  const report: LookReport = {
    waiting: waiting.length,
    oldest_seconds: Math.max(0, Math.floor((clock.now() - oldest) / 1_000)),
    parked,
    codes,
  };
  // Before the work: an attempt may end the function.
  log({ level: 'info', event: 'write_look', ...report });
  if (left.length > 0) await adoptLeft(writer, left, time);
  // A claim and two lists, which a landing without such records would pay for every five minutes.
  const mayHaveRecords = left.length > 0 || objects.length >= MAX_COUNTED;
  if (mayHaveRecords || objects.some(({ key }) => landingKind(key) === 'direct')) await gather(writer, time);
  const triedAt = ({ key }: ListedObject) => notes.get(noteKeyOf(key)) ?? 0;
  const lost = objects
    .filter(
      ({ key, modifiedAt }) => landingKind(key) !== 'direct' && modifiedAt <= clock.now() - LOST_AFTER_MS,
    )
    .sort((a, b) => triedAt(a) - triedAt(b) || a.modifiedAt - b.modifiedAt);
  if (lost.length > 0) await writeLost(writer, lost, time);
  return report;
}

/** Adopts what release 0.2 left. It has half of the time: what landed since then waits, too. */
async function adoptLeft(writer: Writer, left: readonly ListedObject[], time: WriteTime): Promise<void> {
  const { clock, log } = writer;
  const until = clock.now() + (time.deadline - clock.now()) / 2;
  let [objects, rows] = [0, 0];
  const failed: WriteFailure[] = [];
  for (const object of left) {
    if (clock.now() >= until) break;
    try {
      const adopted = await adoptObject(object, writer, time);
      if (adopted === null) continue;
      objects += 1;
      rows += adopted;
    } catch (error) {
      failed.push({ key: object.key, ...failureOf(error) });
    }
  }
  const level = failed.length === 0 ? 'info' : 'error';
  const why = failed.length === 0 ? {} : { failed };
  log({ level, event: 'write_adopt', left: left.length, objects, rows, ...why });
}

async function writeLost(writer: Writer, lost: readonly ListedObject[], time: WriteTime): Promise<void> {
  const { store, clock, log } = writer;
  const tally = new WriteTally(log);
  const note = (key: string, failure: { readonly code: string; readonly detail: string }) =>
    noteAttempt(store, { key, ...failure, at: clock.now() }).catch(() => undefined);
  for (const { key } of lost) {
    if (clock.now() >= time.deadline) break;
    await note(key, { code: 'SLUICE_WRITE_CUT_SHORT', detail: '' });
    const failure = await tryObject(key, writer, time, tally);
    if (failure !== null) await note(key, failure);
    else await removeNote(store, key).catch(() => undefined);
  }
  const { failed, ...fields } = tally.fields();
  const level = failed === undefined ? 'info' : 'error';
  log({ level, event: 'write', messages: 0, ...fields, ...(failed === undefined ? {} : { failed }) });
}

/**
 * Lists the landing's objects, when each noted object was tried, and parked objects. Removes notes of deleted objects.
 */
async function readLanding(store: WriteStore) {
  const objects = await listLanding(store);
  const left: ListedObject[] = [];
  for (const folder of [OVERFLOW_FOLDER, ERRORS_FOLDER])
    for await (const object of store.list(folder)) {
      if (isLeftObject(object.key)) left.push(object);
      if (left.length >= MAX_COUNTED) break;
    }
  let parked = 0;
  for await (const object of store.list(PARKED_FOLDER)) {
    if (isLeftObject(object.key)) left.push(object);
    parked += 1;
    if (parked >= MAX_COUNTED) break;
  }
  const known = new Set(objects.map(({ key }) => noteKeyOf(key)));
  const notes = new Map<string, number>();
  const codes: Record<string, number> = {};
  for await (const { key, modifiedAt } of store.list(WRITE_NOTES)) {
    if (!known.has(key)) {
      if (objects.length < MAX_COUNTED) await store.discard(key);
      continue;
    }
    notes.set(key, modifiedAt);
    if (notes.size > MAX_READ_NOTES) continue;
    const note = readWriteNote((await store.read(key))?.text ?? '');
    if (note !== null) codes[note.code] = (codes[note.code] ?? 0) + 1;
  }
  return { objects, left, notes, parked, codes };
}

/** Prefix of the folders of years that Firehose makes, and of few records that the collector put itself. */
const YEARS = `${LANDING_FOLDER}20`;

/**
 * Objects of the landing. If there are more than are counted, lists and what Firehose wrote come first: most of the others are
 * records that the collector put itself, which go when their list is written.
 */
async function listLanding(store: WriteStore): Promise<ListedObject[]> {
  const listed: ListedObject[] = [];
  const take = async (prefix: string, kinds: readonly LandingKind[]) => {
    for await (const object of store.list(prefix)) {
      const kind = landingKind(object.key);
      if (kind !== null && kinds.includes(kind)) listed.push(object);
      if (listed.length >= MAX_COUNTED) return;
    }
  };
  await take(LANDING_FOLDER, ['batch', 'direct', 'list']);
  if (listed.length < MAX_COUNTED) return listed;
  const all = listed.splice(0);
  await take(LISTS_FOLDER, ['list']);
  await take(YEARS, ['batch']);
  const first = new Set(listed.map(({ key }) => key));
  return [...listed, ...all.filter(({ key }) => !first.has(key))].slice(0, MAX_COUNTED);
}
