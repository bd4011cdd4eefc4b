import { hash } from 'node:crypto';
import * as z from 'zod';
import { parseJson } from '../base/json.ts';
import type { ListedObject, ObjectStore } from '../base/ObjectStore.ts';
import { LANDING_NOTES } from '../tables/ledgerKeys.ts';

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
 * digest is of key, ETag and time of writing, which listings have; the second one of the version ID. Usually there is none.
 */
export class LandingNotes {
  readonly #store: Pick<ObjectStore, 'read' | 'write' | 'removeAll' | 'listPage'>;
  #hasAny: Promise<boolean> | undefined;

  constructor(store: Pick<ObjectStore, 'read' | 'write' | 'removeAll' | 'listPage'>) {
    this.#store = store;
  }

  /**
   * The note on a version; null if there is none. Whether there are notes at all is asked once for each instance.
   *
   * @throws What the store's client throws.
   */
  async read(version: LandedVersion): Promise<LandingNote | null> {
    this.#hasAny ??= this.#store.listPage(LANDING_NOTES, { limit: 1 }).then(({ items }) => items.length > 0);
    if (!(await this.#hasAny)) return null;
    for (const end of [WRITTEN, FROM]) {
      const stored = await this.#store.read(noteKey(version, end));
      const { data } = noteSchema.safeParse(parseJson(stored?.text ?? ''));
      if (data !== undefined) return data;
    }
    return null;
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
    await this.#store.write(noteKey(version, end), text, { expected });
    this.#hasAny = Promise.resolve(true);
  }

  /** Deletes the notes on versions that are deleted. What is left is harmless: the version is gone. */
  async remove(versions: readonly LandedVersion[]): Promise<void> {
    if (versions.length === 0 || (await this.#hasAny) !== true) return;
    await this.#store
      .removeAll(versions.flatMap((version) => [noteKey(version, WRITTEN), noteKey(version, FROM)]))
      .catch(() => undefined);
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
