import * as z from 'zod';
import { mapLimit } from '../../base/concurrency.ts';
import { SluiceError } from '../../base/errors.ts';
import { isUtcDay, type UtcDay } from '../../base/time.ts';
import type { Dataset, Source } from '../../schema/sources.ts';
import { WEEKDAYS } from '../../schema/sources.ts';
import type { Drop } from '../Drop.ts';
import type { Ledger } from '../ledger/Ledger.ts';
import type { LedgerEntry } from '../ledger/LedgerEntry.ts';
import { PARALLEL_DATASETS, PARALLEL_DAYS } from '../limits.ts';
import { listDrops, markerKey } from '../listDrops.ts';
import { isMarkerReason, lacksMarker, lookbackDays } from './decideDay.ts';
import type { PlanPorts } from './planDataset.ts';

/** What the last look for drops that are overdue found: `ledger/<source>/<dataset>/expected.json`. */
export const lateNoteSchema = z.strictObject({
  /** Epoch milliseconds. */
  at: z.number(),
  /** Days whose drop was due and had not come, oldest first. */
  late: z.array(
    z.strictObject({
      day: z.string().refine(isUtcDay, 'a day, YYYY-MM-DD'),
      /** When it was due, epoch milliseconds. */
      due: z.number(),
    }),
  ),
});

/** What a look for overdue drops found, validated. */
export type LateNote = z.output<typeof lateNoteSchema>;
/** A day whose drop has not come, and when it was due, epoch milliseconds. */
export type LateDay = LateNote['late'][number];

/** Where these notes are kept. Methods throw IngestError. */
export interface LateNotes {
  /** Null before the first. */
  read(source: string, dataset: string): Promise<LateNote | null>;
  write(source: string, dataset: string, note: LateNote): Promise<void>;
}

/** What {@link findLateDrops} works with. */
export interface ExpectedDropsPorts extends Pick<PlanPorts, 'bucketOf' | 'clock'> {
  readonly ledger: Pick<Ledger, 'read'>;
  readonly lateNotes: Pick<LateNotes, 'write'>;
  /** Epoch milliseconds after which no dataset is begun. */
  readonly deadline: number;
}

/** What a look at all datasets with `expectedBy` came to. */
export interface LateDrops {
  /** Datasets that were looked at. */
  readonly datasets: number;
  readonly late: readonly (LateDay & { readonly source: string; readonly dataset: string })[];
  /** Datasets that could not be looked at; they stop no other. The plan tells of those that it can't list, too. */
  readonly failed: readonly { readonly source: string; readonly dataset: string; readonly code: string }[];
}

/** Whether any dataset says when its drops are expected: without one nothing looks for overdue drops. */
export function expectsDrops(sources: readonly Pick<Source, 'datasets'>[]): boolean {
  return sources.some(({ datasets }) => datasets.some(({ expectedBy }) => expectedBy !== undefined));
}

/**
 * Looks for drops that are overdue: days within the lookback of datasets with `expectedBy` whose hour is over, which no load
 * has read and whose folder has nothing to load, or not the marker that the dataset waits for. A day that came and failed, or
 * was deleted again, has come: that is told of otherwise. Nothing is queued, so the dataset's own schedule decides when it
 * is loaded.
 */
export async function findLateDrops(
  ports: ExpectedDropsPorts,
  sources: readonly Source[],
): Promise<LateDrops> {
  const { clock, deadline } = ports;
  const expected = sources.flatMap((source) =>
    source.datasets.filter((one) => one.expectedBy !== undefined).map((dataset) => ({ source, dataset })),
  );
  const late: LateDrops['late'][number][] = [];
  const failed: LateDrops['failed'][number][] = [];
  await mapLimit(expected, PARALLEL_DATASETS, async ({ source, dataset }) => {
    const place = { source: source.name, dataset: dataset.name };
    if (clock.now() >= deadline) {
      failed.push({ ...place, code: 'SLUICE_INGEST_OUT_OF_TIME' });
      return;
    }
    try {
      const missing = await missingDays(ports, source, dataset);
      await ports.lateNotes.write(source.name, dataset.name, { at: clock.now(), late: [...missing] });
      late.push(...missing.map((one) => ({ ...place, ...one })));
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      failed.push({ ...place, code: error.code });
    }
  });
  return { datasets: expected.length, late, failed };
}

