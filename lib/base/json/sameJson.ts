import { isJsonObject } from './JsonObject.ts';

/** Whether two parsed JSON values are equal, whatever the order of their keys. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => sameJson(item, b[i]));
  }
  if (!isJsonObject(a) || !isJsonObject(b)) return false;
  let unmatched = 0;
  for (const key in a) {
    // Own members only: {} has a __proto__, too, and it looks like an empty object.
    if (!Object.hasOwn(b, key) || !sameJson(a[key], b[key])) return false;
    unmatched += 1;
  }
  for (const _ in b) unmatched -= 1;
  return unmatched === 0;
}
