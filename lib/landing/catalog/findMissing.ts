import { addDays, isUtcDay, type UtcDay } from '../../time/utcDay.ts';

/**
 * The days that should have a partition and have none: those with a folder, and today and tomorrow whether
 * they have one or not, so that a day's first rows can be read the moment they land. Sorted.
 * Folders that are no calendar day are somebody else's and left alone.
 *
 * @param today The UTC day it is.
 */
export function findMissing(options: {
  readonly today: UtcDay;
  readonly folders: readonly string[];
  readonly partitions: readonly { readonly values: readonly string[] }[];
}): UtcDay[] {
  const { today, folders, partitions } = options;
  const registered = new Set(partitions.map(({ values }) => values[0]));
  const wanted = new Set([...folders.filter(isUtcDay), today, addDays(today, 1)]);
  return [...wanted].filter((day) => !registered.has(day)).sort();
}
