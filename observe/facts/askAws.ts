import { SluiceError } from '../../lib/base/errors.ts';
import { valueAt } from '../../lib/base/json.ts';
import { AwsAccessError, explainAwsError } from '../explainAwsError.ts';

/** Why a fact could not be read. The judge makes a finding of it. */
export class Unread extends Error {
  readonly reason:
    | 'unreadable'
    | 'denied'
    | 'unchecked'
    | 'missing'
    | 'configuration'
    | 'credentials'
    | 'region'
    | 'bucket';
  readonly detail: string;
  /** They make what is missing again. */
  readonly commands: readonly string[];

  constructor(reason: Unread['reason'], detail: string, commands: readonly string[] = []) {
    super(`${reason}: ${detail}`);
    this.name = 'Unread';
    this.reason = reason;
    this.detail = detail;
    this.commands = commands;
  }
}

/**
 * Makes one call of AWS for the doctor.
 *
 * @param permission The IAM action that the call needs, which a denial names.
 * @param missing What does not exist if AWS says so, and the commands that make it again.
 * @throws Unread when the call is denied, the resource is missing, or the local cloud does not emulate the call;
 *   AwsAccessError when AWS cannot be reached; otherwise what the client threw.
 */
export type Ask = <Result>(
  permission: string,
  call: () => Promise<Result>,
  missing?: MissingResource,
) => Promise<Result>;

interface MissingResource {
  readonly what: string;
  readonly commands?: readonly string[];
}

/** Names of errors for a missing permission; `403` and `Forbidden` if the response had no body. */
const REFUSED =
  /^(AccessDenied(Exception)?|UnauthorizedOperation|AuthorizationError(Exception)?|Forbidden|403)$/;

/** Names of errors for a resource that does not exist. Athena has none for a workgroup. */
const MISSING =
  /^(NoSuchBucket|EntityNotFoundException|ResourceNotFoundException|NotFoundException|InvalidRequestException|QueueDoesNotExist|AWS\.SimpleQueueService\.NonExistentQueue)$/;

/** Makes one call: {@link Ask}. */
export async function askAws<Result>(
  {
    permission,
    isLocal,
    missing,
  }: {
    readonly permission: string;
    readonly isLocal: boolean;
    readonly missing: MissingResource | undefined;
  },
  call: () => Promise<Result>,
): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    const problem = explainAwsError(error);
    if (problem === undefined) throw error;
    if (problem.kind === 'unasked') throw problem.error;
    if (REFUSED.test(problem.name) || isBare403(error))
      throw new Unread('denied', `The permission ${permission} is missing.`);
    if (isLocal && problem.name === 'NotImplemented')
      throw new Unread('unchecked', `The local cloud has no ${permission}.`);
    if (missing !== undefined && MISSING.test(problem.name))
      throw new Unread('missing', `${missing.what}.`, missing.commands);
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
 * Why a fact could not be read: a denial, another answer of AWS, or damage of what functions stored.
 *
 * @throws The error if AWS was not reached, or if it is a defect.
 */
export function whyUnread(error: unknown): Unread {
  if (error instanceof Unread) return error;
  if (error instanceof AwsAccessError) throw error;
  for (const one of [error, error instanceof Error ? error.cause : undefined]) {
    const problem = explainAwsError(one);
    if (problem?.kind === 'unasked') throw problem.error;
    if (problem?.kind === 'answered') return new Unread('unreadable', problem.detail);
  }
  if (error instanceof SluiceError) return new Unread('unreadable', error.message);
  throw error;
}
