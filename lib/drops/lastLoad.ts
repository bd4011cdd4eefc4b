import { counted, listed } from '../base/text.ts';
import type { FileFate, LedgerEntry } from '../ledger/LedgerEntry.ts';
import type { DropObject } from './CustomerBucket.ts';
import type { Drop } from './Drop.ts';
import { isByLog, isLeftOutReason, isMarker, isUnloadable, type LeftOut } from './leftOut.ts';
import { SourceError } from './SourceError.ts';

// Compares the objects that a day has now with what the last load found.

/** Files of the last load, with one of some fates, whose keys are no longer in the drop. */
export function missingFiles(
  { files, leftOut }: Pick<Drop, 'files' | 'leftOut'>,
  entry: Pick<LedgerEntry, 'files'>,
  fates: readonly FileFate['fate'][],
): FileFate[] {
  const there = new Set([...files, ...leftOut.map(({ object }) => object)].map(({ key }) => key));
  return entry.files.filter(({ key, fate }) => fates.includes(fate) && !there.has(key));
}

/** Whether a day was loaded from another place than the one where its files are looked for. */
export function isMoved(entry: Pick<LedgerEntry, 'place'> | null, place: string | undefined): boolean {
  return place !== undefined && (entry?.place ?? place) !== place;
}

/** Where a day was loaded from, if that is another place than the one where its files are looked for; else null. */
export function movedFrom(
  entry: Pick<LedgerEntry, 'place' | 'version'> | null,
  place: string | undefined,
): string | null {
  return entry?.version !== undefined && isMoved(entry, place) ? (entry.place ?? null) : null;
}

/**
 * Whether a day that was loaded from another place ({@link isMoved}) has no file at the place where its files are
 * looked for: then nothing of it has changed.
 */
export function isElsewhere(
  { files, leftOut }: Pick<Drop, 'files' | 'leftOut'>,
  entry: Pick<LedgerEntry, 'place'> | null,
  place: string | undefined,
): boolean {
  const isThere = leftOut.some(({ reason }) => isUnloadable(reason) && reason !== 'unfinished');
  return isMoved(entry, place) && files.length === 0 && !isThere;
}

/**
 * Key of a loaded file that is archived now; null without one. A load would make a version without its rows.
 */
export function archivedSince(
  { leftOut }: Pick<Drop, 'leftOut'>,
  { version, files }: Pick<LedgerEntry, 'version' | 'files'>,
): string | null {
  if (version === undefined) return null;
  const archived = new Set(
    leftOut.filter(({ reason }) => reason === 'archived').map(({ object }) => objectState(object)),
  );
  if (archived.size === 0) return null;
  return files.find((file) => file.fate === 'loaded' && archived.has(objectState(file)))?.key ?? null;
}

/**
 * Whether an object that was archived at the last load can be read now. The fingerprint does not show this, as it ignores
 * archiving.
 */
function restoredSince(
  { files, leftOut }: Pick<Drop, 'files' | 'leftOut'>,
  entry: Pick<LedgerEntry, 'files'>,
): boolean {
  const archived = new Set(entry.files.filter(({ reason }) => reason === 'archived').map(objectState));
  if (archived.size === 0) return false;
  const readable = leftOut.filter(({ reason }) => reason !== 'archived').map(({ object }) => object);
  return [...files, ...readable].some((object) => archived.has(objectState(object)));
}

/**
 * Whether a drop has the files of the last load, as they can be read now; or with `filesLeave`, after a load that succeeded,
 * no others.
 */
export function hasSameFiles(
  drop: Pick<Drop, 'files' | 'leftOut' | 'fingerprint'>,
  entry: Pick<LedgerEntry, 'files' | 'fingerprint' | 'failure'>,
  filesLeave = false,
): boolean {
  if (restoredSince(drop, entry)) return false;
  if (drop.fingerprint === entry.fingerprint) return true;
  // A fingerprint with `-` has logs: what they say now is only known once they are read.
  if (!filesLeave || entry.failure !== undefined || drop.fingerprint.includes('-')) return false;
  const known = new Set(entry.files.filter(({ fate }) => fate !== 'gone').map(objectState));
  const unloadable = drop.leftOut.filter(({ reason }) => isUnloadable(reason)).map(({ object }) => object);
  return known.size > 0 && [...drop.files, ...unloadable].every((object) => known.has(objectState(object)));
}

/**
 * Objects that can't be loaded and are new or changed since the current version was made. If the day failed since, the
 * ledger has them as `failed` or `held`, never as `left_out`.
 */
export function newlyLeftOut(
  { leftOut }: Pick<Drop, 'leftOut'>,
  { files }: Pick<LedgerEntry, 'files'>,
): readonly LeftOut[] {
  const known = new Set(files.filter(({ fate }) => fate === 'left_out').map(objectState));
  return leftOut.filter(({ reason, object }) => isUnloadable(reason) && !known.has(objectState(object)));
}

