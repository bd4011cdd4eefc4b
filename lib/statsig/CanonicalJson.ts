import { EventError } from './EventError.ts';
import { MAX_EVENT_DEPTH } from './limits.ts';
import { ExactNumber, isExact } from './parseExactJson.ts';

/** Keys repeat in every event: quoted once, up to this many different ones. */
const QUOTED_KEYS_AT_MOST = 4_096;
const quotedKeys = new Map<string, string>();

/**
 * Writes JSON with sorted keys and no spaces, so that equal values are equal texts whatever order they came
 * in: the Rust core keeps metadata in hash maps.
 */
export class CanonicalJson {
  /** Whether a number passed that JSON.parse could not hold: the batch must be parsed again, exactly. */
  inexact = false;

  /** @throws EventError `SLUICE_EVENT_TOO_DEEP` beyond 64 levels. */
  write(value: unknown, depth = 0): string {
    switch (typeof value) {
      case 'string':
        return JSON.stringify(value);
      case 'number':
        if (!isExact(value)) this.inexact = true;
        return String(value);
      case 'object':
        break;
      default:
        return value === true ? 'true' : value === false ? 'false' : 'null';
    }
    if (value === null) return 'null';
    if (value instanceof ExactNumber) return value.text;
    if (depth === MAX_EVENT_DEPTH) throw new EventError('SLUICE_EVENT_TOO_DEEP');
    return Array.isArray(value) ? this.#array(value, depth) : this.#object(value, depth);
  }

  #array(items: readonly unknown[], depth: number): string {
    let text = '';
    for (const item of items) text += `${text === '' ? '[' : ','}${this.write(item, depth + 1)}`;
    return text === '' ? '[]' : `${text}]`;
  }

  #object(members: object, depth: number): string {
    const keys = Object.keys(members);
    sortInPlace(keys);
    let text = '';
    for (const key of keys) {
      const value: unknown = Reflect.get(members, key);
      text += `${text === '' ? '{' : ','}${quotedKey(key)}:${this.write(value, depth + 1)}`;
    }
    return text === '' ? '{}' : `${text}}`;
  }
}

/** Insertion sort: few keys, mostly in order already; by UTF-16 units, as Array's own. */
function sortInPlace(keys: string[]): void {
  if (keys.length > 32) {
    keys.sort();
    return;
  }
  for (let i = 1; i < keys.length; i += 1) {
    const key = keys[i];
    if (key === undefined) continue;
    let at = i;
    for (let before = keys[at - 1]; before !== undefined && before > key; before = keys[at - 1]) {
      keys[at] = before;
      at -= 1;
    }
    keys[at] = key;
  }
}

function quotedKey(key: string): string {
  const known = quotedKeys.get(key);
  if (known !== undefined) return known;
  const quoted = JSON.stringify(key);
  if (quotedKeys.size < QUOTED_KEYS_AT_MOST) quotedKeys.set(key, quoted);
  return quoted;
}
