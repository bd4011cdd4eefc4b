import type { UtcDay } from '../../base/time.ts';
import type { Config } from '../../schema/config.ts';
import type { TableKind } from '../../schema/kinds.ts';
import { parseTableKey, type TableKey } from '../../tables/tableFolders.ts';

/** Why an object's key calls for no partition. */
export type IgnoredKeyReason = Extract<TableKey, { ignored: string }>['ignored'];

/** A day that has files and, as far as is known, no partition. */
export interface WantedDay {
  readonly kind: TableKind;
  readonly day: UtcDay;
  /** Indexes, in the list of keys, of those that lie in its folder. */
  readonly keys: readonly number[];
}

/** What a list of keys calls for. */
export interface PartitionPlan {
  /** Each day once, in the order of its first key. */
  readonly wanted: readonly WantedDay[];
  /** How many keys lie in days that have their partition. */
  readonly known: number;
  /** How many keys call for none, by reason. */
  readonly ignored: Readonly<Partial<Record<IgnoredKeyReason, number>>>;
}

/**
 * Plans the partitions that a list of object keys calls for: from the key alone, without a look at the
 * catalog.
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
