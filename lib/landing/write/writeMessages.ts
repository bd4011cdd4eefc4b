import type { SQSBatchResponse } from 'aws-lambda';
import { batchFailures, isRunMessage, objectCreated, type QueueMessage } from '../../base/queue.ts';
import { landingKind } from '../../tables/objectKeys.ts';
import { gather, tryObject, type Writer, WriteTally } from './attempts.ts';
import { lookAtLanding } from './lookAtLanding.ts';
import { noteAttempt } from './writeNotes.ts';
import type { WriteTime } from './writeObject.ts';

/**
 * Processes a batch of messages: it writes the objects that they name one after the other, gathers the records that the
 * collector put itself, then looks at the landing if a message asks for that. The response names the messages that the queue
 * has to deliver again: those of objects that failed, and unreadable ones, which end in the dead-letter queue. The last
 * delivery of an object's message is not a dead letter: the look goes on with all objects in the landing.
 */
export async function writeMessages(
  writer: Writer,
  messages: readonly QueueMessage[],
  time: WriteTime,
): Promise<SQSBatchResponse> {
  const isLook = ({ body }: QueueMessage) => isRunMessage(body, 'look');
  const objects = messages.filter((message) => !isLook(message));
  const response = objects.length > 0 ? await writeNamed(writer, objects, time) : batchFailures([]);
  if (objects.length < messages.length && writer.clock.now() < time.deadline)
    await lookAtLanding(writer, time);
  return response;
}

async function writeNamed(
  writer: Writer,
  messages: readonly QueueMessage[],
  time: WriteTime,
): Promise<SQSBatchResponse> {
  const isToBeTried = ({ receives }: QueueMessage) => receives < writer.tries;
  const failures: string[] = [];
  const invalid: { readonly messageId: string; readonly detail: string }[] = [];
  const tally = new WriteTally(writer.log);
  const named = new Map<string, QueueMessage[]>();
  for (const message of messages) {
    const object = objectCreated(message.body);
    if ('wrong' in object) {
      failures.push(message.messageId);
      invalid.push({ messageId: message.messageId, detail: object.wrong });
    } else if (object.bucket !== writer.bucket || landingKind(object.key) === null) tally.ignore();
    else named.set(object.key, [...(named.get(object.key) ?? []), message]);
  }
  for (const [key, of] of named) {
    if (landingKind(key) === 'direct') continue;
    if (writer.clock.now() >= time.deadline) {
      failures.push(...of.filter(isToBeTried).map(({ messageId }) => messageId));
      continue;
    }
    const failure = await tryObject(key, writer, time, tally);
    if (failure === null) continue;
    await noteAttempt(writer.store, { ...failure, at: writer.clock.now() }).catch(() => undefined);
    if (of.every(isToBeTried)) failures.push(...of.map(({ messageId }) => messageId));
  }
  // A list that is done makes room for the next one.
  const isInTime = writer.clock.now() < time.deadline;
  if (isInTime && [...named.keys()].some((key) => landingKind(key) !== 'batch')) await gather(writer, time);
  writer.log({
    level: failures.length > 0 ? 'error' : 'info',
    event: 'write',
    messages: messages.length,
    ...tally.fields(),
    ...(invalid.length > 0 ? { invalid } : {}),
  });
  return batchFailures(failures);
}
