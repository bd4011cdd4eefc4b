import type { Finding, Severity } from '../findings/catalogue.ts';
import type { Outcome } from './runChecks.ts';

const WORST: readonly Severity[] = ['problem', 'warning', 'unchecked'];

/** The verdict on a check: the severity of its worst finding, or `fine`. */
export type Verdict = Severity | 'fine';

/** A check that was made, as JSON. */
export interface CheckReport {
  readonly check: string;
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
}

/** The verdict on a check. */
export function verdictOf({ findings }: Pick<Outcome, 'findings'>): Verdict {
  return WORST.find((severity) => findings.some((one) => one.severity === severity)) ?? 'fine';
}

/** Checks as JSON. */
export function reportChecks(outcomes: readonly Outcome[]): CheckReport[] {
  return outcomes.map((outcome) => ({
    check: outcome.check.name,
    verdict: verdictOf(outcome),
    findings: outcome.findings,
  }));
}
