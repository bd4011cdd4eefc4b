import type { StatusFacts } from '../../../observe/facts/statusFacts.ts';

/** A state with at least one finding, which findings.json has. */
export type Case = readonly [what: string, facts: Partial<StatusFacts>];

/** A state of each row, by its name. */
export const each = <Row, State>(
  rows: readonly Row[],
  stateOf: (row: Row) => readonly [what: string, state: State],
): Readonly<Record<string, State>> => Object.fromEntries(rows.map((row) => stateOf(row)));
