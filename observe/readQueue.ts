import { GetQueueAttributesCommand, GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import { partName } from '../infra/template/Stack.ts';
import type { Deployment, Queue } from './deployment.ts';

/** The attributes that are asked for. */
export const ATTRIBUTES = [
  'QueueArn',
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'KmsMasterKeyId',
  'MessageRetentionPeriod',
  'VisibilityTimeout',
  'RedrivePolicy',
  'LastModifiedTimestamp',
] as const;

/**
 * Reads a queue of the stack.
 *
 * @param part Its name without the stack's: `relay-dead-letters`.
 * @throws What SQS's client throws, as QueueDoesNotExist.
 */
export async function readQueue(
  { stack, sqs, onQueue }: Pick<Deployment, 'stack' | 'sqs' | 'onQueue'>,
  part: string,
): Promise<Queue> {
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: partName(stack, part) }));
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...ATTRIBUTES] }),
  );
  const {
    QueueArn: arn = '',
    ApproximateNumberOfMessages: visible,
    ApproximateNumberOfMessagesNotVisible: notVisible,
  } = Attributes;
  const hidden = Number(notVisible ?? 0);
  const queue = { QueueUrl, arn, messages: Number(visible ?? 0) + hidden, hidden, attributes: Attributes };
  onQueue?.(part, queue);
  return queue;
}
