import { StartMessageMoveTaskCommand } from '@aws-sdk/client-sqs';
import type { Deployment } from '../observe/deployment.ts';
import { readQueue } from '../observe/facts/flow/relayCopies.ts';

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
  const queue = await readQueue({ sqs, stack }, 'write');
  const { arn: SourceArn, messages: count } = await readQueue({ sqs, stack }, 'write-dead-letters');
  if (count > 0 && !dryRun) {
    const asked = new StartMessageMoveTaskCommand({ SourceArn, DestinationArn: queue.arn });
    await sqs.send(asked).catch(assertMoved);
  }
  return count;
}

/** SQS has one task of a queue at a time, and says so in the message alone. @throws Any other error. */
function assertMoved(error: unknown): void {
  if (!(error instanceof Error && /already a task running/.test(error.message))) throw error;
}
