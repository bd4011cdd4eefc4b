import { MOST_NAMED, nearestNames, quotedName } from '../../../base/text.ts';

/** Names that a message lists. */
const MAX_NAMES = 100;

/** The names of columns that a mapping, or a part of it, has, in lower case. */
export function mappedNames(mapping: object): readonly string[] {
  return Object.entries(mapping).flatMap(([member, value]: [string, unknown]) => {
    const names = typeof value === 'string' || Array.isArray(value) ? [value].flat() : null;
    if (member === 'column' && names !== null) return names.map((name) => String(name).toLowerCase());
    return typeof value === 'object' && value !== null ? mappedNames(value) : [];
  });
}

/** Lists the names of a file for a message, the nearest first of those that no other field has. */
export function foundNames(
  wanted: readonly string[],
  names: readonly string[],
  mapped: ReadonlySet<string>,
): string {
  const free = names.filter((name) => !mapped.has(name.toLowerCase()));
  const similar = wanted.flatMap((name) => nearestNames(name, free));
  const akin = free.filter((name) => wanted.some((other) => sharesWords(name, other)));
  const near = [...new Set(similar.length > 0 ? similar : akin.slice(0, MOST_NAMED))];
  const all = names.slice(0, MAX_NAMES).map(quotedName).join(', ');
  const more = names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : '';
  const nearest = near.length === 0 ? '' : `, the nearest is ${near.map(quotedName).join(' or ')}`;
  const known = names.length === 0 ? '' : `, among ${all}${more}`;
  return `${names.length === 0 ? 'none' : 'no such name'}${nearest}${known}`;
}

/** Whether one of two names has all words of the other: `metric_date` and `date`. */
function sharesWords(first: string, second: string): boolean {
  const wordsOf = (name: string) =>
    new Set(
      name
        .toLowerCase()
        .split(/[^\p{L}\p{N}]+/u)
        .filter((word) => word !== ''),
    );
  const [some, others] = [wordsOf(first), wordsOf(second)].toSorted((a, b) => a.size - b.size);
  return some !== undefined && some.size > 0 && others !== undefined && some.isSubsetOf(others);
}
