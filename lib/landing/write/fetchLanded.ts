import { open, rm } from 'node:fs/promises';
import { mapLimit } from '../../base/concurrency.ts';
import type { SluiceError } from '../../base/errors.ts';
import { landingKind } from '../../tables/objectKeys.ts';
import { isOwnFault } from '../frames/LandingError.ts';
import { walkRecords } from '../frames/records.ts';
import { type LandedList, listText, type ReadMember, readList } from './landedLists.ts';
import { WriteError } from './WriteError.ts';
import type { WriteStore } from './WriteStore.ts';

/** Bytes that can't be read as records, whoever tries. */
export interface UnreadBytes {
  /** The name under which they are parked: a key of the landing, or one with an offset. */
  readonly place: string;
  readonly body: Uint8Array;
  readonly error: SluiceError;
}

/** Records of an object of the landing in a file, one after the other. */
export interface LandedFile {
  readonly bytes: number;
  /** Bytes that are left out of the file: records of a list, or the list itself. */
  readonly unread: readonly UnreadBytes[];
  /** Members of a list that no longer exist. */
  readonly missing: readonly string[];
  /** Whether there is nothing (more) to be made of it, so that only {@link remove} is left. */
  readonly isWritten: boolean;
  /**
   * Deletes it: a list with its members. Nothing else may be left of them to be stored.
   *
   * @throws WriteError `SLUICE_WRITE_OBJECT_CHANGED` if something was written over it meanwhile, which stays.
   */
  remove(): Promise<void>;
}

/**
 * Fetches an object of the landing, or the records that it lists, into a file; null if it does not exist.
 *
 * @throws WriteError; LandingError for a record that this release does not read.
 */
export async function fetchLanded(
  key: string,
  path: string,
  store: WriteStore,
  signal?: AbortSignal,
): Promise<LandedFile | null> {
  if (landingKind(key) === 'list') return fetchList(key, path, store, signal);
  const fetched = await store.fetch(key, path, signal);
  if (fetched === null) return null;
  return {
    bytes: fetched.bytes,
    unread: [],
    missing: [],
    isWritten: false,
    remove: () => removeAll([{ key, eTag: fetched.eTag }], store),
  };
}

/** Calls of the store at the same time. */
const PARALLEL_CALLS = 32;

async function fetchList(
  key: string,
  path: string,
  store: WriteStore,
  signal?: AbortSignal,
): Promise<LandedFile | null> {
  const found = await store.read(key, signal);
  if (found === null) return null;
  const own = { key, eTag: found.eTag };
  const nothing = { bytes: 0, missing: [], isWritten: true };
  const list = listOrFault(key, found.text);
  if (list instanceof Error) {
    const unread = { place: key, body: Buffer.from(found.text), error: list };
    return { ...nothing, unread: [unread], remove: () => removeAll([own], store) };
  }
  const { written } = list;
  if (written !== null) return { ...nothing, unread: [], remove: () => removeList(own, written, store) };
  const { bytes, read, unread, missing } = await joinMembers(list, path, store, signal);
  // A writer whose claim has expired may see what the next one deletes. That one has changed the list before, and its files
  // have the rows of all members: they must not be replaced by files of those that are left.
  if (missing.length > 0) {
    const now = await store.head(key);
    if (now === null) return null;
    if (now.eTag !== found.eTag) throw new WriteError('SLUICE_WRITE_OBJECT_CHANGED', `${key}.`);
  }
  return {
    ...{ bytes, unread, missing },
    isWritten: false,
    remove: async () => {
      // An erasure may change a record while files are made of it: these files would keep the erased rows.
      await requireUnchanged(read, store);
      // Without this, an attempt after a half-done deletion would take the remaining members for all members.
      const eTag = await store.replace(key, listText({ ...list, written: read }), found.eTag);
      if (eTag === null) throw new WriteError('SLUICE_WRITE_OBJECT_CHANGED', `${key}.`);
      await removeList({ key, eTag }, read, store);
    },
  };
}

function listOrFault(key: string, text: string): LandedList | SluiceError {
  try {
    return readList(key, text);
  } catch (error) {
    if (isOwnFault(error)) return error;
    throw error;
  }
}

/** Writes the members of a list to one file, each of them whole or not at all. */
async function joinMembers(list: LandedList, path: string, store: WriteStore, signal?: AbortSignal) {
  const read: ReadMember[] = [];
  const unread: UnreadBytes[] = [];
  const missing: string[] = [];
  let bytes = 0;
  const file = await open(path, 'w');
  try {
    for (let from = 0; from < list.members.length; from += PARALLEL_CALLS) {
      const keys = list.members.slice(from, from + PARALLEL_CALLS);
      const fetched = await mapLimit(keys, PARALLEL_CALLS, (key) => fetchBytes(key, store, path, signal));
      for (const [index, key] of keys.entries()) {
        const member = fetched[index] ?? null;
        if (member === null) {
          missing.push(key);
          continue;
        }
        read.push({ key, eTag: member.eTag });
        const error = faultOf(member.bytes);
        if (error !== null) unread.push({ place: key, body: member.bytes, error });
        else {
          await file.appendFile(member.bytes);
          bytes += member.bytes.length;
        }
      }
    }
  } finally {
    await file.close();
  }
  return { bytes, read, unread, missing };
}

async function fetchBytes(key: string, store: WriteStore, path: string, signal?: AbortSignal) {
  const own = `${path}-${key.replaceAll('/', '-')}`;
  const fetched = await store.fetch(key, own, signal);
  if (fetched === null) return null;
  const file = await open(own);
  try {
    return { eTag: fetched.eTag, bytes: await file.readFile() };
  } finally {
    await file.close();
    await rm(own);
  }
}

function faultOf(bytes: Uint8Array): SluiceError | null {
  try {
    walkRecords(bytes);
    return null;
  } catch (error) {
    if (isOwnFault(error)) return error;
    throw error;
  }
}

async function removeList(list: ReadMember, members: readonly ReadMember[], store: WriteStore) {
  const changed = await changedOf(members, store);
  await removeAll([list], store);
  // The new content of a member is in no list: it is gathered again.
  if (changed.length > 0) throw new WriteError('SLUICE_WRITE_OBJECT_CHANGED', `${changed.join(', ')}.`);
}

async function removeAll(objects: readonly ReadMember[], store: WriteStore): Promise<void> {
  const changed = await changedOf(objects, store);
  if (changed.length > 0) throw new WriteError('SLUICE_WRITE_OBJECT_CHANGED', `${changed.join(', ')}.`);
}

/** @throws WriteError `SLUICE_WRITE_OBJECT_CHANGED` if one of them was written over. One that is gone is in the files. */
async function requireUnchanged(objects: readonly ReadMember[], store: WriteStore): Promise<void> {
  const now = await mapLimit(objects, PARALLEL_CALLS, ({ key }) => store.head(key));
  const changed = objects.filter(({ eTag }, index) => (now[index]?.eTag ?? eTag) !== eTag);
  if (changed.length > 0)
    throw new WriteError('SLUICE_WRITE_OBJECT_CHANGED', `${changed.map(({ key }) => key).join(', ')}.`);
}

/** Deletes objects. @returns The keys of those that were written over, which stay. */
async function changedOf(objects: readonly ReadMember[], store: WriteStore): Promise<string[]> {
  const results = await mapLimit(objects, PARALLEL_CALLS, ({ key, eTag }) => store.remove(key, eTag));
  return objects.filter((_, index) => results[index] === 'changed').map(({ key }) => key);
}
