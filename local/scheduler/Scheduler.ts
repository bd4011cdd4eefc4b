import type { Alarm, LocalClock } from '../clock/LocalClock.ts';
import { nextRun } from './nextRun.ts';

/** A schedule of the template and the function it invokes. */
export interface Schedule {
  readonly name: string;
  /** `rate(…)` or `cron(…)`, UTC. */
  readonly expression: string;
  /** JSON the function gets. */
  readonly input: string;
  readonly functionName: string;
}

/** Longest delay that a JavaScript timer takes; longer waits are made of several. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Invokes functions at their times. Invocations are asynchronous: a failure is the function's to log. */
export class Scheduler {
  readonly #clock: LocalClock;
  readonly #invoke: (functionName: string, input: string) => Promise<unknown>;
  readonly #alarms = new Map<string, Alarm>();

  constructor(clock: LocalClock, invoke: (functionName: string, input: string) => Promise<unknown>) {
    this.#clock = clock;
    this.#invoke = invoke;
  }

  /** Starts a schedule. @throws AwsError for an expression that is refused. */
  add(schedule: Schedule): void {
    this.#wait(schedule, nextRun(schedule.expression, this.#clock.now()));
  }

  close(): void {
    for (const alarm of this.#alarms.values()) alarm.cancel();
    this.#alarms.clear();
  }

  #wait(schedule: Schedule, at: number | undefined): void {
    if (at === undefined) return;
    const delayMs = Math.min(at - this.#clock.now(), LONGEST_TIMER_MS);
    const alarm = this.#clock.after(delayMs, () => {
      if (this.#clock.now() < at) return this.#wait(schedule, at);
      this.#invoke(schedule.functionName, schedule.input).catch(() => undefined);
      this.#wait(schedule, nextRun(schedule.expression, at));
    });
    this.#alarms.set(schedule.name, alarm);
  }
}
