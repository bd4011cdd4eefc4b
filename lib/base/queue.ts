import * as z from 'zod';
import { defineErrorFamily } from './errors.ts';
import { parseJson } from './json.ts';

/** A queue that messages are put on. */
export interface TaskQueue {
  /**
   * Sends messages; resolves when every one of them is on the queue.
   *
   * @param delaySeconds How long they stay hidden. Default 0.
   * @throws QueueError `SLUICE_QUEUE_NOT_SENT`: some may have been sent, which does no harm.
   */
  send(bodies: readonly string[], delaySeconds?: number): Promise<void>;
}

/** What can go wrong when messages are put on a queue of ours. */
export const QueueError = defineErrorFamily('system', {
  SLUICE_QUEUE_NOT_SENT: {
    cause: 'Messages could not be put on their queue.',
    cure: 'In a run nothing is to be done: the next one sends them. By hand, ask again. If it persists, look at SQS and at the rights of the role.',
  },
});

/** Limits of SQS, and how often a batch is sent. */

/** Longest delay of a message, seconds. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html */
export const MAX_DELAY_SECONDS = 900;
/** Messages of one SendMessageBatch. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html */
export const MAX_BATCH_MESSAGES = 10;
/** How often a batch is sent, each time with the messages that SQS has not accepted. */
export const SEND_RETRIES = { tries: 4, baseMs: 200, capMs: 2_000 } as const;

/** Only what is read is asked for: AWS adds members to its events as it likes. */
const queueEventSchema = z.object({
  Records: z.array(
    z.object({
      eventSource: z.literal('aws:sqs'),
      messageId: z.string().min(1),
      body: z.string(),
      // Not coerced to a number: the registrar's bundle would carry zod's numbers for this alone.
      attributes: z.object({ ApproximateReceiveCount: z.string().regex(/^[1-9]\d*$/) }),
    }),
  ),
});

/** What of a queue's message is used. */
export interface QueueMessage {
  readonly messageId: string;
  readonly body: string;
  /** How often the queue has handed it out, this time included. */
  readonly receives: number;
}

/**
 * The messages that a function is invoked with by a queue of SQS; null for any other event.
 * https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
 */
export function queueMessages(event: unknown): readonly QueueMessage[] | null {
  const { data } = queueEventSchema.safeParse(event);
  if (data === undefined) return null;
  return data.Records.map(({ messageId, body, attributes }) => ({
    messageId,
    body,
    receives: Number(attributes.ApproximateReceiveCount),
  }));
}

/** What a function tells Lambda of a batch of messages. */
export interface BatchFailures {
  batchItemFailures: { itemIdentifier: string }[];
}

/**
 * The answer to a batch: these messages are to be given again, or end in the dead letters; the others are done.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export function batchFailures(messageIds: readonly string[]): BatchFailures {
  return { batchItemFailures: messageIds.map((itemIdentifier) => ({ itemIdentifier })) };
}

const runSchema = z.strictObject({ sluice: z.string() });

/**
 * Whether a message's body asks for a run, as a schedule does: `{"sluice":"daily"}`. Schedules send to the function's
 * queue, whose retries and dead letters then hold for runs, too: Scheduler's own see only whether Lambda has taken the
 * event, and of a run that fails afterwards Lambda itself would drop the third try.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
export function isRunMessage(body: string, run: string): boolean {
  if (body.length > 100) return false;
  return runSchema.safeParse(parseJson(body)).data?.sluice === run;
}

/** Only what is read is asked for: AWS adds members to its events as it likes. */
const objectCreatedSchema = z.object({
  source: z.literal('aws.s3'),
  'detail-type': z.literal('Object Created'),
  detail: z.object({
    bucket: z.object({ name: z.string().min(1) }),
    object: z.object({ key: z.string().min(1) }),
  }),
});

/** The object that a message is about. */
export interface ObjectRef {
  readonly bucket: string;
  /** As it is: in EventBridge's events, unlike S3's own, it is not URL-encoded. */
  readonly key: string;
}

/**
 * Reads the body of a queue's message: an event of S3 that EventBridge put there. What is none says what is wrong
 * with it, and nothing of its content.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
 */
export function objectCreated(body: string): ObjectRef | { readonly wrong: string } {
  const event = parseJson(body);
  if (event === undefined) return { wrong: 'It is not JSON.' };
  const result = objectCreatedSchema.safeParse(event);
  if (!result.success) {
    const wrong = result.error.issues.map(({ path }) => path.join('.') || 'the body').join(', ');
    return { wrong: `Wrong: ${wrong}.` };
  }
  const { bucket, object } = result.data.detail;
  return { bucket: bucket.name, key: object.key };
}
