import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import { mapLimit } from '../../../lib/base/concurrency.ts';
import { addDays, type UtcDay, utcDay } from '../../../lib/base/time.ts';
import { lookbackDays } from '../../../lib/drops/plan/decideDay.ts';
import { hasArrivedSince, type LateDay, lateNotes } from '../../../lib/drops/plan/lateDrops.ts';
import { type LastListing, lastListings } from '../../../lib/drops/plan/planSources.ts';
import type { LedgerEntry, LedgerSubject } from '../../../lib/ledger/LedgerEntry.ts';
import { ledgerStore } from '../../../lib/ledger/ledgerStore.ts';
import type { Export } from '../../../lib/schema/exports.ts';
import type { Dataset, Source } from '../../../lib/schema/sources.ts';
import { exportFolder } from '../../../lib/tables/exportKeys.ts';
import { exportSubject } from '../../../lib/tables/ledgerKeys.ts';
import type { Deployment } from '../../deployment.ts';

/** Entries and notes of the plan that are read in parallel. */
const PARALLEL = 16;

/** A day and its entry in the ledger; null if it has none. */
export interface LedgerDay {
  readonly day: UtcDay;
  readonly entry: LedgerEntry | null;
}

/** A dataset of the configuration, and the source that it belongs to. */
export interface ConfiguredDataset {
  readonly source: Source;
  readonly dataset: Dataset;
}

/** The status of one dataset. */
export interface DatasetStatus extends Pick<Dataset, 'kind' | 'table' | 'schedule' | 'lookbackDays'> {
  readonly source: string;
  readonly dataset: string;
  /** `s3://…/` of its drops. */
  readonly folder: string;
  readonly lastLook: LastListing | null;
  /** Days whose drop is late, oldest first; none without `expectedBy`. */
  readonly late: readonly LateDay[];
  /** Oldest first. */
  readonly days: readonly LedgerDay[];
}

/** The status of one export. */
export interface ExportStatus {
  readonly export: string;
  readonly table: string;
  /** The customer's `s3://<bucket>/<folder>/`. */
  readonly target: string;
  /** Oldest first. */
  readonly days: readonly LedgerDay[];
}

/** How many days, of each dataset or export, and the last one. */
export interface DaySpan<Subject> {
  readonly count: (subject: Subject) => number;
  /** Default today in a dataset's time zone; of an export yesterday. */
  readonly until?: UtcDay | undefined;
}

type Open = Pick<Deployment, 's3' | 'config' | 'now'>;

/** Reads days of several subjects from the ledger, in the order of subjects and days. @throws IngestError. */
export async function readLedgerDays(
  { s3, config }: Pick<Deployment, 's3' | 'config'>,
  subjects: readonly (readonly Pick<LedgerSubject, 'source' | 'dataset' | 'day'>[])[],
): Promise<readonly (readonly LedgerDay[])[]> {
  const ledger = ledgerStore(s3ObjectStore(s3, config.bucket));
  const read = await mapLimit(subjects.flat(), PARALLEL, async (subject) => ({
    day: subject.day,
    entry: (await ledger.read(subject))?.entry ?? null,
  }));
  let taken = 0;
  return subjects.map((places) => {
    taken += places.length;
    return read.slice(taken - places.length, taken);
  });
}

/** Reads the ledger of datasets. @throws IngestError. */
export async function readDatasets(
  open: Open,
  datasets: readonly ConfiguredDataset[],
  { count, until }: DaySpan<ConfiguredDataset>,
): Promise<readonly DatasetStatus[]> {
  const listings = lastListings(s3ObjectStore(open.s3, open.config.bucket));
  const days = await readLedgerDays(
    open,
    datasets.map((one) => {
      const { source, dataset } = one;
      const wanted =
        until === undefined
          ? lookbackDays(open.now, dataset.timezone, count(one) - 1)
          : daysUntil(until, count(one));
      return wanted.map((day) => ({ source: source.name, dataset: dataset.name, day }));
    }),
  );
  const late = await readLateDays(open, datasets);
  return mapLimit([...datasets.entries()], PARALLEL, async ([i, { source, dataset }]) => ({
    ...{ source: source.name, dataset: dataset.name, kind: dataset.kind, table: dataset.table },
    folder: `s3://${source.bucket}/${dataset.folder}/`,
    ...{ schedule: dataset.schedule, lookbackDays: dataset.lookbackDays },
    lastLook: await listings.read(source.name, dataset.name),
    late: late[i] ?? [],
    days: days[i] ?? [],
  }));
}

/** Reads the ledger of exports. @throws IngestError. */
export async function readExports(
  open: Open,
  exports: readonly Export[],
  { count, until = addDays(utcDay(open.now), -1) }: DaySpan<Export>,
): Promise<readonly ExportStatus[]> {
  const days = await readLedgerDays(
    open,
    exports.map((exported) => daysUntil(until, count(exported)).map((day) => exportSubject(exported, day))),
  );
  return exports.map((exported, i) => ({
    ...{ export: exported.name, table: exported.table, target: exportTarget(exported) },
    days: days[i] ?? [],
  }));
}

/** The customer's `s3://<bucket>/<folder>/` of an export. */
function exportTarget(exported: Pick<Export, 'name' | 'target'>): string {
  return `s3://${exported.target.bucket}/${exportFolder(exported)}`;
}

/** Days, oldest first, up to the last. */
export function daysUntil(last: UtcDay, count: number): readonly UtcDay[] {
  return Array.from({ length: count }, (_, i) => addDays(last, i + 1 - count));
}

/** For each dataset the days that were late at the last listing, without those that have arrived since. */
async function readLateDays(
  open: Open,
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
