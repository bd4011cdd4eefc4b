import * as z from 'zod';
import { type Exclusive, exclusive, mapLimit } from '../../base/concurrency.ts';
import { SluiceError } from '../../base/errors.ts';
import type { ObjectStore } from '../../base/ObjectStore.ts';
import { counted } from '../../base/text.ts';
import { addDays, DAY_MS, instantOf, type UtcDay, utcDay } from '../../base/time.ts';
import { type Ledger, UNREADABLE } from '../../ledger/Ledger.ts';
import { type LedgerEntry, NO_FILES } from '../../ledger/LedgerEntry.ts';
import { LedgerError } from '../../ledger/LedgerError.ts';
import { type DatasetNotes, datasetNotes, oldestFirst } from '../../ledger/ledgerStore.ts';
import { type Dataset, type Source, WEEKDAYS } from '../../schema/sources.ts';
import { lateNoteKey } from '../../tables/ledgerKeys.ts';
import { countFiles, type Drop } from '../Drop.ts';
import { IngestError } from '../IngestError.ts';
import { isMoved } from '../lastLoad.ts';
import { NAMED_DAYS, PARALLEL_DATASETS, PARALLEL_ENTRIES } from '../limits.ts';
import { dropPlace, listEachDrop, markerKey } from '../listDrops.ts';
import { emptyWords, lacksRows } from '../usualRows.ts';
import { isMarkerReason, lacksMarker, lackWords, lookbackDays, markerReason } from './decideDay.ts';
import { daySchema, type LateLook } from './messageBodies.ts';
import { bucketUntil, type PlanPorts } from './planDataset.ts';
import { planMetrics, type RunCounts } from './planMetrics.ts';
import { type LastListings, requestedDatasets } from './planSources.ts';

/**
 * The result of the last check for late drops: `ledger/<source>/<dataset>/expected.json`. Members of later versions are left
 * out.
 */
const lateNoteSchema = z.object({
  /** Epoch milliseconds. */
  at: z.number(),
  /**
   * Due days that no load has read, late or not: the next look is at them, in this order, and at what is due since. Days that the
   * last look did not reach before its deadline are the first.
   */
  open: z.array(daySchema).optional(),
  /** The day from which drops are expected: the first that came, or the day of the first look while none has. */
  first: z.object({ day: daySchema, hasCome: z.boolean() }).optional(),
  /** Days whose drop was due and had not arrived, oldest first. */
  late: z.array(
    z.object({
      /** The day, UTC. */
      day: daySchema,
      /** When it was due, epoch milliseconds. */
      due: z.number(),
      /** What it has already, such as `2 files and no commit`, and since when, epoch milliseconds. */
      has: z
        .object({
          /** What it has, in words. */
          words: z.string(),
          /** Since when, epoch milliseconds. */
          since: z.number(),
        })
        .optional(),
      /** `1 file, 0 rows`, if it came without rows and its weekday usually has some. */
      empty: z.string().optional(),
    }),
  ),
});

/** The day from which drops are expected. */
type FirstExpected = NonNullable<LateNote['first']>;

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
export interface ExpectedDropsPorts extends Pick<PlanPorts, 'bucketOf' | 'clock' | 'deadline'> {
  /** The sources of the configuration. */
  readonly sources: readonly Source[];
  readonly ledger: Pick<Ledger, 'read'>;
  readonly lateNotes: LateNotes;
  /** Lists a dataset's days in the ledger, of which the first that came is found. */
  readonly looks: Pick<LastListings, 'entries'>;
}

/** The result of a check of all datasets with `expectedBy`. */
export interface LateDrops {
  /** Number of datasets that were to be looked at. */
  readonly datasets: number;
  /** The late days, also those before the lookback, for which no alarm rings. */
  readonly late: readonly (LateDay & { readonly source: string; readonly dataset: string })[];
  /** Datasets that could not be checked. They do not stop the others. The plan also reports datasets that it can't list. */
  readonly failed: readonly { readonly source: string; readonly dataset: string; readonly code: string }[];
}

/** Whether any dataset has `expectedBy`. Without one there is no check for late drops. */
export function expectsDrops(sources: readonly Pick<Source, 'datasets'>[]): boolean {
  return sources.some(({ datasets }) => datasets.some(({ expectedBy }) => expectedBy !== undefined));
}

