import type { LocalClock } from '../clock/LocalClock.ts';
import { failedMessages, type PolledMessage, sqsEvent } from './sqsEvent.ts';

/** The queue behind a mapping, as far as the poller needs it. */
export interface PolledQueue {
  readonly arn: string;
  readonly visibilityTimeoutMs: number;
  /** Messages that could be received now. */
  visible(): number;
  receive(max: number): Promise<readonly PolledMessage[]>;
  delete(receiptHandle: string): Promise<void>;
  /** Calls back whenever a message becomes visible. */
  onVisible(listener: () => void): void;
}

/** https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html */
export interface MappingOptions {
  readonly queue: PolledQueue;
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
  #windowOpen = false;
  #closed = false;

  constructor(options: MappingOptions) {
    this.#options = options;
    options.queue.onVisible(() => this.#wake());
    this.#wake();
  }

  /**
   * Takes every visible message now, whatever the window, and resolves when none is visible or under way.
   * Messages that failed stay invisible until their timeout and are not waited for.
   */
  async drain(): Promise<void> {
    while (!this.#closed && (this.#options.queue.visible() > 0 || this.#running.size > 0)) {
      this.#startBatches();
      await Promise.race(this.#running);
    }
  }

  /** Starts no further batch and waits for those under way. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#running);
  }

  #wake(): void {
    const { queue, batchSize, windowMs, clock } = this.#options;
    if (this.#closed || queue.visible() === 0) return;
    if (windowMs === 0 || queue.visible() >= batchSize) {
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
    const { queue, maximumConcurrency } = this.#options;
    while (!this.#closed && queue.visible() > 0 && this.#running.size < maximumConcurrency) {
      const before = queue.visible();
      const batch = this.#runBatch().finally(() => {
        this.#running.delete(batch);
        this.#wake();
      });
      this.#running.add(batch);
      if (queue.visible() === before) return;
    }
  }

  async #runBatch(): Promise<void> {
    const { queue, batchSize, invoke, partialResponses, clock } = this.#options;
    const batch = await queue.receive(batchSize);
    if (batch.length === 0) return;
    const failed = await invoke(JSON.stringify(sqsEvent(batch, queue.arn))).then(
      (response) => (partialResponses ? failedMessages(response, batch) : new Set<string>()),
      () => new Set(batch.map(({ messageId }) => messageId)),
    );
    await Promise.all(
      batch
        .filter(({ messageId }) => !failed.has(messageId))
        .map(({ receiptHandle }) => queue.delete(receiptHandle)),
    );
    if (failed.size > 0) clock.after(queue.visibilityTimeoutMs + 1, () => this.#wake());
  }
}
