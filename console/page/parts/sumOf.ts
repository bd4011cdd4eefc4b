import { sum } from '../../../lib/base/sum.ts';
import type { Period } from '../../../observe/facts/flow/overTime.ts';

/** The sum of a count over periods. Null if it is not known of any period. */
export function sumOf<Name extends keyof Period>(
  periods: readonly Pick<Period, Name>[],
  name: Name,
): number | null {
  const known = periods.flatMap((period): number[] => {
    const count: number | null = period[name];
    return count === null ? [] : [count];
  });
  return known.length === 0 ? null : sum(known);
}
