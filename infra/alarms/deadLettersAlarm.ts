import { getAtt } from '../template/intrinsics.ts';
import type { Resource } from '../template/Resource.ts';
import type { Stack } from '../template/Stack.ts';
import { alarm } from './alarm.ts';

/**
 * On messages and runs that a function could not work off: `<service>-<stage>-<worker>-dead-letters`.
 *
 * @param queue Logical ID of the dead-letter queue.
 * @param page Where it is said what to do: `docs/redrive.md, "Alarms"`.
 */
export function deadLettersAlarm(stack: Stack, worker: string, queue: string, page: string): Resource {
  return alarm(stack, `${worker}-dead-letters`, {
    description: `Messages or runs of ${worker} were set aside: see ${page}`,
    namespace: 'AWS/SQS',
    metric: 'ApproximateNumberOfMessagesVisible',
    statistic: 'Maximum',
    dimensions: { QueueName: getAtt(queue, 'QueueName') },
  });
}
