// What accepted rows have of each field is counted while the rows are written (loadStatements.ts). A field has two bits: 0 without a
// value, 1 for a number, 2 for another value.

/** Fields whose codes are packed into one integer: 729 different ones. */
export const PACKED = 6;

/** The codes of all fields as integers, some in each. */
export function packedCodes(codes: readonly string[]): readonly string[] {
  return Array.from({ length: Math.ceil(codes.length / PACKED) }, (_, i) =>
    codes.slice(i * PACKED, (i + 1) * PACKED).join(' | '),
  );
}

/** How many rows are counted. @param counts Rows by packed code, of one of {@link packedCodes}. */
export function countedRows(counts: ReadonlyMap<number, number> = new Map()): number {
  return [...counts.values()].reduce((sum, rows) => sum + rows, 0);
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
    if (((packed >> shift) & 3) === wanted) sum += rows;
  return sum;
}
