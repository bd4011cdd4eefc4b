import { MAX_NODES } from './limits.ts';

/**
 * Whether a text of JSON has more objects and arrays than may be parsed. It counts braces and brackets, those in
 * texts as well: a bound need not be exact, but quick.
 */
export function hasTooManyNodes(text: string): boolean {
  if (text.length <= 2 * MAX_NODES) return false;
  let left = MAX_NODES;
  for (const opening of ['{', '[']) {
    for (let at = text.indexOf(opening); at >= 0; at = text.indexOf(opening, at + 1)) {
      left -= 1;
      if (left < 0) return true;
    }
  }
  return false;
}
