import { backoffMs } from '../../time/backoffMs.ts';
import type { Clock } from '../../time/Clock.ts';
import { CatalogCallError } from './CatalogCallError.ts';

/** Tries of one call or batch, the first included. */
export const MOST_TRIES = 8;
/** Up to 200 ms before the second try, up to 5 s before the last. */
const BACKOFF = { baseMs: 200, capMs: 5_000 };

/** What retrying hangs on. */
export interface Attempts {
  readonly clock: Clock;
  /** Resolves after that many milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
  /** A number from 0 to below 1. */
  readonly random: () => number;
  /** Epoch milliseconds from which no call begins: one that began before ends in its own time. */
  readonly deadline: number;
}

/** Code of what was not called because the deadline had come. */
export const OUT_OF_TIME = 'OutOfTime';

/** What a call that may not begin any more rejects with; undefined while there is time. */
export function outOfTime({ clock, deadline }: Attempts): CatalogCallError | undefined {
  return clock.now() < deadline
    ? undefined
    : new CatalogCallError(OUT_OF_TIME, false, 'There was no time left to begin the call.');
}

/**
 * Waits before the next try and answers true, or answers false when there shall be none: too many tries, or
 * no time left for the wait.
 *
 * @param tries Tries made so far.
 */
export async function waitForNextTry(attempts: Attempts, tries: number): Promise<boolean> {
  if (tries >= MOST_TRIES) return false;
  const delay = backoffMs(tries, attempts.random, BACKOFF);
  if (attempts.clock.now() + delay >= attempts.deadline) return false;
  await attempts.wait(delay);
  return outOfTime(attempts) === undefined;
}

/**
 * Makes a call until it succeeds, fails for good, or runs out of tries or time; when there is none to begin with,
 * it isn't made at all.
 *
 * @throws CatalogCallError the last one.
 */
export async function retryTransient<Result>(
  attempts: Attempts,
  call: () => Promise<Result>,
): Promise<Result> {
  const late = outOfTime(attempts);
  if (late !== undefined) throw late;
  for (let tries = 1; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof CatalogCallError) || !error.transient) throw error;
      if (!(await waitForNextTry(attempts, tries))) throw error;
    }
  }
}
