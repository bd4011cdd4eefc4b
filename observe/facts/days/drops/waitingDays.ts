import { DAY_MS, HOUR_MS, isoTimestamp, type UtcDay } from '../../../../lib/base/time.ts';
import type { LastListing } from '../../../../lib/drops/plan/lastListings.ts';
import { isOver, reportedUntil } from '../../../../lib/drops/plan/late/dueDays.ts';
import type { CameDay, LateDay } from '../../../../lib/drops/plan/late/lateNotes.ts';
import { lackWords, markerReason } from '../../../../lib/drops/plan/waitingReason.ts';
import type { Dataset } from '../../../../lib/schema/sources.ts';
import type { LedgerDay } from '../ledgerDays.ts';

/** A day that has files and waits for a commit of them, or for its marker. */
export interface WaitingDay {
  /** The day, UTC. */
  readonly day: UtcDay;
  /** What it has and waits for: `has 2 files and no _SUCCESS since 2026-11-20T09:00:00.000Z` */
  readonly words: string;
  /** Since when it has that, epoch milliseconds; absent of files that no run has looked at. */
  readonly since?: number;
  /** Whether more was to be expected by now: files that are not committed have settled, or the day is over. */
  readonly isLacking: boolean;
  /**
   * What is to be done: ask for a run, as none has looked at it (`run`), or as the next one is hours away (`afterRun`); read which files they are (`explain`); load it without its
   * marker (`backfill`); or load it because no run looks at it any more (`load`).
   */
  readonly cure: 'run' | 'afterRun' | 'explain' | 'backfill' | 'load';
  /** Of `afterRun`, when the next run looks at it, epoch milliseconds. */
  readonly nextRun?: number;
}

/** What is known of a dataset beside a day that may wait. */
interface WaitTerms {
  /** The dataset. */
  readonly dataset: Dataset;
  /** The first day of its lookback. */
  readonly firstDay: UtcDay;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Whether no run has looked at a day that is outside of the lookback. */
  readonly isUnlooked: (day: UtcDay) => boolean;
}

/** What a day waits for, and what is to be done; null if it waits for no commit and no marker. @param has What a late day has. */
export function waitingOf(
  { day, entry }: LedgerDay,
  has: LateDay['has'],
  { dataset, firstDay: first, now, isUnlooked }: WaitTerms,
): WaitingDay | null {
  const queued = entry?.state === 'waiting' ? entry.queued : undefined;
  // Files that are gone wait for nothing.
  const lack = queued === undefined || queued.files === 0 ? null : lackWords(queued);
  const seen =
    queued === undefined || lack === null ? has : { words: lack, since: queued.writtenAt ?? queued.at };
  if (seen === undefined) {
    const words = `has files outside of the lookback, told until ${reportedUntil(dataset, day)}`;
    return isUnlooked(day) ? { day, words, isLacking: true, cure: 'load' } : null;
  }
  const isCommit = queued?.reason === markerReason();
  const { words, since } = seen;
  const cureUnlooked = day < first ? 'load' : 'run';
  const cureLooked = lack === null || isCommit ? 'explain' : 'backfill';
  const cure = entry === null || isUnlooked(day) ? cureUnlooked : cureLooked;
  const isLacking = isCommit || isOver(dataset, day, now);
  return { day, words: `has ${words} since ${isoTimestamp(since)}`, since, isLacking, cure };
}

/** The next daily run is soon if it is so near: nobody has to do anything. */
const SOON_MS = HOUR_MS;

/** What says whether a day came after the daily run. */
interface DailyRuns {
  /** The last listing; null before the first. */
  readonly look: LastListing | null;
  /** The first day of the lookback. */
  readonly firstDay: UtcDay;
  /** The hour of UTC at which the daily run is: `dailyIngest.hour`. */
  readonly hour: number;
  /** Epoch milliseconds. */
  readonly now: number;
}

/**
 * A day of the lookback whose files came after they were due, and after the last daily run; null if a run has them under
 * way, if that of today has not listed the folder yet, or if the next one is soon.
 */
export function cameAfterRun(
  { entry }: Pick<LedgerDay, 'entry'>,
  { day, due, words, since }: CameDay,
  { look, firstDay, hour, now }: DailyRuns,
): WaitingDay | null {
  const isUnderWay = entry !== null && (entry.state !== 'succeeded_no_data' || entry.updatedAt > since);
  const nextRun = nextDaily(hour, now);
  const hasRun = look !== null && look.at >= nextRun - DAY_MS;
  if (!hasRun || since <= look.at || since <= due || isUnderWay || nextRun - now <= SOON_MS) return null;
  // Runs look at no day before the lookback that they do not know.
  if (day < firstDay) return null;
  const told = `has ${words} since ${isoTimestamp(since)}`;
  return { day, words: told, since, isLacking: true, cure: 'afterRun', nextRun };
}

/** When the next run of the daily schedule is, epoch milliseconds. */
function nextDaily(hour: number, now: number): number {
  const today = Math.floor(now / DAY_MS) * DAY_MS + hour * HOUR_MS;
  return today > now ? today : today + DAY_MS;
}
