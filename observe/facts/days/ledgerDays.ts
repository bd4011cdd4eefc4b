import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import { mapLimit } from '../../../lib/base/concurrency.ts';
import type { ObjectStore } from '../../../lib/base/ObjectStore.ts';
import { addDays, isoTimestamp, type UtcDay, utcDay } from '../../../lib/base/time.ts';
import { summarizeLeftOut } from '../../../lib/drops/lastLoad.ts';
import { NAMED_DAYS } from '../../../lib/drops/limits.ts';
import { COMMIT, lackWords, lookbackDays, markerReason } from '../../../lib/drops/plan/decideDay.ts';
import { hasArrivedSince, isOver, lastNamed, lateNotes } from '../../../lib/drops/plan/lateDrops.ts';
import { newerDays } from '../../../lib/drops/plan/newerFiles.ts';
import { type LastListing, lastListings } from '../../../lib/drops/plan/planSources.ts';
import { emptyWords, unusualWords } from '../../../lib/drops/usualRows.ts';
import {
  isFailing,
  type LedgerEntry,
  type LedgerSubject,
  NO_FILES,
} from '../../../lib/ledger/LedgerEntry.ts';
import { ledgerStore, listedEntries } from '../../../lib/ledger/ledgerStore.ts';
import {
  lackingDays,
  lackingSince,
  parseVersionFiles,
  type VersionFiles,
} from '../../../lib/ledger/versionFiles.ts';
import type { Export } from '../../../lib/schema/exports.ts';
import type { Dataset, Source } from '../../../lib/schema/sources.ts';
import { exportFolder } from '../../../lib/tables/exportKeys.ts';
import { exportSubject, versionFilesKey } from '../../../lib/tables/ledgerKeys.ts';
import { ingestedTableFolders, versionPrefix } from '../../../lib/tables/tableFolders.ts';
import type { Deployment } from '../../deployment.ts';
import { ifThere } from '../../explainAwsError.ts';
import { daysUnder } from '../tables/partitionGaps.ts';
import { readPartitions } from '../tables/tables.ts';
import { equalFilesWords } from './equalFiles.ts';

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

/** A day that has files and waits for a commit of them, or for its marker. */
export interface WaitingDay {
  readonly day: UtcDay;
  /** `has 2 files and no _SUCCESS since 2026-11-20T09:00:00.000Z` */
  readonly words: string;
  /** Whether more was to be expected by now: files that are not committed have settled, or the day is over. */
  readonly isLacking: boolean;
  /**
   * What shows more: no run has looked at it (`run`), its files are named (`explain`); or loads it without its marker, or because
   * no run looks at it any more (`load`).
   */
  readonly cure: 'run' | 'explain' | 'backfill' | 'load';
}

/** A day whose version, which queries read, lacks files; and since when, epoch milliseconds. */
export interface LackingDay {
  readonly day: UtcDay;
  readonly since: number;
  /** Whether nothing else has all of its rows. */
  readonly isOnly: boolean;
}

/** The status of one dataset. */
export type DatasetStatus = Awaited<ReturnType<typeof readDatasets>>[number];

/** The status of one export. */
export type ExportStatus = Awaited<ReturnType<typeof readExports>>[number];

/** How many days, of each dataset or export, and the last one. */
export interface DaySpan<Subject> {
  readonly count: (subject: Subject) => number;
  /** Default today in a dataset's time zone; of an export yesterday. */
  readonly until?: UtcDay | undefined;
}

/**
 * Since when a day fails, and its last attempt, epoch milliseconds; while it waits for the next one, since when; and since when
 * other files are there, which wait to be loaded.
 */
export type Failing = NonNullable<ReturnType<typeof failingOf>>;

/** What is shown and judged of a day of a dataset or an export. */
export type DropDay = ReturnType<typeof dropDay>;

/** The ledger of datasets and exports. */
export type DropsCalendar = Awaited<ReturnType<typeof readCalendar>>;

/** A day that was loaded and that no query reads, and where its version is: `s3://…/`. */
export interface UnreadDay {
  readonly day: UtcDay;
  readonly location: string;
}

/** A dataset of a customer, and days of it, oldest first. */
export type DatasetDays = DropsCalendar['datasets'][number] & {
  /** Days of the ledger without a partition; undefined if that is not asked. */
  readonly unread?: readonly UnreadDay[];
};

