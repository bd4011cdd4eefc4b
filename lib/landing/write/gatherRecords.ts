import type { ListedObject } from '../../base/ObjectStore.ts';
import { LANDING_FOLDER, LISTS_FOLDER, landingKind } from '../../tables/objectKeys.ts';
import { isOwnFault } from '../frames/LandingError.ts';
import { cutLists, keyOfList, listText, MAX_MEMBERS, readList } from './landedLists.ts';
import type { WriteStore } from './WriteStore.ts';
import type { ObjectWriter } from './writeObject.ts';

/** Lists that wait at the same time. A record is gathered only if it is known not to be in any of them. */
const MAX_WAITING_LISTS = 20;

/** Counts of a run. */
export interface GatherReport {
  /** Records in the new lists. */
  readonly records: number;
  readonly lists: number;
  /** Lists that waited before. */
  readonly waiting: number;
}

/**
 * Gathers records that the collector put as objects of their own into lists, so that many become few files. The list then is
 * the object that is written. One run at a time does it: the more lists wait, the more records the next one has.
 *
 * @param claimUntil Epoch milliseconds. The claim is to outlive the invocation.
 * @returns Null if another invocation gathers.
 * @throws WriteError.
 */
export async function gatherRecords(
  { store }: Pick<ObjectWriter, 'store'>,
  claimUntil: number,
): Promise<GatherReport | null> {
  const claim = await store.claim(LISTS_FOLDER, claimUntil);
  if (claim === null) return null;
  try {
    const waiting = await waitingLists(store);
    const room = MAX_WAITING_LISTS - waiting.length;
    const free = room > 0 ? await freeRecords(store, new Set(waiting.flat()), room * MAX_MEMBERS) : [];
    const lists = cutLists(free).slice(0, room);
    for (const members of lists) {
      const body = Buffer.from(listText({ members, written: null }));
      await store.put(keyOfList(members), { body, contentType: 'application/json' }, null);
    }
    return { records: lists.flat().length, lists: lists.length, waiting: waiting.length };
  } finally {
    // A claim that could not be released expires by itself.
    await claim.release().catch(() => undefined);
  }
}

/** The members of each list that exists. */
async function waitingLists(store: WriteStore): Promise<(readonly string[])[]> {
  const lists: (readonly string[])[] = [];
  for await (const { key } of store.list(LISTS_FOLDER)) {
    const found = await store.read(key);
    if (found === null) continue;
    try {
      lists.push(readList(key, found.text).members);
    } catch (error) {
      // It is parked when it is written, and what it named is gathered after that.
      if (!isOwnFault(error)) throw error;
    }
  }
  return lists;
}

/** Records that are in no list. @param most No more than so many are looked for. */
async function freeRecords(
  store: WriteStore,
  listed: ReadonlySet<string>,
  most: number,
): Promise<ListedObject[]> {
  const free: ListedObject[] = [];
  for await (const object of store.list(LANDING_FOLDER)) {
    if (landingKind(object.key) !== 'direct' || listed.has(object.key)) continue;
    free.push(object);
    if (free.length >= most) break;
  }
  return free;
}
