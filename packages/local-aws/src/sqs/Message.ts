import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { LineJournal } from '../disk/LineJournal.ts';

/** A message in a queue. Times are epoch milliseconds. */
const messageSchema = z.strictObject({
  id: z.string(),
  body: z.string(),
  /** Time at which the message was first sent. Moving it to a dead-letter queue doesn't change it. */
  sentAt: z.number(),
  /** Time from which the message can be received. */
  visibleAt: z.number(),
  receiveCount: z.number(),
  firstReceivedAt: z.number().optional(),
  /** Time at which the message was last received. */
  receivedAt: z.number().optional(),
  /** Trace header of the request that sent it, which a function's SDK adds: packages/local-aws/src/sqs/recursion.ts. */
  traceHeader: z.string().optional(),
  /** Its tenant, as its sender states it. */
  groupId: z.string().optional(),
  /** Time at which the message was moved to this dead-letter queue. */
  movedAt: z.number().optional(),
  /** ARN of the queue that moved it to this dead-letter queue. */
  deadLetterSource: z.string().optional(),
});

/** A message as it is stored, until it is deleted. */
export type Message = Readonly<z.output<typeof messageSchema>>;

/** A message as returned to its receiver. */
export interface ReceivedMessage extends Message {
  /** Identifies the message for deletion and visibility changes. Every receive has a new one. */
  readonly receipt: string;
}

/** Hex MD5 of a body, which SQS returns for clients to check. */
export function bodyMd5(body: string): string {
  return createHash('md5').update(body).digest('hex');
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html */
export interface SystemAttributes {
  readonly SenderId: string;
  readonly SentTimestamp: string;
  readonly ApproximateReceiveCount: string;
  readonly ApproximateFirstReceiveTimestamp: string;
  readonly AWSTraceHeader?: string;
  readonly MessageGroupId?: string;
  readonly DeadLetterQueueSourceArn?: string;
}

/** The system attributes of a received message, all as text, as in SQS and in Lambda's SQS events. */
export function systemAttributes(message: Message, senderId: string): SystemAttributes {
  return {
    SenderId: senderId,
    SentTimestamp: String(message.sentAt),
    ApproximateReceiveCount: String(message.receiveCount),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt ?? message.sentAt),
    ...(message.traceHeader === undefined ? {} : { AWSTraceHeader: message.traceHeader }),
    ...(message.groupId === undefined ? {} : { MessageGroupId: message.groupId }),
    ...(message.deadLetterSource === undefined ? {} : { DeadLetterQueueSourceArn: message.deadLetterSource }),
  };
}

/** Minimum number of lines for a rewrite, and minimum number for each remaining message. */
const REWRITE_LINES = 1_000;
const REWRITE_RATIO = 4;

const lineSchema = z.union([
  z.strictObject({ put: z.array(messageSchema) }),
  z.strictObject({ gone: z.array(z.string()) }),
]);

type Line = z.output<typeof lineSchema>;

/**
 * The content of a queue on disk: a journal of changes, compacted when it is opened and when it is far larger than what
 * remains. A line is written before the change is answered, so a killed process loses nothing that it has
 * acknowledged.
 */
export class MessageJournal {
  readonly #journal: LineJournal<Line>;

  private constructor(journal: LineJournal<Line>) {
    this.#journal = journal;
  }

  /**
   * Opens or creates the journal and returns its messages in the order in which they were sent.
   *
   * @throws DiskError DISK_DAMAGED
   */
  static open(file: string): { readonly journal: MessageJournal; readonly messages: Map<string, Message> } {
    mkdirSync(dirname(file), { recursive: true });
    const messages = new Map<string, Message>();
    if (!existsSync(file)) return { journal: new MessageJournal(LineJournal.create(file, [])), messages };
    const { journal, lines } = LineJournal.open(file, (value) => lineSchema.parse(value));
    for (const line of lines) apply(messages, line);
    if (lines.length > messages.size) journal.compact(linesOf(messages));
    return { journal: new MessageJournal(journal), messages };
  }

  /** Records new and changed messages. */
  put(messages: readonly Message[], left: ReadonlyMap<string, Message>): void {
    if (messages.length > 0) this.#append({ put: messages.map((message) => ({ ...message })) }, left);
  }

  /** Records that messages were removed. */
  remove(ids: readonly string[], left: ReadonlyMap<string, Message>): void {
    if (ids.length > 0) this.#append({ gone: [...ids] }, left);
  }

  close(): void {
    this.#journal.close();
  }

  #append(line: Line, left: ReadonlyMap<string, Message>): void {
    this.#journal.append(line);
    const { lines } = this.#journal;
    if (lines <= REWRITE_LINES || lines <= REWRITE_RATIO * left.size) return;
    // `left` is the queue before this change; the change is applied so that the rewritten file includes it.
    const messages = new Map(left);
    apply(messages, line);
    this.#journal.compact(linesOf(messages));
  }
}

function linesOf(messages: ReadonlyMap<string, Message>): Line[] {
  return [...messages.values()].map((message) => ({ put: [message] }));
}

function apply(messages: Map<string, Message>, line: Line): void {
  if ('put' in line) for (const message of line.put) messages.set(message.id, message);
  else for (const id of line.gone) messages.delete(id);
}
