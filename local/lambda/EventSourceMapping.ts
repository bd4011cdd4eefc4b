import type { LocalClock } from '../clock/LocalClock.ts';
import type { Queue } from '../sqs/model/Queue.ts';
import { failedMessages, sqsEvent } from './sqsEvent.ts';

/** https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html */
export interface MappingOptions {
  readonly queue: Queue;
  readonly invoke: (payload: string) => Promise<string>;
  readonly batchSize: number;
  /** How long a batch may wait to fill. */
  readonly windowMs: number;
  readonly maximumConcurrency: number;
  /** Whether `ReportBatchItemFailures` is set: else a batch succeeds or fails as one. */
  readonly partialResponses: boolean;
  readonly clock: LocalClock;
}

/** Feeds a function from a queue as Lambda's pollers do: batch size, window, concurrency, partial responses. */
export class EventSourceMapping {
  readonly #options: MappingOptions;
  readonly #running = new Set<Promise<void>>();
  readonly #stopListening: () => void;
  #windowOpen = false;
  #closed = false;

  constructor(options: MappingOptions) {
    this.#options = options;
    this.#stopListening = options.queue.onMessage(() => this.#wake());
  }

  /**
   * Takes every message now, whatever the window, and resolves when none is visible or under way. Messages that had
   * failed are given once more, as if their timeout were over; those that fail now stay hidden until it is.
   */
  async drain(): Promise<void> {
    // Only when nothing is under way is everything in flight a failure.
    while (this.#running.size > 0) await Promise.race(this.#running);
    if (!this.#closed) this.#options.queue.reveal();
    while (!this.#closed && (this.#visible() > 0 || this.#running.size > 0)) {
      this.#startBatches();
      await Promise.race(this.#running);
    }
  }

  /** Starts no further batch and waits for those under way. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stopListening();
    await Promise.all(this.#running);
  }

  #visible(): number {
    return this.#options.queue.counts().visible;
  }

  #wake(): void {
    const { batchSize, windowMs, clock } = this.#options;
    const visible = this.#visible();
    if (this.#closed || visible === 0) return;
    if (windowMs === 0 || visible >= batchSize) {
      this.#startBatches();
    } else if (!this.#windowOpen) {
      this.#windowOpen = true;
      clock.after(windowMs, () => {
        this.#windowOpen = false;
        this.#startBatches();
      });
    }
  }

  #startBatches(): void {
    while (!this.#closed && this.#visible() > 0 && this.#running.size < this.#options.maximumConcurrency) {
      const batch = this.#runBatch().finally(() => {
        this.#running.delete(batch);
        this.#wake();
      });
      this.#running.add(batch);
    }
  }

  async #runBatch(): Promise<void> {
    const { queue, batchSize, invoke, partialResponses } = this.#options;
    const batch = queue.receive(batchSize);
    if (batch.length === 0) return;
    const failed = await invoke(JSON.stringify(sqsEvent(batch, queue.arn))).then(
      (response) => (partialResponses ? failedMessages(response, batch) : new Set<string>()),
      () => new Set(batch.map(({ id }) => id)),
    );
    for (const { id, receipt } of batch) if (!failed.has(id)) queue.delete(receipt);
  }
}
