import { randomUUID } from 'node:crypto';
import type { Alarm, LocalClock } from '../base/clock.ts';
import {
  beyondReceive,
  invalidMessageContents,
  messageTooLong,
  missingParameter,
  notInFlight,
  overLimit,
  queueDoesNotExist,
  receiptHandleIsInvalid,
  SQS_LIMITS,
} from './errors.ts';
import { type Message, MessageJournal, type ReceivedMessage } from './Message.ts';
import type { QueueSettings } from './queueSettings.ts';

/** Characters of XML 1.0: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html */
const ALLOWED_TEXT = /^[\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]*$/u;

/** Options of {@link Queue.send}. */
interface SendOptions {
  /** Milliseconds before the message can be received. Default 0. */
  readonly delayMs?: number | undefined;
  /** `X-Amzn-Trace-Id` of the request. Default none. */
  readonly traceHeader?: string | undefined;
  /** `MessageGroupId` of the message. Default none. */
  readonly groupId?: string | undefined;
}

/** Options of a {@link Queue}. */
interface QueueOptions {
  /** Name of the queue. */
  readonly name: string;
  /** ARN of the queue. */
  readonly arn: string;
  /** The attributes that the queue begins with. */
  readonly settings: QueueSettings;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** File with its messages. */
  readonly file: string;
  /** The clock of delays, visibility and retention. */
  readonly clock: LocalClock;
  /** Moves messages that were received too often to another queue. Returns false when that queue doesn't exist. */
  readonly giveUp: (targetArn: string, messages: readonly Message[]) => boolean;
  /** Called when the queue has taken or changed messages, and when it is opened with some. Default: not called. */
  readonly onStored?: () => void;
}

/**
 * A standard queue. A sent message is on disk before `send` returns. A received message becomes visible again unless it
 * is deleted within its visibility timeout, and moves to the dead-letter queue after too many receives.
 *
 * After a restart every message that was in flight is visible at once: its receiver stopped with the local cloud, and
 * at-least-once delivery allows it.
 *
 * @example
 * queue.onMessage(() => {
 *   for (const { body, receipt } of queue.receive(10)) if (work(body)) queue.delete(receipt);
 * });
 */
export class Queue {
  /** Name of the queue. */
  readonly name: string;
  /** ARN of the queue. */
  readonly arn: string;
  /** When it was created, epoch milliseconds. */
  readonly createdAt: number;
  readonly #options: QueueOptions;
  readonly #journal: MessageJournal;
  readonly #messages: Map<string, Message>;
  /** Newest receipt of each received message, by the message's ID. Older receipts no longer delete it. */
  readonly #receipts = new Map<string, string>();
  readonly #listeners = new Set<() => unknown>();
  #settings: QueueSettings;
  #modifiedAt: number;
  /** When the queue was purged last, epoch milliseconds. */
  #purgedAt = Number.NEGATIVE_INFINITY;
  /** Rings when the next hidden message becomes visible. */
  #alarm: Alarm | undefined;
  #closed = false;
  /** Removes the queue from those that hear of a clock that is set back. */
  readonly #stopListening: (() => void) | undefined;

