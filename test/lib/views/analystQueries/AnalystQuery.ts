/** A query that analysts copy from the docs or run by a command, on made rows in place of the views, and what it answers. */
export interface AnalystQuery {
  /** The heading of its section, or the command that prints or asks it. */
  readonly title: string;
  /** In Athena's dialect. */
  readonly sql: string;
  /** The rows that it answers, as texts, numbers as JavaScript writes them. */
  readonly answers: readonly AnswerRow[];
}

/** A row of an answer; null is SQL's. */
type AnswerRow = readonly (string | null)[];

/** Rows with their numbers as JavaScript writes them: Athena has 11.0 and Trino 1.1E1 for 11. */
export function plainNumbers(rows: readonly AnswerRow[]): readonly AnswerRow[] {
  return rows.map((row) => row.map(plainNumber));
}

function plainNumber(value: string | null): string | null {
  return value !== null && /^-?\d[\d.]*(?:E-?\d+)?$/.test(value) ? String(Number(value)) : value;
}
