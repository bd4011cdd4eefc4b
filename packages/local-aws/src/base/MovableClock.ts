import { type Alarm, LAST_INSTANT_MS, LONGEST_TIMER_MS, type LocalClock, MINUTE_MS } from './clock.ts';
import { ControlError } from './errors.ts';
import { reportDefect } from './reportDefect.ts';

/** An alarm that has not rung. */
interface PendingAlarm {
  /** When it rings, epoch milliseconds of this clock. */
  at: number;
  /** When the machine's timer rings it, epoch milliseconds of the machine. A move changes it when it ends. */
  machineAt: number;
  /** What is called then. */
  readonly ring: () => unknown;
}

/** The time of an alarm by which it is chosen. */
type AlarmTime = 'at' | 'machineAt';

/**
 * The machine's clock until it is moved; then as far from it as it was moved, and running on. Its times are whole
 * milliseconds, like `Date.now()`, whatever it is moved by.
 *
 * @example
 * const clock = new MovableClock();
 * await clock.advance(3_600_000); // an hour passes: each alarm rings at its own instant
 * await clock.set(Date.UTC(2026, 10, 20)); // a jump: what fell due on the way rings once, now
 */
export class MovableClock implements LocalClock {
  #offsetMs = 0;
  readonly #alarms = new Set<PendingAlarm>();
  readonly #setBackListeners = new Set<(byMs: number) => void>();
  readonly #offsetMinutes = new Set([0]);
  #timer: { readonly machineAt: number; readonly handle: NodeJS.Timeout } | undefined;
  #moves: Promise<unknown> = Promise.resolve();
  /** In a move: the work of alarms that the machine's timer has rung beside it. Undefined when the clock is not moved. */
  #besides: Promise<void>[] | undefined;

  /** Epoch milliseconds. */
  now(): number {
    return Date.now() + this.#offsetMs;
  }

  /** How far it is ahead of the machine's clock, milliseconds; 0 when it was never moved. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  /**
   * The time by each offset that the clock has ever had, the machine's own first. A client uses one of them: the machine's
   * clock, or the one at which a function was invoked. Offsets are kept to the minute, because signatures are judged by a
   * quarter of an hour.
   */
  timesByPastOffsets(): number[] {
    return [...this.#offsetMinutes].map((minutes) => Date.now() + minutes * MINUTE_MS);
  }

  /** Calls a function after a time of this clock. */
  after(delayMs: number, ring: () => unknown): Alarm {
    const wholeMs = Math.max(0, Math.ceil(delayMs));
    const alarm = { at: this.now() + wholeMs, machineAt: Date.now() + wholeMs, ring };
    this.#alarms.add(alarm);
    this.#setTimer(alarm.machineAt);
    return { cancel: () => void this.#alarms.delete(alarm) };
  }

  /** Tells a listener how far the clock was set back, each time. @returns Ends that. */
  onSetBack(listener: (byMs: number) => void): () => void {
    this.#setBackListeners.add(listener);
    return () => void this.#setBackListeners.delete(listener);
  }

  /**
   * Lets `ms` pass: rings every alarm due within it at its own instant, one after the other, also those that
   * are only set on the way. Resolves when what they answered is done. Time of the machine passes, too, while an answer is
   * awaited: an alarm that would ring by it without the move rings beside the other. The move waits for both.
   *
   * @throws ControlError CONTROL_BODY if that is beyond {@link LAST_INSTANT_MS}, reckoned from the end of the moves before it; what an
   *   alarm throws, at whose instant the clock then stays.
   */
  advance(ms: number): Promise<void> {
    return this.#move(async () => {
      const target = this.now() + Math.ceil(ms);
      requireInstant(target, `advanceMs: ${ms}`);
      for (
        let due = this.#earliest('at');
        due !== undefined && due.at <= target;
        due = this.#earliest('at')
      ) {
        this.#shift(Math.max(0, due.at - this.now()));
        await this.#ringInMove(due);
      }
      this.#shift(Math.max(0, target - this.now()));
    });
  }

