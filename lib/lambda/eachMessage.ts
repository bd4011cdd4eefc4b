import type { SQSBatchResponse } from 'aws-lambda';
import { mapLimit } from '../base/concurrency.ts';
import { failureFields } from '../base/log.ts';
import type { QueueMessage } from '../base/queue.ts';

/** Writes one line of the log. */
type Log = (fields: Record<string, unknown>) => void;

/**
 * The messages of a batch that the queue hands out again, until they are dead letters. Lambda deletes all others.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export class MessageFailures {
  readonly #ids = new Set<string>();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Adds messages that have to be delivered again. */
  add(ids: Iterable<string>): void {
    for (const id of ids) this.#ids.add(id);
  }

  /** Whether a message has to be delivered again. */
  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /**
   * Does what messages ask for, and nothing if there are no messages. If the work throws, a line says so, and the batch
   * goes on.
   *
   * @param fields Fields of that line: its event, and whatever names the work. They are read when the line is written.
   * @param work Returns whether it is done. If not, the queue hands the messages out again.
   */
  async attempt(
    ids: readonly string[],
    fields: Readonly<Record<string, unknown>>,
    work: () => Promise<boolean>,
  ): Promise<void> {
    if (ids.length === 0) return;
    try {
      if (!(await work())) this.add(ids);
    } catch (error) {
      this.#log({ level: 'error', ...fields, ...failureFields(error) });
      this.add(ids);
    }
  }

  /** The response that names these messages to the queue. */
  response(): SQSBatchResponse {
    return { batchItemFailures: [...this.#ids].map((itemIdentifier) => ({ itemIdentifier })) };
  }
}

/** The members of a message that decide what it asks for. */
type MessageBody = Pick<QueueMessage, 'messageId' | 'body'>;

/** What the messages of a function are. */
export interface MessageKind<Body> {
  /** The event of lines in the log. */
  readonly event: string;
  /**
   * The code of the line about a message that {@link read} doesn't know, which the queue hands out again until it is a
   * dead letter. Or a function that handles such a message, and returns whether that is done. Default: `read` knows all
   * messages.
   */
  readonly invalid?: `SLUICE_${string}_MESSAGE_INVALID` | ((message: MessageBody) => Promise<boolean>);
  /** Reads a body; undefined if the body is not one of this function. */
  readonly read: (body: string) => Body | undefined;
  /** More fields of the line about work that failed. Default none. */
  readonly fields?: (body: Body) => Readonly<Record<string, unknown>>;
  /** How many messages are worked off at a time. Default 1. */
  readonly atOnce?: number;
}

/**
 * Works off the messages of a batch. A message that is invalid or whose work fails is logged and handed out again; the
 * others are done all the same. No part of an invalid message is logged.
 *
 * @param work Does what a message asks for, and returns whether it is done: {@link MessageFailures.attempt}.
 * @param failures Collects the messages that are handed out again, if there is more to do for the batch.
 */
export async function eachMessage<Body, Message extends MessageBody>(
  messages: readonly Message[],
  { event, invalid, read, fields, atOnce = 1 }: MessageKind<Body>,
  log: Log,
  work: (body: Body, message: Message) => Promise<boolean>,
  failures = new MessageFailures(log),
): Promise<SQSBatchResponse> {
  const refuse = async ({ messageId }: Message): Promise<boolean> => {
    log({ level: 'error', event, code: invalid, messageId });
    return false;
  };
  await mapLimit(messages, atOnce, (message) => {
    const line: Record<string, unknown> = { event };
    return failures.attempt([message.messageId], line, async () => {
      const body = read(message.body);
      if (body === undefined) return (typeof invalid === 'function' ? invalid : refuse)(message);
      Object.assign(line, fields?.(body));
      return work(body, message);
    });
  });
  return failures.response();
}
