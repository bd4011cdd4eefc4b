import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import { mapLimit } from '../../../lib/base/concurrency.ts';
import { addDays, type UtcDay } from '../../../lib/base/time.ts';
import { lookbackDays } from '../../../lib/drops/plan/decideDay.ts';
import { hasArrivedSince, type LateDay, lateNotes } from '../../../lib/drops/plan/lateDrops.ts';
import type { LastListing } from '../../../lib/drops/plan/planSources.ts';
import { lastListings } from '../../../lib/drops/plan/planSources.ts';
import type { Dataset, Source } from '../../../lib/schema/sources.ts';
import type { Deployment } from '../../deployment.ts';
import { type LedgerDay, readLedgerDays } from './readLedgerDays.ts';

/** A dataset of the configuration, and the source that it belongs to. */
export interface ConfiguredDataset {
  readonly source: Source;
  readonly dataset: Dataset;
}

/** Notes of the plan that are read in parallel. */
const PARALLEL = 16;

/** The status of one dataset. */
export interface DatasetStatus {
  readonly source: string;
  readonly dataset: string;
  readonly table: string;
  readonly lastLook: LastListing | null;
  /** Days whose drop is late, oldest first; none without `expectedBy`. */
  readonly late: readonly LateDay[];
  /** Oldest first; null if the ledger has no entry. */
  readonly days: readonly LedgerDay[];
}

/**
 * Reads the ledger of the datasets.
 *
 * @param count Number of days, of each dataset.
 * @param until The last day. Default today in the dataset's timezone.
 */
export async function readStatus(
  open: Pick<Deployment, 's3' | 'config' | 'now'> & { readonly datasets: readonly ConfiguredDataset[] },
  count: number | ((dataset: ConfiguredDataset) => number),
  until?: UtcDay,
): Promise<readonly DatasetStatus[]> {
  const { datasets, now } = open;
  const listings = lastListings(s3ObjectStore(open.s3, open.config.bucket));
  const days = await readLedgerDays(
    open,
    datasets.map((one) => {
      const { source, dataset } = one;
      const many = typeof count === 'number' ? count : count(one);
      const wanted =
        until === undefined ? lookbackDays(now, dataset.timezone, many - 1) : daysUntil(until, many);
      return wanted.map((day) => ({ source: source.name, dataset: dataset.name, day }));
    }),
  );
  const late = await readLateDays(open, datasets);
  return mapLimit([...datasets.entries()], PARALLEL, async ([i, { source, dataset }]) => ({
    source: source.name,
    dataset: dataset.name,
    table: dataset.table,
    lastLook: await listings.read(source.name, dataset.name),
    late: late[i] ?? [],
    days: days[i] ?? [],
  }));
}

/** Days, oldest first, up to the last. */
export function daysUntil(last: UtcDay, count: number): readonly UtcDay[] {
  return Array.from({ length: count }, (_, i) => addDays(last, i + 1 - count));
}

/** For each dataset the days that were late at the last listing, without those that have arrived since. */
async function readLateDays(
  open: Pick<Deployment, 's3' | 'config'>,
  datasets: readonly ConfiguredDataset[],
): Promise<readonly (readonly LateDay[])[]> {
  const notes = lateNotes(s3ObjectStore(open.s3, open.config.bucket));
  const noted = await mapLimit(datasets, PARALLEL, async ({ source, dataset }) =>
    dataset.expectedBy === undefined ? null : await notes.read(source.name, dataset.name),
  );
  const known = await readLedgerDays(
    open,
    datasets.map(({ source, dataset }, i) =>
      (noted[i]?.late ?? []).map(({ day }) => ({ source: source.name, dataset: dataset.name, day })),
    ),
  );
  return noted.map((note, i) =>
    (note?.late ?? []).filter((_, at) => !hasArrivedSince(known[i]?.[at]?.entry ?? null, note?.at ?? 0)),
  );
}