/** Objects that a load left out. */
export interface LeftOutSummary {
  /** Number of objects. */
  readonly count: number;
  /** How many they are and their names, in words. */
  readonly words: string;
}

/**
 * The objects that a loaded day left out although they were probably meant to be loaded. A failed day reports its failure
 * instead.
 */
export function summarizeLeftOut({ state, files }: Pick<LedgerEntry, 'state' | 'files'>): LeftOutSummary {
  const isLoaded = state === 'succeeded' || state === 'succeeded_no_data';
  const left = files.filter(
    ({ fate, reason = '' }) =>
      isLoaded && fate === 'left_out' && isLeftOutReason(reason) && isUnloadable(reason),
  );
  return { count: left.length, words: `left out ${counted(left.length, 'object')}: ${nameFiles(left)}` };
}

/** The code of a day all of whose objects are left out for one reason. */
const CODES_OF_ALL: Readonly<Record<string, keyof typeof SourceError.entries>> = {
  archived: 'SLUICE_SOURCE_OBJECT_ARCHIVED',
  compressed: 'SLUICE_SOURCE_FILES_COMPRESSED',
};

/**
 * Refuses a day whose rows would disappear unintentionally: a day with objects of which none can be loaded, and a day that
 * lost loaded files while objects arrived that can't be loaded. A day without objects, or with markers only, passes.
 *
 * @param drop The drop after its bytes were inspected (inspectObjects.ts).
 * @param acceptsLoss Whether a person accepted that rows of missing files go.
 * @throws SourceError `SLUICE_SOURCE_OBJECT_ARCHIVED`, `SLUICE_SOURCE_FILES_COMPRESSED`,
 *   `SLUICE_SOURCE_NOTHING_LOADABLE`, `SLUICE_SOURCE_FILES_REPLACED`.
 */
export function requireLoadable(
  drop: Pick<Drop, 'files' | 'leftOut'>,
  entry: Pick<LedgerEntry, 'version' | 'files'>,
  acceptsLoss: boolean,
): void {
  const archived = archivedSince(drop, entry);
  if (archived !== null) throw new SourceError('SLUICE_SOURCE_OBJECT_ARCHIVED', `${archived}.`);
  if (drop.files.length === 0) {
    // Files that are not finished or not committed yet, or not any more, are no failure.
    const waits = drop.leftOut.some(({ reason }) => isByLog(reason) || reason === 'unfinished');
    const objects = drop.leftOut.filter(({ reason }) =>
      waits ? isUnloadable(reason) && reason !== 'unfinished' : !isMarker(reason),
    );
    if (objects.length === 0) return;
    const [first] = new Set(objects.map(({ reason }) => reason)).size === 1 ? objects : [];
    const code = CODES_OF_ALL[first?.reason ?? ''] ?? 'SLUICE_SOURCE_NOTHING_LOADABLE';
    throw new SourceError(code, `${nameObjects(objects)}.`);
  }
  if (entry.version === undefined) return;
  const added = newlyLeftOut(drop, entry);
  if (added.length === 0) return;
  const held = entry.files.filter(isReadable);
  // A file that is left out now and has not changed was loaded when it was alone: it is a copy of a file that has come
  // since.
  const keys = new Set(held.map(({ key }) => key));
  const states = new Set(held.map(objectState));
  const inPlace = added.filter(({ object }) => keys.has(object.key) && !states.has(objectState(object)));
  if (inPlace.length > 0) throw new SourceError('SLUICE_SOURCE_FILES_REPLACED', `${nameObjects(inPlace)}.`);
  const [gone] = missingFiles(drop, { files: held }, ['loaded', 'failed', 'held']);
  if (gone !== undefined && !acceptsLoss) {
    throw new SourceError(
      'SLUICE_SOURCE_FILES_REPLACED',
      `${gone.key} is gone; ${nameObjects(added)} arrived.`,
    );
  }
}

/** Whether queries may read rows of a file of that name. A failed file may have replaced one that they read. */
function isReadable({ fate, reason = '' }: FileFate): boolean {
  return fate === 'loaded' || ((fate === 'failed' || fate === 'held') && !isLeftOutReason(reason));
}

/** Identifies one state of an object: its bytes under its key. */
export function objectState({ eTag, key }: Pick<DropObject, 'eTag' | 'key'>): string {
  return `${eTag} ${key}`;
}

/** The first few objects by name, each with why it is left out. */
function nameObjects(objects: readonly LeftOut[]): string {
  return nameFiles(objects.map(({ object: { key }, reason }) => ({ key, reason })));
}

/** The first few files by name, each with why it is left out. */
function nameFiles(files: readonly Pick<FileFate, 'key' | 'reason'>[]): string {
  return listed(files.map(({ key, reason }) => `${key} (${reason})`));
}
