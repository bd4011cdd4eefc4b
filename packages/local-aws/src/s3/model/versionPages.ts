import { compareUtf8, type KeyIndex } from './KeyIndex.ts';
import type { StoredObject } from './StoredObject.ts';
import type { Version, VersionHistory } from './VersionHistory.ts';
import { VERSION_ID, versionIdOf } from './versionIds.ts';

/** Selects versions to list; '' means that a member is not given. */
export interface VersionQuery {
  /** Only keys that begin with it are listed. */
  readonly prefix: string;
  /** Keys that contain it after the prefix are rolled up into one common prefix. */
  readonly delimiter: string;
  /** The list has only entries after this key, and after the version of the key that `versionIdMarker` names. */
  readonly keyMarker: string;
  /** The version of `keyMarker` after which the list begins. */
  readonly versionIdMarker: string;
  /** The most entries, common prefixes included. */
  readonly limit: number;
}

/** A version with whether it is the newest of its key, or a common prefix. */
export type VersionEntry =
  | { readonly version: Version; readonly isLatest: boolean }
  | { readonly commonPrefix: string };

/** A page of versions. */
export interface VersionPage {
  /** The entries, in the order of the list. */
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
  const cursors = [new Cursor(current, query), new Cursor(history.byKey, query)];
  let next: VersionPage['next'];
  for (;;) {
    const key = cursors.map((cursor) => cursor.key).reduce(earlier);
    if (key === undefined || !key.startsWith(prefix)) return { entries };
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    if (end >= 0) {
      const commonPrefix = key.slice(0, end + delimiter.length);
      for (const cursor of cursors) cursor.passAll(commonPrefix);
      if (commonPrefix === keyMarker) continue;
      if (entries.length === limit) return page(entries, next);
      entries.push({ commonPrefix });
      next = { key: commonPrefix };
      continue;
    }
    const object = current.get(key);
    const versions = [...(object === undefined ? [] : [object]), ...history.of(key)];
    const first = key === keyMarker ? positionAfterVersion(versions, versionIdMarker) : 0;
    for (const [i, version] of versions.entries()) {
      if (i < first) continue;
      if (entries.length === limit) return page(entries, next);
      entries.push({ version, isLatest: i === 0 });
      next = { key, versionId: versionIdOf(version) };
    }
    for (const cursor of cursors) cursor.pass(key);
  }
}

/** A place in the keys of an index, from the first one that a query selects on. */
class Cursor {
  readonly #index: KeyIndex<unknown>;
  #position: number;

  constructor(index: KeyIndex<unknown>, { prefix, keyMarker, versionIdMarker }: VersionQuery) {
    this.#index = index;
    // A version marker resumes within its key; a key alone stands for all its versions.
    const markerPosition =
      versionIdMarker === '' ? index.positionAfter(keyMarker) : index.positionFrom(keyMarker);
    const start = keyMarker === '' ? 0 : markerPosition;
    this.#position = Math.max(index.positionFrom(prefix), start);
  }

  /** The key at this place; undefined at the end. */
  get key(): string | undefined {
    return this.#index.keyAt(this.#position);
  }

  /** Goes on, if it is at a key. */
  pass(key: string): void {
    if (this.key === key) this.#position += 1;
  }

  /** Goes on behind all keys with a prefix, if it is at one of them. */
  passAll(prefix: string): void {
    if (this.key?.startsWith(prefix) === true)
      this.#position = this.#index.positionAfterPrefix(prefix, this.#position);
  }
}

/**
 * The position at which a list of versions goes on behind a version. If the version was deleted meanwhile, the sequencer in its
 * ID tells its place.
 */
function positionAfterVersion(versions: readonly Version[], marker: string): number {
  const position = versions.findIndex((version) => versionIdOf(version) === marker);
  if (position >= 0) return position + 1;
  const [, , sequencer] = VERSION_ID.exec(marker) ?? [];
  if (sequencer === undefined) return 0;
  const older = versions.findIndex((version) => version.sequencer < sequencer);
  return older < 0 ? versions.length : older;
}

/** The key that comes first; undefined without any. */
function earlier(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return compareUtf8(a, b) <= 0 ? a : b;
}

/** A page of a list that goes on. */
function page(entries: readonly VersionEntry[], next: VersionPage['next']): VersionPage {
  return { entries, ...(next === undefined ? {} : { next }) };
}
