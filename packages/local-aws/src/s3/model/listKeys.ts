import type { KeyIndex } from './KeyIndex.ts';
import type { StoredObject } from './StoredObject.ts';

/** What to list; '' stands for not given. */
export interface ListQuery {
  readonly prefix?: string;
  /** Keys that hold it after the prefix are rolled up into one common prefix. */
  readonly delimiter?: string;
  /** Only what comes after it. When it is a common prefix, all keys below that are behind it too. */
  readonly after?: string;
  /** Most entries, common prefixes counted. */
  readonly limit: number;
}

/** Objects and common prefixes in one order, as they are counted. */
export type ListEntry = { readonly object: StoredObject } | { readonly commonPrefix: string };

/** A page of a list. */
export interface ListPage {
  readonly entries: readonly ListEntry[];
  /** When there is more: give it as `after` for the next page. */
  readonly next?: string;
}

/** Lists keys in UTF-8 order. Skips what a common prefix covers by search: a page costs its entries, not the keys below. */
export function listKeys(index: KeyIndex<StoredObject>, query: ListQuery): ListPage {
  const { prefix = '', delimiter = '', after = '', limit } = query;
  const entries: ListEntry[] = [];
  if (limit === 0) return { entries };
  let position = Math.max(
    index.positionAfter(prefix, true),
    after === '' ? 0 : index.positionAfter(after, false),
  );
  let last = '';
  for (;;) {
    const key = index.keyAt(position);
    if (key === undefined || !key.startsWith(prefix)) return { entries };
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const commonPrefix = end < 0 ? undefined : key.slice(0, end + delimiter.length);
    if (commonPrefix !== undefined && commonPrefix === after) {
      position = index.positionBehind(commonPrefix, position);
      continue;
    }
    if (entries.length === limit) return { entries, next: last };
    if (commonPrefix !== undefined) {
      entries.push({ commonPrefix });
      last = commonPrefix;
      position = index.positionBehind(commonPrefix, position);
    } else {
      const object = index.get(key);
      if (object !== undefined) entries.push({ object });
      last = key;
      position++;
    }
  }
}
