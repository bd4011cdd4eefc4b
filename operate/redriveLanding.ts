import { StartMessageMoveTaskCommand } from '@aws-sdk/client-sqs';
import { taskQueue } from '../lib/aws/taskQueue.ts';
import { BATCH_MESSAGES, objectCreatedBody } from '../lib/landing/write/lookAtLanding.ts';
import type { Deployment } from '../observe/deployment.ts';
import { countLanding } from '../observe/facts/flow/waitingObjects.ts';
import { readQueue } from '../observe/readQueue.ts';

/**
 * Milliseconds after which an object should have been written. After that it either has no message, or one that waits
 * for its next try.
 */
const UNTRIED_MS = 300_000;

/** The objects and messages that wait for the writer. */
export interface RedrivenLanding {
  /** About how many messages wait in the writer's queue. */
  readonly waiting: number;
  /** About how many dead letters there are, which are sent to the writer's queue again. */
  readonly messages: number;
  /** Whether an earlier attempt or somebody else is moving the dead letters already; false in a dry run. */
  readonly underWay: boolean;
  /**
   * Number of objects that have waited for five minutes and get a message: at most 10,000, and 0 while many messages
   * wait.
   */
  readonly objects: number;
}

/**
 * Sends the dead letters of the writer to its queue again, so that the objects that they name are tried ten times more.
 * Then it sends a message for each object that has waited for five minutes, because S3, EventBridge or somebody may
 * have lost the object's own message. Two messages of one object are harmless: the second finds the object written, or
 * writes rows with the same IDs. While many messages wait, objects are old for that reason, and no message is sent for
 * them.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
 *
 * A task that an earlier attempt or somebody else has started moves the dead letters just as well. This asks for a task
 * even when it counts no dead letters, because such a task may have moved all of them.
 *
 * @param dryRun Whether objects and messages are only counted.
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
  const command = new StartMessageMoveTaskCommand({ SourceArn, DestinationArn: queue.arn });
  const underWay = await sqs.send(command).then(() => false, requireUnderWay);
  const bodies = untried.map(({ key }) => objectCreatedBody(config.bucket, key));
  await taskQueue(sqs, queue.QueueUrl ?? '', deployment).send(bodies);
  return { ...found, underWay };
}

/**
 * Requires that an error says that messages of the queue are being moved. SQS runs one task of a queue at a time, and only
 * the text of its error says so: https://github.com/floci-io/floci/pull/910
 *
 * @throws Any other error.
 */
function requireUnderWay(error: unknown): true {
  if (!(error instanceof Error && /already a task running/.test(error.message))) throw error;
  return true;
}
