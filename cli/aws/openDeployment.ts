import { setTimeout as wait } from 'node:timers/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import { GetQueueUrlCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { partName } from '../../infra/template/Stack.ts';
import { taskQueue } from '../../lib/aws/taskQueue.ts';
import type { PlanRequestInput } from '../../lib/drops/plan/messageBodies.ts';
import type { ExportRequest } from '../../lib/export/messageBodies.ts';
import type { Config } from '../../lib/schema/config.ts';
import type { CommandLine } from '../terminal/commandLine.ts';
import { type AwsPlace, deploymentPlace, readClock } from './deploymentPlace.ts';
import { explainAwsError } from './explainAwsError.ts';

/** A deployment that a command works on. */
export interface OpenDeployment {
  readonly config: Config;
  readonly stack: { readonly service: string; readonly stage: string };
  readonly place: AwsPlace;
  /** The time of the deployment, epoch milliseconds. */
  readonly now: number;
  /** For the deployment's own bucket. */
  readonly s3: S3Client;
  readonly sqs: SQSClient;
}

/**
 * Opens the deployment of a command line, and closes it after the work.
 *
 * @param refused Makes the command's own error of one that AWS returned.
 * @throws AwsAccessError; ConfigError; what `work` throws, and `refused` makes.
 */
export async function openDeployment<Result>(
  line: CommandLine,
  refused: (detail: string, error: unknown) => Error,
  work: (open: OpenDeployment) => Promise<Result>,
): Promise<Result> {
  const [{ S3Client }, { SQSClient }] = await Promise.all([
    import('@aws-sdk/client-s3'),
    import('@aws-sdk/client-sqs'),
  ]);
  const { config, stack, place, local } = await deploymentPlace(line);
  const s3 = new S3Client(place);
  const sqs = new SQSClient(place);
  try {
    return await work({ config, stack, place, now: await readClock({ local, place }), s3, sqs });
  } catch (error) {
    const problem =
      explainAwsError(error) ?? (error instanceof Error ? explainAwsError(error.cause) : undefined);
    if (problem === undefined) throw error;
    throw problem.kind === 'unasked' ? problem.error : refused(problem.detail, error);
  } finally {
    s3.destroy();
    sqs.destroy();
  }
}

/** Parts with a queue, and the requests that it takes. */
interface Requests {
  readonly 'ingest-plan': PlanRequestInput;
  readonly export: ExportRequest;
}

/** Sends requests to the queue of a part of the stack, as its schedules do. */
export async function enqueueRequests<Part extends keyof Requests>(
  { sqs, stack }: Pick<OpenDeployment, 'sqs' | 'stack'>,
  part: Part,
  requests: readonly Requests[Part][],
): Promise<void> {
  const { QueueUrl = '' } = await sqs.send(new GetQueueUrlCommand({ QueueName: partName(stack, part) }));
  const queue = taskQueue(sqs, QueueUrl, { wait: (ms) => wait(ms), random: Math.random });
  await queue.send(requests.map((request) => JSON.stringify(request)));
}