/** An export, and days of it, oldest first. */
export type ExportDays = DropsCalendar['exports'][number];

type Open = Pick<Deployment, 's3' | 'config' | 'now'>;

/** The datasets of a configuration. */
export function configuredDatasets({
  sources,
}: Pick<Deployment['config'], 'sources'>): readonly ConfiguredDataset[] {
  return sources.flatMap((source) => source.datasets.map((dataset) => ({ source, dataset })));
}

/**
 * Reads the ledger of all datasets and exports.
 *
 * @param span Number of days, and the last one. Default today; of exports yesterday.
 * @throws IngestError.
 */
export async function readCalendar(
  deployment: Open,
  { days: count, until }: { readonly days: number; readonly until?: UtcDay | undefined },
) {
  const { config, now } = deployment;
  const span = { count: () => count, until };
  const datasets = (await readDatasets(deployment, configuredDatasets(config), span)).map(dropDays);
  const exports = (await readExports(deployment, config.exports, span)).map(dropDays);
  const shown = new Set(daysUntil(until ?? utcDay(now), count));
  for (const { days } of datasets) for (const { day } of days) shown.add(day);
  return {
    /** The days that it covers, oldest first. */
    days: [...shown].sort(),
    datasets,
    exports,
  };
}

/** What is known of the days of a dataset beside their entries, and of those of an export not. */
type KnownOfDays = Partial<Pick<DatasetStatus, 'late' | 'unusual' | 'waiting' | 'lacking'>>;

/** A dataset or an export with what is shown and judged of its days. */
export function dropDays<Status extends { readonly days: readonly LedgerDay[] }>(
  status: Status & KnownOfDays,
): Omit<Status, 'days'> & { readonly days: readonly DropDay[] } {
  return { ...status, days: status.days.map((one) => dropDay(one, status)) };
}

function dropDay({ day, entry }: LedgerDay, { late, unusual, waiting, lacking }: KnownOfDays) {
  return {
    day,
    /** Null if the ledger has no entry. */
    state: entry?.state ?? null,
    /** When the drop was due, epoch milliseconds, if it is late; else null. */
    lateSince: late?.find((one) => one.day === day)?.due ?? null,
    rows: entry?.rows ?? { in: 0, out: 0, refused: 0 },
    /** What it has, if it came without rows: `1 file, 0 rows`; else null. */
    empty: entry === null ? null : emptyWords(entry),
    /** The rows that are usual for it; null while that is not known. */
    usual: entry?.usualRows ?? null,
    /** How far its rows are from those that are usual, in words; null if they are not. */
    unusual: unusual?.find((one) => one.day === day)?.words ?? null,
    /** What it has, and waits for, in words; null if it waits for no commit and no marker. */
    waiting: waiting?.find((one) => one.day === day)?.words ?? null,
    /** Its files that are not committed. */
    uncommitted: entry?.files.filter(({ reason }) => reason === 'not_committed').length ?? 0,
    /** Since when its files are missing, epoch milliseconds, unless a person accepted that; else null. */
    missingSince: entry?.state === 'inputs_missing' ? (entry.missingSince ?? null) : null,
    /** Since when the version that queries read lacks files, epoch milliseconds; null if it has all. */
    lackingSince: lacking?.find((one) => one.day === day)?.since ?? null,
    files: entry?.files.filter(({ fate }) => fate !== 'gone').length ?? 0,
    /** Of an export: copies in the customer's bucket whose files are gone. */
    kept: entry?.files.filter(({ fate }) => fate === 'kept').length ?? 0,
    /** Objects that its last load left out although they may have been meant, and that in words. */
    leftOut: entry === null ? { count: 0, words: '' } : summarizeLeftOut(entry),
    /** The version that queries read; null if there is no version. */
    version: entry?.version ?? null,
    /** Code of the failure; null without one. */
    failure: entry?.failure?.code ?? null,
    /** Null of a day that has not failed. */
    failing: failingOf(entry),
    /** Code why the customer's bucket did not take its receipt, and since when; null if it did, or there is none. */
    receipt:
      entry?.receipt?.failure === undefined
        ? null
        : { code: entry.receipt.failure.code, since: entry.receipt.failingSince ?? entry.updatedAt },
  };
}

