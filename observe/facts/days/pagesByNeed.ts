import { ObserveError } from '../../deployment.ts';
import type { Need } from './dropNeeds.ts';

/** Some of many: first what needs somebody, then what is well, each in the order of the configuration. */
export interface Shown {
  /** How many there are. */
  readonly total: number;
  /** How many of them need somebody. They come first. */
  readonly needing: number;
  /** The place of the last that is shown, as `problem:acme/events`: what follows is asked for with it as `after`. Null if nothing follows. */
  readonly next: string | null;
}

/** The first of many whose JSON fits, at least one: {@link Shown}. @param bytes Of their JSON. */
export function firstOf<Item>(
  items: readonly Item[],
  needs: (item: Item) => Need | null,
  nameOf: (item: Item) => string,
  bytes: number,
): Shown & { readonly shown: readonly Item[] } {
  const sorted = byNeed(items, needs);
  const shown = fitting(sorted, bytes);
  const last = shown.length < sorted.length ? shown.at(-1) : undefined;
  const needing = items.filter((item) => needs(item) !== null).length;
  const next = last === undefined ? null : cursorOf(needs(last), nameOf(last));
  return { total: items.length, needing, next, shown };
}

/** Needs in the order of pages. */
const RANKS: readonly string[] = ['problem', 'warning', 'none'];

/** The place of a need in the order of pages. */
function rankOf(need: Need | null): number {
  return RANKS.indexOf(need ?? 'none');
}

/** Problems first, then warnings; what is equal keeps its order. */
export function byNeed<Item>(items: readonly Item[], needs: (item: Item) => Need | null): readonly Item[] {
  const ranked = items.map((item) => ({ item, rank: rankOf(needs(item)) }));
  return ranked.toSorted((a, b) => a.rank - b.rank).map(({ item }) => item);
}

/** The place of a dataset or an export, with its need: that may be another before the next page is asked for. */
export function cursorOf(need: Need | null, name: string): string {
  return `${need ?? 'none'}:${name}`;
}

/** A line of a page. */
interface Named {
  /** Its name, which no other line has: `acme/events`. */
  readonly name: string;
}

/** Where the first line after a cursor is among the sorted. @throws ObserveError `SLUICE_OBSERVE_CURSOR_UNKNOWN`. */
export function startAfter(
  cursor: string,
  lines: readonly Named[],
  sorted: readonly Named[],
  needs: ReadonlyMap<string, Need | null>,
): number {
  const cut = cursor.indexOf(':');
  const rank = RANKS.indexOf(cursor.slice(0, cut));
  const place = lines.findIndex(({ name }) => name === cursor.slice(cut + 1));
  if (rank < 0 || place < 0) throw new ObserveError('SLUICE_OBSERVE_CURSOR_UNKNOWN', `${cursor}.`);
  const start = sorted.findIndex((line) => {
    const ofLine = rankOf(needs.get(line.name) ?? null);
    return ofLine > rank || (ofLine === rank && lines.indexOf(line) > place);
  });
  return start < 0 ? sorted.length : start;
}

/** The first items whose JSON has no more bytes, and the first in any case. */
export function fitting<Item>(items: readonly Item[], bytes: number): readonly Item[] {
  let left = bytes;
  const end = items.findIndex((item, i) => {
    left -= Buffer.byteLength(JSON.stringify(item));
    return left < 0 && i > 0;
  });
  return end < 0 ? items : items.slice(0, end);
}
