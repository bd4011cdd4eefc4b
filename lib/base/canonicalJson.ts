import { ExactNumber, isExact, isJsonObject, type JsonObject } from './json.ts';

/** JSON is nested too deeply. It has a class of its own, so that a stack overflow in our code is not mistaken for it. */
export class DepthError extends Error {
  /** @param levels The most levels that JSON may have. */
  constructor(levels: number) {
    super(`JSON nested deeper than ${levels} levels`);
    this.name = 'DepthError';
  }
}

/** The members of an object in the order of their keys (UTF-16 units). */
export class SortedMembers {
  readonly keys: readonly string[];
  /** The values, in the order of their keys. */
  readonly values: readonly unknown[];

  constructor(object: JsonObject) {
    this.keys = Object.keys(object).sort();
    this.values = this.keys.map((key) => object[key]);
  }

  /** The value of a key; undefined when there is none. */
  get(key: string): unknown {
    const at = this.keys.indexOf(key);
    return at < 0 ? undefined : this.values[at];
  }
}

/** Longer texts are quicker to quote natively. */
const SHORT = 256;

/**
 * Whether a text has nothing that JSON escapes: control characters, quotes, backslashes, half surrogate pairs. To quote
 * every text natively takes the collector 7 % longer.
 */
function isPlain(text: string): boolean {
  if (text.length > SHORT) return false;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit < 0x20 || unit === 0x22 || unit === 0x5c || unit >= 0xd800) return false;
  }
  return true;
}

/** A string's JSON as it stands inside another JSON string: `\"text\"`. */
export function quoteEmbedded(text: string): string {
  return isPlain(text) ? `\\"${text}\\"` : escapeJson(JSON.stringify(text));
}

/** JSON text as it stands inside a JSON string, without that string's own quotes. */
function escapeJson(json: string): string {
  return JSON.stringify(json).slice(1, -1);
}

/** Deepest nesting written. Real events have 4 levels, and a recursion without a bound is a stack overflow. */
const MAX_DEPTH = 64;

/**
 * One error for all events: a batch may have thousands of such events, and a stack for each would cost more than they
 * do.
 */
const TOO_DEEP = new DepthError(MAX_DEPTH);

/** With more members or items than this, V8's tree of the pieces of `+=` would take too much memory. */
const MANY = 1_024;

/**
 * Writes JSON as it stands inside a JSON string, `{\"a\":1}`, with sorted keys and without spaces.
 *
 * That is the form in which a document holds a JSON column, so it is written straight away: quoting the
 * finished JSON once more would cost as much again. And with sorted keys equal values are equal texts, whatever
 * order they came in (the Rust core keeps metadata in hash maps): events are identified by these texts.
 */
export class CanonicalJsonWriter {
  /** Whether a number passed that JSON.parse could not hold: the batch must be parsed again, exactly. */
  inexact = false;

  /** Writes a value. @param depth Levels above the value. @throws DepthError beyond 64 levels. */
  write(value: unknown, depth = 0): string {
    switch (typeof value) {
      case 'string':
        return quoteEmbedded(value);
      case 'number':
        if (!isExact(value)) this.inexact = true;
        return String(value);
      case 'boolean':
        return value ? 'true' : 'false';
      case 'object':
        break;
      default:
        return 'null';
    }
    if (value === null) return 'null';
    if (Array.isArray(value)) return this.#array(value, depth + 1);
    if (isJsonObject(value)) return this.#object(value, depth + 1);
    return value instanceof ExactNumber ? value.text : 'null';
  }

  /** Writes the object that has these members. @param depth The level of the object: 1 is the outermost. */
  writeMembers({ keys, values }: SortedMembers, depth = 1): string {
    if (depth > MAX_DEPTH) throw TOO_DEEP;
    if (keys.length > MANY) {
      const written = keys.map((key, i) => `${quoteEmbedded(key)}:${this.write(values[i], depth)}`);
      return `{${written.join()}}`;
    }
    let text = '';
    for (let i = 0; i < keys.length; i += 1) {
      text += i === 0 ? '{' : ',';
      text += quoteEmbedded(keys[i] ?? '');
      text += ':';
      text += this.write(values[i], depth);
    }
    return keys.length === 0 ? '{}' : `${text}}`;
  }

  #object(members: JsonObject, depth: number): string {
    return this.writeMembers(new SortedMembers(members), depth);
  }

  #array(items: readonly unknown[], depth: number): string {
    if (depth > MAX_DEPTH) throw TOO_DEEP;
    if (items.length > MANY) return `[${items.map((item) => this.write(item, depth)).join()}]`;
    let text = '';
    for (const item of items) text += (text === '' ? '' : ',') + this.write(item, depth);
    return `[${text}]`;
  }
}
