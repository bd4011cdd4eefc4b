import type { SQSEvent } from 'aws-lambda';
import { z } from 'zod';
import type { Alarm, LocalClock } from '../base/clock.ts';
import type { Faults } from '../faults/Faults.ts';
import { AwsError } from '../protocol/AwsError.ts';
import { bodyMd5, type ReceivedMessage, systemAttributes } from '../sqs/Message.ts';
import type { Queue } from '../sqs/Queue.ts';
import { invocationsInChain, RECURSION_LIMIT } from './recursion.ts';

/**
 * The shortest pause after a failure of the queue, milliseconds, doubled up to the longest. No jitter, because nothing else polls the
 * queue.
 */
const SHORTEST_PAUSE_MS = 1_000;
/** The longest pause after a failure of the queue, milliseconds. */
const LONGEST_PAUSE_MS = 60_000;

/**
 * Whether Lambda lets a function go on in a chain of its own messages, or ends the chain.
 * https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionRecursionConfig.html
 */
export type RecursiveLoop = 'Allow' | 'Terminate';

/** The calls of Lambda's pollers: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
export type QueueAction = 'ReceiveMessage' | 'GetQueueAttributes' | 'DeleteMessage';

/**
 * Options of {@link EventSourceMapping}:
 * https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
 */
export interface MappingOptions {
  /** The queue that is polled. */
  readonly queue: Pick<
    Queue,
    'arn' | 'name' | 'counts' | 'onMessage' | 'receive' | 'delete' | 'reveal' | 'abandon' | 'changeVisibility'
  >;
  /** Invokes the function and passes the trace headers of the messages. */
  readonly invoke: (payload: string, traceHeaders: readonly (string | undefined)[]) => Promise<string>;
  /** ARN of the function that gets the batches. */
  readonly functionArn: string;
  /** Whether Lambda lets the function continue in a chain of its own messages. */
  readonly recursiveLoop: RecursiveLoop;
  /** The most messages of a batch. */
  readonly batchSize: number;
  /** How long to wait for a batch to fill, milliseconds. */
  readonly windowMs: number;
  /** The most batches that the function processes at the same time. */
  readonly maximumConcurrency: number;
  /** Whether `ReportBatchItemFailures` is set. If not, a batch succeeds or fails as a whole. */
  readonly partialResponses: boolean;
  /** The clock of the window and of pauses. */
  readonly clock: LocalClock;
  /** Messages that the queue hands out again on demand. Default: none. */
  readonly faults?: Faults | undefined;
  /**
   * Called before each call of the queue with the function's role; throws if the role may not make it. Default: it may.
   */
  readonly authorize?: ((action: QueueAction) => void) | undefined;
  /** Called when the queue itself fails, e.g. because the disk is full. Polling continues after a pause. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * Passes messages of a queue to a function as Lambda's pollers do: batch size, window, concurrency, partial responses.
 */
export class EventSourceMapping {
  readonly #options: MappingOptions;
  readonly #running = new Set<Promise<void>>();
  readonly #stopListening: () => void;
  #windowOpen = false;
  /** Number of consecutive failures of the queue; `#pause` follows each. */
  #failures = 0;
  #pause: Alarm | undefined;
  #closed = false;

  constructor(options: MappingOptions) {
    this.#options = options;
    this.#stopListening = options.queue.onMessage(() => {
      this.#wake();
      return Promise.all(this.#running);
    });
  }

  /**
   * Processes every message now, regardless of the window, and resolves when none is visible or being processed. Failed
   * messages are delivered once more, as if their timeout had passed; if they fail now, they stay hidden until it
   * passes. If the queue fails, it keeps its messages.
   */
  async drain(): Promise<void> {
    // Messages in flight are failures only once no batch is running.
    while (this.#running.size > 0) await Promise.race(this.#running);
    if (this.#closed) return;
    this.#endPause();
    this.#options.queue.reveal();
    while (this.#running.size > 0 || (this.#mayStart() && this.#visible() > 0)) {
      this.#startBatches();
      await Promise.race(this.#running);
    }
  }

  /** Starts no more batches and waits for the running ones. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#endPause();
    this.#stopListening();
    await Promise.all(this.#running);
  }

  /** Whether a batch is running. */
  get busy(): boolean {
    return this.#running.size > 0;
  }

  /** The number of messages that can be received. */
  #visible(): number {
    return this.#options.queue.counts().visible;
  }

  /** Whether batches may be begun: not while it pauses after a failure. */
  #mayStart(): boolean {
    return !this.#closed && this.#pause === undefined;
  }

  /** Looks at the queue. If that fails, it pauses. */
  #wake(): void {
    try {
      this.#startWhenDue();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Begins batches if one is full; else once the window has passed. */
  #startWhenDue(): void {
    const { batchSize, windowMs, clock } = this.#options;
    if (!this.#mayStart()) return;
    const visible = this.#visible();
    if (visible === 0) return;
    if (windowMs === 0 || visible >= batchSize) {
      this.#startBatches();
    } else if (!this.#windowOpen) {
      this.#windowOpen = true;
      clock.after(windowMs, () => {
        this.#windowOpen = false;
        try {
          this.#startBatches();
        } catch (error) {
          this.#failed(error);
        }
        return Promise.all(this.#running);
      });
    }
  }

  /** Begins as many batches as there are messages for and may run at the same time. */
  #startBatches(): void {
    while (this.#mayStart() && this.#running.size < this.#options.maximumConcurrency && this.#visible() > 0) {
      const batch = this.#runBatch()
        .then(
          () => {
            this.#failures = 0;
          },
          (error) => this.#failed(error),
        )
        .finally(() => {
          this.#running.delete(batch);
          this.#wake();
        });
      this.#running.add(batch);
    }
  }

  /**
   * Reports a failure of the queue, and pauses. Messages that were received and not deleted return when their visibility
   * timeout ends.
   */
  #failed(error: unknown): void {
    this.#options.onFailure(error);
    // A parallel batch may have failed for the same reason and started the pause.
    if (!this.#mayStart()) return;
    const delayMs = Math.min(LONGEST_PAUSE_MS, SHORTEST_PAUSE_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.#pause = this.#options.clock.after(delayMs, () => {
      this.#pause = undefined;
      this.#wake();
    });
  }

  /** Ends a pause, if there is one. */
  #endPause(): void {
    this.#pause?.cancel();
    this.#pause = undefined;
  }

