import { mapLimit } from '../base/concurrency.ts';
import { errorName } from '../base/errors.ts';
import { type BatchFailures, batchFailures, isRunMessage, objectCreated } from '../base/queue.ts';
import { parseRelayWaitingKey } from '../tables/objectKeys.ts';
import { SENT_AT_ONCE, STRAGGLER_MS } from './limits.ts';
import { readRelayCopy } from './RelayCopy.ts';
import type { Relayer, RelayMessage } from './Relayer.ts';
import { relayRun, sweepRefused } from './relayRuns.ts';
import { retryDelayMs } from './Target.ts';
import { relayObject, Tries } from './Tries.ts';

/**
 * Relays the copies that messages hold or name. The answer lists the messages that stay in their queue: those of copies to be
 * tried again, hidden for as long as it should take, and those that could not be looked at.
 *
 * Runs come last: over waiting objects `{"sluice":"relay"}`, and over refused ones `{"sluice":"relay-sweep"}`.
 */
export async function relayMessages(
  relayer: Relayer,
  messages: readonly RelayMessage[],
): Promise<BatchFailures> {
  const runs = messages.filter(({ body }) => RUNS.some((run) => isRunMessage(body, run)));
  const work = messages.filter((message) => !runs.includes(message));
  const failures: string[] = [];
  if (work.length > 0) {
    const tries = new Tries(relayer);
    const unknown: string[] = [];
    await mapLimit(work, SENT_AT_ONCE, async (message) => {
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
    tries.report({ messages: work.length });
  }
  // Runs that were asked for several times are one.
  if (runs.some(({ body }) => isRunMessage(body, 'relay'))) await relayRun(relayer);
  if (runs.some(({ body }) => isRunMessage(body, 'relay-sweep'))) await sweepRefused(relayer);
  return batchFailures(failures);
}

const RUNS = ['relay', 'relay-sweep'] as const;

/** Whether the message is done with. */
async function handle(
  message: RelayMessage,
  relayer: Relayer,
  tries: Tries,
  unknown: string[],
): Promise<boolean> {
  const { clock, deadline, queues } = relayer;
  if (clock.now() >= deadline) return stay(message, 0, relayer);
  const copy = readRelayCopy(message.body);
  if (copy !== null) {
    const settled = await tries.settle(copy, message.sentAt);
    return settled.isSettled || stay(message, settled.afterMs, relayer);
  }
  const object = objectCreated(message.body);
  if ('key' in object && (object.bucket !== relayer.bucket || parseRelayWaitingKey(object.key) === null))
    return true;
  if ('key' in object) return handleObject(object.key, message, relayer, tries);
  unknown.push(message.messageId);
  await queues.bury(message.body);
  return true;
}

async function handleObject(
  key: string,
  message: RelayMessage,
  relayer: Relayer,
  tries: Tries,
): Promise<boolean> {
  const { clock, store } = relayer;
  // The runs go on with it. They begin a little later than messages end, so that the two do not send the same copy.
  if (clock.now() - message.sentAt >= STRAGGLER_MS - HANDOVER_MS) return true;
  const afterMs = await relayObject(key, message.sentAt, tries, store);
  return afterMs === null || stay(message, afterMs, relayer);
}

const HANDOVER_MS = 300_000;

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
