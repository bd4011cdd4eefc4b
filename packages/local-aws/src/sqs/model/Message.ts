import { createHash } from 'node:crypto';
import { z } from 'zod';

/** A message in a queue. Times are epoch milliseconds. */
export const messageSchema = z.strictObject({
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

/** A message as whoever receives it gets it. */
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
