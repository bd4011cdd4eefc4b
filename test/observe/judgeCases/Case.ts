import type { StatusFacts } from '../../../observe/facts/statusFacts.ts';

/** A state with at least one finding, which findings.json has. */
export type Case = readonly [what: string, facts: Partial<StatusFacts>];
