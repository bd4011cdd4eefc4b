import { SQSClient } from '@aws-sdk/client-sqs';
import { answeredBy, named } from './answering.ts';

/** Messages of a queue: those that can be received, and those that somebody works on. */
type QueueCounts = readonly [visible: number, hidden: number];

/**
 * A client of an SQS whose queues have so many messages.
 *
 * @param others Queues that differ, by the end of their name; null: there is no such queue.
 */
export function queueClient(
  usual: QueueCounts,
  others: Readonly<Record<string, QueueCounts | null>> = {},
): SQSClient {
  const countsOf = (queue: string) =>
    Object.entries(others).find(([ending]) => queue.endsWith(`-${ending}`))?.[1];
  return answeredBy(SQSClient, ({ name, input }) => {
    const queue = String(input['QueueUrl'] ?? input['QueueName']);
    const other = countsOf(queue);
    if (other === null) throw named('QueueDoesNotExist');
    const [visible, hidden] = other ?? usual;
    const Attributes = {
      ApproximateNumberOfMessages: String(visible),
      ApproximateNumberOfMessagesNotVisible: String(hidden),
    };
    return name === 'GetQueueAttributes' ? { Attributes } : { QueueUrl: `https://queue/${queue}` };
  });
}
