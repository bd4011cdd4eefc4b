import { setTimeout } from 'node:timers/promises';
import { type Clock, systemClock } from './time.ts';

/** The pauses between attempts. */
export interface Backoff {
  /** Longest random pause after the first failure, in milliseconds. It doubles with every failure. */
  readonly baseMs: number;
  /** Longest random pause of all, in milliseconds. */
  readonly capMs: number;
  /** Added to every pause, in milliseconds. Default 0. */
  readonly leastMs?: number;
}

/** Dependencies of retries. */
export interface RetryPorts {
  /** Resolves after that many milliseconds. */
  readonly wait: (ms: number) => Promise<unknown>;
  /** Answers a number from 0 to below 1. */
  readonly random: () => number;
}

/** The machine's own clock, timer and randomness. */
export const systemTiming = {
  clock: systemClock,
  wait: (ms: number): Promise<void> => setTimeout(ms),
  random: (): number => Math.random(),
};

/** How often, how long and until when something is tried. */
export interface RetryPolicy extends Backoff, RetryPorts {
  /** Attempts, the first included. Default no limit. */
  readonly tries?: number;
  /** No attempt begins after it, and no pause that would end after it. Default no limit. */
  readonly until?: { readonly clock: Clock; readonly deadline: number };
  /** Its reason is thrown in place of the next attempt. */
  readonly signal?: AbortSignal;
}

/**
 * Milliseconds to wait before the next attempt: a random part of a bound that doubles with every failure, so that callers
 * who failed together do not come back together.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ ("full jitter")
 *
 * @param failures Attempts that have failed so far: 1 after the first.
 */
export function backoffMs(
  failures: number,
  random: () => number,
  { baseMs, capMs, leastMs = 0 }: Backoff,
): number {
  return leastMs + random() * Math.min(capMs, baseMs * 2 ** (failures - 1));
}

/**
 * Waits before the next attempt.
 *
 * @param failures Attempts that have failed so far.
 * @returns Whether there is a next attempt: false once the tries are used up or the deadline is too near.
 */
export async function waitForRetry(policy: RetryPolicy, failures: number): Promise<boolean> {
  const { tries = Number.POSITIVE_INFINITY, until, wait, random } = policy;
  if (failures >= tries) return false;
  const pauseMs = backoffMs(failures, random, policy);
  if (until !== undefined && until.clock.now() + pauseMs >= until.deadline) return false;
  await wait(pauseMs);
  return hasTime(policy);
}

/**
 * Yields 1, 2, 3 … with a pause between two numbers. The loop ends by itself when the tries are used up or
 * there is no time left; without any time it does not begin. Leave it as soon as an attempt has succeeded.
 *
 * @example
 * for await (const _ of eachAttempt({ tries: 3, baseMs: 100, capMs: 1_000, ...systemTiming })) {
 *   if (await send(message)) return;
 * }
 * throw new Error('The message could not be sent.');
 */
export async function* eachAttempt(policy: RetryPolicy): AsyncGenerator<number, void, undefined> {
  if (!hasTime(policy)) return;
  for (let attempt = 1; ; attempt += 1) {
    policy.signal?.throwIfAborted();
    yield attempt;
    if (!(await waitForRetry(policy, attempt))) return;
  }
}

/** Whether there is time for another try. */
function hasTime({ until }: RetryPolicy): boolean {
  return until === undefined || until.clock.now() < until.deadline;
}

/**
 * A port that is called after each step between which AWS may end a function, before the next step begins. Tests end
 * the function there. A deployed function has no such port.
 */
export type FaultPoint<Step extends string> = (step: Step) => Promise<void> | void;
