import { DAY_MS, type UtcDay, utcDay } from '../../base/time.ts';

// What accepted rows have of each field is counted by the statement that writes the rows (loadStatements.ts). A field has two bits:
// 0 without a value, 1 for a number, 2 for another value.

/** Fields whose codes are packed into one integer: 729 of them at most. */
export const PACKED = 6;
/** Instead of codes: of a row that is not counted. */
export const UNCOUNTED = 4 ** PACKED;
/** Instead of the number of a day: of the folder's, of a neighbour, or not asked for. It is that of most rows. */
export const NEAR_DAY = 0;
/** Days that have a number: of the years 1900 to 2200. Earlier and later ones count as the first and the last. */
const NUMBERED_DAYS = { first: -25_567, last: 84_370 } as const;

/** Number of a day, from 1 on, by an SQL expression of days since 1970. */
export function dayNumberSql(days: string): string {
  const { first, last } = NUMBERED_DAYS;
  return `CAST(least(greatest(${days}, ${first}), ${last}) - ${first - 1} AS INTEGER)`;
}

/** The day of a number. */
export function numberedDay(number: number): UtcDay {
  return utcDay((number + NUMBERED_DAYS.first - 1) * DAY_MS);
}

/** The codes of all fields as integers, some in each. */
export function packedCodes(codes: readonly string[]): readonly string[] {
  return Array.from({ length: Math.ceil(codes.length / PACKED) }, (_, i) =>
    codes.slice(i * PACKED, (i + 1) * PACKED).join(' | '),
  );
}

/** How many rows are counted. @param counts Rows by packed code, of one of {@link packedCodes}. */
export function countedRows(counts: ReadonlyMap<number, number> = new Map()): number {
  return [...counts].reduce((sum, [packed, rows]) => (packed === UNCOUNTED ? sum : sum + rows), 0);
}

/** How many of them have a code of a field. @param counts Rows by packed code, of each of {@link packedCodes}. */
export function rowsWithCode(
  counts: readonly ReadonlyMap<number, number>[],
  index: number,
  wanted: 0 | 1,
): number {
  const shift = 2 * (index % PACKED);
  let sum = 0;
  for (const [packed, rows] of counts[Math.floor(index / PACKED)] ?? [])
    if (packed !== UNCOUNTED && ((packed >> shift) & 3) === wanted) sum += rows;
  return sum;
}
