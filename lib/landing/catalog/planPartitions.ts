import type { UtcDay } from '../../base/time.ts';
import type { Config } from '../../schema/config.ts';
import type { TableKind } from '../../schema/kinds.ts';
import { parseTableKey, type TableKey } from '../../tables/tableFolders.ts';

/** Why an object's key needs no partition. */
export type IgnoredKeyReason = Extract<TableKey, { ignored: string }>['ignored'];

/** A day that has files and no known partition. */
export interface WantedDay {
  /** The kind of the table. */
  readonly kind: TableKind;
  /** The day of the folder. */
  readonly day: UtcDay;
  /** Indexes of the keys in its folder. */
  readonly keys: readonly number[];
}

/** The partitions that a list of keys needs. */
export interface PartitionPlan {
  /** Each day once, in the order of its first key. */
  readonly wanted: readonly WantedDay[];
  /** How many keys are in days with a known partition. */
  readonly known: number;
  /** How many keys need no partition, by reason. */
  readonly ignored: Readonly<Partial<Record<IgnoredKeyReason, number>>>;
}

/**
 * Plans the partitions that a list of object keys needs, from the keys alone, without reading the catalog.
 *
 * @param isKnown Whether a day of a table is known to have its partition.
 */
export function planPartitions(
  config: Pick<Config, 'statsigFolder' | 'tables'>,
  keys: readonly string[],
  isKnown: (kind: TableKind, day: UtcDay) => boolean,
): PartitionPlan {
  const wanted = new Map<string, { kind: TableKind; day: UtcDay; keys: number[] }>();
  const ignored: Partial<Record<IgnoredKeyReason, number>> = {};
  let known = 0;
  for (const [index, key] of keys.entries()) {
    const parsed = parseTableKey(config, key);
    if ('ignored' in parsed) {
      ignored[parsed.ignored] = (ignored[parsed.ignored] ?? 0) + 1;
    } else if (isKnown(parsed.kind, parsed.day)) {
      known += 1;
    } else {
      const name = `${parsed.kind}/${parsed.day}`;
      const entry = wanted.get(name) ?? { ...parsed, keys: [] };
      entry.keys.push(index);
      wanted.set(name, entry);
    }
  }
  return { wanted: [...wanted.values()], known, ignored };
}

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
