import { GetQueueAttributesCommand, GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import { partName } from '../infra/template/Stack.ts';
import type { Deployment } from './deployment.ts';

/** A queue of the stack. */
export interface Queue {
  /** Address of the queue, as SQS's client takes it. */
  readonly QueueUrl: string | undefined;
  /** ARN of the queue. */
  readonly arn: string;
  /** About how many messages it has, hidden ones too. */
  readonly messages: number;
  /** About how many of these are hidden, as a run has received them. */
  readonly hidden: number;
}

/**
 * Reads a queue of the stack.
 *
 * @param part Its name without the stack's: `relay-dead-letters`.
 * @throws What SQS's client throws, as QueueDoesNotExist.
 */
export async function readQueue(
  { stack, sqs }: Pick<Deployment, 'stack' | 'sqs'>,
  part: string,
): Promise<Queue> {
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: partName(stack, part) }));
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl,
      AttributeNames: ['QueueArn', 'ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  const {
    QueueArn: arn = '',
    ApproximateNumberOfMessages: visible,
    ApproximateNumberOfMessagesNotVisible: notVisible,
  } = Attributes;
  const hidden = Number(notVisible ?? 0);
  return { QueueUrl, arn, messages: Number(visible ?? 0) + hidden, hidden };
}
