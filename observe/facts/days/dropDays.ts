import type { UtcDay } from '../../../lib/base/time.ts';
import { type LeftOutSummary, movedFrom, summarizeLeftOut } from '../../../lib/drops/lastLoad.ts';
import { emptyWords } from '../../../lib/drops/usual/usualRows.ts';
import type { LedgerEntry, LedgerState } from '../../../lib/ledger/LedgerEntry.ts';
import { versionTime } from '../../../lib/ledger/versions.ts';
import type { DatasetFacts, DatasetStatus } from './datasets.ts';
import type { Unusual } from './drops/unusualDays.ts';
import { type Failing, failingOf, type LedgerDay, requestedAt } from './ledgerDays.ts';

/** Characters of the words about objects that a day left out; `sluice ingest explain` has all. */
const LEFT_OUT_LENGTH = 400;

/** Rows of a day. */
interface RowCounts {
  /** Rows of the files. */
  readonly in: number;
  /** Rows that are in the table or the exported files. */
  readonly out: number;
  /** Rows that went to quarantine. */
  readonly refused: number;
}

/** A receipt that the customer's bucket did not take. */
interface FailedReceipt {
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
  /** In what it is not as the days before it; null if it is. */
  readonly unusual: Unusual | null;
  /** What it has, and waits for, in words; null if it waits for no commit and no marker. */
  readonly waiting: string | null;
  /** When the load was requested that it waits for, epoch milliseconds; null of a day that waits for none. */
  readonly requestedAt: number | null;
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

/** When the version of a day was made, epoch milliseconds; null of a day without one. */
export function loadedAt({ version }: Pick<DropDay, 'version'>): number | null {
  return version === null ? null : versionTime(version);
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
    unusual: unusual?.find((unusualDay) => unusualDay.day === day) ?? null,
    waiting: waiting?.find((waitingDay) => waitingDay.day === day)?.words ?? null,
    requestedAt: requestedAt(entry),
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

/** A dataset of a customer, and what is shown of its days. */
export interface DatasetDays extends DatasetFacts {
  /** Its days, oldest first. */
  readonly days: readonly DropDay[];
  /** Those whose load was requested and whose message is gone, oldest first; absent if that was not asked, or messages are there. */
  readonly lost?: readonly DropDay[];
}
