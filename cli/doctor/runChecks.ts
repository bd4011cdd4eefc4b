import { SluiceError } from '../../lib/base/errors.ts';
import { explainAwsError } from '../aws/explainAwsError.ts';
import type { DoctorContext } from './DoctorContext.ts';
import { CheckImpossible, type Finding, type FindingCode, finding } from './findings.ts';

/** One thing that `sluice doctor` looks at. */
export interface Check {
  /** e.g. `bucket-settings`. */
  readonly name: string;
  /** What is fine when it finds nothing: one line for the list and for docs/doctor.md. */
  readonly expects: string;
  /** Names of checks without which this one makes no sense: it is skipped when one of them found what `blocks`. */
  readonly needs: readonly string[];
  /** What keeps checks that need this one from making sense. */
  readonly blocks: readonly FindingCode[];
  /** What it may find, besides that it could not look. */
  readonly codes: readonly FindingCode[];
  /** IAM actions that looking takes. */
  readonly permissions: readonly string[];
  /** Finds nothing when all is well. */
  run(doctor: DoctorContext): Promise<readonly Finding[]>;
}

/** What became of one check. */
export interface Outcome {
  readonly check: Check;
  readonly findings: readonly Finding[];
}

/**
 * Makes the checks one after the other; those that make no sense after what another found are skipped, and say so.
 *
 * @param told Called after each check.
 * @throws AwsAccessError when AWS can't be reached at all.
 */
export async function runChecks(
  checks: readonly Check[],
  doctor: DoctorContext,
  told: (outcome: Outcome) => void = () => undefined,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  const failed = new Set<string>();
  for (const check of checks) {
    const missing = check.needs.find((name) => failed.has(name));
    const findings =
      missing === undefined
        ? distinct(await runCheck(check, doctor))
        : [finding('SLUICE_DOCTOR_SKIPPED', `${missing} first.`)];
    if (missing !== undefined || findings.some(({ code }) => check.blocks.includes(code)))
      failed.add(check.name);
    const outcome = { check, findings };
    outcomes.push(outcome);
    told(outcome);
  }
  return outcomes;
}

async function runCheck(check: Check, doctor: DoctorContext): Promise<readonly Finding[]> {
  try {
    return await check.run(doctor);
  } catch (error) {
    if (error instanceof CheckImpossible) return [error.finding];
    if (error instanceof SluiceError) throw error;
    const problem = explainAwsError(error);
    if (problem?.kind === 'answered') return [finding('SLUICE_DOCTOR_FAILED', problem.detail)];
    throw error;
  }
}

/** Parts of a check that can't be made for the same reason find the same. */
function distinct(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Set<string>();
  return findings.filter(({ code, detail }) => {
    const same = seen.has(`${code} ${detail}`);
    seen.add(`${code} ${detail}`);
    return !same;
  });
}
