import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import { mapLimit } from '../../../lib/base/concurrency.ts';
import type { ObjectStore } from '../../../lib/base/ObjectStore.ts';
import { addDays, HOUR_MS, isoTimestamp, type UtcDay, utcDay } from '../../../lib/base/time.ts';
import { type LeftOutSummary, movedFrom, summarizeLeftOut } from '../../../lib/drops/lastLoad.ts';
import { NAMED_DAYS } from '../../../lib/drops/limits.ts';
import { dropPlace } from '../../../lib/drops/listDrops.ts';
import { lackWords, lookbackDays, markerReason } from '../../../lib/drops/plan/decideDay.ts';
import { type LastListing, lastListings } from '../../../lib/drops/plan/lastListings.ts';
import { hasArrivedSince } from '../../../lib/drops/plan/late/arrival.ts';
import { firstDay, isOver, reportedUntil } from '../../../lib/drops/plan/late/dueDays.ts';
import { type LateDay, type LateNote, lateNotes } from '../../../lib/drops/plan/late/lateNotes.ts';
import { newerDays } from '../../../lib/drops/plan/newerFiles.ts';
import { contentWords, unusualContent } from '../../../lib/drops/usualContent.ts';
import { emptyWords, unusualWords } from '../../../lib/drops/usualRows.ts';
import type { DayContent } from '../../../lib/ledger/DayContent.ts';
import {
  isFailing,
  type LedgerEntry,
  type LedgerState,
  type LedgerSubject,
  NO_FILES,
} from '../../../lib/ledger/LedgerEntry.ts';
import { LedgerError } from '../../../lib/ledger/LedgerError.ts';
import { ledgerStore, listedEntries } from '../../../lib/ledger/ledgerStore.ts';
import {
  lackingDays,
  lackingSince,
  parseVersionFiles,
  type VersionFiles,
} from '../../../lib/ledger/versionFiles.ts';
import type { Export } from '../../../lib/schema/exports.ts';
import type { DatasetKind } from '../../../lib/schema/kinds.ts';
import type { Dataset, Source } from '../../../lib/schema/sources.ts';
import { exportFolder } from '../../../lib/tables/exportKeys.ts';
import { exportSubject, versionFilesKey } from '../../../lib/tables/ledgerKeys.ts';
import { ingestedTableFolders, versionPrefix } from '../../../lib/tables/tableFolders.ts';
import type { Deployment } from '../../deployment.ts';
import { ifThere } from '../../explainAwsError.ts';
import { daysUnder } from '../tables/partitionGaps.ts';
import { type MadePartition, readMadePartitions } from '../tables/tables.ts';
import { equalFiles, equalFilesWords } from './equalFiles.ts';

/** Days of a dataset that are judged at least. */
const LEDGER_DAYS = 7;
/** Milliseconds after which a listing is too old: the interval of the schedule, the time for retries, and a margin. */
export const OLD_AFTER_MS = { daily: 26 * HOUR_MS, hourly: 3 * HOUR_MS } as const;
/** Characters of the words about objects that a day left out; `sluice ingest explain` has all. */
const LEFT_OUT_LENGTH = 400;
/** Entries that are read in parallel: an S3 client has 50 connections. */
const PARALLEL = 48;
/** Datasets whose notes are read in parallel, up to three of each. */
const PARALLEL_NOTES = 16;
/** Tables whose folders and partitions are read in parallel: Glue throttles a burst of calls. */
const PARALLEL_TABLES = 5;

/** A day and its entry in the ledger. */
export interface LedgerDay {
  /** The day, UTC. */
  readonly day: UtcDay;
  /** Its entry; null if the ledger has none. */
  readonly entry: LedgerEntry | null;
}

/** A dataset of the configuration, and the source that it belongs to. */
export interface ConfiguredDataset {
  /** The source, as it is configured. */
  readonly source: Source;
  /** The dataset, as it is configured. */
  readonly dataset: Dataset;
}

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

/** A day whose rows have an unusual number, or come from files that are copies of each other. */
export interface UnusualDay {
  /** The day, UTC. */
  readonly day: UtcDay;
  /** How far its rows are from those that are usual, in words. */
  readonly words: string;
  /** The same by what is to be done about it, at least one, in few words and without names of files. */
  readonly parts: readonly UnusualPart[];
}

