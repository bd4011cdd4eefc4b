import type { Alarm, LocalClock } from '../base/clock.ts';
import { FirehoseError } from '../base/errors.ts';

/**
 * First pause after a failed delivery, doubled each time up to the longest, milliseconds. The wait is between half of the pause
 * and all of it, by chance.
 */
const FIRST_PAUSE_MS = 1000;
/** The longest pause between two attempts, milliseconds. */
const LONGEST_PAUSE_MS = 60_000;
/** The pause after more failures in a row than this, so that an outage of a day makes a few hundred attempts. */
const OUTAGE = { attempts: 20, pauseMs: 300_000 } as const;

/**
 * Delivers full buffers one after the other. A failed delivery is retried until it succeeds and holds back the buffers
 * behind it, as in Firehose. `deliver` resolves for a buffer that it gives up, too: nothing is retried then.
 */
export class DeliveryQueue<FullBuffer> {
  readonly #clock: LocalClock;
  readonly #random: () => number;
  readonly #deliver: (buffer: FullBuffer) => Promise<void>;
  readonly #onFailure: (error: unknown) => void;
  readonly #waiting: FullBuffer[] = [];
  #running: Promise<void> | undefined;
  #pause: Alarm | undefined;
  /** Failures in a row of the first waiting buffer. */
  #attempt = 0;
  #lastError: unknown;
  #closed = false;

  constructor(options: {
    /** The clock of retries. */
    readonly clock: LocalClock;
    /** A number from 0 to 1, exclusive, which spreads retries. */
    readonly random: () => number;
    /** Delivers a buffer. What it throws is retried. */
    readonly deliver: (buffer: FullBuffer) => Promise<void>;
    /** Receives why an attempt failed. */
    readonly onFailure: (error: unknown) => void;
  }) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#deliver = options.deliver;
    this.#onFailure = options.onFailure;
  }

  /** Adds a buffer. It is delivered at once if nothing is before it and no pause runs. */
  push(buffer: FullBuffer): void {
    this.#waiting.push(buffer);
    if (this.#pause === undefined) this.#start();
  }

  /** Resolves once no delivery is running. Failed deliveries are not retried. */
  async idle(): Promise<void> {
    await this.#running;
  }

  /**
   * Resolves once all waiting buffers are delivered. Doesn't wait for the end of a pause.
   *
   * @throws FirehoseError `FIREHOSE_UNDELIVERED` when this attempt fails too; retries continue.
   */
  async drain(): Promise<void> {
    this.#start();
    await this.#running;
    if (this.#waiting.length > 0 && !this.#closed) {
      const reason = this.#lastError instanceof Error ? this.#lastError.message : String(this.#lastError);
      throw new FirehoseError('FIREHOSE_UNDELIVERED', reason, { cause: this.#lastError });
    }
  }

  /** Starts no more deliveries and waits for the running one. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#pause?.cancel();
    await this.#running;
  }

  /** Begins to deliver what waits, unless a delivery is under way. */
  #start(): void {
    this.#pause?.cancel();
    this.#pause = undefined;
    if (this.#running === undefined && this.#waiting.length > 0 && !this.#closed) this.#running = this.#run();
  }

  /** Delivers buffers in their order until one fails or none is left. */
  async #run(): Promise<void> {
    for (let buffer = this.#waiting[0]; buffer !== undefined && !this.#closed; buffer = this.#waiting[0]) {
      try {
        await this.#deliver(buffer);
        this.#waiting.shift();
        this.#attempt = 0;
      } catch (error) {
        this.#attempt += 1;
        this.#lastError = error;
        this.#onFailure(error);
        if (!this.#closed) this.#pauseThenStart();
        break;
      }
    }
    this.#running = undefined;
  }

  /** Pauses after a failure, the longer the more have failed in a row, then begins again. */
  #pauseThenStart(): void {
    const longest =
      this.#attempt > OUTAGE.attempts
        ? OUTAGE.pauseMs
        : Math.min(FIRST_PAUSE_MS * 2 ** (this.#attempt - 1), LONGEST_PAUSE_MS);
    this.#pause = this.#clock.after(longest * (0.5 + this.#random() / 2), () => this.#start());
  }
}
