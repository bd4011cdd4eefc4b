import { isoTimestamp, type UtcDay } from '../../../../lib/base/time.ts';
import { lackWords, markerReason } from '../../../../lib/drops/plan/decideDay.ts';
import { isOver, reportedUntil } from '../../../../lib/drops/plan/late/dueDays.ts';
import type { LateDay } from '../../../../lib/drops/plan/late/lateNotes.ts';
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
   * What is to be done: ask for a run, as none has looked at it (`run`); read which files they are (`explain`); load it without its
   * marker (`backfill`); or load it because no run looks at it any more (`load`).
   */
  readonly cure: 'run' | 'explain' | 'backfill' | 'load';
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
