import type { KeyIndex } from './KeyIndex.ts';
import type { StoredObject } from './StoredObject.ts';

/** Selects entries to list; '' means that a member is not given. */
export interface ListQuery {
  /** Only keys that begin with it are listed. */
  readonly prefix?: string;
  /** Keys that contain it after the prefix are rolled up into one common prefix. */
  readonly delimiter?: string;
  /** Only entries after this one are returned. When it is a common prefix, all keys below it are skipped, too. */
  readonly after?: string;
  /** Maximum number of entries, common prefixes included. */
  readonly limit: number;
}

/** Objects and common prefixes in one order, in which they are counted. */
type ListEntry = { readonly object: StoredObject } | { readonly commonPrefix: string };

/** A page of a list. */
export interface ListPage {
  /** The entries, in UTF-8 order. */
  readonly entries: readonly ListEntry[];
  /** Set when there are more entries: pass it as `after` to get the next page. */
  readonly next?: string;
}

/** Lists keys in UTF-8 order. Skips the keys under a common prefix by search: each costs a page one search. */
export function listKeys(index: KeyIndex<StoredObject>, query: ListQuery): ListPage {
  const { prefix = '', delimiter = '', after = '', limit } = query;
  const entries: ListEntry[] = [];
  if (limit === 0) return { entries };
  let position = Math.max(index.positionFrom(prefix), after === '' ? 0 : index.positionAfter(after));
  let last = '';
  for (;;) {
    const key = index.keyAt(position);
    if (key === undefined || !key.startsWith(prefix)) return { entries };
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const commonPrefix = end < 0 ? undefined : key.slice(0, end + delimiter.length);
    if (commonPrefix !== undefined && commonPrefix === after) {
      position = index.positionAfterPrefix(commonPrefix, position);
      continue;
    }
    if (entries.length === limit) return { entries, next: last };
    if (commonPrefix !== undefined) {
      entries.push({ commonPrefix });
      last = commonPrefix;
      position = index.positionAfterPrefix(commonPrefix, position);
    } else {
      const object = index.get(key);
      if (object !== undefined) entries.push({ object });
      last = key;
      position++;
    }
  }
}
