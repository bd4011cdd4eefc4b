import type { UtcDay } from '../../base/time.ts';
import type { TableKind } from '../../schema/kinds.ts';

/** About 13 years of both tables: far more than a warm function sees, and too little to matter. */
const CAPACITY = 10_000;

/**
 * The partitions that a warm function knows to be registered, so that later files of a day need no call. When it is full,
 * the oldest entry is removed, which only costs another call. A partition that is dropped by hand remains known until the
 * environment ends; the hourly run, which reads the catalog, registers it again.
 */
export class KnownPartitions {
  readonly #capacity: number;
  readonly #names = new Set<string>();

  constructor(capacity = CAPACITY) {
    this.#capacity = capacity;
  }

  /** Whether the partition of a day is known to be there. */
  has(kind: TableKind, day: UtcDay): boolean {
    return this.#names.has(`${kind}/${day}`);
  }

  /** Notes that the partition of a day is there. */
  add(kind: TableKind, day: UtcDay): void {
    this.#names.add(`${kind}/${day}`);
    for (const oldest of this.#names) {
      if (this.#names.size <= this.#capacity) break;
      this.#names.delete(oldest);
    }
  }
}
