import { type ErrorObject, errorObject, SluiceError } from '../../lib/base/errors.ts';
import { systemClock } from '../../lib/base/time.ts';
import type { Config } from '../../lib/schema/config.ts';
import { checks } from '../../observe/doctor/checks.ts';
import { openDoctorContext } from '../../observe/doctor/DoctorContext.ts';
import { type CheckReport, reportChecks } from '../../observe/doctor/report.ts';
import { type Outcome, runChecks } from '../../observe/doctor/runChecks.ts';
import type { ConfiguredTarget } from '../../observe/target.ts';
import { ConsoleError } from '../errors.ts';

/** One check, made or not yet. */
export interface DoctorCheck extends Omit<CheckReport, 'verdict'> {
  /** The condition that the check confirms. */
  readonly expects: string;
  /** Null until it has been made. */
  readonly verdict: CheckReport['verdict'] | null;
}

/** The last run of the doctor in this console. */
export interface DoctorAnswer {
  /** ISO 8601, by this machine's clock; null before the first run. */
  readonly startedAt: string | null;
  readonly isRunning: boolean;
  /** Every check in order. */
  readonly checks: readonly DoctorCheck[];
  /** Why the run ended early; null otherwise. */
  readonly error: ErrorObject | null;
}

interface Run {
  readonly startedAt: string;
  readonly outcomes: Outcome[];
  isRunning: boolean;
  error: ErrorObject | null;
}

/** The last run of each deployment that a console of this process serves. */
const runs = new WeakMap<Config, Run>();

/** Returns the findings of the last run so far. */
export function readDoctorRun(deployment: ConfiguredTarget): DoctorAnswer {
  const run = runs.get(deployment.config);
  const made = new Map(reportChecks(run?.outcomes ?? []).map((report) => [report.check, report]));
  return {
    startedAt: run?.startedAt ?? null,
    isRunning: run?.isRunning ?? false,
    checks: checks.map(({ name, expects }) => ({
      check: name,
      expects,
      verdict: made.get(name)?.verdict ?? null,
      findings: made.get(name)?.findings ?? [],
    })),
    error: run?.error ?? null,
  };
}

/** Starts the doctor, unless it is running. It goes on when the page is left: its answer is read later. */
export function startDoctorRun(deployment: ConfiguredTarget): DoctorAnswer {
  if (runs.get(deployment.config)?.isRunning !== true) {
    const startedAt = new Date(systemClock.now()).toISOString();
    const run: Run = { startedAt, outcomes: [], isRunning: true, error: null };
    runs.set(deployment.config, run);
    void makeChecks(deployment, run);
  }
  return readDoctorRun(deployment);
}

async function makeChecks(deployment: ConfiguredTarget, run: Run): Promise<void> {
  const context = openDoctorContext({
    ...deployment,
    loadConfig: async () => deployment.config,
    clock: systemClock,
  });
  try {
    await runChecks(checks, context, (outcome) => run.outcomes.push(outcome));
  } catch (error) {
    run.error = errorObject(
      error instanceof SluiceError ? error : new ConsoleError('SLUICE_CONSOLE_DEFECT', String(error)),
    );
  } finally {
    run.isRunning = false;
    context.close();
  }
}
