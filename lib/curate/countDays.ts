import { mapLimit } from '../base/concurrency.ts';
import { DAY_MS, HOUR_MS, type UtcDay } from '../base/time.ts';
import { isFailing } from '../ledger/LedgerEntry.ts';
import { versionName } from '../ledger/versions.ts';
import type { ForwardedKind } from '../schema/kinds.ts';
import { CurateError } from './CurateError.ts';
import { readEntry } from './ListedDays.ts';
import { PARALLEL_ENTRIES } from './limits.ts';
import { type CuratePlanner, curatedEntries } from './lookAtDays.ts';
import { firstYoungDay } from './youngDays.ts';

/** Milliseconds for which the metrics are written at every run after a day was curated. */
const COUNTED_AFTERWARDS_MS = 3 * HOUR_MS;

/** Counts of the days of one table that should be curated. */
interface CuratedCounts {
  /** Days that views read from the curated table. */
  readonly listed: number;
  /** Days whose last curation failed. */
  readonly failed: number;
  /** Days that were queued more than a day ago and have neither succeeded nor failed. */
  readonly waiting: number;
  /** The oldest day that should be curated and is not; null if there is none. */
  readonly oldest: UtcDay | null;
  /** Whether a day was curated lately, which may end what was wrong. */
  readonly hasNew: boolean;
}

/**
 * Counts the days of a table, by the folders of its days, the list and the ledger. No raw file is listed.
 *
 * @throws CurateError SLUICE_CURATE_OUT_OF_TIME.
 */
export async function countDays(planner: CuratePlanner, kind: ForwardedKind): Promise<CuratedCounts> {
  const { config, clock, raw, listed, deadline } = planner;
  const now = clock.now();
  const requireTime = () => {
    if (clock.now() >= deadline) throw new CurateError('SLUICE_CURATE_OUT_OF_TIME', 'Nothing is counted.');
  };
  requireTime();
  const firstYoung = firstYoungDay(config, now);
  const list = (await listed.read(kind))?.days ?? {};
  const newest = versionName(now - COUNTED_AFTERWARDS_MS, () => 0);
  const days = (await raw.days(kind)).filter((day) => day < firstYoung && list[day] === undefined);
  const entries = days.length === 0 ? new Map() : await curatedEntries(planner, kind);
  const open = await mapLimit(days, PARALLEL_ENTRIES, async (day) => {
    requireTime();
    const uncurated = { day, isFailed: false, isWaiting: false };
    if (!entries.has(day)) return [uncurated];
    const entry = await readEntry(planner, kind, day);
    if ('code' in entry) return [{ ...uncurated, isFailed: true }];
    const { state, queued } = entry.entry ?? {};
    // A console makes folders that stay without files.
    if (state === 'succeeded_no_data') return [];
    const isFailed = isFailing(entry.entry);
    return [{ day, isFailed, isWaiting: !isFailed && now - (queued?.at ?? now) > DAY_MS }];
  });
  const counted = open.flat();
  return {
    listed: Object.keys(list).length,
    failed: counted.filter((state) => state.isFailed).length,
    waiting: counted.filter((state) => state.isWaiting).length,
    oldest: counted[0]?.day ?? null,
    hasNew: Object.values(list).some(({ version }) => version >= newest),
  };
}
