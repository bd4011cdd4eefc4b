import { claim } from '../base/claim.ts';
import { mapLimit } from '../base/concurrency.ts';
import { errorName } from '../base/errors.ts';
import { listObjects } from '../base/ObjectStore.ts';
import {
  parseRelayRefusedKey,
  parseRelayWaitingKey,
  RELAY_REFUSED_FOLDER,
  RELAY_RUN_CLAIM,
  RELAY_WAITING_FOLDER,
  relayIdTime,
} from '../tables/objectKeys.ts';
import { MAX_AGE_MS, SENT_AT_ONCE, STRAGGLER_MS, TRIED_MS } from './limits.ts';
import type { Relayer } from './Relayer.ts';
import { relayObject, Tries } from './Tries.ts';

/** Objects that a run counts at most: ten calls. */
const MAX_COUNTED_COPIES = 10_000;

/** Counts of waiting objects in the bucket, for the log line of a run. */
interface Waiting {
  waiting: number;
  /** Objects that relay did not write. They stay. */
  unknown: number;
  /** When the oldest was kept, epoch milliseconds. */
  oldest: number;
}

/** An object that has no message any more. */
interface Straggler {
  readonly key: string;
  readonly since: number;
}

/**
 * Relays the objects that have no message any more, until the time is up or the target takes nothing. The next run, five minutes
 * later, goes on. One run works at a time: two would send the same copies.
 *
 * Copies that were tried for too long are put aside first. The rest is tried in a random order: otherwise a few copies
 * that the target neither takes nor refuses for good would keep all later ones from being tried.
 *
 * Its log line has the count of waiting objects, at most {@link MAX_COUNTED_COPIES}, and the age of the oldest copy.
 */
export async function relayRun(relayer: Relayer): Promise<void> {
  const { store, clock, claimUntil, log, random, target } = relayer;
  try {
    const held = await claim(store, clock, RELAY_RUN_CLAIM, claimUntil);
    if (held === null) return;
    const tries = new Tries(relayer);
    const waiting: Waiting = { waiting: 0, unknown: 0, oldest: clock.now() };
    try {
      const stragglers = await listStragglers(relayer, waiting);
      const isLate = ({ since }: Straggler) => clock.now() - since >= TRIED_MS;
      const [late, others] = [stragglers.filter(isLate), stragglers.filter((one) => !isLate(one))];
      await relayAll(late, () => true, relayer, tries);
      await relayAll(shuffled(others, random), () => !target.isAway, relayer, tries);
    } finally {
      tries.report({
        run: 'relay',
        waiting: waiting.waiting,
        oldest_seconds: Math.round((clock.now() - waiting.oldest) / 1_000),
        ...(waiting.unknown > 0 ? { unknown: waiting.unknown } : null),
      });
      await held.release();
    }
  } catch (error) {
    log({ level: 'error', event: 'relay_run', code: 'SLUICE_RELAY_BUCKET_FAILED', detail: errorName(error) });
  }
}

async function listStragglers({ store, clock }: Relayer, waiting: Waiting): Promise<Straggler[]> {
  const stragglers: Straggler[] = [];
  for await (const { key, modifiedAt } of listObjects(store, RELAY_WAITING_FOLDER)) {
    const id = parseRelayWaitingKey(key);
    if (id === null) waiting.unknown += key.endsWith('/') ? 0 : 1;
    else {
      waiting.waiting += 1;
      waiting.oldest = Math.min(waiting.oldest, relayIdTime(id) ?? modifiedAt);
      if (clock.now() - modifiedAt >= STRAGGLER_MS) stragglers.push({ key, since: modifiedAt });
    }
    if (waiting.waiting + waiting.unknown >= MAX_COUNTED_COPIES) break;
  }
  return stragglers;
}

/** https://en.wikipedia.org/wiki/Fisher%E2%80%93Yates_shuffle */
function shuffled<Item>(items: readonly Item[], random: () => number): readonly Item[] {
  const mixed = [...items];
  for (let last = mixed.length - 1; last > 0; last -= 1) {
    const chosen = Math.floor(random() * (last + 1));
    const [a, b] = [mixed[last], mixed[chosen]];
    if (a !== undefined && b !== undefined) [mixed[last], mixed[chosen]] = [b, a];
  }
  return mixed;
}

/** Relays objects for as long as there is time. @param mayGoOn Asked before each. */
async function relayAll(
  stragglers: readonly Straggler[],
  mayGoOn: () => boolean,
  { store, clock, deadline }: Relayer,
  tries: Tries,
): Promise<void> {
  await mapLimit(stragglers, SENT_AT_ONCE, async ({ key, since }) => {
    if (clock.now() >= deadline || !mayGoOn()) return;
    try {
      await relayObject(key, since, tries, store);
    } catch (error) {
      tries.fail(errorName(error));
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
    for await (const { key } of listObjects(store, RELAY_REFUSED_FOLDER)) {
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
    log({
      level: 'error',
      event: 'relay_sweep',
      code: 'SLUICE_RELAY_BUCKET_FAILED',
      detail: errorName(error),
    });
  }
}