/** One way in which a day is unusual. */
export interface UnusualPart {
  /** Equal files, the number of rows, or what the ledger has of the rows' content. */
  readonly kind: 'equalFiles' | 'rows' | DayContent['unusual'][number]['kind'];
  /** What is so, as the end of a sentence that begins with the day: `has 5 rows, where 40 are usual`. */
  readonly short: string;
}

/** A day whose version, which queries read, lacks files. */
export interface LackingDay {
  /** The day, UTC. */
  readonly day: UtcDay;
  /** Since when files are gone, epoch milliseconds. */
  readonly since: number;
  /** Whether nothing else has all of its rows. */
  readonly isOnly: boolean;
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

/** What is known of an export, whatever its days are shown as. */
export interface ExportFacts {
  /** Name of the export. */
  readonly export: string;
  /** The table that is exported. */
  readonly table: string;
  /** Where files go in the customer's bucket: `s3://<bucket>/<folder>/`. */
  readonly target: string;
  /** The first day of its lookback. Failed days before it are not tried again. */
  readonly firstDay: UtcDay;
}

/** The status of one export. */
export interface ExportStatus extends ExportFacts {
  /** Its days in the ledger, oldest first. */
  readonly days: readonly LedgerDay[];
}

/** Which days are read. */
export interface DaySpan<Subject> {
  /** How many days of a dataset or export. */
  readonly count: (subject: Subject) => number;
  /** The last day. Default today in a dataset's time zone; of an export yesterday. */
  readonly until?: UtcDay | undefined;
}

/** Days up to today by which a dataset is judged; older ones are in notes of the runs. */
export function judgedDays({ dataset }: ConfiguredDataset): number {
  return Math.max(LEDGER_DAYS, dataset.lookbackDays + 1);
}

/** Days up to yesterday by which an export is judged: its lookback, and for as long as a failed day is named. */
export function judgedExportDays({ lookbackDays: days }: Export): number {
  return days + NAMED_DAYS;
}

/** How long a day fails. */
export interface Failing {
  /** Since when it fails, epoch milliseconds. */
  readonly since: number;
  /** When it was tried last, epoch milliseconds. */
  readonly last: number;
  /** Whether it waits for the next try. */
  readonly waits: boolean;
  /** Since when other files are there, which wait to be loaded, epoch milliseconds; absent if there are none. */
  readonly replaced: number | undefined;
}

/** Rows of a day. */
export interface RowCounts {
  /** Rows of the files. */
  readonly in: number;
  /** Rows that are in the table or the exported files. */
  readonly out: number;
  /** Rows that went to quarantine. */
  readonly refused: number;
}

/** A receipt that the customer's bucket did not take. */
export interface FailedReceipt {
  /** Code of the failure. */
  readonly code: string;
  /** Since when it is not taken, epoch milliseconds. */
  readonly since: number;
}

/** What is shown and judged of a day of a dataset or an export. */
export interface DropDay {
  /** The day, UTC. */
  readonly day: UtcDay;
  /** State in the ledger; null if the ledger has no entry. */
  readonly state: LedgerState | null;
  /** When the drop was due, epoch milliseconds, if it is late; else null. */
  readonly lateSince: number | null;
  /** Its rows; 0 without an entry. */
  readonly rows: RowCounts;
  /** What it has, if it came without rows: `1 file, 0 rows`; else null. */
  readonly empty: string | null;
  /** Whether a person accepted it as it is. */
  readonly isAccepted: boolean;
  /** Whether files of it are, or may be, those of another day, and nobody has accepted that. */
  readonly hasCopies: boolean;
  /** The rows that are usual for it; null while that is not known. */
  readonly usual: number | null;
  /** How far its rows are from those that are usual, in words; null if they are not. */
  readonly unusual: string | null;
  /** As of {@link UnusualDay}; none if it is not unusual. */
  readonly unusualParts: readonly UnusualPart[];
  /** What it has, and waits for, in words; null if it waits for no commit and no marker. */
  readonly waiting: string | null;
  /** Its files that are not committed. */
  readonly uncommitted: number;
  /** Since when its files are missing, epoch milliseconds, unless a person accepted that; else null. */
  readonly missingSince: number | null;
  /** Since when the version that queries read lacks files, epoch milliseconds; null if it has all. */
  readonly lackingSince: number | null;
  /** Number of its files, without those that are gone. */
  readonly files: number;
  /** Number of its files whose rows are in the version. */
  readonly loadedFiles: number;
  /** Copies that an export keeps in the customer's bucket although their files are gone; 0 for a drop. */
  readonly kept: number;
  /** Objects that its last load left out although they may have been meant. */
  readonly leftOut: LeftOutSummary;
  /** The version that queries read; null if there is no version. */
  readonly version: string | null;
  /** Where it was loaded from, unless that is today's place: `s3://acme-old/events/YYYY-MM-DD`; else null. */
  readonly loadedFrom: string | null;
  /** Code of the failure; null without one. */
  readonly failure: string | null;
  /** The cause of the failure with its details, as the file and the column; null without one. */
  readonly failureMessage: string | null;
  /** How long it fails; null of a day that has not failed. */
  readonly failing: Failing | null;
  /** Why the customer's bucket did not take its receipt; null if it did, or there is none. */
  readonly receipt: FailedReceipt | null;
}

/** A day of a table with versions whose version no query reads. */
export interface UnreadDay {
  /** The day, UTC. */
  readonly day: UtcDay;
  /** Where its version is: `s3://…/`. */
  readonly location: string;
  /** Rows of its version, as the ledger has them. */
  readonly rows: number;
  /** Its partition, which points to another folder than the day's; absent if there is no partition. */
  readonly elsewhere?: MadePartition;
}

/** A dataset of a customer, and what is shown of its days. */
export interface DatasetDays extends DatasetFacts {
  /** Its days, oldest first. */
  readonly days: readonly DropDay[];
}

/** An export, and what is shown of its days. */
export interface ExportDays extends ExportFacts {
  /** Its days, oldest first. */
  readonly days: readonly DropDay[];
}

/** The parts of a deployment by which the ledger is read. */
type Open = Pick<Deployment, 's3' | 'config' | 'now' | 'onDamaged'>;
/** The parts of a deployment by which the ledger is compared with the catalog. */
export type CatalogReaders = Pick<Deployment, 's3' | 'glue' | 'config' | 'signal' | 'onDamaged'>;

/** The datasets of a configuration. */
export function configuredDatasets({
  sources,
}: Pick<Deployment['config'], 'sources'>): readonly ConfiguredDataset[] {
  return sources.flatMap((source) => source.datasets.map((dataset) => ({ source, dataset })));
}

/** What is known of the days of a dataset beside their entries, and of those of an export not. */
type KnownOfDays = Partial<Pick<DatasetStatus, 'place' | 'late' | 'unusual' | 'waiting' | 'lacking'>>;

/** A dataset or an export with what is shown and judged of its days. */
export function dropDays<Status extends { readonly days: readonly LedgerDay[] }>(
  status: Status & KnownOfDays,
): Omit<Status, 'days'> & { readonly days: readonly DropDay[] } {
  return { ...status, days: status.days.map((ledgerDay) => dropDay(ledgerDay, status)) };
}

/** What is shown and judged of a day. */
function dropDay(
  { day, entry }: LedgerDay,
  { place, late, unusual, waiting, lacking }: KnownOfDays,
): DropDay {
  return {
    day,
    state: entry?.state ?? null,
    lateSince: late?.find((lateDay) => lateDay.day === day)?.due ?? null,
    rows: entry?.rows ?? { in: 0, out: 0, refused: 0 },
    empty: entry === null ? null : emptyWords(entry),
    isAccepted: entry?.accepted === true,
    hasCopies: entry?.accepted !== true && (entry?.content?.copies ?? 0) > 0,
    usual: entry?.usualRows ?? null,
    unusual: unusual?.find((unusualDay) => unusualDay.day === day)?.words ?? null,
    unusualParts: unusual?.find((unusualDay) => unusualDay.day === day)?.parts ?? [],
    waiting: waiting?.find((waitingDay) => waitingDay.day === day)?.words ?? null,
    uncommitted: entry?.files.filter(({ reason }) => reason === 'not_committed').length ?? 0,
    missingSince: entry?.state === 'inputs_missing' ? (entry.missingSince ?? null) : null,
    lackingSince: lacking?.find((lackingDay) => lackingDay.day === day)?.since ?? null,
    files: entry?.files.filter(({ fate }) => fate !== 'gone').length ?? 0,
    loadedFiles: entry?.files.filter(({ fate }) => fate === 'loaded').length ?? 0,
    kept: entry?.files.filter(({ fate }) => fate === 'kept').length ?? 0,
    leftOut: leftOutOf(entry),
    version: entry?.version ?? null,
    loadedFrom: movedFrom(entry, place),
    failure: entry?.failure?.code ?? null,
    failureMessage: entry?.failure?.message ?? null,
    failing: failingOf(entry),
    receipt:
      entry?.receipt?.failure === undefined
        ? null
        : { code: entry.receipt.failure.code, since: entry.receipt.failingSince ?? entry.updatedAt },
  };
}

/** The objects that a day left out, in few words. */
function leftOutOf(entry: LedgerEntry | null): LeftOutSummary {
  if (entry === null) return { count: 0, words: '' };
  const { count, words } = summarizeLeftOut(entry);
  return {
    count,
    words: words.length <= LEFT_OUT_LENGTH ? words : `${words.slice(0, LEFT_OUT_LENGTH - 1)}…`,
  };
}

/** How long a day fails; null of one whose last try did not fail. */
export function failingOf(entry: LedgerEntry | null): Failing | null {
  const {
    state,
    queued,
    fingerprint,
    attempts,
    updatedAt: last = 0,
    failingSince: since = last,
  } = entry ?? {};
  // The note of the next try comes with its entry. When the last one ended is not known any more.
  const waits = state === 'waiting' && last - (queued?.at ?? 0) < 1_000;
  // A failure of the files that wait has an attempt, and so has one of a day that was never loaded.
  const isOther = state === 'waiting' && attempts === 0 && queued?.fingerprint !== fingerprint;
  const replaced = isOther ? queued?.writtenAt : undefined;
  return isFailing(entry) ? { since, last, waits, replaced } : null;
}

/** What is read of the ledger; null if the object has no valid entry, and whoever asks is told of it by the key. */
async function unlessDamaged<Read>(
  read: Promise<Read>,
  onDamaged: Deployment['onDamaged'],
): Promise<Read | null> {
  try {
    return await read;
  } catch (error) {
    const isDamaged = error instanceof LedgerError && error.code === 'SLUICE_INGEST_LEDGER_INVALID';
    if (!isDamaged || onDamaged === undefined) throw error;
    onDamaged(error.detail.replace(/\.$/, ''));
    return null;
  }
}

/** Reads days of several subjects from the ledger, in the order of subjects and days. @throws LedgerError. */
export async function readLedgerDays(
  { s3, config, onDamaged }: Pick<Deployment, 's3' | 'config' | 'onDamaged'>,
  subjects: readonly (readonly Pick<LedgerSubject, 'source' | 'dataset' | 'day'>[])[],
): Promise<readonly (readonly LedgerDay[])[]> {
  const ledger = ledgerStore(s3ObjectStore(s3, config.bucket));
  const read = await mapLimit(subjects.flat(), PARALLEL, async (subject) => ({
    day: subject.day,
    entry: (await unlessDamaged(ledger.read(subject), onDamaged))?.entry ?? null,
  }));
  let taken = 0;
  return subjects.map((places) => {
    taken += places.length;
    return read.slice(taken - places.length, taken);
  });
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
    const words = `has files outside of the lookback, named until ${reportedUntil(dataset, day)}`;
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

/** How a day is unusual; null if it is not. @param seenAt When its folder was listed, epoch milliseconds. */
function unusualOf({ day, entry }: LedgerDay, dataset: Dataset, seenAt: number): UnusualDay | null {
  if (entry === null) return null;
  const words = [
    equalFilesWords(entry),
    unusualRowsWords(entry, dataset, seenAt),
    contentWords(entry),
  ].filter((text) => text !== null);
  return words.length === 0
    ? null
    : { day, words: words.join(', and '), parts: unusualParts(entry, dataset, seenAt) };
}

/** Characters of what is said of a field in few words: a type may have many members. */
const MOST_OF_FIELD = 160;

/** In which ways a day is unusual. @param seenAt As of {@link unusualOf}. */
function unusualParts(entry: LedgerEntry, dataset: Dataset, seenAt: number): readonly UnusualPart[] {
  const equal = equalFiles(entry).flat().length;
  const rows = unusualRowsWords(entry, dataset, seenAt);
  const content = unusualContent(entry).map(({ kind, field, words }): UnusualPart => {
    if (kind === 'copies') return { kind, short: 'has files that are those of other days' };
    if (kind !== 'values') return { kind, short: `has ${words.replace(/: .*/s, '')}` };
    const isShort = words.length <= MOST_OF_FIELD && !words.includes('. ');
    const what = isShort ? words.replaceAll('`', '') : `in ${field ?? 'its rows'}`;
    return { kind, short: `has other values than the days before, ${what}` };
  });
  return [
    ...(equal === 0 ? [] : [{ kind: 'equalFiles', short: `has ${equal} files that are equal` } as const]),
    ...(rows === null ? [] : [{ kind: 'rows', short: rows } as const]),
    ...content,
  ];
}

/** What the last look has seen of versions' files. */
export async function readVersionFiles(
  store: Pick<ObjectStore, 'read'>,
  source: string,
  dataset: string,
): Promise<VersionFiles> {
  return parseVersionFiles((await store.read(versionFilesKey(source, dataset)))?.text);
}

/** Which days have a version that lacks files. */
export function lackingOf(files: VersionFiles, days: readonly LedgerDay[]): readonly LackingDay[] {
  return days.flatMap(({ day, entry }) => {
    const since = lackingSince(files, entry);
    return since === null ? [] : [{ day, since, isOnly: entry?.missingSince !== undefined }];
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

/** Reads the ledger of exports; by default of {@link judgedExportDays}. @throws LedgerError. */
export async function readExports(
  open: Open,
  exports: readonly Export[],
  { count = judgedExportDays, until = addDays(utcDay(open.now), -1) }: Partial<DaySpan<Export>> = {},
): Promise<readonly ExportStatus[]> {
  const days = await readLedgerDays(
    open,
    exports.map((exported) => daysUntil(until, count(exported)).map((day) => exportSubject(exported, day))),
  );
  return exports.map((exported, i) => ({
    export: exported.name,
    table: exported.table,
    target: `s3://${exported.target.bucket}/${exportFolder(exported)}`,
    firstDay: addDays(utcDay(open.now), -exported.lookbackDays),
    days: days[i] ?? [],
  }));
}

/** Days, oldest first, up to the last. */
export function daysUntil(last: UtcDay, count: number): readonly UtcDay[] {
  return Array.from({ length: count }, (_, i) => addDays(last, i + 1 - count));
}

/**
 * The days of each dataset whose version no query reads, as nothing but a load registers days: of a dataset a call of S3 and one of
 * Glue for each thousand days.
 *
 * @throws What the clients of S3 and Glue throw; LedgerError.
 */
export function unreadDrops(
  deployment: CatalogReaders,
  datasets: readonly ConfiguredDataset[],
): Promise<readonly (readonly UnreadDay[])[]> {
  return mapLimit(datasets, PARALLEL_TABLES, (dataset) => unreadDays(deployment, dataset));
}

/** The days of a dataset whose version no query reads. @throws As {@link unreadDrops}. */
async function unreadDays(
  deployment: CatalogReaders,
  { source, dataset }: ConfiguredDataset,
): Promise<readonly UnreadDay[]> {
  const folders = ingestedTableFolders(deployment.config, dataset.table);
  const days = daysUnder(deployment, folders, { from: '', to: '9' });
  return unreadVersions(deployment, dataset.table, days, (day) => {
    return { source: source.name, dataset: dataset.name, day };
  });
}

/**
 * Days of a table with versions that have no partition, or one outside of the folder of the day. Which of its versions the partition of
 * a day has is not compared: a run that was killed may have moved it before it could write so into the ledger.
 *
 * @throws What Glue's client throws; LedgerError.
 */
export async function unreadVersions(
  deployment: CatalogReaders,
  table: string,
  asked: readonly UtcDay[] | Promise<readonly UtcDay[]>,
  subjectOf: (day: UtcDay) => Pick<LedgerSubject, 'source' | 'dataset' | 'day'>,
): Promise<readonly UnreadDay[]> {
  const { config } = deployment;
  const own = `s3://${config.bucket}/`;
  const folders = ingestedTableFolders(config, table).map((folder) => `${own}${folder}`);
  const [registered, days] = await Promise.all([ifThere(readMadePartitions(deployment, table)), asked]);
  const subjects = days
    .filter((day) =>
      folders.every((folder) => !registered?.get(day)?.location.startsWith(`${folder}${day}/`)),
    )
    .map(subjectOf);
  const unread = (await readLedgerDays(deployment, [subjects])).flat();
  return unread.flatMap(({ day, entry }) => {
    const { filesWritten: [first] = [], version, rows } = entry ?? {};
    const elsewhere = registered?.get(day);
    // A first load that has not ended, or was killed, leaves files in the folder, and no version in the ledger.
    if (version === undefined || rows === undefined || (first === undefined && elsewhere === undefined))
      return [];
    const location = `${own}${versionPrefix(config, table, day, version)}`;
    return [{ day, location, rows: rows.out, ...(elsewhere === undefined ? {} : { elsewhere }) }];
  });
}
