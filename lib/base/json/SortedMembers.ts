import type { JsonObject } from './JsonObject.ts';

/**
 * The members of an object in the order of their keys (UTF-16 units).
 *
 * Keys and values are taken out once, natively: the Rust core shuffles the members of every object, and each
 * property read of an object in an order not seen before is a slow one.
 */
export class SortedMembers {
  readonly keys: readonly string[];
  readonly values: readonly unknown[];

  constructor(object: JsonObject) {
    const keys = Object.keys(object);
    const values = Object.values(object);
    if (keys.length > FEW_MEMBERS) {
      this.keys = keys.sort();
      this.values = this.keys.map((key) => object[key]);
    } else {
      sortTogether(keys, values);
      this.keys = keys;
      this.values = values;
    }
  }

  /** The member of that key, undefined when there is none. */
  get(key: string): unknown {
    for (let i = 0; i < this.keys.length; i += 1) if (this.keys[i] === key) return this.values[i];
    return undefined;
  }
}

/** Beyond so many members the engine's own sort is quicker. */
export const FEW_MEMBERS = 32;

/** Insertion sort of keys, their values moving along: few keys, mostly in order already. */
function sortTogether(keys: string[], values: unknown[]): void {
  for (let i = 1; i < keys.length; i += 1) {
    const key = keys[i] ?? '';
    let at = i;
    let before = keys[at - 1];
    if (before === undefined || before < key) continue;
    const value = values[i];
    while (before !== undefined && before > key) {
      keys[at] = before;
      values[at] = values[at - 1];
      at -= 1;
      before = keys[at - 1];
    }
    keys[at] = key;
    values[at] = value;
  }
}
