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
  readonly key: string;
  /** When it was written, ISO 8601. Empty: long ago, as only a look tells of it. */
  readonly time: string;
  readonly messages: QueueMessage[];
}

/**
 * Processes a batch of messages: it writes the objects that they name, each once, then looks at the landing if a message asks
 * for that. The response names the messages that the queue has to deliver again: those of objects that failed, and of a look
 * that did. A message that names no object, which somebody sent by hand, is dropped: nothing would ever read it.
 */
export async function writeMessages(
  messages: readonly QueueMessage[],
  writer: Writer,
  queue: LandingQueue,
  time: WriteTime,
  random: () => number,
): Promise<SQSBatchResponse> {
  const failures = new MessageFailures(writer.log);
  const looks: string[] = [];
  const invalid: { readonly messageId: string; readonly detail: string }[] = [];
  const named = new Map<string, NamedObject>();
  let ignored = 0;
  const sort = async (asked: Asked, message: QueueMessage) => {
    const { messageId } = message;
    if (asked === LOOK) looks.push(messageId);
    else if ('wrong' in asked) invalid.push({ messageId, detail: asked.wrong });
    else if (asked.bucket !== writer.config.bucket || !isLanded(asked.key)) ignored += 1;
    else {
      const { key, time } = asked;
      named.set(key, { key, time, messages: [...(named.get(key)?.messages ?? []), message] });
    }
    return true;
  };
  await eachMessage(messages, asked, writer.log, sort, failures);
  const { failed, objects, ...counts } = await writeObjects(
    inOrder([...named.values()], random),
    writer,
    time,
  );
  for (const [key, { code, detail }] of failed) {
    writer.log({ level: 'error', event: 'write_failed', object: key, code, detail });
    failures.add((named.get(key)?.messages ?? []).map(({ messageId }) => messageId));
  }
  writer.log({
    level: failed.size > 0 ? 'error' : invalid.length > 0 ? 'warn' : 'info',
    event: 'write',
    messages: messages.length,
    ...objects,
    ...counts,
    failed: failed.size,
    ignored,
    invalid,
  });
  // What it throws is in the log: the messages of objects do not come again because of it.
  await failures.attempt(looks, { event: 'write_look_failed' }, async () => {
    if (writer.clock.now() >= time.deadline) return false;
    await lookAtLanding(writer, queue);
    return true;
  });
  return failures.response();
}

const LOOK = 'look';
type Asked = typeof LOOK | ReturnType<typeof objectCreated>;

/** What a message of the queue asks for. */
const asked: MessageKind<Asked> = {
  event: 'write',
  read: (body) => (isRunMessage(body, LOOK) ? LOOK : objectCreated(body)),
};

/**
 * Keys by groups that may be in rounds together. The oldest come first. Those that were received often come behind them, each alone
 * and in random order: the others are done then if one of them ends the function, and so is each of them in one of its runs.
 */
export function inOrder(objects: readonly NamedObject[], random: () => number): string[][] {
  const { fresh = [], often = [] } = Object.groupBy(objects, ({ messages }) =>
    messages.some(({ receives }) => receives >= ALONE_FROM) ? 'often' : 'fresh',
  );
  const shuffled = often.map(({ key }) => ({ key, place: random() })).sort((a, b) => a.place - b.place);
  return [
    fresh.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0)).map(({ key }) => key),
    ...shuffled.map(({ key }) => [key]),
  ];
}
