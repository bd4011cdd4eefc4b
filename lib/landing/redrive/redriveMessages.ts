import type { SQSBatchResponse } from 'aws-lambda';
import { batchFailures } from '../../queue/batchFailures.ts';
import { isRunMessage } from '../../queue/isRunMessage.ts';
import { objectCreated } from '../../queue/objectCreated.ts';
import type { QueueMessage } from '../../queue/queueMessages.ts';
import type { Redriver } from './Redriver.ts';
import { redriveObject } from './redriveObject.ts';
import { redriveStragglers } from './redriveStragglers.ts';
import { Tally } from './Tally.ts';

/**
 * Works off a batch of messages: objects first, then the run for stragglers, once however often it is asked for. A
 * run that could not do all is not given again: the next one is never far.
 */
export async function redriveMessages(
  redriver: Redriver,
  messages: readonly QueueMessage[],
): Promise<SQSBatchResponse> {
  const objects = messages.filter(({ body }) => !isRunMessage(body, 'stragglers'));
  const response = objects.length > 0 ? await redriveObjects(redriver, objects) : batchFailures([]);
  if (objects.length < messages.length) await redriveStragglers(redriver);
  return response;
}

/**
 * Redrives the objects that messages are about, one after the other. The response names the messages to be given
 * again: of objects that stay, and those that can't be read, which so end in the dead-letter queue.
 */
async function redriveObjects(
  redriver: Redriver,
  messages: readonly QueueMessage[],
): Promise<SQSBatchResponse> {
  const { bucket, tries, deadline, claimUntil, log } = redriver;
  const tally = new Tally(log);
  const failures: string[] = [];
  const invalid: { readonly messageId: string; readonly code: string; readonly detail: string }[] = [];
  for (const { messageId, body, receives } of messages) {
    const object = objectCreated(body);
    if ('wrong' in object) {
      failures.push(messageId);
      invalid.push({ messageId, code: 'SLUICE_REDRIVE_MESSAGE_INVALID', detail: object.wrong });
      continue;
    }
    const redriven =
      object.bucket === bucket
        ? await redriveObject(object.key, redriver, { deadline, claimUntil, last: receives >= tries })
        : ({ outcome: 'ignored' } as const);
    tally.add(object.key, redriven);
    if (redriven.outcome === 'kept' || redriven.outcome === 'busy') failures.push(messageId);
  }
  log({
    level: failures.length > 0 ? 'error' : 'info',
    event: 'redrive',
    messages: messages.length,
    ...tally.fields(),
    ...(invalid.length > 0 ? { invalid } : {}),
  });
  return batchFailures(failures);
}
