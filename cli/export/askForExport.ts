import { setTimeout as wait } from 'node:timers/promises';
import { GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import { taskQueue } from '../../lib/aws/taskQueue.ts';
import type { ExportRequest } from '../../lib/ingest/export/ExportRequest.ts';
import type { OpenExport } from './openExport.ts';

/** Puts a request on the export's queue, as its schedules do. */
export async function askForExport({ sqs, stack }: OpenExport, request: ExportRequest): Promise<void> {
  const { QueueUrl = '' } = await sqs.send(
    new GetQueueUrlCommand({ QueueName: `${stack.service}-${stack.stage}-export` }),
  );
  const queue = taskQueue(sqs, QueueUrl, { wait: (ms) => wait(ms), random: Math.random });
  await queue.send([JSON.stringify(request)]);
}
