import { isJsonObject } from './JsonObject.ts';

/**
 * Replaces half surrogate pairs by U+FFFD in every string and key of a parsed JSON value, in place where it
 * can. Walks with a list of its own: the value may be nested deeper than the call stack is.
 */
export function toWellFormed(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  const open: unknown[] = [value];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (!Array.isArray(node) && !isJsonObject(node)) continue;
    for (const key of Object.keys(node)) {
      const member: unknown = Reflect.get(node, key);
      const kept = typeof member === 'string' ? member.toWellFormed() : member;
      const goodKey = key.toWellFormed();
      if (goodKey !== key) Reflect.deleteProperty(node, key);
      // Not plain assignment: a key may be __proto__.
      if (goodKey !== key || kept !== member) {
        Object.defineProperty(node, goodKey, {
          value: kept,
          writable: true,
          enumerable: true,
          configurable: true,
        });
      }
      if (typeof member === 'object' && member !== null) open.push(member);
    }
  }
  return value;
}
