import type { SQSBatchResponse } from 'aws-lambda';
import { batchFailures, isRunMessage, objectCreated, type QueueMessage } from '../../base/queue.ts';
import { isLanded } from '../../tables/objectKeys.ts';
import { type LandingQueue, lookAtLanding } from './lookAtLanding.ts';
import { type Writer, type WriteTime, writeObjects } from './writeObjects.ts';

/**
 * Receives from which on an object is written alone: it may be the one that ended the function before, and then holds up no
 * other.
 */
const ALONE_FROM = 5;

/**
 * Processes a batch of messages: it writes the objects that they name, each once, then looks at the landing if a message asks
 * for that. The response names the messages that the queue has to deliver again: those of objects that failed, and unreadable
 * ones, which end in the dead-letter queue.
 */
export async function writeMessages(
  messages: readonly QueueMessage[],
  writer: Writer,
  queue: LandingQueue,
  time: WriteTime,
): Promise<SQSBatchResponse> {
  const looks = messages.filter(({ body }) => isRunMessage(body, 'look'));
  const invalid: { readonly messageId: string; readonly detail: string }[] = [];
  const named = new Map<string, QueueMessage[]>();
  let ignored = 0;
  for (const message of messages) {
    if (looks.includes(message)) continue;
    const object = objectCreated(message.body);
    if ('wrong' in object) invalid.push({ messageId: message.messageId, detail: object.wrong });
    else if (object.bucket !== writer.config.bucket || !isLanded(object.key)) ignored += 1;
    else named.set(object.key, [...(named.get(object.key) ?? []), message]);
  }
  const tasks = [...named].map(([key, of]) => ({
    key,
    isAlone: of.some(({ receives }) => receives >= ALONE_FROM),
  }));
  // Behind all others, which then are done if one of them ends the function again.
  tasks.sort((a, b) => Number(a.isAlone) - Number(b.isAlone));
  const { failed, objects, ...counts } = await writeObjects(tasks, writer, time);
  const failures = [
    ...invalid.map(({ messageId }) => messageId),
    ...[...failed.keys()].flatMap((key) => named.get(key) ?? []).map(({ messageId }) => messageId),
  ];
  for (const [key, { code, detail }] of failed)
    writer.log({ level: 'error', event: 'write_failed', object: key, code, detail });
  writer.log({
    level: failures.length > 0 ? 'error' : 'info',
    event: 'write',
    messages: messages.length,
    ...objects,
    ...counts,
    failed: failed.size,
    ...(ignored > 0 ? { ignored } : {}),
    ...(invalid.length > 0 ? { invalid } : {}),
  });
  if (looks.length > 0 && writer.clock.now() < time.deadline)
    await lookAtLanding(writer, queue, messages.length);
  return batchFailures(failures);
}
