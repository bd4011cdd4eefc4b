import { explainAwsError } from '../aws/explainAwsError.ts';
import { CheckImpossible } from './CheckImpossible.ts';
import { finding } from './Finding.ts';

/** What services call a refusal of permission; `403` and `Forbidden` where the answer had no document. */
const REFUSED =
  /^(AccessDenied(Exception)?|UnauthorizedOperation|AuthorizationError(Exception)?|Forbidden|403)$/;

/** See `ask` in Visit.ts. */
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
    if (REFUSED.test(problem.name)) {
      throw new CheckImpossible(finding('SLUICE_DOCTOR_NOT_ALLOWED', `${permission}.`));
    }
    if (local && problem.name === 'NotImplemented') {
      throw new CheckImpossible(finding('SLUICE_DOCTOR_NOT_EMULATED', `${permission}.`));
    }
    throw error;
  }
}

/** Whether a client threw an answer of AWS under one of these names. */
export function isAnswer(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof Error && names.includes(error.name);
}

/**
 * Does the parts of a check one after the other: one that can't be done is a finding, and the others go on.
 */
export async function inParts<Item, Found>(
  items: readonly Item[],
  part: (item: Item) => Promise<readonly Found[]>,
  impossible: (error: CheckImpossible) => Found,
): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const item of items) {
    try {
      found.push(...(await part(item)));
    } catch (error) {
      if (!(error instanceof CheckImpossible)) throw error;
      found.push(impossible(error));
    }
  }
  return found;
}
