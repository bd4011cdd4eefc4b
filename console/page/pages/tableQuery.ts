/**
 * A query of a table to begin with. It reads the newest day that has begun, as days are registered before they begin, and at most 100 rows.
 *
 * @param days.last The last day that is registered, `YYYY-MM-DD`; null for a table without days, which is read as a whole.
 * @param days.today The current day, UTC.
 */
export function queryOf(
  table: string,
  { last, today }: { readonly last: string | null; readonly today: string },
): string {
  const newest = last !== null && last > today ? today : last;
  const where = newest === null ? '' : `\nWHERE ds = DATE '${newest}'`;
  return `SELECT *\nFROM ${table}${where}\nLIMIT 100`;
}
