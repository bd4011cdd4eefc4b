import { GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import { partName } from '../infra/template/Stack.ts';
import { taskQueue } from '../lib/aws/taskQueue.ts';
import type { RetryPorts } from '../lib/base/retry.ts';
import type { CurateRequestBody } from '../lib/curate/messageBodies.ts';
import type { PlanRequestInput } from '../lib/drops/plan/messageBodies.ts';
import type { ExportRequest } from '../lib/export/messageBodies.ts';
import type { Deployment } from '../observe/deployment.ts';

/** What of a deployment a request needs. */
export type Requested = Pick<Deployment, 'sqs' | 'config' | 'now' | 'stack' | keyof RetryPorts>;

/** The parts that have a queue, with the requests that they take. */
interface Requests {
  /** Plans days of datasets, which loads them. */
  readonly 'ingest-plan': PlanRequestInput;
  /** Exports days of a table. */
  readonly export: ExportRequest;
  /** Curates days of a table. */
  readonly 'curate-plan': CurateRequestBody;
}

/** Sends requests to the queue of a part of the stack, as its schedules do. @throws What the client of SQS throws. */
export async function sendRequests<Part extends keyof Requests>(
  { sqs, stack, wait, random }: Pick<Deployment, 'sqs' | 'stack' | 'wait' | 'random'>,
  part: Part,
  requests: readonly Requests[Part][],
): Promise<void> {
  const { QueueUrl = '' } = await sqs.send(new GetQueueUrlCommand({ QueueName: partName(stack, part) }));
  await taskQueue(sqs, QueueUrl, { wait, random }).send(requests.map((request) => JSON.stringify(request)));
}
