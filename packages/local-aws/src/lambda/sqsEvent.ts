import type { SQSEvent } from 'aws-lambda';
import { z } from 'zod';
import { bodyMd5, type ReceivedMessage, systemAttributes } from '../sqs/model/Message.ts';

/** The event a function gets for a batch. https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html */
export function sqsEvent(batch: readonly ReceivedMessage[], queueArn: string): SQSEvent {
  const [, , , region = '', account = ''] = queueArn.split(':');
  return {
    Records: batch.map((message) => ({
      messageId: message.id,
      receiptHandle: message.receipt,
      body: message.body,
      attributes: systemAttributes(message, account),
      messageAttributes: {},
      md5OfBody: bodyMd5(message.body),
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
 * Ids of the messages that a partial batch response names as failed. Lambda takes a response it can't read, or
 * one that names a message not in the batch, as a failure of all.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export function failedMessages(response: string, batch: readonly ReceivedMessage[]): ReadonlySet<string> {
  const all = new Set(batch.map(({ id }) => id));
  const parsed = partialResponseSchema.safeParse(JSON.parse(response));
  if (!parsed.success) return all;
  const failed = (parsed.data?.batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier);
  return failed.every((id) => all.has(id)) ? new Set(failed) : all;
}