/** Since when a day fails; null of one whose last try did not. */
export function failingOf(entry: LedgerEntry | null) {
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

/** Reads the ledger of datasets; without `until` also of older days that the plan still looks at. @throws IngestError. */
export async function readDatasets(
  open: Open,
  datasets: readonly ConfiguredDataset[],
  { count, until }: DaySpan<ConfiguredDataset>,
) {
  const store = s3ObjectStore(open.s3, open.config.bucket);
  const listings = lastListings(store);
  const notes = lateNotes(store);
  const looks = await mapLimit(datasets, PARALLEL, (one) => listings.read(one.source.name, one.dataset.name));
  const expected = await mapLimit(datasets, PARALLEL, async ({ source, dataset }) =>
    dataset.expectedBy === undefined ? null : notes.read(source.name, dataset.name),
  );
  const files = await mapLimit(datasets, PARALLEL, ({ source, dataset }) =>
    readVersionFiles(store, source.name, dataset.name),
  );
  const days = await readLedgerDays(
    open,
    datasets.map((one, i) => {
      const { source, dataset } = one;
      const wanted =
        until === undefined
          ? [
              ...(looks[i]?.openDays ?? []),
              ...(expected[i]?.late ?? []).map((late) => late.day),
              ...(looks[i]?.elsewhere?.days ?? []).filter(
                (day) => lastNamed(dataset, day) >= utcDay(open.now),
              ),
              ...lackingDays(files[i] ?? {}),
              ...lookbackDays(open.now, dataset.timezone, count(one) - 1),
            ]
          : daysUntil(until, count(one));
      return [...new Set(wanted)].sort().map((day) => ({ source: source.name, dataset: dataset.name, day }));
    }),
  );
  return mapLimit([...datasets.entries()], PARALLEL, async ([i, { source, dataset }]) => {
    const own = days[i] ?? [];
    const entries = new Map(own.map(({ day, entry }) => [day, entry]));
    const noted = expected[i];
    const lastLook = looks[i] ?? null;
    // A day that was listed before its end may be loaded again.
    const seenAt = Math.min(open.now, lastLook?.at ?? open.now);
    const late = (noted?.late ?? []).filter(({ day }) => {
      const entry = entries.get(day);
      return entry !== undefined && !hasArrivedSince(entry, noted?.at ?? 0);
    });
    const [firstDay = utcDay(open.now)] = lookbackDays(open.now, dataset.timezone, dataset.lookbackDays);
    const { unlooked, newer } = await daysOutside(store, { source, dataset }, lastLook, {
      entries,
      now: open.now,
    });
    return {
      source: source.name,
      dataset: dataset.name,
      kind: dataset.kind,
      table: dataset.table,
      /** `s3://…/` of its drops. */
      folder: `s3://${source.bucket}/${dataset.folder}/`,
      schedule: dataset.schedule,
      lookbackDays: dataset.lookbackDays,
      lastLook,
      /** The first day of its lookback. Failed days before it are not tried again. */
      firstDay,
      /** Days outside of the lookback that have objects that no run has looked at, oldest first. */
      unlooked,
      /** Days outside of the lookback whose folder has newer files than were loaded, which no run looks at, oldest first. */
      newer,
      /** Which of the days are late, oldest first; none without `expectedBy`. */
      late,
      /** Which of the days have a version that lacks files. */
      lacking: lackingOf(files[i] ?? {}, own),
      /** Which of the days have files, and wait for a commit or a marker, oldest first. */
      waiting: own.flatMap(({ day, entry }): readonly WaitingDay[] => {
        const queued = entry?.state === 'waiting' ? entry.queued : undefined;
        // Files that are gone wait for nothing.
        const lack = queued === undefined || queued.files === 0 ? null : lackWords(queued);
        const has = late.find((one) => one.day === day)?.has;
        const [words, since = 0] =
          lack === null ? [has?.words, has?.since] : [lack, queued?.writtenAt ?? queued?.at];
        const isUnlooked = unlooked.includes(day);
        if (words === undefined) {
          const named = `has files outside of the lookback, named until ${lastNamed(dataset, day)}`;
          return isUnlooked ? [{ day, words: named, isLacking: true, cure: 'load' }] : [];
        }
        const isCommit = queued?.reason === markerReason(COMMIT);
        const unseen = day < firstDay ? 'load' : 'run';
        const seen = lack === null || isCommit ? 'explain' : 'backfill';
        const cure = entry === null || isUnlooked ? unseen : seen;
        const isLacking = isCommit || isOver(dataset, day, open.now);
        return [{ day, words: `has ${words} since ${isoTimestamp(since)}`, isLacking, cure }];
      }),
      /** Which of the days have far fewer or more rows than is usual, in words, oldest first. */
      unusual: own.flatMap(({ day, entry }) => {
        if (entry === null) return [];
        const isWhole = isOver(dataset, day, seenAt);
        const ofRows = isWhole ? unusualWords(entry, dataset.unusualShare) : null;
        const words = [equalFilesWords(entry), ofRows].filter((one) => one !== null);
        return words.length === 0 ? [] : [{ day, words: words.join(', and ') }];
      }),
      /** Oldest first. */
      days: own,
    };
  });
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

/**
 * Days outside of the lookback with objects, of which the ledger knows nothing, or that there were none; and those that have newer
 * files than were loaded.
 */
async function daysOutside(
  store: ObjectStore,
  { source, dataset }: ConfiguredDataset,
  look: LastListing | null,
  { entries, now }: { readonly entries: ReadonlyMap<UtcDay, LedgerEntry | null>; readonly now: number },
): Promise<{ readonly unlooked: readonly UtcDay[]; readonly newer: readonly UtcDay[] }> {
  const found = look?.elsewhere?.days ?? [];
  if (found.length === 0 && look?.newer === undefined) return { unlooked: [], newer: [] };
  const known = await listedEntries(store)(source.name, dataset.name);
  const unlooked = found.filter((day) => {
    const { state, fingerprint, version } = entries.get(day) ?? {};
    const hadNone = state === 'succeeded_no_data' && fingerprint === NO_FILES && version === undefined;
    return hadNone || !known.has(day);
  });
  const newer = newerDays(look?.newer, (day) => known.get(day)?.eTag, now);
  return { unlooked, newer: newer.filter((day) => !unlooked.includes(day)) };
}

/** Reads the ledger of exports; by default of the lookback, and for as long as a failed day is named. @throws IngestError. */
export async function readExports(
  open: Open,
  exports: readonly Export[],
  {
    count = ({ lookbackDays }) => lookbackDays + NAMED_DAYS,
    until = addDays(utcDay(open.now), -1),
  }: Partial<DaySpan<Export>> = {},
) {
  const days = await readLedgerDays(
    open,
    exports.map((exported) => daysUntil(until, count(exported)).map((day) => exportSubject(exported, day))),
  );
  return exports.map((exported, i) => ({
    export: exported.name,
    table: exported.table,
    /** The customer's `s3://<bucket>/<folder>/`. */
    target: `s3://${exported.target.bucket}/${exportFolder(exported)}`,
    /** As of a dataset. */
    firstDay: addDays(utcDay(open.now), -exported.lookbackDays),
    /** Oldest first. */
    days: days[i] ?? [],
  }));
}

/** Days, oldest first, up to the last. */
function daysUntil(last: UtcDay, count: number): readonly UtcDay[] {
  return Array.from({ length: count }, (_, i) => addDays(last, i + 1 - count));
}

/**
 * The days of a dataset whose version no query reads, as nothing but a load registers days: a call of S3 and one of Glue for each
 * thousand days.
 *
 * @throws What the clients of S3 and Glue throw; IngestError.
 */
export async function unreadDrops(
  deployment: Pick<Deployment, 's3' | 'glue' | 'config' | 'signal'>,
  { source, dataset }: ConfiguredDataset,
): Promise<readonly UnreadDay[]> {
  const { config } = deployment;
  const registered = (await ifThere(readPartitions(deployment, dataset.table))) ?? new Map();
  const folders = ingestedTableFolders(config, dataset.table);
  const days = await daysUnder(deployment, folders, { from: '', to: '9' });
  const subjects = days
    .filter((day) => !registered.has(day))
    .map((day) => ({ source: source.name, dataset: dataset.name, day }));
  const [unread = []] = await readLedgerDays(deployment, [subjects]);
  return unread.flatMap(({ day, entry }) => {
    const { filesWritten: [first] = [], version } = entry ?? {};
    // Of a first load that has not ended, or was killed, the folder has files and the ledger no version.
    if (version === undefined || first === undefined) return [];
    const location = `s3://${config.bucket}/${versionPrefix(config, dataset.table, day, version)}`;
    return [{ day, location }];
  });
}
