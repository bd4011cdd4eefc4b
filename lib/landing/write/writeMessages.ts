import type { SQSBatchResponse } from 'aws-lambda';
import { isRunMessage, objectCreated, type QueueMessage } from '../../base/queue.ts';
import { eachMessage, MessageFailures, type MessageKind } from '../../lambda/eachMessage.ts';
import { isLanded } from '../../tables/objectKeys.ts';
import { type LandingQueue, lookAtLanding } from './lookAtLanding.ts';
import { type Writer, type WriteTime, writeObjects } from './writeObjects.ts';

/** Receives from which on an object is written alone: it may be the one that ended the function before. */
const ALONE_FROM = 5;

/** An object, and the messages that name it. */
interface NamedObject {
  /** The key of the object. */
  readonly key: string;
  /** When the object was written, ISO 8601. Empty: long ago, as only a look sends a message without a time. */
  readonly time: string;
  /** The messages that name it, each to be delivered again if it fails. */
  readonly messages: QueueMessage[];
}

/**
 * Processes a batch of messages: it writes the objects that they name, each once, then looks at the landing if a
 * message asks for that. The response names the messages that the queue has to deliver again: those of objects that
 * failed, and of a look that failed. A message that names no object, which somebody sent by hand, is dropped: nothing
 * would ever read it.
 */
export async function writeMessages(
  messages: readonly QueueMessage[],
  writer: Writer,
  queue: LandingQueue,
  time: WriteTime,
): Promise<SQSBatchResponse> {
  const failures = new MessageFailures(writer.log);
  const looks: string[] = [];
  const invalid: { readonly messageId: string; readonly detail: string }[] = [];
  const named = new Map<string, NamedObject>();
  let ignored = 0;
  // Notes what a message asks for, and answers whether the message is in order: each is, or is dropped.
  const take = async (request: WriteRequest, message: QueueMessage) => {
    const { messageId } = message;
    if (request === LOOK) looks.push(messageId);
    else if ('wrong' in request) invalid.push({ messageId, detail: request.wrong });
    else if (request.bucket !== writer.config.bucket || !isLanded(request.key)) ignored += 1;
    else {
      const { key } = request;
      const messagesBefore = named.get(key)?.messages ?? [];
      named.set(key, { key, time: request.time, messages: [...messagesBefore, message] });
    }
    return true;
  };
  await eachMessage(messages, writeRequests, writer.log, take, failures);
  const { failed, objects, ...counts } = await writeObjects(
    inOrder([...named.values()], writer.random),
    writer,
    time,
  );
  for (const [key, { code, detail }] of failed) {
    writer.log({ level: 'error', event: 'write_failed', object: key, code, detail });
    failures.add((named.get(key)?.messages ?? []).map(({ messageId }) => messageId));
  }
  const levelWithoutFailure = invalid.length > 0 ? 'warn' : 'info';
  writer.log({
    level: failed.size > 0 ? 'error' : levelWithoutFailure,
    event: 'write',
    messages: messages.length,
    ...objects,
    ...counts,
    failed: failed.size,
    ignored,
    invalid,
  });
  // The log has what a look throws: messages of objects do not come again because of it.
  await failures.attempt(looks, { event: 'write_look_failed' }, async () => {
    if (writer.clock.now() >= time.deadline) return false;
    await lookAtLanding(writer, queue);
    return true;
  });
  return failures.response();
}

/** The run that looks for objects whose message was lost. */
const LOOK = 'look';
/** What a message asks for: the look, or an object to write. */
type WriteRequest = typeof LOOK | ReturnType<typeof objectCreated>;

/** What a message of the queue asks for. */
const writeRequests: MessageKind<WriteRequest> = {
  event: 'write',
  read: (body) => (isRunMessage(body, LOOK) ? LOOK : objectCreated(body)),
};

/**
 * Keys by groups that may be in rounds together. The oldest objects come first. Objects that were received often come
 * behind them, each alone and in random order: if one of them ends the function, all others are done by then, and so is
 * each of them in one of its runs.
 */
export function inOrder(objects: readonly NamedObject[], random: () => number): string[][] {
  const { fresh = [], often = [] } = Object.groupBy(objects, ({ messages }) =>
    messages.some(({ receives }) => receives >= ALONE_FROM) ? 'often' : 'fresh',
  );
  const shuffled = often.map(({ key }) => ({ key, place: random() })).sort((a, b) => a.place - b.place);
  return [fresh.sort(byTime).map(({ key }) => key), ...shuffled.map(({ key }) => [key])];
}

/** Orders objects by when they were written, the oldest first. */
function byTime(a: NamedObject, b: NamedObject): number {
  if (a.time === b.time) return 0;
  return a.time < b.time ? -1 : 1;
}
