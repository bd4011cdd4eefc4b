/** How long to wait between tries. */
export interface BackoffRange {
  /** Longest wait before the second try, in milliseconds; it doubles with every try. */
  readonly baseMs: number;
  /** No wait is longer, in milliseconds. */
  readonly capMs: number;
}

/**
 * Milliseconds to wait before the next try: anything from 0 to a bound that doubles with every try, so that
 * callers who failed together don't come back together.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ ("full jitter")
 *
 * @param tries Tries made so far: 1 after the first.
 * @param random Answers a number from 0 to below 1.
 */
export function backoffMs(tries: number, random: () => number, { baseMs, capMs }: BackoffRange): number {
  return random() * Math.min(capMs, baseMs * 2 ** (tries - 1));
}
