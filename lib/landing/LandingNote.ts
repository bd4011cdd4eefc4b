import { hash } from 'node:crypto';
import * as z from 'zod';
import { parseJson } from '../base/json.ts';
import type { ListedObject, ObjectStore, ObjectText } from '../base/ObjectStore.ts';
import { LANDING_LOOK, LANDING_NOTES } from '../tables/ledgerKeys.ts';

/** One version of an object of the landing. A copy of the object under the same key is another version. */
export interface LandedVersion extends Pick<ListedObject, 'key' | 'eTag' | 'modifiedAt'> {
  /** Undefined, or `null`, in a bucket without versions. */
  readonly versionId?: string | undefined;
}

/**
 * What is counted once the object is deleted: events by the hour in which they were received, and the name of their
 * metric.
 */
const finishedEvents = z.record(z.string(), z.record(z.string(), z.int()));

/** Events by hour and metric: `2026-11-20T07`, `events_finished`. */
export type FinishedEvents = z.output<typeof finishedEvents>;

/** Events of the rows that are written. */
const events = finishedEvents.optional();

/** A note as it is stored: the object is written, or it is up to a byte. */
const noteSchema = z.union([
  /**
   * All rows of the object are in tables. S3 refused to delete it, with the code `why`: only its deletion is left to be
   * done.
   */
  z.object({ written: z.literal(true), why: z.string(), events }),
  /** The rows before byte `from` are in tables. A gzip member begins at that byte. */
  z.object({ from: z.int().positive(), events }),
]);

/**
 * What a note says of a version that is still in the landing. Its key in the ledger is
 * `ledger/_landing/<digest>-<digest>.written.json` or `….from.json`. The first digest is of key, ETag and time of
 * writing, which listings have; the second one of the version ID.
 */
export type LandingNote = z.output<typeof noteSchema>;

/** The end of the key of a note which says that an object is written: so a listing of notes shows which objects are. */
const WRITTEN = '.written.json';

/** Whether the note with this key says that an object is written. */
export function isWritten(key: string): boolean {
  return key.endsWith(WRITTEN);
}

/**
 * The notes on a version, and their keys.
 *
 * @param listed The notes that a listing has found: no other note is read. Default: any note may exist.
 * @throws What the store's client throws.
 */
export async function readNotes(
  store: Pick<ObjectStore, 'read'>,
  version: LandedVersion,
  listed: ListedNotes | null = null,
): Promise<{ readonly note: LandingNote | null; readonly keys: string[] }> {
  const known = listed?.of(version);
  const all = Object.values(noteKeys(version)).filter((key) => known?.includes(key) ?? true);
  const stored = await Promise.all(all.map((key) => store.read(key)));
  // The first counts: noteKeys has that of a written object before the other.
  const [note = null] = stored.flatMap((text) => parseNote(text) ?? []);
  return { note, keys: all.filter((_, i) => stored[i] !== null) };
}

/**
 * Writes a note on a version. A note that the object is written is never replaced.
 *
 * @returns Its key.
 * @throws What the store's client throws. After a conflict nobody knows whether there is a note.
 */
export async function writeNote(
  store: Pick<ObjectStore, 'write'>,
  version: LandedVersion,
  note: LandingNote,
): Promise<string> {
  const keys = noteKeys(version);
  const text = JSON.stringify({ object: version.key, version: version.versionId, ...note });
  const isOfWritten = 'written' in note;
  const key = isOfWritten ? keys.written : keys.from;
  await store.write(key, text, { expected: isOfWritten ? null : undefined, throwsConflict: true });
  return key;
}

/** The events that a note has. @throws What the store's client throws. */
export async function readNotedEvents(
  store: Pick<ObjectStore, 'read'>,
  key: string,
): Promise<FinishedEvents> {
  return parseNote(await store.read(key))?.events ?? {};
}

/** A note as it was stored; undefined if it is not there or can't be read. */
function parseNote(stored: ObjectText | null): LandingNote | undefined {
  return noteSchema.safeParse(parseJson(stored?.text ?? '')).data;
}

/** Pages of a listing at most: 100,000 notes. */
const MOST_PAGES = 100;

/** The notes, by the objects of a listing. */
export class ListedNotes {
  readonly #byObject = new Map<string, string[]>();

  /** Whether the listing came to its end, so that these are all notes. */
  isWhole = false;

  /** Lists the notes. @param pages Most pages that are read. @throws What the store's client throws. */
  static async list(
    store: Pick<ObjectStore, 'listPage'>,
    pages = MOST_PAGES,
    signal?: AbortSignal,
  ): Promise<ListedNotes> {
    const notes = new ListedNotes();
    let token: string | undefined;
    for (let page = 0; page < pages && !notes.isWhole; page += 1) {
      const { items, next } = await store.listPage(LANDING_NOTES, { token, signal });
      for (const { key } of items) notes.#add(key);
      notes.isWhole = next === undefined;
      token = next;
    }
    return notes;
  }

  /** Adds the key of a note to those of its object. */
  #add(key: string): void {
    if (key === LANDING_LOOK) return;
    const [object = ''] = key.slice(LANDING_NOTES.length).split('-');
    this.#byObject.set(object, [...(this.#byObject.get(object) ?? []), key]);
  }

  /** Keys of all notes. */
  get keys(): string[] {
    return [...this.#byObject.values()].flat();
  }

  /** Keys of the notes on an object. */
  of(object: LandedVersion): readonly string[] {
    return this.#byObject.get(listedDigest(object)) ?? [];
  }

  /** The key of the note that an object is written and only has to be deleted; undefined if there is no such note. */
  written(object: LandedVersion): string | undefined {
    return this.of(object).find(isWritten);
  }
}

/** The keys of the two notes that a version may have. */
function noteKeys(version: LandedVersion): { readonly written: string; readonly from: string } {
  const ofVersion = hash('sha256', version.versionId ?? 'null').slice(0, 16);
  const name = `${LANDING_NOTES}${listedDigest(version)}-${ofVersion}`;
  return { written: `${name}${WRITTEN}`, from: `${name}.from.json` };
}

/**
 * A digest of what a listing says of a version. S3 answers the time of an object in whole seconds, or adds zeros as
 * milliseconds, so whole seconds count.
 */
function listedDigest({ key, eTag, modifiedAt }: LandedVersion): string {
  return hash('sha256', JSON.stringify([key, eTag, Math.floor(modifiedAt / 1000)]));
}
