import type { SQSBatchResponse } from 'aws-lambda';
import { errorName, SluiceError } from '../../base/errors.ts';
import { isRunMessage, objectCreated, type QueueMessage } from '../../base/queue.ts';
import { eachMessage, MessageFailures, type MessageKind } from '../../lambda/eachMessage.ts';
import { isLanded } from '../../tables/objectKeys.ts';
import { type LandingQueue, lookAtLanding } from './lookAtLanding.ts';
import { type Writer, type WriteTime, writeObjects } from './writeObjects.ts';

/**
 * Receives from which on an object is written with few others: it may be the one that ended the function before. The eighth is
 * written alone. So many that only had to wait still become few files.
 */
const APART_FROM = 5;
const ALONE_AT = 8;

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
): Promise<SQSBatchResponse> {
  const failures = new MessageFailures(writer.log);
  const looks: string[] = [];
  const invalid: { readonly messageId: string; readonly detail: string }[] = [];
  const named = new Map<string, QueueMessage[]>();
  let ignored = 0;
  const sort = async (asked: Asked, message: QueueMessage) => {
    const { messageId } = message;
    if (asked === LOOK) looks.push(messageId);
    else if ('wrong' in asked) invalid.push({ messageId, detail: asked.wrong });
    else if (asked.bucket !== writer.config.bucket || !isLanded(asked.key)) ignored += 1;
    else named.set(asked.key, [...(named.get(asked.key) ?? []), message]);
    return true;
  };
  await eachMessage(messages, asked, writer.log, sort, failures);
  const { failed, objects, ...counts } = await writeObjects(groupsOf(named), writer, time);
  for (const [key, { code, detail }] of failed) {
    writer.log({ level: 'error', event: 'write_failed', object: key, code, detail });
    failures.add((named.get(key) ?? []).map(({ messageId }) => messageId));
  }
  writer.log({
    level: failed.size > 0 ? 'error' : invalid.length > 0 ? 'warn' : 'info',
    event: 'write',
    messages: messages.length,
    ...objects,
    ...counts,
    failed: failed.size,
    ...(ignored > 0 ? { ignored } : {}),
    ...(invalid.length > 0 ? { invalid } : {}),
  });
  await failures.attempt(looks, { event: 'write_look_failed' }, () => hasLooked(writer, queue, time));
  return failures.response();
}

const LOOK = 'look';
type Asked = typeof LOOK | ReturnType<typeof objectCreated>;

/** What a message of the queue asks for. */
const asked: MessageKind<Asked> = {
  event: 'write',
  read: (body) => (isRunMessage(body, LOOK) ? LOOK : objectCreated(body)),
};

/** Looks at the landing. @returns Whether it could: the messages of objects do not come again because of it. */
async function hasLooked(writer: Writer, queue: LandingQueue, { deadline }: WriteTime): Promise<boolean> {
  if (writer.clock.now() >= deadline) return false;
  try {
    await lookAtLanding(writer, queue);
    return true;
  } catch (error) {
    const { code, detail } =
      error instanceof SluiceError ? error : { code: 'SLUICE_WRITE_BUCKET_FAILED', detail: errorName(error) };
    writer.log({ level: 'error', event: 'write_look_failed', code, detail });
    return false;
  }
}

/** Objects that may be in rounds together. Those of the fewest receives are first: they are done if one of the others ends the function. */
function groupsOf(named: ReadonlyMap<string, readonly QueueMessage[]>): string[][] {
  const byReceives = new Map<number, string[]>();
  for (const [key, of] of named) {
    const receives = Math.min(ALONE_AT, Math.max(APART_FROM - 1, ...of.map((one) => one.receives)));
    byReceives.set(receives, [...(byReceives.get(receives) ?? []), key]);
  }
  return [...byReceives]
    .sort(([a], [b]) => a - b)
    .flatMap(([receives, keys]) =>
      receives < APART_FROM ? [keys] : chunks(keys, 4 ** (ALONE_AT - receives)),
    );
}

function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}
