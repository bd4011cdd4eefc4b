import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import { mapLimit } from '../../../lib/base/concurrency.ts';
import type { ObjectStore } from '../../../lib/base/ObjectStore.ts';
import { addDays, type UtcDay } from '../../../lib/base/time.ts';
import { NAMED_DAYS } from '../../../lib/drops/limits.ts';
import { isSent } from '../../../lib/drops/plan/waitingReason.ts';
import { isFailing, type LedgerEntry, type LedgerSubject } from '../../../lib/ledger/LedgerEntry.ts';
import { LedgerError } from '../../../lib/ledger/LedgerError.ts';
import { ledgerStore } from '../../../lib/ledger/ledgerStore.ts';
import { lackingSince, parseVersionFiles, type VersionFiles } from '../../../lib/ledger/versionFiles.ts';
import type { Export } from '../../../lib/schema/exports.ts';
import type { Dataset, Source } from '../../../lib/schema/sources.ts';
import { versionFilesKey } from '../../../lib/tables/ledgerKeys.ts';
import type { Deployment } from '../../deployment.ts';
import type { MadePartition } from '../tables/tables.ts';

/** The fewest days of a dataset that are judged. */
const LEDGER_DAYS = 7;

/** Entries that are read in parallel: an S3 client has 50 connections. */
export const PARALLEL = 48;

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

/** A day whose version, which queries read, lacks files. */
export interface LackingDay {
  /** The day, UTC. */
  readonly day: UtcDay;
  /** Since when files are gone, epoch milliseconds. */
  readonly since: number;
  /** Whether nothing else has all of its rows. */
  readonly isOnly: boolean;
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

/** The parts of a deployment by which the ledger is read. */
export type Open = Pick<Deployment, 's3' | 'config' | 'now' | 'onDamaged'>;

/** What is read of the ledger; null if the object has no valid entry, and whoever asks is told of it by the key. */
export async function unlessDamaged<Read>(
  read: Promise<Read>,
  onDamaged: Deployment['onDamaged'],
): Promise<Read | null> {
  try {
    return await tellDamage(read, onDamaged);
  } catch (error) {
    if (damagedKey(error) === null || onDamaged === undefined) throw error;
    return null;
  }
}

/** What is read of the ledger. If the object has no valid entry, whoever asks is told of it by the key, and that is thrown. */
export async function tellDamage<Read>(
  read: Promise<Read>,
  onDamaged: Deployment['onDamaged'],
): Promise<Read> {
  try {
    return await read;
  } catch (error) {
    const key = damagedKey(error);
    if (key !== null) onDamaged?.(key);
    throw error;
  }
}

/** The key of the object of the ledger that has no valid entry; null if the error says something else. */
function damagedKey(error: unknown): string | null {
  const isDamage = error instanceof LedgerError && error.code === 'SLUICE_INGEST_LEDGER_INVALID';
  return isDamage ? error.detail.replace(/\.$/, '') : null;
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

/** What the last look has seen of versions' files. @throws What `store` throws. */
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

/** So many days up to the last, oldest first. */
export function daysUntil(last: UtcDay, count: number): readonly UtcDay[] {
  return Array.from({ length: count }, (_, i) => addDays(last, i + 1 - count));
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

/** A request that was noted with an entry is not older than this, milliseconds. */
const NOTED_WITH_MS = 1_000;

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
  const waits = state === 'waiting' && last - (queued?.at ?? 0) < NOTED_WITH_MS;
  // A failure of the files that wait has an attempt, and so has one of a day that was never loaded.
  const isOther = state === 'waiting' && attempts === 0 && queued?.fingerprint !== fingerprint;
  const replaced = isOther ? queued?.writtenAt : undefined;
  return isFailing(entry) ? { since, last, waits, replaced } : null;
}

/** When the load was requested that a day waits for, epoch milliseconds; null of a day that waits for none. */
export function requestedAt(entry: Pick<LedgerEntry, 'state' | 'queued'> | null): number | null {
  const queued = entry?.state === 'waiting' ? entry.queued : undefined;
  return queued !== undefined && isSent(queued) ? queued.at : null;
}
