import type { SQSEvent } from 'aws-lambda';
import { z } from 'zod';

/** A message as the poller received it. Times are epoch milliseconds. */
export interface PolledMessage {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly md5OfBody: string;
  readonly sentAt: number;
  readonly firstReceivedAt: number;
  readonly receiveCount: number;
}

/** The event a function gets for a batch. https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html */
export function sqsEvent(messages: readonly PolledMessage[], queueArn: string): SQSEvent {
  const region = queueArn.split(':')[3] ?? '';
  return {
    Records: messages.map((message) => ({
      messageId: message.messageId,
      receiptHandle: message.receiptHandle,
      body: message.body,
      attributes: {
        ApproximateReceiveCount: String(message.receiveCount),
        SentTimestamp: String(message.sentAt),
        SenderId: '000000000000',
        ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
      },
      messageAttributes: {},
      md5OfBody: message.md5OfBody,
      eventSource: 'aws:sqs',
      eventSourceARN: queueArn,
      awsRegion: region,
    })),
  };
}

const partialResponseSchema = z
  .object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string().min(1) })).nullish() })
  .nullish();

/**
 * The messages that a partial batch response names as failed. Lambda takes a response it can't read, or one
 * that names a message not in the batch, as a failure of all.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export function failedMessages(response: string, batch: readonly PolledMessage[]): ReadonlySet<string> {
  const all = new Set(batch.map(({ messageId }) => messageId));
  const parsed = partialResponseSchema.safeParse(JSON.parse(response));
  if (!parsed.success) return all;
  const failed = (parsed.data?.batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier);
  return failed.every((id) => all.has(id)) ? new Set(failed) : all;
}
