import { errorCode } from '../../base/errors.ts';
import type { ObjectStore } from '../../base/ObjectStore.ts';
import { eachAttempt, type RetryPolicy, type RetryPorts } from '../../base/retry.ts';
import { type Clock, isUtcDay, type UtcDay } from '../../base/time.ts';

/** How a call has failed. */
interface FailedCall extends Pick<CatalogCallError, 'code' | 'message' | 'isTransient'> {
  /** What the client threw; absent for a call that was not made. */
  readonly cause?: Error;
}

/** A call to Glue or S3 that failed as a whole, whatever it was for. Adapters in `lib/aws` make it. */
export class CatalogCallError extends Error {
  /** AWS's or the system's name for it, e.g. `ThrottlingException`, `ECONNRESET`. */
  readonly code: string;
  /** Whether the same call may succeed a little later. */
  readonly isTransient: boolean;

  constructor({ code, message, isTransient: mayPass, cause }: FailedCall) {
    super(message, cause === undefined ? {} : { cause });
    this.name = 'CatalogCallError';
    this.code = code;
    this.isTransient = mayPass;
  }
}

/**
 * Codes of Glue that pass by themselves, as an item's error or a call's: the service's own faults, contention
 * and throttling. Anything else stays as it is however often it is tried.
 * https://docs.aws.amazon.com/glue/latest/webapi/CommonErrors.html
 */
const TRANSIENT_CODES: ReadonlySet<string> = new Set([
  'ConcurrentModificationException',
  'FederationSourceRetryableException',
  'InternalFailure',
  'InternalServiceException',
  'OperationTimeoutException',
  'RequestLimitExceeded',
  'ResourceNotReadyException',
  'ServiceUnavailable',
  'ServiceUnavailableException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
]);

/** Whether an error of this code may pass by itself. */
export function isTransient(code: string): boolean {
  return TRANSIENT_CODES.has(code);
}

/** Attempts of one call or batch. They pause up to 200 ms before the second, up to 5 s before the last. */
export const RETRIES = { tries: 8, baseMs: 200, capMs: 5_000 } as const;

/** Dependencies and the deadline of retries. */
export interface Attempts extends RetryPorts {
  /** The time that is compared with the deadline. */
  readonly clock: Clock;
  /** Epoch milliseconds from which on no call begins. A call that began before is not interrupted. */
  readonly deadline: number;
}

/** Code of a call that was not made because the deadline had passed. */
export const OUT_OF_TIME = 'OutOfTime';

/** The error of a call that may not begin any more; undefined while there is time. */
export function outOfTime({ clock, deadline }: Attempts): CatalogCallError | undefined {
  return clock.now() < deadline
    ? undefined
    : new CatalogCallError({
        code: OUT_OF_TIME,
        message: 'There was no time left to begin the call.',
        isTransient: false,
      });
}

/** How calls to the catalogue are retried. */
export function retryPolicy({ wait, random, clock, deadline }: Attempts): RetryPolicy {
  return { ...RETRIES, wait, random, until: { clock, deadline } };
}

/**
 * Makes a call until it succeeds, fails for good, or runs out of tries or time. Without any time
 * it isn't made at all.
 *
 * @throws CatalogCallError The error of the last call.
 */
export async function retryTransient<Result>(
  attempts: Attempts,
  call: () => Promise<Result>,
): Promise<Result> {
  let failure: CatalogCallError | undefined;
  for await (const _ of eachAttempt(retryPolicy(attempts))) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof CatalogCallError) || !error.isTransient) throw error;
      failure = error;
    }
  }
  throw failure ?? outOfTime(attempts);
}

/** Makes a call of an AWS client. @throws CatalogCallError; TypeError, a fault of the code and not of AWS, as it is. */
export async function awsCall<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    throw error instanceof TypeError ? error : catalogCallError(error);
  }
}

/** A page of a listing. */
export interface Page<Item> {
  /** The items of the page, in the order of the listing. */
  readonly items: readonly Item[];
  /** Where the next page begins; undefined after the last. */
  readonly next: string | undefined;
}

/**
 * Reads a listing to its end, or answers undefined when it has more than `mostPages`. A page that fails for a
 * passing reason is read again, not those before it.
 *
 * @throws CatalogCallError of the page that could not be read in time.
 */
export async function readPages<Item>(
  attempts: Attempts,
  mostPages: number,
  readPage: (token: string | undefined) => Promise<Page<Item>>,
): Promise<readonly Item[] | undefined> {
  const items: Item[] = [];
  let token: string | undefined;
  for (let page = 0; page < mostPages; page += 1) {
    const from = token;
    const read = await retryTransient(attempts, () => readPage(from));
    items.push(...read.items);
    if (read.next === undefined) return items;
    token = read.next;
  }
  return undefined;
}

/**
 * Converts an error of an AWS client. Faults of the service, throttling, timeouts and network failures before an answer are
 * transient.
 */
export function catalogCallError(thrown: unknown): CatalogCallError {
  if (thrown instanceof CatalogCallError) return thrown;
  if (!(thrown instanceof Error))
    return new CatalogCallError({ code: 'Unknown', message: String(thrown), isTransient: false });
  const code = errorCode(thrown);
  return new CatalogCallError({
    code,
    message: thrown.message,
    isTransient: isTransient(code) || isTransientFault(thrown),
    cause: thrown,
  });
}

/** Whether an error without a known code may pass by itself. */
function isTransientFault(error: Error): boolean {
  if (error.name === 'TimeoutError' || error.name === 'RequestTimeout') return true;
  if ('$fault' in error) return error.$fault === 'server';
  // No answer of the service: the connection was refused, reset or not established. `ERR_INVALID_…` is Node's
  // refusal of what we gave it: https://nodejs.org/api/errors.html#nodejs-error-codes
  return 'code' in error && typeof error.code === 'string' && /^E(?!RR_INVALID_)[A-Z_]+$/.test(error.code);
}

/**
 * The days of one page of the folders directly under a prefix, which ends with a slash. It does not retry.
 *
 * @throws What {@link awsCall} throws.
 */
export async function dayFolders(
  store: Pick<ObjectStore, 'listFolders'>,
  prefix: string,
  token: string | undefined,
): Promise<Page<UtcDay>> {
  const { items, next } = await awsCall(() => store.listFolders(prefix, { token }));
  return { items: items.filter(isUtcDay), next };
}
