import * as z from 'zod';
import { type Exclusive, exclusive, mapLimit } from '../../base/concurrency.ts';
import { SluiceError } from '../../base/errors.ts';
import type { ObjectStore } from '../../base/ObjectStore.ts';
import { counted } from '../../base/text.ts';
import { addDays, isUtcDay, localTime, type UtcDay } from '../../base/time.ts';
import type { Ledger } from '../../ledger/Ledger.ts';
import type { LedgerEntry } from '../../ledger/LedgerEntry.ts';
import { type DatasetNotes, datasetNotes, oldestFirst } from '../../ledger/ledgerStore.ts';
import { type Dataset, type Source, WEEKDAYS } from '../../schema/sources.ts';
import { lateNoteKey } from '../../tables/ledgerKeys.ts';
import { countFiles, type Drop } from '../Drop.ts';
import { NAMED_DAYS, PARALLEL_DATASETS, PARALLEL_DAYS } from '../limits.ts';
import { listEachDrop, markerKey } from '../listDrops.ts';
import { COMMIT, isMarkerReason, lacksMarker, lackWords, lookbackDays, markerReason } from './decideDay.ts';
import type { PlanPorts } from './planDataset.ts';

/**
 * The result of the last check for late drops: `ledger/<source>/<dataset>/expected.json`. Members of later versions are left
 * out.
 */
const lateNoteSchema = z.object({
  /** Epoch milliseconds. */
  at: z.number(),
  /** Days whose drop was due and had not arrived, oldest first. */
  late: z.array(
    z.object({
      day: z.string().refine(isUtcDay, 'a day, YYYY-MM-DD'),
      /** When it was due, epoch milliseconds. */
      due: z.number(),
      /** What it has already, such as `2 files and no commit`, and since when, epoch milliseconds. */
      has: z.object({ words: z.string(), since: z.number() }).optional(),
    }),
  ),
});

/** A validated result of a check for late drops. */
export type LateNote = z.output<typeof lateNoteSchema>;
/** A day whose drop has not arrived, and when it was due, epoch milliseconds. */
export type LateDay = LateNote['late'][number];

/** Notes on late drops. */
export type LateNotes = DatasetNotes<LateNote>;

/** Notes on late drops in a bucket. */
export function lateNotes(store: ObjectStore): LateNotes {
  return datasetNotes(store, lateNoteKey, lateNoteSchema);
}

/** The ports of {@link findLateDrops}. */
export interface ExpectedDropsPorts extends Pick<PlanPorts, 'bucketOf' | 'clock'> {
  readonly ledger: Pick<Ledger, 'read'>;
  readonly lateNotes: LateNotes;
  /** Epoch milliseconds after which no dataset is started. */
  readonly deadline: number;
}

/** The result of a check of all datasets with `expectedBy`. */
export interface LateDrops {
  /** Number of datasets that were checked. */
  readonly datasets: number;
  /** Of the lookback: its alarm ends with it. The note has earlier days, too. */
  readonly late: readonly (LateDay & { readonly source: string; readonly dataset: string })[];
  /** Datasets that could not be checked. They do not stop the others. The plan also reports datasets that it can't list. */
  readonly failed: readonly { readonly source: string; readonly dataset: string; readonly code: string }[];
}

/** Whether any dataset has `expectedBy`. Without one there is no check for late drops. */
export function expectsDrops(sources: readonly Pick<Source, 'datasets'>[]): boolean {
  return sources.some(({ datasets }) => datasets.some(({ expectedBy }) => expectedBy !== undefined));
}

/**
 * Finds late drops: days of datasets with `expectedBy` that are due, that no load has read, and whose folder has nothing to
 * load or lacks the dataset's marker. A day that failed, or was deleted after its load, is not late, as it is reported
 * elsewhere. Nothing is queued: the dataset's schedule decides when the day is loaded.
 *
 * A day stays late for {@link NAMED_DAYS} after the lookback if it was late before, or an earlier day came within its
 * lookback: what was before was never expected, even if a backfill has loaded a day of it. No run loads it then by itself, so
 * that it is late until somebody has it loaded.
 */