/** Datasets with `expectedBy`, of a request for some sources or of all. */
function expectedDatasets({ sources }: ExpectedDropsPorts, request: Pick<LateLook, 'sources'>) {
  return requestedDatasets(sources, request).filter(({ dataset }) => dataset.expectedBy !== undefined);
}

/** A dataset, and the note of its last look, whose promise rejects if it can't be read. */
export interface LateTurn {
  readonly item: { readonly source: Source; readonly dataset: Dataset };
  readonly look: Promise<LateNote | null>;
  /** The days that are looked at. */
  readonly due: readonly LateDay[];
}

/**
 * Datasets with something to look at, in the order of {@link oldestFirst}: an hour in which nothing is due, and nothing is waited
 * for, costs one read of each.
 */
export async function lateLooks(
  ports: ExpectedDropsPorts,
  request: Pick<LateLook, 'sources'>,
): Promise<readonly LateTurn[]> {
  const inTurn = await oldestFirst(expectedDatasets(ports, request), ({ source, dataset }) =>
    ports.lateNotes.read(source.name, dataset.name),
  );
  const open = await mapLimit(inTurn, PARALLEL_DATASETS, async (turn) => {
    // Whoever looks at the dataset reports a note that can't be read.
    const note = await turn.look.catch(() => null);
    const due = daysToLookAt(turn.item.dataset, note, ports.clock.now());
    return due.length === 0 ? [] : [{ ...turn, due }];
  });
  return open.flat();
}

/**
 * The days that a look is at: once a day all that can be late, else those that were open, and those that are due since. Open days
 * are the first, in the order of the note.
 */
function daysToLookAt(dataset: Dataset, note: LateNote | null, now: number): readonly LateDay[] {
  const all = dueDays(withNamed(dataset), now);
  if (note?.open === undefined) return all;
  const { at, open } = note;
  const isFirstToday = utcDay(at) !== utcDay(now);
  const wanted = all.filter(({ day, due }) => isFirstToday || due > at || open.includes(day));
  const order = [...open, ...all.map(({ day }) => day)];
  return wanted.sort((a, b) => order.indexOf(a.day) - order.indexOf(b.day));
}

/**
 * Counts late days of lookbacks as the last looks have found them: those of a dataset that could not be looked at stay late, and do
 * not hide that others have come. The plan reports a note that can't be read.
 *
 * @param run When the run began, epoch milliseconds.
 */
export async function countLateDays(ports: ExpectedDropsPorts, run: number): Promise<RunCounts> {
  const { lateNotes: notes, clock } = ports;
  let missing = 0;
  let late = 0;
  await mapLimit(expectedDatasets(ports, {}), PARALLEL_DATASETS, async ({ source, dataset }) => {
    const note = await notes.read(source.name, dataset.name).catch(() => null);
    const first = firstDay(dataset, clock.now());
    late += note?.late.filter(({ day }) => day >= first).length ?? 0;
    if ((note?.at ?? 0) < run && daysToLookAt(dataset, note, run).length > 0) missing += 1;
  });
  return { missing, values: [[planMetrics.drops_late, late]] };
}

/** A dataset whose lookback has all days that are named. */
function withNamed(dataset: Dataset): Dataset {
  return { ...dataset, lookbackDays: dataset.lookbackDays + NAMED_DAYS };
}

/** The first day of the lookback. */
function firstDay({ timezone, lookbackDays: lookback }: Dataset, now: number): UtcDay {
  const [first = ''] = lookbackDays(now, timezone, lookback);
  return first;
}

/**
 * Finds late drops: days of datasets with `expectedBy` that are due, that no load has read, and whose folder has nothing to
 * load or lacks the dataset's marker. A day that failed, or was deleted after its load, is not late, as it is reported
 * elsewhere. Nothing is queued: the dataset's schedule decides when the day is loaded.
 *
 * Nothing is late before the first day that came within its lookback, even if a backfill has loaded an older one; while none has
 * come, before the day of the first look. A day stays late for {@link NAMED_DAYS} after the lookback: no run loads it then by
 * itself, so that it is late until somebody has it loaded.
 */
