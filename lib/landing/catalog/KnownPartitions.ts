import type { TableKind } from '../../schema/kinds.ts';
import type { UtcDay } from '../../time/utcDay.ts';

/** Some 13 years of both tables: far more than a warm function sees, far less than would matter. */
const CAPACITY = 10_000;

/**
 * The partitions that a warm function has seen registered, so that a day's later files cost no call. When it
 * is full the longest known is forgotten: to ask once too often is harmless. A partition that is dropped by
 * hand stays known until the function goes cold; the daily run, which looks, registers it again.
 */
export class KnownPartitions {
  readonly #capacity: number;
  readonly #names = new Set<string>();

  constructor(capacity = CAPACITY) {
    this.#capacity = capacity;
  }

  has(kind: TableKind, day: UtcDay): boolean {
    return this.#names.has(`${kind}/${day}`);
  }

  add(kind: TableKind, day: UtcDay): void {
    this.#names.add(`${kind}/${day}`);
    for (const oldest of this.#names) {
      if (this.#names.size <= this.#capacity) break;
      this.#names.delete(oldest);
    }
  }
}
