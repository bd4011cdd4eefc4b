import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { LineJournal } from '../disk/LineJournal.ts';

/** A message in a queue. Times are epoch milliseconds. */
const messageSchema = z.strictObject({
  id: z.string(),
  body: z.string(),
  /** When it was first sent: moving to a dead-letter queue doesn't change it. */
  sentAt: z.number(),
  /** From when on it may be received. */
  visibleAt: z.number(),
  receiveCount: z.number(),
  firstReceivedAt: z.number().optional(),
  /** Header of the request that sent it, as a function's SDK adds it: packages/local-aws/src/sqs/recursion.ts. */
  traceHeader: z.string().optional(),
  /** ARN of the queue that gave it up. */
  deadLetterSource: z.string().optional(),
});

/** A message as it is kept, from sent to deleted. */
export type Message = Readonly<z.output<typeof messageSchema>>;

/** A message as its receiver gets it. */
export interface ReceivedMessage extends Message {
  /** Deletes it, or changes its visibility; another one with every receive. */
  readonly receipt: string;
}

/** Hex MD5 of a body, as SQS gives it for clients to check. */
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
  readonly DeadLetterQueueSourceArn?: string;
}

/** The system attributes of a received message, all of them text, as SQS and Lambda's SQS events have them. */
export function systemAttributes(message: Message, senderId: string): SystemAttributes {
  return {
    SenderId: senderId,
    SentTimestamp: String(message.sentAt),
    ApproximateReceiveCount: String(message.receiveCount),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt ?? message.sentAt),
    ...(message.traceHeader === undefined ? {} : { AWSTraceHeader: message.traceHeader }),
    ...(message.deadLetterSource === undefined ? {} : { DeadLetterQueueSourceArn: message.deadLetterSource }),
  };
}

/** Lines before a rewrite is worth it, and how many for each message that is left. */
const REWRITE_LINES = 1_000;
const REWRITE_RATIO = 4;

const lineSchema = z.union([
  z.strictObject({ put: z.array(messageSchema) }),
  z.strictObject({ gone: z.array(z.string()) }),
]);

type Line = z.output<typeof lineSchema>;

/**
 * What a queue holds, on disk: a journal of changes, compacted when it is opened and when it has grown far beyond what
 * is left. A line is written before the change is answered, so a process that is killed loses nothing it has
 * acknowledged.
 */
export class MessageJournal {
  readonly #journal: LineJournal<Line>;

  private constructor(journal: LineJournal<Line>) {
    this.#journal = journal;
  }

  /**
   * Opens the journal, or starts it, and answers what it holds, in the order in which it was sent.
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

  /** Writes down messages that are new or changed. */
  put(messages: readonly Message[], left: ReadonlyMap<string, Message>): void {
    if (messages.length > 0) this.#append({ put: messages.map((message) => ({ ...message })) }, left);
  }

  /** Writes down that messages are gone. */
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
    // `left` is the queue before this change; it is applied so that the rewritten file has it.
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
