import { SluiceError } from '../../lib/base/errors.ts';
import { valueAt } from '../../lib/base/json.ts';
import { explainAwsError } from '../explainAwsError.ts';
import { CheckImpossible, finding } from '../findings/catalogue.ts';

/** Names of errors for a missing permission; `403` and `Forbidden` if the response had no body. */
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
      throw new CheckImpossible(
        finding('SLUICE_STATUS_UNREADABLE', `The permission ${permission} is missing.`),
        {
          isDenied: true,
        },
      );
    }
    if (local && problem.name === 'NotImplemented') {
      throw new CheckImpossible(finding('SLUICE_DOCTOR_UNCHECKED', `The local cloud has no ${permission}.`));
    }
    throw error;
  }
}

/** The response to a HEAD has no body, so a client has no name for the error. */
function isBare403(error: unknown): boolean {
  return (
    isAwsError(error, 'Unknown', 'UnknownError') && valueAt(error, ['$metadata', 'httpStatusCode']) === 403
  );
}

/** Whether a client threw an error of AWS with one of these names. */
export function isAwsError(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof Error && names.includes(error.name);
}

/**
 * Makes the parts of a check one after the other. A part that cannot be made, or that gets an unexpected error of AWS, is
 * a finding, and the other parts continue.
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
  return new CheckImpossible(finding('SLUICE_STATUS_UNREADABLE', problem.detail));
}

/**
 * Reads what functions stored in the bucket.
 *
 * @throws CheckImpossible when reading is denied, or what is stored is not valid; other errors of AWS.
 */
export function askStored<Result>(
  doctor: { readonly ask: <Answer>(permission: string, call: () => Promise<Answer>) => Promise<Answer> },
  read: () => Promise<Result>,
): Promise<Result> {
  return doctor.ask('s3:GetObject', async () => {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      // An error of AWS is in the cause. Without one, the entry is not valid.
      if (explainAwsError(error.cause) !== undefined) throw error.cause;
      throw new CheckImpossible(finding('SLUICE_STATUS_UNREADABLE', `${error.code}: ${error.message}`));
    }
  });
}
