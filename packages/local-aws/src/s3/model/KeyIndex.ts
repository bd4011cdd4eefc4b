/**
 * Compares two well-formed strings by their UTF-8 bytes, the order in which S3 lists keys.
 * JavaScript compares UTF-16 units, which puts surrogate pairs (U+10000 and up) before U+E000 to U+FFFF.
 */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** The surrogates among the units of UTF-16: https://www.unicode.org/faq/utf_bom.html#utf16-2 */
const FIRST_SURROGATE = 0xd800;
/** The last surrogate. */
const LAST_SURROGATE = 0xdfff;
/** The number of surrogates. */
const SURROGATES = LAST_SURROGATE - FIRST_SURROGATE + 1;
/** The greatest unit of UTF-16. */
const LAST_UNIT = 0xffff;

/** A UTF-16 unit's place in the order of UTF-8: surrogates come after all others. */
function rank(unit: number): number {
  if (unit < FIRST_SURROGATE) return unit;
  return unit > LAST_SURROGATE ? unit - SURROGATES : unit + (LAST_UNIT - LAST_SURROGATE);
}

/** A map whose keys can also be walked in the order of their UTF-8 bytes. */
export class KeyIndex<Value> {
  readonly #values: Map<string, Value>;
  readonly #keys: string[];

  constructor(values: ReadonlyMap<string, Value> = new Map()) {
    this.#values = new Map(values);
    this.#keys = [...values.keys()].sort(compareUtf8);
  }

  /** The number of keys. */
  get size(): number {
    return this.#keys.length;
  }

  /** The value of a key. */
  get(key: string): Value | undefined {
    return this.#values.get(key);
  }

  /** The values, in the order in which their keys were added. */
  values(): IterableIterator<Value> {
    return this.#values.values();
  }

  /** Sets the value of a key, which is added if it is not there. */
  set(key: string, value: Value): void {
    if (!this.#values.has(key)) {
      const last = this.#keys.at(-1);
      // Keys mostly arrive in order: appending avoids the search.
      const isLast = last === undefined || compareUtf8(last, key) < 0;
      this.#keys.splice(isLast ? this.#keys.length : this.positionAfter(key), 0, key);
    }
    this.#values.set(key, value);
  }

  /** Removes a key; does nothing without it. */
  delete(key: string): void {
    if (this.#values.delete(key)) this.#keys.splice(this.positionFrom(key), 1);
  }

  /** The key at a position, in order. */
  keyAt(position: number): string | undefined {
    return this.#keys[position];
  }

  /** Position of `key`, or of the first key after it. */
  positionFrom(key: string): number {
    return this.#firstWhere((candidate) => compareUtf8(candidate, key) >= 0, 0);
  }

  /** Position of the first key after `key`. */
  positionAfter(key: string): number {
    return this.#firstWhere((candidate) => compareUtf8(candidate, key) > 0, 0);
  }

  /** Position of the first key after all that begin with `prefix`. `from` is the position of one of them. */
  positionAfterPrefix(prefix: string, from: number): number {
    return this.#firstWhere((candidate) => !candidate.startsWith(prefix), from);
  }

  /** The first position at or after `from` whose key passes. All later keys must pass too. */
  #firstWhere(passes: (key: string) => boolean, from: number): number {
    let low = from;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const key = this.#keys[middle];
      if (key !== undefined && passes(key)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
