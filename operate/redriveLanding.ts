import { StartMessageMoveTaskCommand } from '@aws-sdk/client-sqs';
import type { Deployment } from '../observe/deployment.ts';
import { readQueue } from '../observe/facts/flow/relayCopies.ts';

/**
 * Sends the dead letters of the writer to its queue again: the objects of the landing that they name are tried ten times more.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
 *
 * A task that moves them already, of an attempt before or of somebody else, is as good: it is asked for without messages, too,
 * as it may have moved all that were counted.
 *
 * @param dryRun Only counts them.
 * @returns How many messages there are, about, and whether such a task is under way.
 * @throws What the client of SQS throws.
 */
export async function redriveLanding(
  { sqs, stack }: Pick<Deployment, 'sqs' | 'stack'>,
  dryRun: boolean,
): Promise<{ readonly messages: number; readonly underWay: boolean }> {
  const queue = await readQueue({ sqs, stack }, 'write');
  const { arn: SourceArn, messages } = await readQueue({ sqs, stack }, 'write-dead-letters');
  if (dryRun) return { messages, underWay: false };
  const asked = new StartMessageMoveTaskCommand({ SourceArn, DestinationArn: queue.arn });
  const underWay = await sqs.send(asked).then(() => false, isMoved);
  return { messages, underWay };
}

/**
 * SQS has one task of a queue at a time, and says so in the message alone: https://github.com/floci-io/floci/pull/910
 *
 * @throws Any other error.
 */
function isMoved(error: unknown): true {
  if (!(error instanceof Error && /already a task running/.test(error.message))) throw error;
  return true;
}
