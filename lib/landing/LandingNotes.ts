import { hash } from 'node:crypto';
import * as z from 'zod';
import { parseJson } from '../base/json.ts';
import { type ListedObject, listObjects, type ObjectStore } from '../base/ObjectStore.ts';
import { LANDING_LOOK, LANDING_NOTES } from '../tables/ledgerKeys.ts';

/** One version of an object of the landing. A copy of it under the same key is another one. */
export interface LandedVersion extends Pick<ListedObject, 'key' | 'eTag' | 'modifiedAt'> {
  /** Undefined, or `null`, in a bucket without versions. */
  readonly versionId?: string | undefined;
}

/** What a note says of a version that is still in the landing. */
export type LandingNote =
  /** All its rows are in tables, and it could not be deleted: only that is left to be done. */
  | { readonly written: true /** The code with which S3 refuses. */; readonly why: string }
  /** Its rows before a byte, where a member begins, are in tables. */
  | { readonly from: number };

const noteSchema = z.union([
  z.object({ written: z.literal(true), why: z.string() }),
  z.object({ from: z.int().min(0) }),
]);

/** The ends of a note's key, by what it says. So a listing tells which objects are written. */
const WRITTEN = '.written.json';
const FROM = '.from.json';

/**
 * Notes on objects of the landing, in the ledger: `ledger/_landing/<digest>-<digest>.written.json` or `….from.json`. The first
 * digest is of key, ETag and time of writing, which listings have; the second one of the version ID.
 */
export class LandingNotes {
  readonly #store: Pick<ObjectStore, 'read' | 'write' | 'removeAll'>;
  /** Keys of notes that were read or written. */
  readonly #known = new Set<string>();

  constructor(store: Pick<ObjectStore, 'read' | 'write' | 'removeAll'>) {
    this.#store = store;
  }

  /** The note on a version; null if there is none. @throws What the store's client throws. */
  async read(version: LandedVersion): Promise<LandingNote | null> {
    const keys = [noteKey(version, WRITTEN), noteKey(version, FROM)];
    const notes = await Promise.all(
      keys.map(async (key) => {
        const stored = await this.#store.read(key);
        if (stored !== null) this.#known.add(key);
        return noteSchema.safeParse(parseJson(stored?.text ?? '')).data;
      }),
    );
    return notes[0] ?? notes[1] ?? null;
  }

  /** Notes that a version is written: only if that is not noted yet. @throws What the store's client throws. */
  async writeWritten(version: LandedVersion, why: string): Promise<void> {
    await this.#write(version, WRITTEN, { written: true, why }, null);
  }

  /** Notes, or notes anew, up to where a version is written. @throws What the store's client throws. */
  async writeFrom(version: LandedVersion, from: number): Promise<void> {
    await this.#write(version, FROM, { from });
  }

  async #write(version: LandedVersion, end: string, note: LandingNote, expected?: null): Promise<void> {
    const text = JSON.stringify({ object: version.key, version: version.versionId, ...note });
    const key = noteKey(version, end);
    // After a conflict nobody knows whether there is a note.
    await this.#store.write(key, text, { expected, throwsConflict: true });
    this.#known.add(key);
  }

  /** Deletes the notes on versions that are deleted. What is left is harmless: the version is gone. */
  async remove(versions: readonly LandedVersion[]): Promise<void> {
    const keys = versions
      .flatMap((version) => [noteKey(version, WRITTEN), noteKey(version, FROM)])
      .filter((key) => this.#known.has(key));
    if (keys.length > 0) await this.#store.removeAll(keys).catch(() => undefined);
  }
}

/** Notes that are listed at most. */
const MOST_LISTED = 100_000;

/** The notes, by the objects of a listing. */
export class ListedNotes {
  readonly #byObject = new Map<string, ListedObject[]>();

  /** @throws What the store's client throws. */
  static async list(store: Pick<ObjectStore, 'listPage'>): Promise<ListedNotes> {
    const notes = new ListedNotes();
    for await (const note of listObjects(store, LANDING_NOTES)) {
      if (note.key === LANDING_LOOK) continue;
      const [object = ''] = note.key.slice(LANDING_NOTES.length).split('-');
      notes.#byObject.set(object, [...(notes.#byObject.get(object) ?? []), note]);
      if (notes.#byObject.size === MOST_LISTED) break;
    }
    return notes;
  }

  /** Their keys. */
  get keys(): string[] {
    return [...this.#byObject.values()].flat().map(({ key }) => key);
  }

  /** Whether an object is written, and only not deleted. */
  isWritten(object: LandedVersion): boolean {
    return this.#byObject.get(listedDigest(object))?.some(({ key }) => key.endsWith(WRITTEN)) === true;
  }

  /** Takes out the notes on an object. @returns Their keys. */
  take(object: LandedVersion): string[] {
    const digest = listedDigest(object);
    const keys = this.#byObject.get(digest)?.map(({ key }) => key) ?? [];
    this.#byObject.delete(digest);
    return keys;
  }
}

function noteKey(version: LandedVersion, end: string): string {
  return `${LANDING_NOTES}${listedDigest(version)}-${digest(version.versionId ?? 'null').slice(0, 16)}${end}`;
}

/** S3 says the time in whole seconds, or adds zeros. */
function listedDigest({ key, eTag, modifiedAt }: LandedVersion): string {
  return digest(JSON.stringify([key, eTag, Math.floor(modifiedAt / 1000)]));
}

function digest(text: string): string {
  return hash('sha256', text);
}
