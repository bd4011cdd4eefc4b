import { valueAt } from '../../lib/base/json.ts';
import { explainAwsError } from '../aws/explainAwsError.ts';
import { CheckImpossible, finding } from './findings.ts';

/** What services call a refusal of permission; `403` and `Forbidden` where the answer had no document. */
const REFUSED =
  /^(AccessDenied(Exception)?|UnauthorizedOperation|AuthorizationError(Exception)?|Forbidden|403)$/;

/** Makes one call of AWS for `DoctorContext.ask`. */
export async function askAws<Result>(
  permission: string,
  local: boolean,
  call: () => Promise<Result>,
): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    const problem = explainAwsError(error);
    if (problem === undefined) throw error;
    if (problem.kind === 'unasked') throw problem.error;
    if (REFUSED.test(problem.name) || isBare403(error)) {
      throw new CheckImpossible(finding('SLUICE_DOCTOR_NOT_ALLOWED', `${permission}.`));
    }
    if (local && problem.name === 'NotImplemented') {
      throw new CheckImpossible(finding('SLUICE_DOCTOR_NOT_EMULATED', `${permission}.`));
    }
    throw error;
  }
}

/** The answer to a HEAD has no document, so a client has no name for the error. */
function isBare403(error: unknown): boolean {
  return (
    isAwsError(error, 'Unknown', 'UnknownError') && valueAt(error, ['$metadata', 'httpStatusCode']) === 403
  );
}

/** Whether a client threw an answer of AWS under one of these names. */
export function isAwsError(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof Error && names.includes(error.name);
}

/**
 * Does the parts of a check one after the other: one that can't be done, or that AWS answers as nobody expects, is a
 * finding, and the others go on.
 */
export async function checkEach<Item, Found>(
  items: readonly Item[],
  part: (item: Item) => Promise<readonly Found[]>,
  impossible: (error: CheckImpossible) => Found,
): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const item of items) {
    try {
      found.push(...(await part(item)));
    } catch (error) {
      found.push(impossible(asImpossible(error)));
    }
  }
  return found;
}

function asImpossible(error: unknown): CheckImpossible {
  if (error instanceof CheckImpossible) return error;
  const problem = explainAwsError(error);
  if (problem?.kind !== 'answered') throw error;
  return new CheckImpossible(finding('SLUICE_DOCTOR_FAILED', problem.detail));
}