async function missingDays(
  { bucketOf, ledger, clock }: ExpectedDropsPorts,
  source: Source,
  dataset: Dataset,
): Promise<readonly LateDay[]> {
  const due = dueDays(dataset, clock.now());
  const known = await mapLimit(due, PARALLEL_DAYS, ({ day }) =>
    ledger.read({ source: source.name, dataset: dataset.name, day }),
  );
  const unknown = due.filter((_, i) => !isLoadedOrFailed(known[i] ?? null));
  if (unknown.length === 0) return [];
  // What came since the last run of the plan is in no ledger yet.
  const { drops } = await listDrops(
    bucketOf(source, dataset),
    dataset,
    unknown.map(({ day }) => day),
  );
  return unknown.filter(({ day }) => !hasArrived(drops.get(day), markerKey(dataset, day)));
}

/** Whether a load has read the day, well or not, whatever became of its files since. */
function isLoadedOrFailed(entry: LedgerEntry | null): boolean {
  return entry?.version !== undefined || entry?.state === 'failed';
}

/**
 * Whether a day that a look found late has come since, as far as the ledger knows: the next look says for sure.
 *
 * @param lookedAt Epoch milliseconds.
 */
export function hasArrivedSince(entry: LedgerEntry | null, lookedAt: number): boolean {
  if (entry === null || isLoadedOrFailed(entry)) return entry !== null;
  const isIncomplete = entry.queued !== undefined && isMarkerReason(entry.queued.reason);
  return entry.updatedAt > lookedAt && !isIncomplete;
}

/** Folders as consoles make them, and files of a job that still writes, are no drop. */
function hasArrived(drop: Drop | undefined, marker: string | undefined): boolean {
  if (drop === undefined || lacksMarker(drop, marker)) return false;
  return (
    drop.files.length > 0 || drop.leftOut.some(({ reason }) => reason !== 'marker' && reason !== 'temporary')
  );
}

/**
 * The days of the lookback whose drop is due by now, oldest first; none without `expectedBy`.
 *
 * @param now Epoch milliseconds.
 */
export function dueDays(
  { expectedBy, timezone, lookbackDays: lookback }: Pick<Dataset, 'expectedBy' | 'timezone' | 'lookbackDays'>,
  now: number,
): readonly LateDay[] {
  if (expectedBy === undefined) return [];
  const { hour, daysAfter, weekdays } = expectedBy;
  return lookbackDays(now, timezone, lookback)
    .filter((day) => weekdays.includes(WEEKDAYS[new Date(day).getUTCDay()] ?? 'sun'))
    .map((day) => ({ day, due: instantOf(day, daysAfter * 24 + hour, expectedBy.timezone ?? timezone) }))
    .filter(({ due }) => due <= now);
}

/**
 * When the clocks of a time zone show an hour, counted from the beginning of a day. An hour that a change of the clocks
 * leaves out is the one after it.
 */
function instantOf(day: UtcDay, hours: number, timezone: string): number {
  const wall = Date.parse(`${day}T00:00:00Z`) + hours * 3_600_000;
  const guess = wall - offsetAt(wall, timezone);
  return wall - offsetAt(guess, timezone);
}

/** Milliseconds by which the clocks of a time zone are ahead of UTC. */
function offsetAt(instant: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).formatToParts(instant);
  const of = (type: Intl.DateTimeFormatPartTypes) => Number(parts.find((one) => one.type === type)?.value);
  const wall = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'));
  return wall - Math.floor(instant / 1_000) * 1_000;
}
