import * as z from 'zod';
import { defineErrorFamily } from './errors.ts';
import { parseJson } from './json.ts';

/** A queue to which messages are sent. */
export interface TaskQueue {
  /**
   * Sends messages; resolves when every one of them is on the queue.
   *
   * @param delaySeconds How long they stay hidden. Default 0.
   * @param group Whose messages these are: while one group takes most of the queue's receivers, SQS hands out messages
   * of others first.
   *   https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html Default none.
   * @throws QueueError `SLUICE_QUEUE_NOT_SENT`: some may have been sent, which does no harm.
   */
  send(bodies: readonly string[], delaySeconds?: number, group?: string): Promise<void>;
}

/** Errors when messages are sent to one of our queues. */
export const QueueError = defineErrorFamily('system', {
  SLUICE_QUEUE_NOT_SENT: {
    cause: 'Messages could not be sent to their queue.',
    cure: 'A scheduled run needs nothing: the next run sends the messages. If you ran a command, repeat it. If the error persists, check SQS and the permissions of the role.',
  },
});

/** Days that one request on a queue may name: more than a year. */
export const MAX_REQUEST_DAYS = 400;
/**
 * Longest delay of a message, seconds.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
export const MAX_DELAY_SECONDS = 900;
/**
 * Messages of one SendMessageBatch.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
 */
export const MAX_BATCH_MESSAGES = 10;
/** How often a batch is sent, each time with the messages that SQS has not accepted. */
export const SEND_RETRIES = { tries: 4, baseMs: 200, capMs: 2_000 } as const;

/** Only members that are read are required: AWS may add members to its events. */
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

/** The members of an SQS message that are used. */
export interface QueueMessage {
  /** SQS's ID of the message, by which a failed one is named. */
  readonly messageId: string;
  /** Its text as it was sent. */
  readonly body: string;
  /** How often SQS has delivered it, including this time. */
  readonly receives: number;
}

/**
 * The messages of an SQS event; null for any other event.
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

const runSchema = z.strictObject({ sluice: z.string() });
/** Characters of a run's body at most. Other bodies may be a megabyte, and are not parsed for this. */
const RUN_LENGTH = 100;

/**
 * Whether a message's body asks for a run, as a schedule does: `{"sluice":"daily"}`. Schedules send to the function's
 * queue, whose retries and dead letters then hold for runs, too: Scheduler's own see only whether Lambda has taken the
 * event, and of a run that fails afterwards Lambda itself would drop the third try.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
export function isRunMessage(body: string, run: string): boolean {
  if (body.length > RUN_LENGTH) return false;
  return runSchema.safeParse(parseJson(body)).data?.sluice === run;
}

/** Only members that are read are required: AWS may add members to its events. */
const objectCreatedSchema = z.object({
  source: z.literal('aws.s3'),
  'detail-type': z.literal('Object Created'),
  time: z.string().optional(),
  detail: z.object({
    bucket: z.object({ name: z.string().min(1) }),
    object: z.object({ key: z.string().min(1) }),
  }),
});

/** The object that a message is about. */
export interface ObjectRef {
  /** The name of the object's bucket. */
  readonly bucket: string;
  /** Not URL-encoded, unlike in S3's own events. */
  readonly key: string;
  /** When it was created, ISO 8601; empty if the message does not say. */
  readonly time: string;
}

/**
 * Reads the body of a message: an S3 event that EventBridge sent. For an invalid body the result says what is wrong,
 * without its content.
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
  const { time = '', detail } = result.data;
  return { bucket: detail.bucket.name, key: detail.object.key, time };
}
