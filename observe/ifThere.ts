/** Names of errors for what does not exist: `NoSuchBucketPolicy`, `EntityNotFoundException`, `QueueDoesNotExist`. */
const MISSING = /NoSuch|NotFound|NonExistent|DoesNotExist/;

/** Whether AWS says that what a call asks for does not exist. */
export function isMissing(error: unknown): boolean {
  return isNamed(error, MISSING);
}

/**
 * What a call answers; undefined if what it asks for does not exist.
 *
 * @param missing Names of errors that say so. Athena has none for a workgroup, CloudFormation none for a stack.
 */
export async function ifThere<Answer>(
  call: Promise<Answer>,
  missing: RegExp = MISSING,
): Promise<Answer | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isNamed(error, missing)) return undefined;
    throw error;
  }
}

/** Whether an error has such a name. Adapters wrap what a client throws. */
export function isNamed(error: unknown, names: RegExp): boolean {
  return error instanceof Error && (names.test(error.name) || isNamed(error.cause, names));
}
