import { s3LastLooks, s3LateNotes } from '../../lib/aws/s3LastLooks.ts';
import { mapLimit } from '../../lib/concurrency/mapLimit.ts';
import { lookbackDays } from '../../lib/drops/plan/decideDay.ts';
import { hasComeSince, type LateDay } from '../../lib/drops/plan/expectedDrops.ts';
import type { LastLook } from '../../lib/drops/plan/planSources.ts';
import { type LedgerDay, readLedgerDays } from '../aws/readLedgerDays.ts';
import type { OpenIngest } from './openIngest.ts';

/** Notes of the plan that are read side by side. */
const PARALLEL = 16;

/** What is known of one dataset. */
export interface DatasetStatus {
  readonly source: string;
  readonly dataset: string;
  readonly table: string;
  readonly lastLook: LastLook | null;
  /** Days whose drop is overdue, oldest first; none without `expectedBy`. */
  readonly late: readonly LateDay[];
  /** Oldest first; null where the ledger knows nothing. */
  readonly days: readonly LedgerDay[];
}

/** Reads the ledger of the datasets that are asked for; the last day is today in the dataset's timezone. */
export async function readStatus(
  open: Pick<OpenIngest, 's3' | 'config' | 'datasets' | 'now'>,
  count: number,
): Promise<readonly DatasetStatus[]> {
  const { datasets, now } = open;
  const looks = s3LastLooks(open.s3, open.config.bucket);
  const days = await readLedgerDays(
    open,
    datasets.map(({ source, dataset }) =>
      lookbackDays(now, dataset.timezone, count - 1).map((day) => ({
        source: source.name,
        dataset: dataset.name,
        day,
      })),
    ),
  );
  const late = await readLateDays(open, datasets);
  return mapLimit([...datasets.entries()], PARALLEL, async ([i, { source, dataset }]) => ({
    source: source.name,
    dataset: dataset.name,
    table: dataset.table,
    lastLook: await looks.read(source.name, dataset.name),
    late: late[i] ?? [],
    days: days[i] ?? [],
  }));
}

/** For each dataset the days that the last look found overdue, without those that have come since. */
export async function readLateDays(
  open: Pick<OpenIngest, 's3' | 'config'>,
  datasets: OpenIngest['datasets'],
): Promise<readonly (readonly LateDay[])[]> {
  const notes = s3LateNotes(open.s3, open.config.bucket);
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
    (note?.late ?? []).filter((_, at) => !hasComeSince(known[i]?.[at]?.entry ?? null, note?.at ?? 0)),
  );
}
