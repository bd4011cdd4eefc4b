import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import { isJsonObject, parseJson } from '../../../lib/base/json.ts';
import { type ListedObject, listObjects } from '../../../lib/base/ObjectStore.ts';
import { sum } from '../../../lib/base/sum.ts';
import { counted } from '../../../lib/base/text.ts';
import { isoTimestamp, MINUTE_MS } from '../../../lib/base/time.ts';
import { ListedNotes } from '../../../lib/landing/LandingNote.ts';
import { rowsIn } from '../../../lib/landing/lines/LandedObject.ts';
import { DAMAGED_FOLDER, LANDING_FOLDER } from '../../../lib/tables/objectKeys.ts';
import type { Deployment } from '../../deployment.ts';

/** The most objects of one folder that are listed. An outage of hours leaves more; the answer then says so. */
const MOST_OBJECTS = 10_000;
/** The age from which an object of `landing/` is late. A try that failed comes again after sixteen minutes. */
const LANDING_LATE_MS = 20 * MINUTE_MS;

/** Objects of `landing/`, which are in no table yet, or of `damaged/`. */
export interface WaitingObjects {
  /** Objects. At least so many if `hasMore`. */
  readonly count: number;
  /** Bytes of the objects. */
  readonly bytes: number;
  /** Whether there are more than were counted. */
  readonly hasMore: boolean;
  /** Time at which the oldest object was written, ISO 8601; null without objects. */
  readonly oldest: string | null;
}

/** Objects of `landing/` that are in tables, and that the bucket does not delete. */
export interface UndeletedObjects extends WaitingObjects {
  /** The code with which S3 refuses `s3:DeleteObject`; null without objects. */
  readonly why: string | null;
}

/** Objects of `damaged/`. */
export interface DamagedObjects extends WaitingObjects {
  /** Lines that begin as a row; null if the objects are too many, or too large, to be read. Broken bytes may hold more. */
  readonly rows: number | null;
  /** Whether all objects were read, and surely hold no row: text of somebody else. No of one that is gone by now. */
  readonly isWithoutRows: boolean;
  /** The key of the first; null without objects. */
  readonly first: string | null;
}

/** Objects of a folder, 10,000 at most. @throws What S3's client throws. */
export async function listFolder(
  { s3, config: { bucket } }: Pick<Deployment, 's3' | 'config'>,
  prefix: string,
): Promise<{ readonly objects: readonly ListedObject[]; readonly hasMore: boolean }> {
  const objects: ListedObject[] = [];
  for await (const object of listObjects(s3ObjectStore(s3, bucket), prefix)) {
    if (object.key.endsWith('/')) continue;
    if (objects.length === MOST_OBJECTS) return { objects, hasMore: true };
    objects.push(object);
  }
  return { objects, hasMore: false };
}

/** Objects of `landing/`, 10,000 at most: those that wait, and those that are only not deleted, counted. @throws What S3's client throws. */
export async function countLanding(deployment: Pick<Deployment, 's3' | 'config'>): Promise<{
  readonly waiting: readonly ListedObject[];
  readonly landing: WaitingObjects;
  readonly undeleted: UndeletedObjects;
}> {
  const store = s3ObjectStore(deployment.s3, deployment.config.bucket);
  const notes = await ListedNotes.list(store);
  const { objects, hasMore } = await listFolder(deployment, LANDING_FOLDER);
  const waiting: ListedObject[] = [];
  const written: ListedObject[] = [];
  let firstNote: string | undefined;
  for (const object of objects) {
    const note = notes.written(object);
    (note === undefined ? waiting : written).push(object);
    firstNote ??= note;
  }
  const note = firstNote === undefined ? null : parseJson((await store.read(firstNote))?.text ?? '');
  return {
    waiting,
    landing: countOf(waiting, hasMore),
    undeleted: { ...countOf(written, hasMore), why: isJsonObject(note) ? String(note['why']) : null },
  };
}

/** Objects of `damaged/`, and bytes of them, that are read to count what they hold. */
const MOST_READ = 20;
const MOST_READ_BYTES = 16_777_216;

/** Counts objects of `damaged/`, 10,000 at most, and reads them if they are few. @throws What S3's client throws. */
export async function countDamaged(deployment: Pick<Deployment, 's3' | 'config'>): Promise<DamagedObjects> {
  const store = s3ObjectStore(deployment.s3, deployment.config.bucket);
  const { objects, hasMore } = await listFolder(deployment, DAMAGED_FOLDER);
  const count = { ...countOf(objects, hasMore), first: objects[0]?.key ?? null };
  if (objects.length > MOST_READ || count.bytes > MOST_READ_BYTES)
    return { ...count, rows: null, isWithoutRows: false };
  let rows = 0;
  let mayBeMore = false;
  for (const { key } of objects) {
    const opened = await store.open(key);
    if (opened === null) {
      mayBeMore = true;
      continue;
    }
    const found = rowsIn(Buffer.concat(await opened.body.toArray()));
    rows += found.rows;
    mayBeMore ||= found.mayBeMore;
  }
  return { ...count, rows, isWithoutRows: objects.length > 0 && rows === 0 && !mayBeMore };
}

/** How many objects wait, and since when. @param hasMore Whether there are more than these. */
function countOf(objects: readonly ListedObject[], hasMore: boolean): WaitingObjects {
  return {
    count: objects.length,
    bytes: sum(objects.map(({ size }) => size)),
    hasMore,
    oldest:
      objects.length === 0 ? null : isoTimestamp(Math.min(...objects.map(({ modifiedAt }) => modifiedAt))),
  };
}

/** Whether the oldest object of `landing/` has waited for longer than the writer needs. */
export function isLandingLate({ oldest }: Pick<WaitingObjects, 'oldest'>, now: number): boolean {
  return oldest !== null && now - Date.parse(oldest) > LANDING_LATE_MS;
}

/** A count of waiting objects in words, without a full stop at its end. */
export function waitingText({ count, hasMore, oldest }: WaitingObjects): string {
  return `${hasMore ? 'at least ' : ''}${counted(count, 'object')}, the oldest since ${oldest}`;
}

/** What `damaged/` has, in words, without a stop at its end. */
export function damagedText(damaged: DamagedObjects): string {
  const rows =
    damaged.rows === null ? 'not all of them are read' : `lines that begin as a row: ${damaged.rows}`;
  return `${waitingText(damaged)}, ${damaged.bytes} bytes, ${rows}`;
}
