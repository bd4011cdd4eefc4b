import { StartMessageMoveTaskCommand } from '@aws-sdk/client-sqs';
import { taskQueue } from '../lib/aws/taskQueue.ts';
import { BATCH_MESSAGES, objectCreatedBody } from '../lib/landing/write/lookAtLanding.ts';
import type { Deployment } from '../observe/deployment.ts';
import { readQueue } from '../observe/facts/flow/relayCopies.ts';
import { countLanding } from '../observe/facts/flow/waitingObjects.ts';

/** Milliseconds after which an object has a message of its own no more, or one that waits for its next try. */
const UNTRIED_MS = 300_000;

/** What waits for the writer. */
export interface RedrivenLanding {
  /** About how many messages wait in its queue. */
  readonly waiting: number;
  /** About how many dead letters there are, which go to its queue again. */
  readonly messages: number;
  /** Whether they are moved already, by an attempt before or by somebody else; false in a dry run. */
  readonly underWay: boolean;
  /** Number of objects that have waited for five minutes and get a message, 10,000 at most; 0 while many messages wait. */
  readonly objects: number;
}

/**
 * Sends the dead letters of the writer to its queue again: the objects of the landing that they name are tried ten times more. Then
 * it sends a message of each object that has waited for five minutes, as S3, EventBridge or somebody may have lost its own. Two of one
 * object are harmless: the second finds it written, or writes rows with the same IDs.
 * While many messages wait, objects are old for that reason, and none is sent.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
 *
 * A task that moves them already, of an attempt before or of somebody else, is as good: it is asked for without messages, too,
 * as it may have moved all that were counted.
 *
 * @param dryRun Only counts them.
 * @throws QueueError `SLUICE_QUEUE_NOT_SENT`; what the clients of S3 and SQS throw.
 */
export async function redriveLanding(deployment: Deployment, dryRun: boolean): Promise<RedrivenLanding> {
  const { sqs, now, config } = deployment;
  const queue = await readQueue(deployment, 'write');
  const { arn: SourceArn, messages } = await readQueue(deployment, 'write-dead-letters');
  const { waiting } = await countLanding(deployment);
  const isBusy = queue.messages >= BATCH_MESSAGES;
  const untried = isBusy ? [] : waiting.filter(({ modifiedAt }) => now - modifiedAt >= UNTRIED_MS);
  const found = { waiting: queue.messages, messages, underWay: false, objects: untried.length };
  if (dryRun) return found;
  const asked = new StartMessageMoveTaskCommand({ SourceArn, DestinationArn: queue.arn });
  const underWay = await sqs.send(asked).then(() => false, isMoved);
  const bodies = untried.map(({ key }) => objectCreatedBody(config.bucket, key));
  await taskQueue(sqs, queue.QueueUrl ?? '', deployment).send(bodies);
  return { ...found, underWay };
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
