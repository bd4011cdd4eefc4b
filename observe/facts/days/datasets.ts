import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import { mapLimit } from '../../../lib/base/concurrency.ts';
import type { ObjectStore } from '../../../lib/base/ObjectStore.ts';
import { HOUR_MS, isoTimestamp, type UtcDay, utcDay } from '../../../lib/base/time.ts';
import { dropPlace } from '../../../lib/drops/listDrops.ts';
import { lackWords, lookbackDays, markerReason } from '../../../lib/drops/plan/decideDay.ts';
import { type LastListing, lastListings } from '../../../lib/drops/plan/lastListings.ts';
import { hasArrivedSince } from '../../../lib/drops/plan/late/arrival.ts';
import {
  areHoursDue,
  type DueDay,
  firstDay,
  isOver,
  reportedUntil,
} from '../../../lib/drops/plan/late/dueDays.ts';
import { firstToCome } from '../../../lib/drops/plan/late/firstExpected.ts';
import { type LateDay, type LateNote, lateNotes } from '../../../lib/drops/plan/late/lateNotes.ts';
import { newerDays } from '../../../lib/drops/plan/newerFiles.ts';
import { contentWords, unusualContent } from '../../../lib/drops/usual/usualContent.ts';
import { unusualWords } from '../../../lib/drops/usual/usualRows.ts';
import type { DayContent } from '../../../lib/ledger/DayContent.ts';
import { type LedgerEntry, type LedgerSubject, NO_FILES } from '../../../lib/ledger/LedgerEntry.ts';
import { listedEntries } from '../../../lib/ledger/ledgerStore.ts';
import { lackingDays, type VersionFiles } from '../../../lib/ledger/versionFiles.ts';
import type { DatasetKind } from '../../../lib/schema/kinds.ts';
import type { Dataset } from '../../../lib/schema/sources.ts';
import type { Deployment } from '../../deployment.ts';
import { equalFiles, equalFilesWords } from './equalFiles.ts';
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

/** In what a day is not as the days before it. */
export interface Unusual {
  /** All of it in words, as the end of a sentence that begins with the day. */
  readonly words: string;
  /** The same by what is to be done about it, in few words and without names of files. */
  readonly parts: readonly [UnusualPart, ...UnusualPart[]];
}

/** A day whose rows have an unusual number or content, or come from files that are copies of each other. */
export interface UnusualDay extends Unusual {
  /** The day, UTC. */
  readonly day: UtcDay;
}

/** One way in which a day is unusual. */
export interface UnusualPart {
  /** Equal files, the number of rows, values of a field whose column in the mapping is another, or what the ledger has of the rows' content. */
  readonly kind: 'equalFiles' | 'rows' | 'mapping' | DayContent['unusual'][number]['kind'];
  /** What is so, as the end of a sentence that begins with the day: `has 5 rows, where 40 are usual`. */
  readonly short: string;
}

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
    return datasetStatus(dataset, await daysOutside(store, dataset, open.now), open.now);
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
function datasetStatus(known: KnownDataset, { unlooked, newer }: DaysOutside, now: number): DatasetStatus {
  const { source, dataset, look: lastLook, files, days } = known;
  const first = firstDay(dataset, now);
  const late = lateOf(known);
  const about = { dataset, firstDay: first, now, isUnlooked: (day: UtcDay) => unlooked.includes(day) };
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
      return waitingOf(ledgerDay, has, about) ?? [];
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
function waitingOf(
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

/**
 * How far the rows of a day are from those that are usual, in words; null if they are not, and of a day that was not over
 * when its folder was listed, as it may be loaded again.
 *
 * @param seenAt When its folder was listed, epoch milliseconds.
 */
export function unusualRowsWords(entry: LedgerEntry, dataset: Dataset, seenAt: number): string | null {
  return isOver(dataset, entry.day, seenAt) ? unusualWords(entry, dataset.unusualShare) : null;
}

/**
 * An entry, without the judgement of its hours while rows of them may come: a source that delivers hourly has not delivered the last ones
 * when the day ends.
 *
 * @param seenAt When its folder was listed, epoch milliseconds.
 */
export function withDueHours(entry: LedgerEntry, dataset: Dataset, seenAt: number): LedgerEntry {
  const { day, content } = entry;
  if (content === undefined || areHoursDue(dataset, day, seenAt)) return entry;
  return {
    ...entry,
    content: { ...content, unusual: content.unusual.filter(({ kind }) => kind !== 'hours') },
  };
}

/** How a day is unusual; null if it is not. @param seenAt When its folder was listed, epoch milliseconds. */
function unusualOf({ day, entry: read }: LedgerDay, dataset: Dataset, seenAt: number): UnusualDay | null {
  if (read === null) return null;
  const entry = withDueHours(read, dataset, seenAt);
  const words = [
    equalFilesWords(entry),
    unusualRowsWords(entry, dataset, seenAt),
    contentWords(entry),
  ].filter((text) => text !== null);
  const [first, ...others] = unusualParts(entry, dataset, seenAt);
  return first === undefined ? null : { day, words: words.join(', and '), parts: [first, ...others] };
}

/** Characters of what is said of a field in few words: a type may have many members. */
const MOST_OF_FIELD = 160;

/** In which ways a day is unusual. @param seenAt As of {@link unusualOf}. */
function unusualParts(entry: LedgerEntry, dataset: Dataset, seenAt: number): readonly UnusualPart[] {
  const equal = equalFiles(entry).flat().length;
  const rows = unusualRowsWords(entry, dataset, seenAt);
  const content = unusualContent(entry).map(({ kind, field, words, columnBefore }): UnusualPart => {
    if (kind === 'copies') return { kind, short: 'has files that are those of other days' };
    if (kind !== 'values') return { kind, short: `has ${words.replace(/: .*/s, '')}` };
    const isShort = words.length <= MOST_OF_FIELD && !words.includes('. ');
    const what = isShort ? words.replaceAll('`', '') : `in ${field ?? 'its rows'}`;
    const ofMapping = columnBefore === undefined ? kind : 'mapping';
    return { kind: ofMapping, short: `has other values than the days before, ${what}` };
  });
  // Hours that are missing say why rows are few, as do rows of another day.
  const isReason = ({ kind }: UnusualPart) => kind === 'hours' || kind === 'stale';
  return [
    ...(equal === 0 ? [] : [{ kind: 'equalFiles', short: `has ${equal} files that are equal` } as const]),
    ...content.filter(isReason),
    ...(rows === null ? [] : [{ kind: 'rows', short: rows } as const]),
    ...content.filter((part) => !isReason(part)),
  ];
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
