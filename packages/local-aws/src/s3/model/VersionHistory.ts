import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { compareUtf8, KeyIndex } from './KeyIndex.ts';
import { encodedName } from './objectFiles.ts';
import { type StoredObject, storedObjectSchema } from './StoredObject.ts';

/** The ID of a version that was written while the bucket had no versioning, or had it suspended. */
export const NULL_VERSION = 'null';

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

/** The ID by which clients know a version. */
export function versionIdOf({
  versionId = NULL_VERSION,
}: {
  readonly versionId?: string | undefined;
}): string {
  return versionId;
}

/** Random characters, the sequencer of the version, check characters. */
const VERSION_ID = /^([A-Za-z0-9]{8}([0-9A-F]{18}))([A-Za-z0-9]{6})$/;

/**
 * 32 letters and digits, like S3's. No ID begins with a dash, which a command line would take for an option. The last
 * six distinguish an ID that was once given out from any other text, also when its version is gone.
 */
export function newVersionId(sequencer: string): string {
  const text = `${letters(randomBytes(6))}${sequencer}`;
  return text + checkOf(text);
}

/** Whether a text is a version ID that was given out, here or in another bucket. */
export function isVersionId(text: string): boolean {
  const [, checked, , check] = VERSION_ID.exec(text) ?? [];
  return text === NULL_VERSION || (checked !== undefined && checkOf(checked) === check);
}

/** The check characters of a version ID. */
function checkOf(text: string): string {
  return letters(createHash('sha256').update(text).digest()).slice(0, 6);
}

/** Bytes as letters and digits. */
function letters(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url').replaceAll('-', 'x').replaceAll('_', 'y');
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

  get isEmpty(): boolean {
    return this.#versions.size === 0;
  }

  /** Newest first. */
  of(key: string): readonly Version[] {
    return this.#versions.get(key) ?? [];
  }

  /** Adds what was the newest version until now, or a marker. It replaces one with the same ID: the null version. */
  add(version: Version): void {
    const id = versionIdOf(version);
    const older = id === NULL_VERSION ? without(this.of(version.key), id) : this.of(version.key);
    this.#versions.set(version.key, [version, ...older]);
  }

  remove(key: string, versionId: string): void {
    this.replace(key, without(this.of(key), versionId));
  }

  /** Removes a version and all newer ones. */
  removeUpTo(key: string, versionId: string): void {
    const versions = this.of(key);
    this.replace(
      key,
      versions.slice(versions.findIndex((version) => versionIdOf(version) === versionId) + 1),
    );
  }

  /** Newest first. */
  replace(key: string, versions: readonly Version[]): void {
    if (versions.length === 0) this.#versions.delete(key);
    else this.#versions.set(key, versions);
  }

  find(key: string, versionId: string): Version | undefined {
    return this.of(key).find((version) => versionIdOf(version) === versionId);
  }

  *all(): Generator<Version> {
    for (const versions of this.#versions.values()) yield* versions;
  }

  /** The keys, in order. */
  get keys(): KeyIndex<readonly Version[]> {
    return this.#versions;
  }
}

function without(versions: readonly Version[], versionId: string): readonly Version[] {
  return versions.filter((version) => versionIdOf(version) !== versionId);
}

/** Selects versions to list; '' means that a member is not given. */
export interface VersionQuery {
  readonly prefix: string;
  readonly delimiter: string;
  /** The list has only entries after this key, and after the version of the key that `versionIdMarker` names. */
  readonly keyMarker: string;
  readonly versionIdMarker: string;
  readonly limit: number;
}

/** A version with whether it is the newest of its key, or a common prefix. */
export type VersionEntry =
  | { readonly version: Version; readonly isLatest: boolean }
  | { readonly commonPrefix: string };

/** A page of versions. */
export interface VersionPage {
  readonly entries: readonly VersionEntry[];
  /** Set when there are more: the markers of the next page. */
  readonly next?: { readonly key: string; readonly versionId?: string };
}

/** Lists versions by key in UTF-8 order, the newest version of each key first. */
export function listVersions(
  current: KeyIndex<StoredObject>,
  history: VersionHistory,
  query: VersionQuery,
): VersionPage {
  const { prefix, delimiter, keyMarker, versionIdMarker, limit } = query;
  const entries: VersionEntry[] = [];
  if (limit === 0) return { entries };
  const indexes = [current, history.keys] as const;
  // A version marker resumes within its key; a key alone stands for all its versions.
  const positions = indexes.map((index) =>
    Math.max(
      index.positionAfter(prefix, true),
      keyMarker === '' ? 0 : index.positionAfter(keyMarker, versionIdMarker !== ''),
    ),
  );
  let next: VersionPage['next'];
  for (;;) {
    const [leftKey, rightKey] = indexes.map((index, i) => index.keyAt(positions[i] ?? 0));
    const key = earlier(leftKey, rightKey);
    if (key === undefined || !key.startsWith(prefix)) return { entries };
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    if (end >= 0) {
      const commonPrefix = key.slice(0, end + delimiter.length);
      indexes.forEach((index, i) => {
        if (index.keyAt(positions[i] ?? 0)?.startsWith(commonPrefix) === true)
          positions[i] = index.positionBehind(commonPrefix, positions[i] ?? 0);
      });
      if (commonPrefix === keyMarker) continue;
      if (entries.length === limit) return page(entries, next);
      entries.push({ commonPrefix });
      next = { key: commonPrefix };
      continue;
    }
    const object = current.get(key);
    const versions = [...(object === undefined ? [] : [object]), ...history.of(key)];
    const first = key === keyMarker ? positionBehind(versions, versionIdMarker) : 0;
    for (const [i, version] of versions.entries()) {
      if (i < first) continue;
      if (entries.length === limit) return page(entries, next);
      entries.push({ version, isLatest: i === 0 });
      next = { key, versionId: versionIdOf(version) };
    }
    indexes.forEach((index, i) => {
      if (index.keyAt(positions[i] ?? 0) === key) positions[i] = (positions[i] ?? 0) + 1;
    });
  }
}

/**
 * The position at which a list of versions goes on behind a version. If the version was deleted meanwhile, the sequencer in its
 * ID tells its place.
 */
function positionBehind(versions: readonly Version[], marker: string): number {
  const position = versions.findIndex((version) => versionIdOf(version) === marker);
  if (position >= 0) return position + 1;
  const [, , sequencer] = VERSION_ID.exec(marker) ?? [];
  if (sequencer === undefined) return 0;
  const older = versions.findIndex((version) => version.sequencer < sequencer);
  return older < 0 ? versions.length : older;
}

function earlier(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return compareUtf8(a, b) <= 0 ? a : b;
}

function page(entries: readonly VersionEntry[], next: VersionPage['next']): VersionPage {
  return { entries, ...(next === undefined ? {} : { next }) };
}
