import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import { mapLimit } from '../../../lib/base/concurrency.ts';
import type { ObjectStore } from '../../../lib/base/ObjectStore.ts';
import { HOUR_MS, type UtcDay, utcDay } from '../../../lib/base/time.ts';
import { dropPlace } from '../../../lib/drops/datasetFolder.ts';
import { lookbackDays } from '../../../lib/drops/lookbackDays.ts';
import { type LastListing, lastListings } from '../../../lib/drops/plan/lastListings.ts';
import { hasArrivedSince } from '../../../lib/drops/plan/late/arrival.ts';
import { type DueDay, firstDay, reportedUntil } from '../../../lib/drops/plan/late/dueDays.ts';
import { firstToCome } from '../../../lib/drops/plan/late/firstExpected.ts';
import { type LateDay, type LateNote, lateNotes } from '../../../lib/drops/plan/late/lateNotes.ts';
import { newerDays } from '../../../lib/drops/plan/newerFiles.ts';
import { type LedgerSubject, NO_FILES } from '../../../lib/ledger/LedgerEntry.ts';
import { listedEntries } from '../../../lib/ledger/ledgerStore.ts';
import { lackingDays, type VersionFiles } from '../../../lib/ledger/versionFiles.ts';
import type { DatasetKind } from '../../../lib/schema/kinds.ts';
import type { Deployment } from '../../deployment.ts';
import { type UnusualDay, unusualOf } from './drops/unusualDays.ts';
import { cameAfterRun, type WaitingDay, waitingOf } from './drops/waitingDays.ts';
import {
  type ConfiguredDataset,
  type DaySpan,
  daysUntil,
  judgedDays,
  type LackingDay,
  type LedgerDay,
  lackingOf,
  type Open,
  PARALLEL,
  readLedgerDays,
  readVersionFiles,
  type UnreadDay,
  unlessDamaged,
} from './ledgerDays.ts';

/** Milliseconds after which a listing is too old: the interval of the schedule, the time for retries, and a margin. */
export const OLD_AFTER_MS = { daily: 26 * HOUR_MS, hourly: 3 * HOUR_MS } as const;

/** Datasets whose notes are read in parallel, up to three of each. */
const PARALLEL_NOTES = 16;

/** What is known of a dataset, whatever its days are shown as. */
export interface DatasetFacts {
  /** Name of the source. */
  readonly source: string;
  /** Name of the dataset. */
  readonly dataset: string;
  /** What its rows are. */
  readonly kind: DatasetKind;
  /** The table that it becomes. */
  readonly table: string;
  /** Where its drops are: `s3://…/`. */
  readonly folder: string;
  /** Where its files are looked for: `s3://acme-drops/events/YYYY-MM-DD`. */
  readonly place: string;
  /** How often its folder is listed. */
  readonly schedule: 'daily' | 'hourly';
  /** Days before today that each run looks at. */
  readonly lookbackDays: number;
  /** The last listing of its folder; null before the first. */
  readonly lastLook: LastListing | null;
  /** The first day that is expected of a new dataset; absent once it is due, or a file has come. */
  readonly firstDue?: DueDay;
  /** Whether its folder was never listed, or not as often as its schedule says. */
  readonly isLookOld: boolean;
  /** The first day of its lookback. Failed days before it are not tried again. */
  readonly firstDay: UtcDay;
  /** Days outside of the lookback that have objects that no run has looked at, oldest first. */
  readonly unlooked: readonly UtcDay[];
  /** Days outside of the lookback whose folder has newer files than were loaded, which no run looks at, oldest first. */
  readonly newer: readonly UtcDay[];
  /** Which of the days are late, oldest first; none without `expectedBy`. */
  readonly late: readonly LateDay[];
  /** Which of the days have a version that lacks files, oldest first. */
  readonly lacking: readonly LackingDay[];
  /** Which of the days have files, and wait for a commit or a marker, oldest first. */
  readonly waiting: readonly WaitingDay[];
  /** Which of the days have far fewer or more rows than is usual, oldest first. */
  readonly unusual: readonly UnusualDay[];
  /** Days of the ledger whose version no query reads, oldest first; absent if that was not asked or could not be read. */
  readonly unread?: readonly UnreadDay[];
  /** Days that its table has, and of which the ledger has no entry, oldest first; absent as is `unread`. */
  readonly forgotten?: readonly UtcDay[];
}

