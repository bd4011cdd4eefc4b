import type { LocalClock } from '../base/clock.ts';
import { isThrottled } from './LambdaFunction.ts';

/**
 * How Lambda retries an asynchronous invocation by default: one that failed after one minute and after two more, one
 * that was throttled for six hours, after a second at first and five minutes at last.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
const ASYNC_RETRIES = {
  failuresMs: [60_000, 120_000],
  throttledMs: { first: 1_000, longest: 300_000 },
  oldestMs: 6 * 3_600_000,
} as const;

/**
 * Invokes a function asynchronously, as Scheduler does. Resolves with the end of the first attempt, whatever it was;
 * further attempts come by the clock. If the last attempt fails, the invocation is dropped: the function logs failures.
 */
export function invokeAsync(
  invoke: () => Promise<unknown>,
  { clock }: { readonly clock: LocalClock },
): Promise<void> {
  const since = clock.now();
  let failures = 0;
  let throttled = 0;

  async function attempt(): Promise<void> {
    try {
      await invoke();
    } catch (error) {
      const delayMs = isThrottled(error) ? throttlePause() : ASYNC_RETRIES.failuresMs[failures++];
      const isTooOld = clock.now() - since + (delayMs ?? 0) > ASYNC_RETRIES.oldestMs;
      if (delayMs !== undefined && !isTooOld) clock.after(delayMs, attempt);
    }
  }

  function throttlePause(): number {
    const { first, longest } = ASYNC_RETRIES.throttledMs;
    const pauseMs = Math.min(longest, first * 2 ** throttled);
    throttled += 1;
    return pauseMs;
  }

  return attempt();
}
