import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { LineJournal } from '../disk/LineJournal.ts';

/** A message as it is stored. Times are epoch milliseconds. */
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
  /** Trace header of the request that sent the message, which a function's SDK adds: lambda/recursion.ts. */
  traceHeader: z.string().optional(),
  /** The `MessageGroupId` that its sender stated: the tenant of a fair queue. */
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

/** The attributes of a message that SQS sets: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html */
interface SystemAttributes {
  /** ID of who sent the message. */
  readonly SenderId: string;
  /** When it was sent, epoch milliseconds in digits. */
  readonly SentTimestamp: string;
  /** How often it was received, this time included. */
  readonly ApproximateReceiveCount: string;
  /** When it was first received, epoch milliseconds in digits. */
  readonly ApproximateFirstReceiveTimestamp: string;
  /** The X-Ray header that it was sent with; absent without one. */
  readonly AWSTraceHeader?: string;
  /** The group that it was sent with; absent without one. */
  readonly MessageGroupId?: string;
  /** ARN of the queue that it came from; absent for a message that was not moved. */
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

/** The number of lines above which the journal may be rewritten. */
const REWRITE_LINES = 1_000;
/** The number of lines for each remaining message above which the journal is rewritten. */
const REWRITE_RATIO = 4;

/** A line of the journal: messages that are new or changed, or IDs of messages that are removed. */
const lineSchema = z.union([
  z.strictObject({ put: z.array(messageSchema) }),
  z.strictObject({ gone: z.array(z.string()) }),
]);

/** A line of the journal. */
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

  /** Records new and changed messages. @param before The messages of the queue before this change. */
  put(messages: readonly Message[], before: ReadonlyMap<string, Message>): void {
    if (messages.length > 0) this.#append({ put: messages.map((message) => ({ ...message })) }, before);
  }

  /** Records that messages were removed. @param before The messages of the queue before this change. */
  remove(ids: readonly string[], before: ReadonlyMap<string, Message>): void {
    if (ids.length > 0) this.#append({ gone: [...ids] }, before);
  }

  /** Closes the file. */
  close(): void {
    this.#journal.close();
  }

  /** Writes a line, and rewrites the journal if it is far larger than what remains. */
  #append(line: Line, before: ReadonlyMap<string, Message>): void {
    this.#journal.append(line);
    const { lines } = this.#journal;
    if (lines <= REWRITE_LINES || lines <= REWRITE_RATIO * before.size) return;
    const messages = new Map(before);
    apply(messages, line);
    this.#journal.compact(linesOf(messages));
  }
}

/** The lines of a journal that has these messages and nothing else. */
function linesOf(messages: ReadonlyMap<string, Message>): Line[] {
  return [...messages.values()].map((message) => ({ put: [message] }));
}

/** Applies a line to the messages of a queue. */
function apply(messages: Map<string, Message>, line: Line): void {
  if ('put' in line) for (const message of line.put) messages.set(message.id, message);
  else for (const id of line.gone) messages.delete(id);
}
