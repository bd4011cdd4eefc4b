import { mapLimit } from '../base/concurrency.ts';
import {
  parseRelayRefusedKey,
  parseRelayWaitingKey,
  RELAY_REFUSED_FOLDER,
  RELAY_WAITING_FOLDER,
  relayIdTime,
} from '../tables/objectKeys.ts';
import { MAX_AGE_MS, SENT_AT_ONCE, STRAGGLER_MS } from './limits.ts';
import { nameOf, type Relayer, relayObject, Tries } from './Relayer.ts';

/** Objects that a run counts at most: ten calls. */
const MAX_COUNTED_COPIES = 10_000;

/** What waits in the bucket, as the log line of a run says. */
interface Waiting {
  waiting: number;
  /** Objects that relay did not write. They stay. */
  unknown: number;
  /** When the oldest was kept, epoch milliseconds. */
  oldest: number;
}

/**
 * Relays the objects that have no message any more, oldest first, until the time is up or the target takes nothing. The next
 * run, five minutes later, goes on. One run works at a time: two would send the same copies.
 *
 * Its log line has what waits in the bucket, at most {@link MAX_COUNTED_COPIES}, and the age of the oldest copy.
 */
export async function relayRun(relayer: Relayer): Promise<void> {
  const { store, clock, claimUntil, log } = relayer;
  try {
    const claim = await store.claimRun(claimUntil);
    if (claim === null) return;
    const tries = new Tries(relayer);
    const waiting: Waiting = { waiting: 0, unknown: 0, oldest: clock.now() };
    try {
      let group: string[] = [];
      for await (const { key, modifiedAt } of store.list(RELAY_WAITING_FOLDER)) {
        const id = parseRelayWaitingKey(key);
        if (id === null) waiting.unknown += key.endsWith('/') ? 0 : 1;
        else {
          waiting.waiting += 1;
          waiting.oldest = Math.min(waiting.oldest, relayIdTime(id) ?? modifiedAt);
          if (clock.now() - modifiedAt >= STRAGGLER_MS) group.push(key);
        }
        if (group.length === SENT_AT_ONCE) {
          await relayGroup(group, relayer, tries);
          group = [];
        }
        if (waiting.waiting + waiting.unknown >= MAX_COUNTED_COPIES && !mayGoOn(relayer)) break;
      }
      await relayGroup(group, relayer, tries);
    } finally {
      await claim.release();
      tries.report({
        run: 'relay',
        waiting: waiting.waiting,
        oldest_seconds: Math.round((clock.now() - waiting.oldest) / 1_000),
        ...(waiting.unknown > 0 ? { unknown: waiting.unknown } : null),
      });
    }
  } catch (error) {
    log({ level: 'error', event: 'relay_run', code: 'SLUICE_RELAY_BUCKET_FAILED', detail: nameOf(error) });
  }
}

/** Whether another copy may be begun. */
function mayGoOn({ clock, deadline, target }: Relayer): boolean {
  return clock.now() < deadline && !target.isAway;
}

async function relayGroup(keys: readonly string[], relayer: Relayer, tries: Tries): Promise<void> {
  await mapLimit(keys, SENT_AT_ONCE, async (key) => {
    if (!mayGoOn(relayer)) return;
    try {
      await relayObject(key, tries, relayer.store);
    } catch (error) {
      tries.fail(nameOf(error));
    }
  });
}

/**
 * Deletes refused copies that are too old to be kept, however often they were sent again: an object's own age, by which S3
 * expires it, begins anew each time.
 */
export async function sweepRefused({ store, clock, deadline, log }: Relayer): Promise<void> {
  let [refused, deleted] = [0, 0];
  try {
    for await (const { key } of store.list(RELAY_REFUSED_FOLDER)) {
      if (clock.now() >= deadline) break;
      const id = parseRelayRefusedKey(key)?.id;
      const keptAt = id === undefined ? null : relayIdTime(id);
      if (keptAt === null) continue;
      refused += 1;
      if (clock.now() - keptAt < MAX_AGE_MS) continue;
      await store.remove(key);
      deleted += 1;
    }
    log({ level: 'info', event: 'relay_sweep', refused, deleted });
  } catch (error) {
    log({ level: 'error', event: 'relay_sweep', code: 'SLUICE_RELAY_BUCKET_FAILED', detail: nameOf(error) });
  }
}
