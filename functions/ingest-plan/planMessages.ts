import type { SQSBatchResponse } from 'aws-lambda';
import { parseJson } from '../../lib/base/json/parseJson.ts';
import { batchFailures } from '../../lib/base/queue/batchFailures.ts';
import { isRunMessage } from '../../lib/base/queue/isRunMessage.ts';
import type { QueueMessage } from '../../lib/base/queue/queueMessages.ts';
import { planRequestSchema } from '../../lib/drops/plan/messageBodies.ts';
import type { Planner } from './Planner.ts';
import { lookForLateDrops, runPlan } from './runPlan.ts';

/**
 * Works off messages of the plan's queue, which are requests, one after the other, and `{"sluice":"expected"}`, which looks
 * for overdue drops. The response names the messages to be
 * given again: of what was busy, and what is none, which so ends in the dead letters.
 */
export async function planMessages(
  planner: Planner,
  messages: readonly QueueMessage[],
): Promise<SQSBatchResponse> {
  const failures: string[] = [];
  for (const { messageId, body } of messages) {
    if (isRunMessage(body, 'expected')) {
      await lookForLateDrops(planner);
      continue;
    }
    const { data: request } = planRequestSchema.safeParse(parseJson(body));
    if (request === undefined) {
      planner.log({ level: 'error', event: 'ingest_plan', code: 'SLUICE_INGEST_MESSAGE_INVALID' });
      failures.push(messageId);
      continue;
    }
    if ((await runPlan(planner, request)).again) failures.push(messageId);
  }
  return batchFailures(failures);
}