/** The status of one dataset. */
export interface DatasetStatus extends DatasetFacts {
  /** Its days in the ledger, oldest first. */
  readonly days: readonly LedgerDay[];
}

/** The datasets of a configuration. */
export function configuredDatasets({
  sources,
}: Pick<Deployment['config'], 'sources'>): readonly ConfiguredDataset[] {
  return sources.flatMap((source) => source.datasets.map((dataset) => ({ source, dataset })));
}

/** Reads the ledger of datasets, by default of {@link judgedDays}; without `until` also of older days that the plan still looks at. @throws LedgerError. */
export async function readDatasets(
  open: Open,
  datasets: readonly ConfiguredDataset[],
  { count = judgedDays, until }: Partial<DaySpan<ConfiguredDataset>> = {},
): Promise<readonly DatasetStatus[]> {
  const store = s3ObjectStore(open.s3, open.config.bucket);
  const noted = await mapLimit(datasets, PARALLEL_NOTES, (dataset) =>
    readNotes(store, dataset, open.onDamaged),
  );
  const subjects = noted.map((dataset) => subjectsOf(dataset, { count, until }, open.now));
  // The days of all datasets are read together: each may have few.
  const days = await readLedgerDays(open, subjects);
  const known = noted.map((dataset, i): KnownDataset => ({ ...dataset, days: days[i] ?? [] }));
  return mapLimit(known, PARALLEL, async (dataset) => {
    return datasetStatus(dataset, await daysOutside(store, dataset, open.now), open);
  });
}

/** A dataset with what functions have noted of it. */
interface NotedDataset extends ConfiguredDataset {
  /** The last listing of its folder; null before the first. */
  readonly look: LastListing | null;
  /** The last check for late drops; null without `expectedBy`, and before the first. */
  readonly expected: LateNote | null;
  /** What the last look has seen of its versions' files. */
  readonly files: VersionFiles;
}

/** A dataset with its notes and its days of the ledger. */
interface KnownDataset extends NotedDataset {
  /** Its days, oldest first. */
  readonly days: readonly LedgerDay[];
}

/** Reads what functions have noted of a dataset. */
async function readNotes(
  store: ObjectStore,
  configured: ConfiguredDataset,
  onDamaged: Deployment['onDamaged'],
): Promise<NotedDataset> {
  const { source, dataset } = configured;
  const [look, expected, files] = await Promise.all([
    unlessDamaged(lastListings(store).read(source.name, dataset.name), onDamaged),
    dataset.expectedBy === undefined
      ? null
      : unlessDamaged(lateNotes(store).read(source.name, dataset.name), onDamaged),
    readVersionFiles(store, source.name, dataset.name),
  ]);
  return { ...configured, look, expected, files };
}

/** The days of a dataset that are read, oldest first: those of the span, or of the lookback and those that the notes name. */
function subjectsOf(
  { source, dataset, look, expected, files }: NotedDataset,
  { count, until }: DaySpan<ConfiguredDataset>,
  now: number,
): readonly Pick<LedgerSubject, 'source' | 'dataset' | 'day'>[] {
  const most = count({ source, dataset });
  const wanted =
    until === undefined
      ? [
          ...(look?.openDays ?? []),
          ...(expected?.late ?? []).map(({ day }) => day),
          ...(expected?.came ?? []).map(({ day }) => day),
          ...(look?.elsewhere?.days ?? []).filter((day) => reportedUntil(dataset, day) >= utcDay(now)),
          ...lackingDays(files),
          ...lookbackDays(now, dataset.timezone, most - 1),
        ]
      : daysUntil(until, most);
  return [...new Set(wanted)].sort().map((day) => ({ source: source.name, dataset: dataset.name, day }));
}

/** Whether a folder was never listed, or not as often as its schedule says. @param now Epoch milliseconds. */
export function isOldLook(
  lastLook: DatasetFacts['lastLook'],
  schedule: DatasetFacts['schedule'],
  now: number,
): boolean {
  return lastLook === null || now - lastLook.at > OLD_AFTER_MS[schedule];
}

