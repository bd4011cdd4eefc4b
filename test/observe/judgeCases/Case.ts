import type { StatusFacts } from '../../../observe/facts/statusFacts.ts';
import type { Finding } from '../../../observe/findings/catalogue.ts';

/** A state, its finding and severity, the figures and names of the detail, and the commands without their target. */
export type Case = readonly [
  what: string,
  facts: Partial<StatusFacts>,
  code: string,
  severity: Finding['severity'],
  figures: string,
  ...commands: string[],
];
