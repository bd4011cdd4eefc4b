import {
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { errorText } from '../base/errors.ts';
import { MAX_BATCH_MESSAGES, QueueError, SEND_RETRIES, type TaskQueue } from '../base/queue.ts';
import { eachAttempt, type RetryPorts } from '../base/retry.ts';
import { counted } from '../base/text.ts';
import { ANSWER_MS, clientLimits } from './clientLimits.ts';
import { partialAnswers } from './partialAnswers.ts';

/**
 * An SQS queue. A batch may be accepted partially. The rest is sent again.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
 */
export function taskQueue(client: SQSClient, queueUrl: string, timing: RetryPorts): TaskQueue {
  return {
    async send(bodies, DelaySeconds = 0, MessageGroupId) {
      const sent = { DelaySeconds, ...(MessageGroupId === undefined ? {} : { MessageGroupId }) };
      for (let from = 0; from < bodies.length; from += MAX_BATCH_MESSAGES) {
        let left = bodies.slice(from, from + MAX_BATCH_MESSAGES);
        for await (const _ of eachAttempt({ ...SEND_RETRIES, ...timing })) {
          left = await sendBatch(client, queueUrl, left, sent);
          if (left.length === 0) break;
        }
        if (left.length > 0)
          throw new QueueError('SLUICE_QUEUE_NOT_SENT', `${counted(left.length, 'message')}.`);
      }
    },
  };
}

/** How many messages of a queue wait, approximately. */
export async function countMessages(client: SQSClient, queueUrl: string): Promise<number> {
  const { Attributes = {} } = await client.send(
    new GetQueueAttributesCommand({
      QueueUrl: queueUrl,
      AttributeNames: ['ApproximateNumberOfMessages'],
    }),
  );
  return Number(Attributes['ApproximateNumberOfMessages'] ?? 0);
}

/** Returns the messages that were not accepted. */
async function sendBatch(
  client: SQSClient,
  QueueUrl: string,
  bodies: readonly string[],
  sent: Pick<SendMessageBatchRequestEntry, 'DelaySeconds' | 'MessageGroupId'>,
): Promise<string[]> {
  try {
    const answer = await client.send(
      new SendMessageBatchCommand({
        QueueUrl,
        Entries: bodies.map((MessageBody, i) => ({ Id: String(i), MessageBody, ...sent })),
      }),
    );
    const accepted = partialAnswers.SendMessageBatch(answer);
    return bodies.filter((_, i) => !accepted.has(String(i)));
  } catch (error) {
    throw new QueueError('SLUICE_QUEUE_NOT_SENT', `${errorText(error)}.`, { cause: error });
  }
}

let sqs: SQSClient | undefined;

/** The shared client of SQS, created on first use. */
export function sqsClient(): SQSClient {
  sqs ??= new SQSClient({
    maxAttempts: 3,
    requestHandler: clientLimits({ answerMs: ANSWER_MS.usual }),
  });
  return sqs;
}
