import type { UtcDay } from '../../base/time.ts';
import type { Config } from '../../schema/config.ts';
import type { TableKind } from '../../schema/kinds.ts';
import { parseTableKey, type TableKey } from '../../tables/tableFolders.ts';

/** Why an object's key needs no partition. */
type IgnoredKeyReason = Extract<TableKey, { ignored: string }>['ignored'];

/** A day that has files and no known partition. */
interface WantedDay {
  /** The kind of the table. */
  readonly kind: TableKind;
  /** The day of the folder. */
  readonly day: UtcDay;
  /** Indexes of the keys in its folder. */
  readonly keys: readonly number[];
}

/** The partitions that a list of keys needs. */
interface PartitionPlan {
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
