import type { Clock } from '../../base/time.ts';

/** Bytes a second. https://docs.aws.amazon.com/firehose/latest/dev/limits.html: a stream accepts 1 or 5 MiB a second. */
const RATE = { first: 524_288, least: 131_072, most: 8_388_608 } as const;
/** Bytes a second that a delivery without a retry adds: the most at first, little after a throttled one, then more each time. */
const MORE = { first: 2_048, factor: 1.15, most: 98_304 } as const;
/** What a delivery that the stream throttled leaves of the rate. */
const LESS = 0.6;

/**
 * How fast redrive puts rows on one stream. The backlog shares each stream's quota with what SDKs send, which cannot wait, and
 * nothing tells how much of the quota is free. So the pace grows slowly while the stream accepts everything, and falls at
 * once when it throttles, as TCP does with an unknown link.
 */
export class Pace {
  readonly #clock: Clock;
  readonly #wait: (ms: number) => Promise<void>;
  #bytesPerSecond: number = RATE.first;
  #more: number = MORE.most;
  #next = 0;

  constructor({ clock, wait }: { readonly clock: Clock; readonly wait: (ms: number) => Promise<void> }) {
    this.#clock = clock;
    this.#wait = wait;
  }

  /** Milliseconds until anything may be put. */
  get msUntilTurn(): number {
    return Math.max(0, this.#next - this.#clock.now());
  }

  /**
   * Waits until so many bytes may be put, and reserves them.
   *
   * @param deadline Epoch milliseconds. If the turn comes later, nothing is reserved.
   * @returns Whether the turn has come.
   */
  async turn(bytes: number, deadline: number): Promise<boolean> {
    const now = this.#clock.now();
    const at = Math.max(now, this.#next);
    if (at >= deadline) return false;
    this.#next = at + (bytes / this.#bytesPerSecond) * 1_000;
    if (at > now) await this.#wait(at - now);
    return true;
  }

  /** Takes note of a delivery: whether the stream accepted all of it at once. */
  note(isAccepted: boolean): void {
    if (isAccepted) {
      this.#bytesPerSecond = Math.min(RATE.most, this.#bytesPerSecond + this.#more);
      this.#more = Math.min(MORE.most, this.#more * MORE.factor);
    } else {
      this.#bytesPerSecond = Math.max(RATE.least, this.#bytesPerSecond * LESS);
      this.#more = MORE.first;
    }
  }
}
