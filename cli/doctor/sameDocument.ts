import { isDeepStrictEqual } from 'node:util';

/**
 * Whether two documents of AWS's say the same: members in any order, those without a value left out, a list of one
 * like what is in it, and the order of lists aside, for no list of a bucket's settings or policies has one.
 */
export function sameDocument(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(canonical(one), canonical(other));
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(canonical);
    if (items.length === 1) return items[0];
    return items
      .map((item) => [JSON.stringify(item) ?? '', item] as const)
      .sort(byText)
      .map(([, item]) => item);
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(byText)
      .map(([name, member]) => [name, canonical(member)]),
  );
}

function byText([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
