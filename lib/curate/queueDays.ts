import { mapLimit } from '../base/concurrency.ts';
import { versionName } from '../ledger/versions.ts';
import type { ForwardedKind } from '../schema/kinds.ts';
import { curatedSubject } from '../tables/ledgerKeys.ts';
import { MOST_BYTES_A_NIGHT, MOST_DAYS_A_NIGHT, PARALLEL_ENTRIES } from './limits.ts';
import type { CuratePlanner, LookedDay } from './lookAtDays.ts';
import type { CurateReason, CurateTask } from './messageBodies.ts';

/** A day to queue. */
export interface ChosenDay extends Pick<LookedDay, 'day' | 'raw' | 'ended'> {
  /** Why it is curated. */
  readonly reason: CurateReason;
  /** A version of the day that is partly made already. */
  readonly goesOn: string | undefined;
}

/**
 * Chooses the days that one night queues: the newest first, those that failed before last. A day that has no room left
 * does not hold up smaller ones: new days come before it every night.
 */
export function chooseDays(days: readonly ChosenDay[]): readonly ChosenDay[] {
  const newestFirst = [...days].sort((left, right) => (left.day < right.day ? 1 : -1));
  const isRetry = ({ reason }: ChosenDay) => reason === 'retried';
  const inOrder = [...newestFirst.filter((day) => !isRetry(day)), ...newestFirst.filter(isRetry)];
  const chosen: ChosenDay[] = [];
  let bytes = 0;
  for (const day of inOrder) {
    if (chosen.length === MOST_DAYS_A_NIGHT) break;
    if (chosen.length > 0 && bytes + day.raw.bytes > MOST_BYTES_A_NIGHT) continue;
    bytes += day.raw.bytes;
    chosen.push(day);
  }
  return chosen;
}

/**
 * Sends a task of each day, and notes in the ledger that it is queued. Tasks are sent first: a task that is sent twice
 * is done once, but a task that is noted and not sent would be late by a day.
 *
 * @throws QueueError, before anything is noted; LedgerError.
 */
export async function queueDays(
  { tasks, ledger, clock, random, config }: CuratePlanner,
  kind: ForwardedKind,
  days: readonly ChosenDay[],
): Promise<void> {
  const now = clock.now();
  const bodies = days.map(({ day, reason, goesOn }): CurateTask => {
    return { sluice: 'curate-day', kind, day, reason, version: goesOn ?? versionName(now, random) };
  });
  if (bodies.length > 0) await tasks.send(bodies.map((body) => JSON.stringify(body)));
  await mapLimit(days, PARALLEL_ENTRIES, ({ day, raw: { fingerprint }, ended: seen, reason }) =>
    ledger.change(curatedSubject(config, kind, day), (known) => {
      // A task of the day that has begun, or has ended, since the day was looked at knows more.
      const hasBegun = known.lease !== undefined && known.lease.until > now;
      const { ended } = known.curated ?? {};
      if (hasBegun || (ended !== undefined && ended !== seen)) return {};
      const before = known.queued?.fingerprint === fingerprint ? known.queued : undefined;
      const queued = { fingerprint, reason, at: before?.at ?? now };
      return { entry: { ...known, queued, curated: { ...known.curated, sentAt: now } } };
    }),
  );
}
