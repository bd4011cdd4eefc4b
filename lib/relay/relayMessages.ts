import { mapLimit } from '../base/concurrency.ts';
import { errorName } from '../base/errors.ts';
import { type BatchFailures, batchFailures } from '../base/queue.ts';
import { SENT_AT_ONCE } from './limits.ts';
import { readRelayCopy, readRelayedKey } from './RelayCopy.ts';
import type { Relayer, RelayMessage } from './Relayer.ts';
import { retryDelayMs } from './Target.ts';
import { Tries } from './Tries.ts';

/**
 * Relays the copies that messages hold or name. The answer lists the messages that stay in their queue: those of copies to be
 * tried again, hidden for as long as it should take, and those that could not be looked at.
 */
export async function relayMessages(
  relayer: Relayer,
  messages: readonly RelayMessage[],
): Promise<BatchFailures> {
  const failures: string[] = [];
  const tries = new Tries(relayer);
  const unknown: string[] = [];
  await mapLimit(messages, SENT_AT_ONCE, async (message) => {
    const done = await handle(message, relayer, tries, unknown).catch((error: unknown) => {
      tries.fail(errorName(error));
      return stay(message, 0, relayer);
    });
    if (!done) failures.push(message.messageId);
  });
  if (unknown.length > 0)
    relayer.log({
      level: 'error',
      event: 'relay_unknown',
      code: 'SLUICE_RELAY_MESSAGE_INVALID',
      messages: unknown,
    });
  tries.report({ messages: messages.length });
  return batchFailures(failures);
}

/** Whether the message is done with. */
async function handle(
  message: RelayMessage,
  relayer: Relayer,
  tries: Tries,
  unknown: string[],
): Promise<boolean> {
  const { clock, deadline, queues, store } = relayer;
  if (clock.now() >= deadline) return stay(message, 0, relayer);
  let copy = readRelayCopy(message.body);
  const key = copy === null ? readRelayedKey(message.body) : null;
  if (key !== null) {
    const object = await store.read(key, { listsIfDenied: true });
    if (object === null) return true;
    copy = readRelayCopy(object.text);
    // It stays until S3 deletes it.
    if (copy === null) {
      tries.skip();
      return true;
    }
  }
  if (copy === null) {
    unknown.push(message.messageId);
    await queues.bury(message.body);
    return true;
  }
  const afterMs = await tries.settle(copy, message.sentAt);
  if (afterMs !== null) return stay(message, afterMs, relayer);
  if (key !== null) await store.remove(key);
  return true;
}

/** Leaves a message in its queue, hidden for a while. It never throws: unhidden it comes back after its visibility timeout. */
async function stay(
  message: RelayMessage,
  afterMs: number,
  { queues, random, log }: Relayer,
): Promise<false> {
  try {
    await queues.hide(message, retryDelayMs(message.receives, afterMs, random));
  } catch (error) {
    log({ level: 'warn', event: 'relay_hide', code: 'SLUICE_RELAY_BUCKET_FAILED', detail: errorName(error) });
  }
  return false;
}
