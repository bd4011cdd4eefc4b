import type { SQSBatchResponse } from 'aws-lambda';
import * as z from 'zod';
import { parseJson } from '../../lib/base/json/parseJson.ts';
import { batchFailures } from '../../lib/base/queue/batchFailures.ts';
import type { QueueMessage } from '../../lib/base/queue/queueMessages.ts';
import { exportRequestSchema, exportTaskSchema } from '../../lib/export/messageBodies.ts';
import type { Exporter } from './Exporter.ts';
import { runRequest } from './runRequest.ts';
import { runTask } from './runTask.ts';

const messageSchema = z.discriminatedUnion('sluice', [exportRequestSchema, exportTaskSchema]);

/**
 * Works off messages of the export's queue, requests and tasks, one after the other. The response names the messages to be
 * given again: of what was busy or away, and what is none, which so ends in the dead letters.
 */
export async function exportMessages(
  exporter: Exporter,
  messages: readonly QueueMessage[],
): Promise<SQSBatchResponse> {
  const failures: string[] = [];
  for (const { messageId, body } of messages) {
    const { data: message } = messageSchema.safeParse(parseJson(body));
    if (message === undefined) {
      exporter.log({ level: 'error', event: 'export', code: 'SLUICE_EXPORT_MESSAGE_INVALID' });
      failures.push(messageId);
    } else if (message.sluice === 'export') {
      if ((await runRequest(exporter, message)).again) failures.push(messageId);
    } else if (await runTask(exporter, message)) {
      failures.push(messageId);
    }
  }
  return batchFailures(failures);
}
