import { SQSClient } from '@aws-sdk/client-sqs';
import { answeredBy } from './answering.ts';

/** A client of an SQS all of whose queues have so many messages. */
export function queueClient([visible, hidden]: readonly [number, number]): SQSClient {
  const Attributes = {
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(hidden),
  };
  return answeredBy(SQSClient, ({ name }) =>
    name === 'GetQueueAttributes' ? { Attributes } : { QueueUrl: 'https://queue' },
  );
}