export async function findLateDrops(
  ports: ExpectedDropsPorts,
  request: Pick<LateLook, 'sources'>,
): Promise<LateDrops> {
  const { clock, deadline } = ports;
  const inTurn = await lateLooks(ports, request);
  const alone = exclusive();
  const late: LateDrops['late'][number][] = [];
  const failed: LateDrops['failed'][number][] = [];
  await mapLimit(inTurn, PARALLEL_DATASETS, async ({ item: { source, dataset }, look, due }) => {
    const place = { source: source.name, dataset: dataset.name };
    if (clock.now() >= deadline) {
      failed.push({ ...place, code: 'SLUICE_INGEST_OUT_OF_TIME' });
      return;
    }
    const now = clock.now();
    const write = (note: Omit<LateNote, 'at'>, at = now) =>
      ports.lateNotes.write(place.source, place.dataset, { ...note, at });
    try {
      const before = await look.catch((error) => {
        if (!(error instanceof LedgerError && error.code === UNREADABLE)) throw error;
        // The note is reported once and made anew: the ledger and the folder have what it says.
        failed.push({ ...place, code: error.code });
        return null;
      });
      const terms = { due, before, alone };
      const looked = await missingDays(ports, source, dataset, terms).catch(async (error) => {
        // Days that were late stay late, and all due days are looked at again.
        const note = {
          first: expectedFrom(dataset, before, now),
          late: before?.late ?? [],
          open: due.map(({ day }) => day),
        };
        // A look that reached no day in time is none: the run counts the dataset as missing, and the next run begins with it.
        await write(note, error instanceof IngestError ? (before?.at ?? 0) : now);
        throw error;
      });
      await write(looked);
      late.push(...looked.late.map((lateDay) => ({ ...place, ...lateDay })));
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      failed.push({ ...place, code: error.code });
    }
  });
  return { datasets: inTurn.length, late, failed };
}

/** What a look at some due days of a dataset rests on. */
interface LookTerms {
  readonly due: readonly LateDay[];
  /** The note of the last look. */
  readonly before: LateNote | null;
  /** Held while entries are read, and while a day has many objects. */
  readonly alone: Exclusive;
}

/**
 * Looks at due days. Days that were late and that it does not look at, or does not reach before the deadline, stay late.
 *
 * @throws IngestError if the deadline passes before the first day is listed.
 */
async function missingDays(
  ports: ExpectedDropsPorts,
  source: Source,
  dataset: Dataset,
  { due, before, alone }: LookTerms,
): Promise<Omit<LateNote, 'at'>> {
  const { ledger, clock } = ports;
  const release = await alone();
  const known = await mapLimit(due, PARALLEL_ENTRIES, async (dueDay) => {
    const key = { source: source.name, dataset: dataset.name, day: dueDay.day };
    const entry = asSettled(await ledger.read(key));
    const empty = entry !== null && lacksRows(entry) ? emptyWords(entry) : null;
    // A day may have many files: their names are not kept in memory.
    return { dueDay, empty, entry: entry === null ? null : { ...entry, files: [] } };
  }).finally(release);
  const place = dropPlace(source, dataset);
  // A day that came to the former place, with rows, has come.
  const cameElsewhere = ({ entry, empty }: (typeof known)[number]) =>
    isMoved(entry, place) && entry?.fingerprint !== NO_FILES && empty === null;
  const lookback = firstDay(dataset, clock.now());
  const first = await firstExpected(ports, source, dataset, before);
  const came = known.flatMap(({ dueDay: { day }, entry }) =>
    wasInLookback(dataset, day, entry) ? [day] : [],
  );
  // While no day has come, any day of the lookback may be the first.
  const from = first.hasCome || first.day < lookback ? first.day : lookback;
  const unknown = new Map(
    known.flatMap((knownDay) => {
      const { day } = knownDay.dueDay;
      const isOpen = day >= from && !isLoadedOrFailed(knownDay.entry) && !cameElsewhere(knownDay);
      return isOpen ? [[day, knownDay] as const] : [];
    }),
  );
  /** Days that were not listed yet. */
  const left = new Set(unknown.keys());
  const late: LateDay[] = [];
  // A drop that arrived after the last run of the plan is not in the ledger yet.
  const use = async (day: UtcDay, drop: Drop) => {
    left.delete(day);
    const open = unknown.get(day);
    if (open !== undefined && open.empty !== null && open.entry?.fingerprint === drop.fingerprint) {
      late.push({ ...open.dueDay, empty: open.empty });
      return;
    }
    const has = hasYet(dataset, day, drop, { isOld: day < lookback, isKnown: open?.entry !== null });
    if (has === null || drop.files.length > 0) came.push(day);
    if (open !== undefined && has !== null) late.push({ ...open.dueDay, ...has });
  };
  if (unknown.size > 0)
    await listEachDrop(bucketUntil(ports, source, dataset), dataset, [...left], use, alone).catch((error) => {
      // What was found before the deadline is kept.
      if (!(error instanceof IngestError) || left.size === unknown.size) throw error;
    });
  const dues = new Set(due.map(({ day }) => day));
  late.push(...(before?.late.filter(({ day }) => left.has(day) || !dues.has(day)) ?? []));
  const reached = [...unknown.keys()].filter((day) => !left.has(day));
  const [earliest] = came.sort();
  const isEarlier = earliest !== undefined && (!first.hasCome || earliest < first.day);
  const expected = isEarlier ? { day: earliest, hasCome: true } : first;
  return {
    first: expected,
    late: late.filter(({ day }) => day >= expected.day).sort((a, b) => (a.day < b.day ? -1 : 1)),
    open: [...left, ...reached.filter((day) => day >= expected.day).sort()],
  };
}

