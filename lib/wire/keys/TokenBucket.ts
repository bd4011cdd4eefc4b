/** How much a bucket lets through. */
export interface BucketSize {
  /** In the long run, a second. */
  readonly perSecond: number;
  /** At once, after a rest. */
  readonly burst: number;
}

/** A token bucket: full at first, filled up steadily, one token for each thing let through. */
export class TokenBucket {
  readonly #size: BucketSize;
  #tokens: number;
  #at: number;

  /** @param now Epoch milliseconds. */
  constructor(size: BucketSize, now: number) {
    this.#size = size;
    this.#tokens = size.burst;
    this.#at = now;
  }

  /**
   * Whether one more is let through. A clock that is set back gives nothing and takes nothing.
   *
   * @param now Epoch milliseconds.
   */
  take(now: number): boolean {
    const { perSecond, burst } = this.#size;
    const earned = (Math.max(0, now - this.#at) / 1000) * perSecond;
    this.#tokens = Math.min(burst, this.#tokens + earned);
    this.#at = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