  constructor(options: QueueOptions) {
    const { journal, messages } = MessageJournal.open(options.file);
    this.name = options.name;
    this.arn = options.arn;
    this.createdAt = options.createdAt;
    this.#options = options;
    this.#journal = journal;
    this.#messages = messages;
    this.#settings = options.settings;
    this.#modifiedAt = options.createdAt;
    const now = options.clock.now();
    for (const message of messages.values()) {
      if (message.receiveCount > 0) messages.set(message.id, { ...message, visibleAt: now });
      // Sent while the clock was ahead: only its delay counts.
      else if (message.sentAt > now) messages.set(message.id, setBack(message, message.sentAt - now));
    }
    if (messages.size > 0) options.onStored?.();
    this.#setAlarm();
    this.#stopListening = options.clock.onSetBack?.((byMs) => {
      // Also those that were sent while it was ahead, and were visible then.
      const hidden = [...messages.values()].filter(({ visibleAt }) => visibleAt > options.clock.now());
      this.#keep(hidden.map((message) => setBack(message, byMs)));
    });
  }

  /** The settings of the template. */
  get settings(): QueueSettings {
    return this.#settings;
  }

  /** When the settings changed last since the start, or else when the queue was created, epoch milliseconds. */
  get modifiedAt(): number {
    return this.#modifiedAt;
  }

  /** Takes the settings of a new template. Messages in flight keep their timeouts. */
  configure(settings: QueueSettings): void {
    this.#settings = settings;
    this.#modifiedAt = this.#options.clock.now();
  }

  /** Sends one message. @throws AwsError for a body that SQS refuses, and for a queue that is deleted. */
  send(body: string, options: SendOptions = {}): Message {
    const { delayMs = 0, traceHeader, groupId } = options;
    if (this.#closed) throw queueDoesNotExist();
    const bytes = Buffer.byteLength(body);
    const { MaximumMessageSize } = this.#settings;
    if (body === '') throw missingParameter('MessageBody');
    if (bytes > MaximumMessageSize) throw messageTooLong(MaximumMessageSize);
    if (!ALLOWED_TEXT.test(body)) throw invalidMessageContents();
    const now = this.#options.clock.now();
    const message: Message = {
      id: randomUUID(),
      body,
      sentAt: now,
      visibleAt: now + delayMs,
      receiveCount: 0,
      ...(traceHeader === undefined ? {} : { traceHeader }),
      ...(groupId === undefined ? {} : { groupId }),
    };
    this.#keep([message]);
    return message;
  }

  /** Takes over messages that another queue gave up. They keep their time of sending and number of receives. */
  adopt(messages: readonly Message[]): void {
    const now = this.#options.clock.now();
    this.#keep(messages.map((message) => ({ ...message, visibleAt: now, movedAt: now })));
  }

  /**
   * Up to `max` visible messages, in the order in which they came here. Messages that were received too often before move
   * to the dead-letter queue. It never waits: {@link onMessage} reports new messages.
   *
   * @param visibilityMs How long the messages are hidden from now. Default: the queue's visibility timeout.
   * @throws AwsError OverLimit when too many messages are in flight.
   */
  receive(max: number, visibilityMs = this.#settings.VisibilityTimeout * 1_000): ReceivedMessage[] {
    const now = this.#options.clock.now();
    this.#giveUpSpent(now);
    const received = this.#visible(now)
      .slice(0, max)
      .map((message) => ({
        ...message,
        visibleAt: now + visibilityMs,
        receiveCount: message.receiveCount + 1,
        firstReceivedAt: message.firstReceivedAt ?? now,
        receivedAt: now,
      }));
    // AWS does not say whether SQS would hand out as many as there is room for.
    if (received.length > 0 && this.counts().inFlight + received.length > SQS_LIMITS.inFlight)
      throw overLimit();
    this.#store(received);
    // Visible again at once. The announcement comes later, or a listener that receives would recurse forever.
    if (received.length > 0 && visibilityMs === 0) this.#options.clock.after(0, () => this.#announce());
    return received.map((message) => {
      const receipt = Buffer.from(`${this.name}/${message.id}/${randomUUID()}`).toString('base64url');
      this.#receipts.set(message.id, receipt);
      return { ...message, receipt };
    });
  }

  /**
   * Deletes a received message. As with SQS's standard queues, a receipt that is not the message's newest deletes
   * nothing and is not an error, nor is a message that is already deleted.
   *
   * @throws AwsError ReceiptHandleIsInvalid when it is not a receipt of this queue.
   */
  delete(receipt: string): void {
    const id = this.#idOf(receipt);
    if (this.#receipts.get(id) === receipt) this.#remove([id]);
  }

  /**
   * Moves a received message to the dead-letter queue, or deletes it if the queue has no dead-letter queue. Lambda asks for
   * it as soon as it has received the message. A message that is deleted already stays so.
   */
  abandon(receipt: string): void {
    const message = this.#messages.get(this.#idOf(receipt));
    if (message === undefined) return;
    const target = this.#settings.RedrivePolicy?.deadLetterTargetArn;
    if (target === undefined || !this.#giveUp(target, [message])) this.#remove([message.id]);
  }

  /**
   * Hides a received message for `visibilityMs` from now; with 0 it can be received again at once. At most 12 hours after it
   * was received: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html
   *
   * @throws AwsError InvalidParameterValueException for a message that is not in flight, or a longer time; ReceiptHandleIsInvalid.
   */
  changeVisibility(receipt: string, visibilityMs: number): void {
    const message = this.#messages.get(this.#idOf(receipt));
    const now = this.#options.clock.now();
    if (
      message?.receivedAt === undefined ||
      this.#receipts.get(message.id) !== receipt ||
      message.visibleAt <= now
    )
      throw notInFlight(receipt);
    const longestSeconds = SQS_LIMITS.visibilityTimeout;
    if (now + visibilityMs - message.receivedAt > longestSeconds * 1_000)
      throw beyondReceive(visibilityMs / 1_000, longestSeconds);
    this.#keep([{ ...message, visibleAt: now + visibilityMs }]);
  }

  /** Ends the visibility timeout of every message in flight, so that it can be received again. */
  reveal(): void {
    const now = this.#options.clock.now();
    const inFlight = [...this.#messages.values()].filter(
      ({ visibleAt, receiveCount }) => visibleAt > now && receiveCount > 0,
    );
    if (inFlight.length > 0) this.#keep(inFlight.map((message) => ({ ...message, visibleAt: now })));
  }

  /**
   * Moves every visible message to another queue, as a new one. Each is written there before it is removed here: a kill in
   * between leaves it in both.
   */
  moveAll(to: Queue): void {
    for (const { id, body, traceHeader, groupId } of this.#visible(this.#options.clock.now())) {
      to.send(body, { traceHeader, groupId });
      this.#remove([id]);
    }
  }

  /** Deletes every message, in flight or not. Returns false, and deletes none, when the last purge was less than a minute ago. */
  purge(): boolean {
    const now = this.#options.clock.now();
    if (now - this.#purgedAt < SQS_LIMITS.purgeInterval * 1_000) return false;
    this.#remove([...this.#messages.keys()]);
    // A purge that fails, as on a full disk, may be tried again at once.
    this.#purgedAt = now;
    return true;
  }

  /** Number of remaining messages, whether visible, hidden or delayed: 0 when all work is done. */
  pending(): number {
    this.#expire(this.#options.clock.now());
    return this.#messages.size;
  }

  /**
   * Time at which the oldest message was sent, or moved here as a dead letter, epoch milliseconds; undefined if there
   * is none.
   */
  oldestSentAt(): number | undefined {
    const times = [...this.#messages.values()].map(({ sentAt, movedAt = sentAt }) => movedAt);
    return times.length === 0 ? undefined : times.reduce((oldest, sentAt) => Math.min(oldest, sentAt));
  }

  /** Number of messages by state. */
  counts(): { readonly visible: number; readonly inFlight: number; readonly delayed: number } {
    const now = this.#options.clock.now();
    this.#expire(now);
    let visible = 0;
    let inFlight = 0;
    let delayed = 0;
    for (const { visibleAt, receiveCount } of this.#messages.values()) {
      if (visibleAt <= now) visible += 1;
      else if (receiveCount > 0) inFlight += 1;
      else delayed += 1;
    }
    return { visible, inFlight, delayed };
  }

  /**
   * Calls `listener` whenever a message becomes visible: when it is sent, its delay ends, or its visibility timeout
   * ends; and at once if there is a visible one already. Returns a function that removes the listener.
   *
   * @param listener When a delay or a timeout has ended, a clock that is moved waits for the promise that the listener returns.
   *   Otherwise the clock could pass the next timeout while the message is being worked on.
   */
  onMessage(listener: () => unknown): () => void {
    this.#listeners.add(listener);
    if (this.#visible(this.#options.clock.now()).length > 0) listener();
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Closes the file. From then on there is nothing to receive, and what receivers of a deleted queue still do with its
   * messages has no effect.
   */
  close(): void {
    this.#closed = true;
    this.#alarm?.cancel();
    this.#stopListening?.();
    this.#listeners.clear();
    this.#journal.close();
    this.#messages.clear();
  }

  /** The messages that can be received, in the order in which they came. @param now Epoch milliseconds. */
  #visible(now: number): Message[] {
    this.#expire(now);
    return [...this.#messages.values()].filter(({ visibleAt }) => visibleAt <= now);
  }

  /** Moves visible messages that were received too often to the dead-letter queue, if there is one. */
  #giveUpSpent(now: number): void {
    const { RedrivePolicy: redrive } = this.#settings;
    if (redrive === undefined) return;
    const spent = this.#visible(now).filter(({ receiveCount }) => receiveCount >= redrive.maxReceiveCount);
    this.#giveUp(redrive.deadLetterTargetArn, spent);
  }

  /**
   * Moves messages to a dead-letter queue. They are written there before they are removed here: a kill in between leaves
   * them in both. Returns false without messages, and for a queue that does not exist; then they stay.
   */
  #giveUp(targetArn: string, spent: readonly Message[]): boolean {
    if (spent.length === 0) return false;
    const isTaken = this.#options.giveUp(
      targetArn,
      spent.map((message) => ({ ...message, deadLetterSource: this.arn })),
    );
    if (isTaken) this.#remove(spent.map(({ id }) => id));
    return isTaken;
  }

  /** Removes messages that are older than the queue's retention. */
  #expire(now: number): void {
    const oldest = now - this.#settings.MessageRetentionPeriod * 1_000;
    const expired = [...this.#messages.values()].filter(({ sentAt }) => sentAt <= oldest);
    this.#remove(expired.map(({ id }) => id));
  }

  /** Writes messages to the disk and keeps them. @throws what the disk refuses; then nothing has changed. */
  #store(messages: readonly Message[]): void {
    if (this.#closed || messages.length === 0) return;
    this.#journal.put(messages, this.#messages);
    for (const message of messages) this.#messages.set(message.id, message);
    this.#setAlarm();
    this.#options.onStored?.();
  }

  /** Stores messages, and announces those that are visible. */
  #keep(messages: readonly Message[]): void {
    this.#store(messages);
    const now = this.#options.clock.now();
    if (messages.some(({ visibleAt }) => visibleAt <= now)) void this.#announce();
  }

  /** Deletes messages by their IDs, also on the disk. */
  #remove(ids: readonly string[]): void {
    if (this.#closed) return;
    this.#journal.remove(ids, this.#messages);
    for (const id of ids) {
      this.#messages.delete(id);
      this.#receipts.delete(id);
    }
  }

  /** Calls the listeners. Resolves when all of them have worked. */
  #announce(): Promise<unknown> {
    return Promise.all([...this.#listeners].map((listener) => listener()));
  }

  /** Sets one alarm, for the next time a hidden message becomes visible. */
  #setAlarm(): void {
    this.#alarm?.cancel();
    const now = this.#options.clock.now();
    let next = Number.POSITIVE_INFINITY;
    for (const { visibleAt } of this.#messages.values())
      if (visibleAt > now) next = Math.min(next, visibleAt);
    this.#alarm = Number.isFinite(next)
      ? this.#options.clock.after(next - now, () => {
          this.#setAlarm();
          return this.#announce();
        })
      : undefined;
  }

  /** The ID of the message in a receipt. @throws AwsError ReceiptHandleIsInvalid */
  #idOf(receipt: string): string {
    const [name, id, nonce, ...surplus] = Buffer.from(receipt, 'base64url').toString('utf8').split('/');
    if (name !== this.name || id === undefined || nonce === undefined || surplus.length > 0) {
      throw receiptHandleIsInvalid(receipt);
    }
    return id;
  }
}

/** A message with all its times moved back by `byMs`. */
function setBack(message: Message, byMs: number): Message {
  return {
    ...message,
    sentAt: message.sentAt - byMs,
    visibleAt: message.visibleAt - byMs,
    ...(message.firstReceivedAt === undefined ? {} : { firstReceivedAt: message.firstReceivedAt - byMs }),
    ...(message.receivedAt === undefined ? {} : { receivedAt: message.receivedAt - byMs }),
    ...(message.movedAt === undefined ? {} : { movedAt: message.movedAt - byMs }),
  };
}