/** The status of a dataset by its notes, its days and those outside of its lookback. */
function datasetStatus(
  known: KnownDataset,
  { unlooked, newer }: DaysOutside,
  { now, config }: Pick<Open, 'now' | 'config'>,
): DatasetStatus {
  const { source, dataset, look: lastLook, expected, files, days } = known;
  const first = firstDay(dataset, now);
  const late = lateOf(known);
  const about = { dataset, firstDay: first, now, isUnlooked: (day: UtcDay) => unlooked.includes(day) };
  // An hourly run is never far.
  const arrived = dataset.schedule === 'daily' ? (expected?.came ?? []) : [];
  const runs = { look: lastLook, firstDay: first, hour: config.dailyIngest.hour, now };
  const seenAt = Math.min(now, lastLook?.at ?? now);
  return {
    source: source.name,
    dataset: dataset.name,
    kind: dataset.kind,
    table: dataset.table,
    folder: `s3://${source.bucket}/${dataset.folder}/`,
    place: dropPlace(source, dataset),
    schedule: dataset.schedule,
    lookbackDays: dataset.lookbackDays,
    lastLook,
    ...firstDueOf(known, now),
    isLookOld: isOldLook(lastLook, dataset.schedule, now),
    firstDay: first,
    unlooked,
    newer,
    late,
    lacking: lackingOf(files, days),
    waiting: days.flatMap((ledgerDay) => {
      const { has } = late.find(({ day }) => day === ledgerDay.day) ?? {};
      const came = arrived.find(({ day }) => day === ledgerDay.day);
      const waiting = waitingOf(ledgerDay, has, about);
      return waiting ?? (came && cameAfterRun(ledgerDay, came, runs)) ?? [];
    }),
    unusual: days.flatMap((ledgerDay) => unusualOf(ledgerDay, dataset, seenAt) ?? []),
    days,
  };
}

/** As {@link DatasetFacts.firstDue}, by the last listing. */
function firstDueOf(
  { dataset, look, expected, days }: KnownDataset,
  now: number,
): Pick<DatasetStatus, 'firstDue'> {
  const isNew = look !== null && look.newestDay === null && !look.stopped && look.failure === undefined;
  const first =
    isNew && days.every(({ entry }) => entry === null) ? firstToCome(dataset, expected, now) : null;
  return first === null ? {} : { firstDue: first };
}

/** The days whose drop was due at the last check, and has not come since. */
function lateOf({ expected, days }: KnownDataset): readonly LateDay[] {
  if (expected === null) return [];
  const entries = new Map(days.map(({ day, entry }) => [day, entry]));
  return expected.late.filter(({ day }) => {
    const entry = entries.get(day);
    return entry !== undefined && !hasArrivedSince(entry, expected.at);
  });
}

/** Days outside of the lookback that no run looks at. */
interface DaysOutside {
  /** Days with objects, of which the ledger knows nothing, or that there were none. */
  readonly unlooked: readonly UtcDay[];
  /** Days that have newer files than were loaded. */
  readonly newer: readonly UtcDay[];
}

/** Reads which days outside of the lookback no run looks at. */
async function daysOutside(
  store: ObjectStore,
  { source, dataset, look, days }: KnownDataset,
  now: number,
): Promise<DaysOutside> {
  const found = look?.elsewhere?.days ?? [];
  if (found.length === 0 && look?.newer === undefined) return { unlooked: [], newer: [] };
  const entries = new Map(days.map(({ day, entry }) => [day, entry]));
  const known = await listedEntries(store)(source.name, dataset.name);
  const unlooked = found.filter((day) => {
    const { state, fingerprint, version } = entries.get(day) ?? {};
    const hadNone = state === 'succeeded_no_data' && fingerprint === NO_FILES && version === undefined;
    return hadNone || !known.has(day);
  });
  const newer = newerDays(look?.newer, (day) => known.get(day)?.eTag, now);
  return { unlooked, newer: newer.filter((day) => !unlooked.includes(day)) };
}
