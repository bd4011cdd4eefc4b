/** A type that is not printed as it should be, or a name in quotes, which may read like one. */
const ODD = /"(?:[^"]|"")*"|\bTIMESTAMP(?:_\w+)?(?: WITH TIME ZONE)?|\bDECIMAL\((\d+),\1\)/g;

/** Digits that DuckDB's decimals have at most. */
const MOST_DIGITS = 38;

/**
 * A value of which JSON can be made. Timestamps are text in it, as they are in JSON, and it is null when one of them is none
 * that DuckDB can print: writers that know no nulls leave the least 64-bit number for a missing time, on which DuckDB stops
 * the whole query. Decimals without a place before the point get one: DuckDB writes `.5`, which is no JSON.
 */
export function printable(sql: string, type: string): string {
  const printed = type.replace(ODD, (text, digits?: string) => {
    if (text.startsWith('"')) return text;
    if (digits === undefined) return 'VARCHAR';
    return Number(digits) < MOST_DIGITS ? `DECIMAL(${Number(digits) + 1},${digits})` : 'DOUBLE';
  });
  return printed === type ? sql : `TRY(CAST(${sql} AS ${printed}))`;
}
