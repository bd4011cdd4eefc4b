import { compareUtf8 } from './compareUtf8.ts';

/** A map whose keys can also be walked in the order of their UTF-8 bytes. */
export class KeyIndex<Value> {
  readonly #values: Map<string, Value>;
  readonly #keys: string[];

  constructor(values: ReadonlyMap<string, Value> = new Map()) {
    this.#values = new Map(values);
    this.#keys = [...values.keys()].sort(compareUtf8);
  }

  get size(): number {
    return this.#keys.length;
  }

  get(key: string): Value | undefined {
    return this.#values.get(key);
  }

  values(): IterableIterator<Value> {
    return this.#values.values();
  }

  set(key: string, value: Value): void {
    if (!this.#values.has(key)) {
      const last = this.#keys.at(-1);
      // Keys mostly come in order: appending spares the search.
      if (last === undefined || compareUtf8(last, key) < 0) this.#keys.push(key);
      else
        this.#keys.splice(
          this.#firstWhere((other) => compareUtf8(other, key) > 0, 0),
          0,
          key,
        );
    }
    this.#values.set(key, value);
  }

  delete(key: string): void {
    if (this.#values.delete(key)) {
      this.#keys.splice(
        this.#firstWhere((other) => compareUtf8(other, key) >= 0, 0),
        1,
      );
    }
  }

  /** The key at a position, in order. */
  keyAt(position: number): string | undefined {
    return this.#keys[position];
  }

  /** Position of the first key that comes after `key` (or is it, when `orEqual`). */
  positionAfter(key: string, orEqual: boolean): number {
    return this.#firstWhere((other) => {
      const order = compareUtf8(other, key);
      return order > 0 || (orEqual && order === 0);
    }, 0);
  }

  /** Position behind all keys that begin with `prefix`, seen from `from`, the position of one of them. */
  positionBehind(prefix: string, from: number): number {
    return this.#firstWhere((other) => !other.startsWith(prefix), from);
  }

  /** The first position from `from` on whose key passes; all after it must pass too. */
  #firstWhere(passes: (key: string) => boolean, from: number): number {
    let [low, high] = [from, this.#keys.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const key = this.#keys[middle];
      if (key !== undefined && passes(key)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