  /** Receives a batch, invokes the function with it, and deletes the messages that it has processed. */
  async #runBatch(): Promise<void> {
    const { queue, batchSize, invoke, partialResponses, authorize = () => undefined } = this.#options;
    // Without these permissions Lambda polls in vain, and the messages stay in the queue.
    authorize('GetQueueAttributes');
    authorize('ReceiveMessage');
    const batch = this.#withoutLoops(queue.receive(batchSize));
    if (batch.length === 0) return;
    const again = batch.filter((message) => this.#isRepeated(message, false));
    // Later: this batch is not announced as running yet.
    if (again.length > 0) this.#options.clock.after(0, () => this.#reveal(again));
    const traceHeaders = batch.map(({ traceHeader }) => traceHeader);
    const failed = await invoke(JSON.stringify(sqsEvent(batch, queue.arn)), traceHeaders).then(
      (response) => (partialResponses ? failedMessages(response, batch) : new Set<string>()),
      () => new Set(batch.map(({ id }) => id)),
    );
    const done = batch.filter(({ id }) => !failed.has(id));
    if (done.length > 0) authorize('DeleteMessage');
    const undeleted = done.filter((message) => this.#isRepeated(message, true));
    for (const message of done) if (!undeleted.includes(message)) queue.delete(message.receipt);
    this.#reveal(undeleted);
  }

  /**
   * Whether a standard queue hands out the message twice, because one of its servers was away:
   * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/standard-queues-at-least-once-delivery.html
   *
   * @param isDone Whether it does so after the message was deleted; else it does while the function works on it.
   */
  #isRepeated({ receiveCount }: ReceivedMessage, isDone: boolean): boolean {
    const { faults, queue } = this.#options;
    // A message that comes again and again would end as a dead letter.
    if (faults === undefined || receiveCount > 1) return false;
    const fault = isDone ? 'afterwards' : 'meanwhile';
    return faults.take('sqs', ['repeatMessages'], [queue.name], fault).repeatMessages !== undefined;
  }

  /** Makes messages visible again at once. */
  #reveal(messages: readonly ReceivedMessage[]): void {
    for (const { receipt } of messages) {
      try {
        this.#options.queue.changeVisibility(receipt, 0);
      } catch (error) {
        // The function was quicker: it is deleted.
        if (!(error instanceof AwsError)) throw error;
      }
    }
  }

  /**
   * Lambda doesn't invoke the function for a message at the end of a loop: it goes to the dead-letter queue, if any.
   */
  #withoutLoops(batch: readonly ReceivedMessage[]): readonly ReceivedMessage[] {
    const { queue, functionArn, recursiveLoop } = this.#options;
    if (recursiveLoop === 'Allow') return batch;
    return batch.filter(({ traceHeader, receipt }) => {
      if (invocationsInChain(traceHeader, functionArn) < RECURSION_LIMIT) return true;
      queue.abandon(receipt);
      return false;
    });
  }
}

/** The event of a batch. https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html */
function sqsEvent(batch: readonly ReceivedMessage[], queueArn: string): SQSEvent {
  const [, , , region = '', account = ''] = queueArn.split(':');
  return {
    Records: batch.map((message) => ({
      messageId: message.id,
      receiptHandle: message.receipt,
      body: message.body,
      attributes: systemAttributes(message, account),
      messageAttributes: {},
      md5OfBody: bodyMd5(message.body),
      eventSource: 'aws:sqs',
      eventSourceARN: queueArn,
      awsRegion: region,
    })),
  };
}

/** What a function answers that reports failed messages; nothing or null reports none. */
const partialResponseSchema = z
  .object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string().min(1) })).nullish() })
  .nullish();

/**
 * Ids of the messages that a partial batch response reports as failed. If Lambda can't read the response, or it names a
 * message that is not in the batch, all messages count as failed.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
function failedMessages(response: string, batch: readonly ReceivedMessage[]): ReadonlySet<string> {
  const all = new Set(batch.map(({ id }) => id));
  const parsed = partialResponseSchema.safeParse(JSON.parse(response));
  if (!parsed.success) return all;
  const failed = (parsed.data?.batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier);
  return failed.every((id) => all.has(id)) ? new Set(failed) : all;
}
