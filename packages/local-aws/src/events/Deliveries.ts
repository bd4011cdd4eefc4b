import { type Alarm, DAY_MS, type LocalClock, MINUTE_MS } from '../base/clock.ts';
import { diskProblem } from '../base/diskProblem.ts';
import type { Faults } from '../faults/Faults.ts';

/** A target of a rule. */
export interface RuleTarget {
  /** ARN of the rule. */
  readonly ruleArn: string;
  /** ARN of the queue that gets the events. */
  readonly arn: string;
  /** The queue for events that cannot be delivered; undefined for none. */
  readonly deadLetterArn: string | undefined;
}

/**
 * How a delivery that the disk had no room for is tried again, in milliseconds: for a day, as EventBridge does it, after
 * waits that double up to a minute.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
 */
const RETRY = { firstMs: 1_000, longestMs: MINUTE_MS, forMs: DAY_MS } as const;

/** Options of {@link Deliveries}. */
interface DeliveriesOptions {
  /** Sends an event, as JSON, to a target. */
  readonly deliver: (target: RuleTarget, eventJson: string) => void;
  /** Faults of deliveries: events that are lost, come twice or late. */
  readonly faults: Faults;
  /** The clock that delays late events and retries; without a clock, events are never late and nothing is tried again. */
  readonly clock: Pick<LocalClock, 'after'> | undefined;
  /** Is called with why a delivery failed. */
  readonly onFailure: (error: unknown) => void;
}

/** Delivers events to the targets of rules. A process that ends loses events that wait. */
export class Deliveries {
  readonly #options: DeliveriesOptions;
  /** Deliveries that wait, each with the function that runs if the bus is closed before; undefined: nothing runs. */
  readonly #waiting = new Map<Alarm, (() => void) | undefined>();

  constructor(options: DeliveriesOptions) {
    this.#options = options;
  }

  /**
   * Delivers an event at least once, unless a fault loses it. EventBridge keeps no order:
   * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-troubleshooting.html
   */
  send(ruleName: string, target: RuleTarget, eventJson: string): void {
    const { faults, clock } = this.#options;
    const { loseEvents, repeatEvents, delayEvents } = faults.take(
      'events',
      ['loseEvents', 'repeatEvents', 'delayEvents'],
      [ruleName],
    );
    if (loseEvents !== undefined) return;
    const deliver = () => {
      this.#deliver(target, eventJson, RETRY.firstMs, RETRY.forMs);
      if (repeatEvents !== undefined) this.#deliver(target, eventJson, RETRY.firstMs, RETRY.forMs);
    };
    if (delayEvents === undefined || clock === undefined) deliver();
    else this.#later(delayEvents.ms, deliver);
  }

  /** Ends all that waits. What the disk had no room for is tried once more: now there may be room. */
  close(): void {
    for (const [alarm, atClose] of this.#waiting) {
      alarm.cancel();
      atClose?.();
    }
    this.#waiting.clear();
  }

  /**
   * Delivers an event now, and again later if the disk has no room for it.
   *
   * @param waitMs The wait before the next try.
   * @param leftMs How long it may still be tried; no further try for a wait that is longer.
   */
  #deliver(target: RuleTarget, eventJson: string, waitMs: number, leftMs: number): void {
    try {
      this.#options.deliver(target, eventJson);
    } catch (error) {
      this.#options.onFailure(error);
      if (diskProblem(error) === undefined || leftMs < waitMs) return;
      const nextMs = Math.min(2 * waitMs, RETRY.longestMs);
      this.#later(
        waitMs,
        () => this.#deliver(target, eventJson, nextMs, leftMs - waitMs),
        () => this.#deliver(target, eventJson, 0, -1),
      );
    }
  }

  /** Runs something after a while. @param atClose What is done instead if the deliveries are closed before. */
  #later(delayMs: number, run: () => void, atClose?: () => void): void {
    const alarm = this.#options.clock?.after(delayMs, () => {
      if (alarm !== undefined) this.#waiting.delete(alarm);
      run();
    });
    if (alarm !== undefined) this.#waiting.set(alarm, atClose);
  }
}