  /**
   * Jumps to an instant (epoch ms). Forwards, what fell due rings once, now; backwards, alarms keep the time
   * they had left. Resolves when all have rung and what they answered is done.
   *
   * @throws ControlError CONTROL_BODY before 1970 and beyond {@link LAST_INSTANT_MS}; what an alarm throws: then the clock has
   *   jumped, and alarms that are due and did not ring do so by the machine's timer.
   */
  set(epochMs: number): Promise<void> {
    return this.#move(() => {
      requireInstant(epochMs, `now: ${epochMs}`);
      return this.#jump(Math.ceil(epochMs) - Date.now());
    });
  }

  /** Goes by the machine's clock again: a jump, forwards or backwards. @throws What an alarm throws. */
  setReal(): Promise<void> {
    return this.#move(() => this.#jump(0));
  }

  /** Moves come one after the other: two at once would each undo half of the other. */
  #move(move: () => Promise<void>): Promise<void> {
    const begun = this.#moves.then(() => {
      this.#besides = [];
      return move();
    });
    const moved = begun.finally(() => {
      this.#besides = undefined;
      for (const alarm of this.#alarms) alarm.machineAt = alarm.at - this.#offsetMs;
      this.#setTimer();
    });
    this.#moves = moved.catch(() => undefined);
    return moved;
  }

  /** Moves the clock to an offset, and rings what has become due, one alarm after the other. */
  async #jump(offsetMs: number): Promise<void> {
    const byMs = offsetMs - this.#offsetMs;
    this.#shift(byMs);
    if (byMs < 0) {
      for (const alarm of this.#alarms) alarm.at += byMs;
      for (const listener of [...this.#setBackListeners]) listener(-byMs);
    }
    for (const alarm of this.#due('at', this.now())) await this.#ringInMove(alarm);
  }

  /** Changes the offset, and notes it among those that the clock has had. */
  #shift(byMs: number): void {
    this.#offsetMs += byMs;
    this.#offsetMinutes.add(Math.round(this.#offsetMs / MINUTE_MS));
  }

  /** Rings an alarm, unless it was cancelled or has rung. */
  async #ring(alarm: PendingAlarm): Promise<void> {
    if (this.#alarms.delete(alarm)) await alarm.ring();
  }

  /** Rings an alarm, and waits for its work, and for that of alarms that the machine's timer rings meanwhile. */
  async #ringInMove(alarm: PendingAlarm): Promise<void> {
    await this.#ring(alarm);
    while (this.#besides !== undefined && this.#besides.length > 0) await this.#besides.shift();
  }

  /** The alarms that are due by one of their times, the earliest first. */
  #due(by: AlarmTime, now: number): PendingAlarm[] {
    return [...this.#alarms].filter((alarm) => alarm[by] <= now).sort((a, b) => a[by] - b[by]);
  }

  /** The alarm that rings next by one of its times; undefined without any. */
  #earliest(by: AlarmTime): PendingAlarm | undefined {
    let earliest: PendingAlarm | undefined;
    for (const alarm of this.#alarms)
      if (earliest === undefined || alarm[by] < earliest[by]) earliest = alarm;
    return earliest;
  }

  /**
   * Sets one timer of the machine for all alarms, at the time of the earliest. It does nothing if the present timer
   * rings in time for `machineAt`.
   */
  #setTimer(machineAt?: number): void {
    if (machineAt !== undefined && this.#timer !== undefined && this.#timer.machineAt <= machineAt) return;
    clearTimeout(this.#timer?.handle);
    this.#timer = undefined;
    const earliest = this.#earliest('machineAt');
    if (earliest === undefined) return;
    const delayMs = Math.min(Math.max(0, earliest.machineAt - Date.now()), LONGEST_TIMER_MS);
    const handle = setTimeout(() => this.#onTimer(), delayMs);
    handle.unref();
    this.#timer = { machineAt: earliest.machineAt, handle };
  }

  /** Rings what is due when a timer of the machine ends. */
  #onTimer(): void {
    this.#timer = undefined;
    // The alarms are not awaited, because time passes whether or not their work is done. An alarm that fails, as on a
    // full disk, stops no other.
    for (const alarm of this.#due('machineAt', Date.now())) {
      const done = this.#ring(alarm).catch(reportDefect);
      this.#besides?.push(done);
    }
    this.#setTimer();
  }
}

/**
 * Requires an instant that the clock can be moved to.
 *
 * @param move What leads there: `advanceMs: 1000`.
 * @throws ControlError CONTROL_BODY for an instant that has no text here.
 */
function requireInstant(epochMs: number, move: string): void {
  if (epochMs >= 0 && epochMs <= LAST_INSTANT_MS) return;
  const end = new Date(LAST_INSTANT_MS).toISOString();
  throw new ControlError('CONTROL_BODY', `${move} is not between 1970 and ${end}, where time ends here.`);
}
