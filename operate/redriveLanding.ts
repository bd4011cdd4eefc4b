import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { partName } from '../infra/template/Stack.ts';
import { countMessages } from '../lib/aws/taskQueue.ts';
import type { Deployment } from '../observe/deployment.ts';

/**
 * Sends the dead letters of the writer to its queue again: the objects of the landing that they name are tried ten times more.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
 *
 * A task that moves them already, of an attempt before or of somebody else, is as good.
 *
 * @param dryRun Only counts them.
 * @returns How many there are, about.
 * @throws What the client of SQS throws.
 */
export async function redriveLanding(
  { sqs, stack }: Pick<Deployment, 'sqs' | 'stack'>,
  dryRun: boolean,
): Promise<number> {
  const urlOf = async (part: string) => {
    const { QueueUrl = '' } = await sqs.send(new GetQueueUrlCommand({ QueueName: partName(stack, part) }));
    return QueueUrl;
  };
  const arnOf = async (QueueUrl: string) => {
    const asked = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] });
    return (await sqs.send(asked)).Attributes?.['QueueArn'] ?? '';
  };
  const [queue, deadLetters] = [await urlOf('write'), await urlOf('write-dead-letters')];
  const count = await countMessages(sqs, deadLetters);
  if (count > 0 && !dryRun) {
    const [SourceArn, DestinationArn] = [await arnOf(deadLetters), await arnOf(queue)];
    await sqs.send(new StartMessageMoveTaskCommand({ SourceArn, DestinationArn })).catch(assertMoved);
  }
  return count;
}

/** SQS has one task of a queue at a time, and says so in the message alone. @throws Any other error. */
function assertMoved(error: unknown): void {
  if (!(error instanceof Error && /already a task running/.test(error.message))) throw error;
}
