import * as z from 'zod';

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
