import { z } from 'zod';
import { KeyIndex } from './KeyIndex.ts';
import { encodedName } from './objectFiles.ts';
import { type StoredObject, storedObjectSchema } from './StoredObject.ts';
import { NULL_VERSION, versionIdOf } from './versionIds.ts';

/** Marker that a deletion without a version ID leaves in a versioned bucket. */
export const deleteMarkerSchema = z.strictObject({
  key: z.string(),
  versionId: z.string(),
  /** Epoch ms. */
  modifiedMs: z.int(),
  /** As an object's: hexadecimal, and greater than that of every earlier write in the bucket. */
  sequencer: z.string(),
  marker: z.literal(true),
});

/** A delete marker: as the newest version, it hides the object. */
export type DeleteMarker = z.output<typeof deleteMarkerSchema>;

/** A version of an object, or a delete marker. */
export type Version = StoredObject | DeleteMarker;

/** A version as the journal stores it. */
export const versionSchema = z.union([deleteMarkerSchema, storedObjectSchema]);

/** Whether a version is a delete marker. */
export function isMarker(version: Version): version is DeleteMarker {
  return 'marker' in version;
}

/** Name of the file with the bytes of a version that is not the current one. */
export function versionFile({ key, versionId }: Pick<StoredObject, 'key' | 'versionId'>): string {
  return versionId === undefined ? `${encodedName(key)}.null` : versionId;
}

/**
 * The versions of a bucket's keys besides the current objects, newest first: older versions, and delete markers. A
 * marker is the newest version of its key if there is no current object.
 */
export class VersionHistory {
  readonly #versions = new KeyIndex<readonly Version[]>();

  /** Whether no key has such a version. */
  get isEmpty(): boolean {
    return this.#versions.size === 0;
  }

  /** The versions of a key, newest first. */
  of(key: string): readonly Version[] {
    return this.#versions.get(key) ?? [];
  }

  /** Adds what was the newest version until now, or a marker. It replaces one with the same ID: the null version. */
  add(version: Version): void {
    const id = versionIdOf(version);
    const older = id === NULL_VERSION ? without(this.of(version.key), id) : this.of(version.key);
    this.#versions.set(version.key, [version, ...older]);
  }

  /** Removes a version; does nothing without it. */
  remove(key: string, versionId: string): void {
    this.replace(key, without(this.of(key), versionId));
  }

  /** Removes a version and all newer ones; does nothing without it. */
  removeUpTo(key: string, versionId: string): void {
    const versions = this.of(key);
    const at = versions.findIndex((version) => versionIdOf(version) === versionId);
    this.replace(key, versions.slice(at + 1));
  }

  /** Replaces the versions of a key. @param versions Newest first. */
  replace(key: string, versions: readonly Version[]): void {
    if (versions.length === 0) this.#versions.delete(key);
    else this.#versions.set(key, versions);
  }

  /** A version of a key, if it is here. */
  find(key: string, versionId: string): Version | undefined {
    return this.of(key).find((version) => versionIdOf(version) === versionId);
  }

  /** The versions of all keys. */
  *all(): Generator<Version> {
    for (const versions of this.#versions.values()) yield* versions;
  }

  /** The versions of each key, newest first, to be read alone. */
  get byKey(): KeyIndex<readonly Version[]> {
    return this.#versions;
  }
}

/** All versions except one. */
function without(versions: readonly Version[], versionId: string): readonly Version[] {
  return versions.filter((version) => versionIdOf(version) !== versionId);
}