/** Milliseconds after which the note of a look is not believed any more. As long as the dataset is configured, there is a look each hour. */
const FORGOTTEN_MS = 2 * DAY_MS;

/** The day from which drops are expected, as the last look knew it, or the day of the first look. */
function expectedFrom(dataset: Dataset, before: LateNote | null, now: number): FirstExpected {
  const [today = ''] = lookbackDays(now, dataset.timezone, 0);
  // The note of a dataset that was away for days is not used: the ledger knows which days have come lately.
  const isForgotten = before?.first?.hasCome === true && now - before.at > FORGOTTEN_MS;
  return (isForgotten ? undefined : before?.first) ?? { day: today, hasCome: false };
}

/** The day from which drops are expected, as the ledger knows it: reads the entries of days, oldest first, until one has come. */
async function firstExpected(
  { looks, ledger, clock }: ExpectedDropsPorts,
  source: Source,
  dataset: Dataset,
  before: LateNote | null,
): Promise<FirstExpected> {
  const first = expectedFrom(dataset, before, clock.now());
  if (first.hasCome) return first;
  const entries = await looks.entries(source.name, dataset.name);
  const since = firstDay(withNamed(dataset), clock.now());
  const days = [...entries].flatMap(([day, { modifiedAt }]) =>
    day >= since && day >= firstDay(dataset, modifiedAt) ? [day] : [],
  );
  for (const day of days.sort()) {
    const entry = await ledger.read({ source: source.name, dataset: dataset.name, day });
    if (wasInLookback(dataset, day, entry)) return { day, hasCome: true };
  }
  return first;
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
  const reason = markerReason(lacksMarker(drop, marker, null) ? dataset.waitFor : undefined);
  const temporary = drop.leftOut.filter((left) => left.reason === 'temporary').length;
  const files = countFiles(drop);
  if (files + temporary === 0) return {};
  const lacks = files > 0 ? lackWords({ reason, files }) : `${counted(temporary, 'temporary file')} alone`;
  const words = isThere ? counted(files, 'file') : (lacks ?? '');
  return { has: { words, since: drop.lastModified } };
}

/** Whether the last entry of a day was written while the schedule looked at it: what is older, a person asked for. */
function wasInLookback(dataset: Dataset, day: UtcDay, entry: LedgerEntry | null): boolean {
  // A day that a person accepted without files has not come.
  const hasCome = entry !== null && (entry.version !== undefined || entry.fingerprint !== NO_FILES);
  return hasCome && day >= firstDay(dataset, entry.updatedAt);
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
  if (lacksRows(asSettled(entry))) return false;
  const isIncomplete = entry.queued !== undefined && isMarkerReason(entry.queued.reason);
  return entry.updatedAt > lookedAt && !isIncomplete;
}

/** A day that has come without rows, and is loaded again, as it was before. */
function asSettled<Entry extends LedgerEntry | null>(entry: Entry): Entry {
  const isUnderWay = entry?.state === 'waiting' || entry?.state === 'loading';
  return isUnderWay ? { ...entry, state: 'succeeded_no_data' } : entry;
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
