import { SluiceError } from '../../lib/base/errors.ts';
import { targetCommands } from '../commands.ts';
import { explainAwsError } from '../explainAwsError.ts';
import { CheckImpossible, type Finding, type FindingCode, finding } from '../findings/catalogue.ts';
import type { DoctorContext } from './DoctorContext.ts';

/** One check of `sluice doctor`. */
export interface Check {
  /** e.g. `bucket-settings`. */
  readonly name: string;
  /** The condition that the check confirms: one line for the list and for docs/doctor.md. */
  readonly expects: string;
  /** Names of checks that must pass first: this one is skipped if one of them found a code that `blocks`. */
  readonly needs: readonly string[];
  /** Codes after which checks that need this one are skipped. */
  readonly blocks: readonly FindingCode[];
  /** The codes that it can find, apart from those of a check that cannot be made. */
  readonly codes: readonly FindingCode[];
  /** IAM actions that it needs. */
  readonly permissions: readonly string[];
  /** Resolves with no findings if everything is as expected. */
  run(doctor: DoctorContext): Promise<readonly Finding[]>;
}

/** The outcome of one check. */
export interface Outcome {
  readonly check: Check;
  readonly findings: readonly Finding[];
}

/**
 * Makes the checks one after the other. A check whose precondition failed is skipped, with a finding that says so.
 *
 * @param onOutcome Called after each check.
 * @throws AwsAccessError when AWS can't be reached at all.
 */
export async function runChecks(
  checks: readonly Check[],
  doctor: DoctorContext,
  onOutcome: (outcome: Outcome) => void = () => undefined,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  const failed = new Set<string>();
  for (const check of checks) {
    const missing = check.needs.find((name) => failed.has(name));
    const findings =
      missing === undefined
        ? await Promise.all(distinct(await runCheck(check, doctor)).map((one) => placed(doctor, one)))
        : [finding('SLUICE_DOCTOR_SKIPPED', `${missing}.`)];
    if (missing !== undefined || findings.some(({ code }) => check.blocks.includes(code)))
      failed.add(check.name);
    const outcome = { check, findings };
    outcomes.push(outcome);
    onOutcome(outcome);
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
    if (problem?.kind === 'answered') return [finding('SLUICE_STATUS_UNREADABLE', problem.detail)];
    throw error;
  }
}

/** A finding whose texts name the deployment in every command. */
async function placed(doctor: DoctorContext, found: Finding): Promise<Finding> {
  const target = await doctor.target();
  return {
    ...found,
    detail: targetCommands(found.detail, target),
    cure: targetCommands(found.cure, target),
  };
}

/** Parts of a check that fail for the same reason have the same finding. */
function distinct(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Set<string>();
  return findings.filter(({ code, detail }) => {
    const same = seen.has(`${code} ${detail}`);
    seen.add(`${code} ${detail}`);
    return !same;
  });
}
