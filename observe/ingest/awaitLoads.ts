import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { mapLimit } from '../../lib/base/concurrency.ts';
import type { UtcDay } from '../../lib/base/time.ts';
import { isMarkerReason, isSent } from '../../lib/drops/plan/decideDay.ts';
import type { LastListing } from '../../lib/drops/plan/planSources.ts';
import { lastListings } from '../../lib/drops/plan/planSources.ts';
import type { LedgerEntry } from '../../lib/ledger/LedgerEntry.ts';
import type { Deployment } from '../deployment.ts';
import { type LedgerDay, readLedgerDays } from '../facts/days/readLedgerDays.ts';

/** Days of one request: one run of a plan function can list them within its timeout. */
export const DAYS_A_REQUEST = 31;

/** Days of a dataset that are about to be requested. */
export interface AwaitedDataset {
  readonly source: string;
  readonly dataset: string;
  readonly days: readonly UtcDay[];
}

/**
 * The result for a day: `loaded`, `empty` (its files are gone) and `failed` are final. `running` is queued or being
 * loaded, and `waiting` is for its files to settle or for a marker. `untouched`: nothing has changed in the ledger, as
 * for a day without files.
 */
export type DayFate = 'loaded' | 'empty' | 'failed' | 'running' | 'waiting' | 'untouched';

/** A day that was requested. */
export interface AwaitedDay {
  readonly source: string;
  readonly dataset: string;
  readonly day: UtcDay;
  readonly fate: DayFate;
  /** Rows of the last load; null if there was none. */
  readonly rows: LedgerEntry['rows'] | null;
  /** Why it failed, or is tried again. */
  readonly failure: NonNullable<LedgerEntry['failure']> | null;
  /** The reason why a day with the fate `waiting` waits, in words; null for others. */
  readonly waitsFor: string | null;
}

/** The result of waiting. */
export interface AwaitedLoads {
  /** Whether nothing is running any more; otherwise the time was over. */
  readonly isComplete: boolean;
  readonly days: readonly AwaitedDay[];
  /** Datasets whose files could not be listed. */
  readonly unlisted: readonly {
    readonly source: string;
    readonly dataset: string;
    readonly failure: NonNullable<LastListing['failure']>;
  }[];
}

/** The ledger of the datasets at one time. */
interface Look {
  readonly days: readonly (readonly LedgerDay[])[];
  readonly listings: readonly (LastListing | null)[];
}

/** Listings that are read in parallel. */
const PARALLEL = 16;
/** Days without a change are taken for days without files when others of the same request have changed for so long. */
const GRACE_MS = 10_000;
/** Or when none has changed for so long: then the plan has surely run, and found no files. */
const UNSEEN_MS = 120_000;
/** The pause between two looks. A random part of it is added. */
const PAUSE_MS = { local: 500, deployed: 3_000 };

type Looking = Pick<Deployment, 's3' | 'config'>;

/** Looks at the ledger before a request is sent. Its changes are judged by this, not by clocks, which differ. */
export async function lookBefore(deployment: Looking, datasets: readonly AwaitedDataset[]): Promise<Look> {
  const listings = lastListings(s3ObjectStore(deployment.s3, deployment.config.bucket));
  return {
    days: await readLedgerDays(
      deployment,
      datasets.map(({ source, dataset, days }) => days.map((day) => ({ source, dataset, day }))),
    ),
    listings: await mapLimit(datasets, PARALLEL, ({ source, dataset }) => listings.read(source, dataset)),
  };
}

/**
 * Waits until the days of a request are loaded, have failed, or wait for their files.
 *
 * @param before From {@link lookBefore}.
 * @param options `isListing`: the request lists whole lookbacks, which the ledger notes. `onLook` gets what is known after
 *   each look.
 * @throws IngestError if the ledger is unreadable; what S3's client throws.
 */
export async function awaitLoads(
  deployment: Looking & Pick<Deployment, 'clock' | 'wait' | 'random' | 'isLocal'>,
  datasets: readonly AwaitedDataset[],
  before: Look,
  {
    timeoutMs,
    isListing,
    onLook,
  }: {
    readonly timeoutMs: number;
    readonly isListing: boolean;
    readonly onLook: (days: readonly AwaitedDay[]) => void;
  },
): Promise<AwaitedLoads> {
  const began = deployment.clock.now();
  const pauseMs = deployment.isLocal ? PAUSE_MS.local : PAUSE_MS.deployed;
  /** When the first change of each request was seen. */
  const changedAt = new Map<string, number>();
  for (;;) {
    const look = await lookBefore(deployment, datasets);
    const now = deployment.clock.now();
    const all = datasets.map(({ source, dataset }, i) =>
      (look.days[i] ?? []).map((one, at) => awaitedDay({ source, dataset }, one, before.days[i]?.[at])),
    );
    const isPending = datasets.some((_, i) => {
      const days = all[i] ?? [];
      if (days.some(({ fate }) => fate === 'running')) return true;
      // The plan notes a listing after its days.
      if (isListing) return look.listings[i]?.at === before.listings[i]?.at;
      return requestsOf(days).some((some, request) => {
        const key = `${i} ${request}`;
        if (some.every(({ fate }) => fate !== 'untouched')) return false;
        if (!changedAt.has(key) && some.some(({ fate }) => fate !== 'untouched')) changedAt.set(key, now);
        const since = changedAt.get(key);
        return since === undefined ? now - began < UNSEEN_MS : now - since < GRACE_MS;
      });
    });
    const isOver = now - began + pauseMs > timeoutMs;
    if (!isPending || isOver) {
      const unlisted = datasets.flatMap(({ source, dataset }, i) => {
        const listing = look.listings[i];
        const isNew = listing?.at !== before.listings[i]?.at;
        return isNew && listing?.failure !== undefined ? [{ source, dataset, failure: listing.failure }] : [];
      });
      return { isComplete: !isPending, days: all.flat(), unlisted };
    }
    onLook(all.flat());
    await deployment.wait(pauseMs * (1 + deployment.random()));
  }
}

/** The days of each request, as a backfill is sent in several. */
function requestsOf(days: readonly AwaitedDay[]): readonly (readonly AwaitedDay[])[] {
  return Array.from({ length: Math.ceil(days.length / DAYS_A_REQUEST) }, (_, i) =>
    days.slice(i * DAYS_A_REQUEST, (i + 1) * DAYS_A_REQUEST),
  );
}

function awaitedDay(
  named: Pick<AwaitedDay, 'source' | 'dataset'>,
  { day, entry }: LedgerDay,
  before: LedgerDay | undefined,
): AwaitedDay {
  const fate = fateOf(entry, entry?.token !== before?.entry?.token);
  const waitsFor = fate === 'waiting' ? reasonOf(entry) : null;
  return { ...named, day, fate, rows: entry?.rows ?? null, failure: entry?.failure ?? null, waitsFor };
}

function reasonOf(entry: LedgerEntry | null): string {
  const reason = entry?.queued?.reason ?? '';
  return isMarkerReason(reason) ? reason : 'until its newest file is `settleMinutes` old';
}

function fateOf(entry: LedgerEntry | null, hasChanged: boolean): DayFate {
  if (entry === null) return 'untouched';
  // Queued before, or by another: a request of the same files is not queued again.
  if (entry.state === 'loading') return 'running';
  if (entry.state === 'waiting')
    return entry.queued === undefined || isSent(entry.queued) ? 'running' : 'waiting';
  if (!hasChanged) return 'untouched';
  if (entry.state === 'succeeded_no_data') return 'empty';
  return entry.state === 'succeeded' ? 'loaded' : 'failed';
}
