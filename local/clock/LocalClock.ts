import type { Clock } from '../../lib/time/Clock.ts';

/** A scheduled call that can be called off. */
export interface Alarm {
  cancel(): void;
}

/** The local cloud's time: every buffer interval, visibility timeout and schedule hangs on it, so tests drive it. */
export interface LocalClock extends Clock {
  /** Calls `ring` once, `delayMs` from now by this clock. Never keeps the process alive. */
  after(delayMs: number, ring: () => void): Alarm;
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
