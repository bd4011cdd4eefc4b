/** Gives the time. Code that needs the local cloud's time is given a clock. */
export interface Clock {
  /** Epoch milliseconds, UTC. */
  now(): number;
}

/** A scheduled call that can be called off. */
export interface Alarm {
  /** Calls the call off. It has no effect once the call has been made. */
  cancel(): void;
}

/** The local cloud's time: buffer intervals, visibility timeouts and schedules use it, so tests can drive them. */
export interface LocalClock extends Clock {
  /**
   * Calls `ring` once, `delayMs` from now by this clock. Never keeps the process alive. A `MovableClock` that is
   * being moved waits for a promise that `ring` answers before it goes on.
   */
  after(delayMs: number, ring: () => unknown): Alarm;
  /**
   * Calls `listener` when the clock has been set back by `byMs` (positive), after the alarms, which keep the
   * time they had left: code that remembers an instant moves it. Absent on clocks that never go back. Returns what ends the listening.
   */
  onSetBack?(listener: (byMs: number) => void): () => void;
}

/** The machine's clock. */
export const realClock: LocalClock = {
  now: () => Date.now(),
  after(delayMs, ring) {
    const timer = setTimeout(ring, delayMs);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Milliseconds of a minute. */
export const MINUTE_MS = 60_000;
/** Milliseconds of an hour. */
export const HOUR_MS = 3_600_000;
/** Milliseconds of a day. */
export const DAY_MS = 86_400_000;

/**
 * Longest way that one advance goes, milliseconds: 31 days. Everything due on the way is run at its own time,
 * so a year would be thousands of invocations; a clock that is set jumps any distance.
 */
export const LONGEST_ADVANCE_MS = 31 * DAY_MS;

/** Longest delay that a JavaScript timer takes; longer waits are made of several. https://nodejs.org/api/timers.html#settimeoutcallback-delay-args */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The last instant with a year of four digits, epoch milliseconds: signatures and day folders have no room for five. */
export const LAST_INSTANT_MS = Date.UTC(10_000, 0, 1) - 1;