export async function findLateDrops(
  ports: ExpectedDropsPorts,
  sources: readonly Source[],
): Promise<LateDrops> {
  const { clock, deadline } = ports;
  const expected = sources.flatMap((source) =>
    source.datasets.filter((one) => one.expectedBy !== undefined).map((dataset) => ({ source, dataset })),
  );
  const inTurn = await oldestFirst(expected, ({ source, dataset }) =>
    ports.lateNotes.read(source.name, dataset.name),
  );
  const alone = exclusive();
  const late: LateDrops['late'][number][] = [];
  const failed: LateDrops['failed'][number][] = [];
  await mapLimit(inTurn, PARALLEL_DATASETS, async ({ item: { source, dataset }, look }) => {
    const place = { source: source.name, dataset: dataset.name };
    if (clock.now() >= deadline) {
      failed.push({ ...place, code: 'SLUICE_INGEST_OUT_OF_TIME' });
      return;
    }
    try {
      const [first = ''] = lookbackDays(clock.now(), dataset.timezone, dataset.lookbackDays);
      const missing = await missingDays(ports, source, dataset, { first, before: await look, alone });
      await ports.lateNotes.write(source.name, dataset.name, { at: clock.now(), late: [...missing] });
      late.push(...missing.filter(({ day }) => day >= first).map((one) => ({ ...place, ...one })));
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      failed.push({ ...place, code: error.code });
    }
  });
  return { datasets: expected.length, late, failed };
}

/** @param noted The first day of the lookback, the note of the last check, and what is held while a day has many objects. */
async function missingDays(
  { bucketOf, ledger, clock }: ExpectedDropsPorts,
  source: Source,
  dataset: Dataset,
  {
    first,
    before,
    alone,
  }: { readonly first: UtcDay; readonly before: LateNote | null; readonly alone: Exclusive },
): Promise<readonly LateDay[]> {
  const due = dueDays({ ...dataset, lookbackDays: dataset.lookbackDays + NAMED_DAYS }, clock.now());
  const known = await mapLimit(due, PARALLEL_DAYS, async (one) => {
    const entry = await ledger.read({ source: source.name, dataset: dataset.name, day: one.day });
    // The names of its files, which may be many, are let go.
    return { one, entry: entry === null ? null : { ...entry, files: [] } };
  });
  const wasLate = new Set(before?.late.map(({ day }) => day));
  const begin = known.find(({ one: { day }, entry }) => wasInLookback(dataset, day, entry))?.one.day ?? first;
  const unknown = known.filter(
    ({ one: { day }, entry }) =>
      (day >= first || day > begin || wasLate.has(day)) && !isLoadedOrFailed(entry),
  );
  if (unknown.length === 0) return [];
  const entries = new Map(unknown.map(({ one, entry }) => [one.day, entry]));
  const dues = new Map(unknown.map(({ one }) => [one.day, one]));
  const late: LateDay[] = [];
  // A drop that arrived after the last run of the plan is not in the ledger yet.
  const use = async (day: UtcDay, drop: Drop) => {
    const one = dues.get(day);
    const has = hasYet(dataset, day, drop, { isOld: day < first, isKnown: entries.get(day) !== null });
    if (one !== undefined && has !== null) late.push({ ...one, ...has });
  };
  await listEachDrop(bucketOf(source, dataset), dataset, [...dues.keys()], use, alone);
  return late;
}

/** What a late day has already; null if it is not late. */
function hasYet(
  dataset: Dataset,
  day: UtcDay,
  drop: Drop,
  { isOld, isKnown }: { readonly isOld: boolean; readonly isKnown: boolean },
): Pick<LateDay, 'has'> | null {
  const marker = markerKey(dataset, day);
  if (drop.lastModified === null) return {};
  const isThere = hasArrived(drop, marker);
  // Before the lookback no run looks at it any more.
  if (isThere && (!isOld || isKnown)) return null;
  const reason = markerReason(lacksMarker(drop, marker, null) ? (dataset.waitFor ?? '') : COMMIT);
  const temporary = drop.leftOut.filter((left) => left.reason === 'temporary').length;
  const files = countFiles(drop);
  if (files + temporary === 0) return {};
  const lacks = files > 0 ? lackWords({ reason, files }) : `${counted(temporary, 'temporary file')} alone`;
  const words = isThere ? counted(files, 'file') : (lacks ?? '');
  return { has: { words, since: drop.lastModified } };
}

