import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, valueAt } from '../../lib/base/json.ts';

/**
 * How a document of AWS differs from the wanted one, in words: members by their paths, statements and rules by their IDs. What it has besides
 * does not count. A member that is not set is as one that is `false` or empty.
 *
 * @param path What the document is called; empty without a name.
 */
export function differingPoints(wanted: unknown, current: unknown, path: string): readonly string[] {
  if (sameDocument(current, wanted)) return [];
  if (current === undefined) return wanted === false || wanted === '' ? [] : [`${path} is not set`];
  if (Array.isArray(wanted) && wanted.every(isJsonObject)) {
    const there = Array.isArray(current) ? current.filter(isJsonObject) : [];
    const idOf = (item: object) => valueAt(item, ['Sid']) ?? valueAt(item, ['ID']);
    return wanted.flatMap((item, i) => {
      const id = idOf(item);
      const found = id === undefined ? there[i] : there.find((other) => idOf(other) === id);
      const name = id === undefined ? path : String(id);
      return found === undefined ? [`${name} is missing`] : differingPoints(item, found, name);
    });
  }
  if (isJsonObject(wanted))
    return Object.entries(wanted).flatMap(([member, value]) =>
      differingPoints(value, valueAt(current, [member]), path === '' ? member : `${path}.${member}`),
    );
  if (Array.isArray(wanted)) return [`${path} differs`];
  return [`${path} is ${JSON.stringify(current)} instead of ${JSON.stringify(wanted)}`];
}

/**
 * Whether two AWS documents are equivalent. Ignored are the order of members, members without a value, the difference
 * between an item and a list of it, and the order of lists: no list in a bucket's settings or policies has an order.
 */
export function sameDocument(found: unknown, other: unknown): boolean {
  return isDeepStrictEqual(canonical(found), canonical(other));
}

/** A document in the form in which equivalent ones are equal. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(canonical);
    return items.length === 1 ? items[0] : items.map((item) => JSON.stringify(item)).sort();
  }
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.sort().map(([name, member]) => [name, canonical(member)]));
}
