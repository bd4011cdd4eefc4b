import { setTimeout as wait } from 'node:timers/promises';
import { GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import { partName } from '../../infra/Stack.ts';
import { taskQueue } from '../../lib/aws/taskQueue.ts';
import type { PlanRequestInput } from '../../lib/drops/plan/messageBodies.ts';
import type { ExportRequest } from '../../lib/export/messageBodies.ts';
import type { OpenDeployment } from './openDeployment.ts';

/** Parts with a queue, and what it takes. */
interface Requests {
  readonly 'ingest-plan': PlanRequestInput;
  readonly export: ExportRequest;
}

/** Puts requests on the queue of a part of the stack, as its schedules do. */
export async function askPart<Part extends keyof Requests>(
  { sqs, stack }: Pick<OpenDeployment, 'sqs' | 'stack'>,
  part: Part,
  requests: readonly Requests[Part][],
): Promise<void> {
  const { QueueUrl = '' } = await sqs.send(new GetQueueUrlCommand({ QueueName: partName(stack, part) }));
  const queue = taskQueue(sqs, QueueUrl, { wait: (ms) => wait(ms), random: Math.random });
  await queue.send(requests.map((request) => JSON.stringify(request)));
}
