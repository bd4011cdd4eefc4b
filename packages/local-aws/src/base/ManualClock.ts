import type { Alarm, LocalClock } from './clock.ts';

/**
 * A clock that stands still until it is moved: for tests. It does not wait for promises that alarms answer.
 *
 * @example
 * const clock = new ManualClock(Date.UTC(2026, 10, 20));
 * clock.advance(60_000); // rings every alarm due within that minute, in order
 */
export class ManualClock implements LocalClock {
  #now: number;
  readonly #alarms = new Set<{ readonly at: number; readonly ring: () => unknown }>();

  constructor(startMs: number) {
    this.#now = startMs;
  }

  /** Epoch milliseconds. */
  now(): number {
    return this.#now;
  }

  /** Calls a function when the clock has moved this far. */
  after(delayMs: number, ring: () => unknown): Alarm {
    const alarm = { at: this.#now + delayMs, ring };
    this.#alarms.add(alarm);
    return { cancel: () => void this.#alarms.delete(alarm) };
  }

  /** Moves on by `ms`. Alarms ring at their own instant, so one that sets another is honoured. */
  advance(ms: number): void {
    const target = this.#now + ms;
    for (;;) {
      const due = [...this.#alarms].filter(({ at }) => at <= target).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#alarms.delete(due);
      this.#now = Math.max(this.#now, due.at);
      due.ring();
    }
    this.#now = target;
  }
}