/** Whether the last entry of a day was written while the schedule looked at it: what is older, a person asked for. */
function wasInLookback(
  { timezone, lookbackDays: lookback }: Pick<Dataset, 'timezone' | 'lookbackDays'>,
  day: UtcDay,
  entry: LedgerEntry | null,
): boolean {
  const [first = ''] = lookbackDays(entry?.updatedAt ?? 0, timezone, lookback);
  return entry !== null && day >= first;
}

/**
 * Whether a load has read the day, successfully or not, whatever happened to its files since; or a person said that it does not
 * come.
 */
function isLoadedOrFailed(entry: LedgerEntry | null): boolean {
  return entry?.version !== undefined || entry?.state === 'failed' || entry?.accepted === true;
}

/**
 * Whether a late day has arrived since the check, as far as the ledger shows. The next check decides.
 *
 * @param lookedAt Epoch milliseconds.
 */
export function hasArrivedSince(entry: LedgerEntry | null, lookedAt: number): boolean {
  if (entry === null || isLoadedOrFailed(entry)) return entry !== null;
  const isIncomplete = entry.queued !== undefined && isMarkerReason(entry.queued.reason);
  return entry.updatedAt > lookedAt && !isIncomplete;
}

/** Folder objects of consoles, and files of a job that still runs, are not a drop. */
function hasArrived(drop: Drop, marker: string | undefined): boolean {
  if (lacksMarker(drop, marker, null)) return false;
  const isPending = drop.leftOut.some(({ reason }) => reason === 'not_committed');
  return (
    drop.files.length > 0 ||
    (!isPending && drop.leftOut.some(({ reason }) => reason !== 'marker' && reason !== 'temporary'))
  );
}

/**
 * The days of the lookback whose drop is due, oldest first; none without `expectedBy`.
 *
 * @param now Epoch milliseconds.
 */
export function dueDays(
  { expectedBy, timezone, lookbackDays: lookback }: Pick<Dataset, 'expectedBy' | 'timezone' | 'lookbackDays'>,
  now: number,
): readonly LateDay[] {
  return lookbackDays(now, timezone, lookback).flatMap((day) => {
    const due = dueAt({ expectedBy, timezone }, day);
    return due !== null && due <= now ? [{ day, due }] : [];
  });
}

/** The last day on which a day that never came, or that no run has looked at, is named. */
export function lastNamed({ lookbackDays: lookback }: Pick<Dataset, 'lookbackDays'>, day: UtcDay): UtcDay {
  return addDays(day, lookback + NAMED_DAYS);
}

/** When a day's drop is due, epoch milliseconds; null if none is expected. */
function dueAt({ expectedBy, timezone }: Pick<Dataset, 'expectedBy' | 'timezone'>, day: UtcDay) {
  if (expectedBy === undefined) return null;
  const { hour, daysAfter, weekdays } = expectedBy;
  if (!weekdays.includes(WEEKDAYS[new Date(day).getUTCDay()] ?? 'sun')) return null;
  return instantOf(day, daysAfter * 24 + hour, expectedBy.timezone ?? timezone);
}

/** Whether a day is over, and its drop due, so that nothing more of it is expected. @param now Epoch milliseconds. */
export function isOver(dataset: Pick<Dataset, 'expectedBy' | 'timezone'>, day: UtcDay, now: number): boolean {
  const [today = day] = lookbackDays(now, dataset.timezone, 0);
  return day < today && (dueAt(dataset, day) ?? now) <= now;
}

/**
 * The instant of an hour in a time zone, counted from the beginning of a day. An hour that daylight saving time skips is
 * the next one.
 */
function instantOf(day: UtcDay, hours: number, timezone: string): number {
  const wall = Date.parse(`${day}T00:00:00Z`) + hours * 3_600_000;
  const guess = wall - offsetAt(wall, timezone);
  return wall - offsetAt(guess, timezone);
}

/** UTC offset of a time zone at an instant, milliseconds. */
function offsetAt(instant: number, timezone: string): number {
  return Date.parse(`${localTime(instant, timezone)}Z`) - Math.floor(instant / 1_000) * 1_000;
}
