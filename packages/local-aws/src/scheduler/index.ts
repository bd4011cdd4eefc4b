import { type Alarm, LONGEST_TIMER_MS, type LocalClock } from '../base/clock.ts';
import { reportDefect } from '../base/reportDefect.ts';
import { nextRun } from './schedule.ts';

/** A schedule of the template. */
export interface Schedule {
  /** Name of the schedule. */
  readonly name: string;
  /** `rate(…)` or `cron(…)`, UTC. */
  readonly expression: string;
  /** JSON that the target gets: a function as its event, a queue as the message's body. */
  readonly input: string;
  /** ARN of the function that it invokes. */
  readonly targetArn: string;
  /** The role with which Scheduler calls the target. */
  readonly roleArn: string;
  /** The queue for what cannot be sent; undefined for none. */
  readonly deadLetterArn: string | undefined;
}

/** Calls targets at their times, until it is closed. */
export class Scheduler {
  readonly #clock: LocalClock;
  readonly #call: (schedule: Schedule) => Promise<unknown>;
  /** By name. A schedule that never runs again has no alarm. */
  readonly #schedules = new Map<string, { readonly schedule: Schedule; readonly alarm: Alarm | undefined }>();
  readonly #stopListening: (() => void) | undefined;

  /**
   * @param call Calls the target of a schedule. A clock that is being moved waits for its end. It deals with failures of the
   *   target itself; what it throws is reported as a defect.
   */
  constructor(clock: LocalClock, call: (schedule: Schedule) => Promise<unknown>) {
    this.#clock = clock;
    this.#call = call;
    // Schedules that ran because the clock was ahead run again when their time comes.
    this.#stopListening = clock.onSetBack?.(() => {
      for (const { schedule } of [...this.#schedules.values()]) this.add(schedule);
    });
  }

  /** Starts a schedule, in place of one of the same name. @throws AwsError for an expression that is refused. */
  add(schedule: Schedule): void {
    this.#schedules.get(schedule.name)?.alarm?.cancel();
    this.#wait(schedule, nextRun(schedule.expression, this.#clock.now()));
  }

  /** Calls no more targets. */
  close(): void {
    this.#stopListening?.();
    for (const { alarm } of this.#schedules.values()) alarm?.cancel();
    this.#schedules.clear();
  }

  /** Keeps a schedule until its next run. @param at Epoch milliseconds of that run; undefined when there is none. */
  #wait(schedule: Schedule, at: number | undefined): void {
    const alarm = at === undefined ? undefined : this.#alarm(schedule, at);
    this.#schedules.set(schedule.name, { schedule, alarm });
  }

  /** Rings at a schedule's next run, and then sets the alarm of the one after it. */
  #alarm(schedule: Schedule, at: number): Alarm {
    const delayMs = Math.min(at - this.#clock.now(), LONGEST_TIMER_MS);
    return this.#clock.after(delayMs, () => {
      // The way to a distant run is made of several timers.
      if (this.#clock.now() < at) return this.#wait(schedule, at);
      const done = this.#call(schedule).catch(reportDefect);
      // When the clock has jumped over several runs, the schedule runs once.
      this.#wait(schedule, nextRun(schedule.expression, Math.max(at, this.#clock.now())));
      return done;
    });
  }
}
