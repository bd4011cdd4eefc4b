import { type DropObject, SourceError } from './CustomerBucket.ts';
import { type Drop, isLeftOutReason, isMarker, isUnloadable } from './Drop.ts';
import type { FileFate, LedgerEntry } from './ledger/LedgerEntry.ts';

/** What a day has now, held against what the last load found: what changed, and whether rows may go for it. */

/** Objects that an error names at most. */
const MOST_NAMED = 3;

type LeftOutObject = Drop['leftOut'][number];

/** Files of the last load, of some fates, that are under no key of the drop any more, left out or not. */
export function missingFiles(
  { files, leftOut }: Pick<Drop, 'files' | 'leftOut'>,
  entry: Pick<LedgerEntry, 'files'>,
  fates: readonly FileFate['fate'][],
): FileFate[] {
  const there = new Set([...files, ...leftOut.map(({ object }) => object)].map(({ key }) => key));
  return entry.files.filter(({ key, fate }) => fates.includes(fate) && !there.has(key));
}

/**
 * Key of a file whose rows queries read and that can't be read any more; null without one. A load would make a version
 * without those rows.
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
 * Whether an object can be read now that lay in an archive at the last load. The fingerprint doesn't tell: it is the same,
 * so that archiving what was loaded changes nothing.
 */
export function restoredSince(
  { files, leftOut }: Pick<Drop, 'files' | 'leftOut'>,
  entry: Pick<LedgerEntry, 'files'>,
): boolean {
  const archived = new Set(entry.files.filter(({ reason }) => reason === 'archived').map(objectState));
  if (archived.size === 0) return false;
  const readable = leftOut.filter(({ reason }) => reason !== 'archived').map(({ object }) => object);
  return [...files, ...readable].some((object) => archived.has(objectState(object)));
}

/**
 * What can't be loaded of a day and was not there, or was another, when the version that queries read was made. A day that
 * failed since knows it as `failed` or `held`, never as `left_out`.
 */
export function newlyLeftOut(
  { leftOut }: Pick<Drop, 'leftOut'>,
  { files }: Pick<LedgerEntry, 'files'>,
): readonly LeftOutObject[] {
  const known = new Set(files.filter(({ fate }) => fate === 'left_out').map(objectState));
  return leftOut.filter(({ reason, object }) => isUnloadable(reason) && !known.has(objectState(object)));
}

/**
 * What a day that was loaded left out though it looks as if it were meant to be loaded, and the same in words. A day that
 * failed says what it failed for.
 */
export function summarizeLeftOut({ state, files }: Pick<LedgerEntry, 'state' | 'files'>): {
  readonly count: number;
  readonly words: string;
} {
  const isLoaded = state === 'succeeded' || state === 'succeeded_no_data';
  const left = files.filter(
    ({ fate, reason = '' }) =>
      isLoaded && fate === 'left_out' && isLeftOutReason(reason) && isUnloadable(reason),
  );
  const objects = left.length === 1 ? 'object' : 'objects';
  return { count: left.length, words: `left out ${left.length} ${objects}: ${joinNames(left)}` };
}

/**
 * Refuses a day whose rows would go without anybody having said so: one that has objects and none that can be loaded, and
 * one that lost files which queries read while objects came that can't be loaded. No objects at all, and markers alone,
 * are a day without data.
 *
 * @param drop Of which it is known what its bytes are (lookInside.ts).
 * @param isBackfill Somebody asked for the day as it is: files that are gone may go, whatever came in their place.
 * @throws SourceError `SLUICE_SOURCE_OBJECT_ARCHIVED`, `SLUICE_SOURCE_NOTHING_LOADABLE`, `SLUICE_SOURCE_FILES_REPLACED`.
 */
export function requireLoadable(
  drop: Pick<Drop, 'files' | 'leftOut'>,
  entry: Pick<LedgerEntry, 'version' | 'files'>,
  isBackfill: boolean,
): void {
  const archived = archivedSince(drop, entry);
  if (archived !== null) throw new SourceError('SLUICE_SOURCE_OBJECT_ARCHIVED', `${archived}.`);
  if (drop.files.length === 0) {
    const objects = drop.leftOut.filter(({ reason }) => !isMarker(reason));
    if (objects.length === 0) return;
    const areArchived = objects.every(({ reason }) => reason === 'archived');
    throw new SourceError(
      areArchived ? 'SLUICE_SOURCE_OBJECT_ARCHIVED' : 'SLUICE_SOURCE_NOTHING_LOADABLE',
      `${nameObjects(objects)}.`,
    );
  }
  if (entry.version === undefined) return;
  const came = newlyLeftOut(drop, entry);
  if (came.length === 0) return;
  const held = entry.files.filter(isReadable);
  const keys = new Set(held.map(({ key }) => key));
  const inPlace = came.filter(({ object }) => keys.has(object.key));
  if (inPlace.length > 0) throw new SourceError('SLUICE_SOURCE_FILES_REPLACED', `${nameObjects(inPlace)}.`);
  const [gone] = missingFiles(drop, { files: held }, ['loaded', 'failed', 'held']);
  if (gone !== undefined && !isBackfill) {
    throw new SourceError('SLUICE_SOURCE_FILES_REPLACED', `${gone.key} is gone; ${nameObjects(came)} came.`);
  }
}

/** Whether queries may read rows of a file of that name: a file that fails may have taken the place of one they read. */
function isReadable({ fate, reason = '' }: FileFate): boolean {
  return fate === 'loaded' || ((fate === 'failed' || fate === 'held') && !isLeftOutReason(reason));
}

/** Names one state of an object. */
function objectState({ eTag, key }: Pick<DropObject, 'eTag' | 'key'>): string {
  return `${eTag} ${key}`;
}

function nameObjects(objects: readonly LeftOutObject[]): string {
  return joinNames(objects.map(({ object: { key }, reason }) => ({ key, reason })));
}

/** The first few of some objects by name, each with its reason, and how many more there are. */
function joinNames(objects: readonly Pick<FileFate, 'key' | 'reason'>[]): string {
  const names = objects.slice(0, MOST_NAMED).map(({ key, reason = '' }) => `${key} (${reason})`);
  const rest = objects.length - names.length;
  return [...names, ...(rest > 0 ? [`${rest} more`] : [])].join(', ');
}
