import type { SQSBatchResponse } from 'aws-lambda';
import { errorText } from '../base/errors.ts';
import type { ObjectStore } from '../base/ObjectStore.ts';
import { eachMessage, type MessageKind } from '../lambda/eachMessage.ts';
import { SENT_AT_ONCE } from './limits.ts';
import { type RelayCopy, readRelayCopy, readRelayedKey } from './RelayCopy.ts';
import type { Relayer, RelayMessage } from './Relayer.ts';
import { retryDelayMs } from './Target.ts';
import { Tries } from './Tries.ts';

/**
 * Relays the copies that messages hold or name. The answer lists the messages that stay in their queue: those of copies
 * that are to be tried again, each hidden until then, and those that could not be looked at.
 */
export async function relayMessages(
  relayer: Relayer,
  messages: readonly RelayMessage[],
): Promise<SQSBatchResponse> {
  const tries = new Tries(relayer);
  const copies: MessageKind<RelayCopy | string> = {
    event: 'relay',
    async invalid({ messageId, body }) {
      const code = 'SLUICE_RELAY_MESSAGE_INVALID';
      relayer.log({ level: 'error', event: 'relay_unknown', code, messageId });
      await relayer.queues.bury(body);
      return true;
    },
    read: (body) => readRelayCopy(body) ?? readRelayedKey(body) ?? undefined,
    atOnce: SENT_AT_ONCE,
  };
  const response = await eachMessage(messages, copies, relayer.log, (copy, message) =>
    relay(copy, message, relayer, tries).catch((error: unknown) => {
      tries.countFailure(error);
      return stay(message, 0, relayer);
    }),
  );
  tries.report(messages.length);
  return response;
}

/**
 * Relays one copy. @param given The copy, or the key of the object that has it. @returns Whether the message is done
 * with.
 */
async function relay(
  given: RelayCopy | string,
  message: RelayMessage,
  relayer: Relayer,
  tries: Tries,
): Promise<boolean> {
  const { clock, deadline, store } = relayer;
  if (clock.now() >= deadline) return stay(message, 0, relayer);
  const read: WaitingCopy | null =
    typeof given === 'string' ? await readObject(given, store, tries) : { copy: given };
  if (read === null) return true;
  const { copy, object } = read;
  const afterMs = await tries.settle(copy, message.sentAt);
  if (afterMs !== null) return stay(message, afterMs, relayer);
  // A copy that was put under this key since has a message of its own.
  if (object !== undefined) await store.remove(object.key, object.eTag);
  return true;
}

/** A copy that is to be sent. */
interface WaitingCopy {
  /** The copy. */
  readonly copy: RelayCopy;
  /** The object that has it; absent if the message has it itself. */
  readonly object?: {
    /** Its key. */
    readonly key: string;
    /** Its ETag as it was read. */
    readonly eTag: string;
  };
}

/** The copy of an object; null if there is none. An object that is no copy, or empty, stays until S3 deletes it. */
async function readObject(key: string, store: ObjectStore, tries: Tries): Promise<WaitingCopy | null> {
  const object = await store.read(key, { listsIfDenied: true });
  // The collector empties an object whose message it could not send.
  if (object === null || object.text === '') return null;
  const copy = readRelayCopy(object.text);
  if (copy === null) tries.countUnreadable();
  return copy === null ? null : { copy, object: { key, eTag: object.eTag } };
}

/**
 * Leaves a message in its queue, hidden for a while. It never throws: a message that could not be hidden comes back
 * after its visibility timeout.
 */
async function stay(
  message: RelayMessage,
  afterMs: number,
  { queues, random, log }: Relayer,
): Promise<false> {
  try {
    await queues.hide(message, retryDelayMs({ tries: message.receives, afterMs }, random));
  } catch (error) {
    log({ level: 'warn', event: 'relay_hide', code: 'SLUICE_RELAY_BUCKET_FAILED', detail: errorText(error) });
  }
  return false;
}
