import { type FunctionPart, workingParts } from '../../../../infra/template/functionWork.ts';
import { partName } from '../../../../infra/template/Stack.ts';
import { unusedFunctions } from '../../../../infra/template/unusedFunctions.ts';
import type { Deployment } from '../../../deployment.ts';
import { ifThere } from '../../../ifThere.ts';
import { readQueue } from '../../../readQueue.ts';
import { readOldest } from './oldestMessages.ts';

/** Messages that a function failed with on every try, or that could not be sent to its queue. */
export interface DeadLetters {
  /** The function. Its log and its queue have the name too. */
  readonly part: FunctionPart;
  /** Name of the queue. */
  readonly queue: string;
  /** ARN of the queue. */
  readonly arn: string;
  /** About how many messages it has, hidden ones too. */
  readonly messages: number;
  /** Time at which the oldest message became a dead letter, ISO 8601; null if SQS does not say it. */
  readonly since: string | null;
}

/**
 * The dead-letter queues of the configuration that are not empty.
 *
 * @throws MetricsError `SLUICE_OBSERVE_METRICS_INCOMPLETE`; what the clients of SQS and CloudWatch throw.
 */
export async function readDeadLetters(
  deployment: Pick<Deployment, 'sqs' | 'cloudwatch' | 'stack' | 'config' | 'now'>,
): Promise<readonly DeadLetters[]> {
  const { stack, config } = deployment;
  const unused = unusedFunctions(config);
  const reads = workingParts
    .filter((part) => !unused.includes(part))
    .map(async (part) => {
      const name = `${part}-dead-letters`;
      // A queue that is configured may not be deployed yet.
      const queue = await ifThere(readQueue(deployment, name));
      return queue === undefined || queue.messages === 0
        ? []
        : { part, queue: partName(stack, name), ...queue };
    });
  const queues = (await Promise.all(reads)).flat();
  // For a dead-letter queue, the age is the time since a message was moved there.
  const oldest = await readOldest(
    deployment,
    queues.map(({ queue }) => queue),
  );
  return queues.map(({ part, queue, arn, messages }) => {
    return { part, queue, arn, messages, since: oldest.get(queue) ?? null };
  });
}
