import { createHash } from 'node:crypto';
import * as z from 'zod';
import { isUtcDay } from '../base/time.ts';
import { curatedDaySchema } from './CuratedDay.ts';
import { dayContentSchema } from './DayContent.ts';
import { loadRunSchema, pieceRefSchema } from './dayRunSchema.ts';
import { erasureNoteSchema } from './erasureNotes.ts';

/** A number of rows, files or attempts. */
const count = z.int().min(0);
/** Epoch milliseconds. */
const instant = z.number();

/**
 * States of a dataset's day. `inputs_missing`: none of its files has rows any more, and queries go on reading the last good
 * version.
 */
export const ledgerStates = [
  'waiting',
  'loading',
  'succeeded',
  'succeeded_no_data',
  'inputs_missing',
  'failed',
] as const;

/** Why the last load failed. */
const failureSchema = z.object({
  /** The stable code: SLUICE_…. */
  code: z.string(),
  /** The cause with its details. */
  message: z.string(),
});

/** How far apart the rows of the days before a day are. */
const rowSpreadSchema = z.object({
  /** Number of days that are compared. */
  days: count,
  /** Rows of the day that has the fewest. */
  least: count,
  /** Rows of the day that has the most. */
  most: count,
});

/** Outcome of one file of a drop. */
const fileFateSchema = z.object({
  /** Key of the file. */
  key: z.string(),
  /** Bytes. */
  size: count,
  /** ETag of the file. */
  eTag: z.string(),
  /**
   * `loaded`: its rows are in the version that queries read. `left_out`: it is not a file to load. `failed`: the day failed
   * because of it. `held`: the day failed for another reason since the file arrived. `gone`: it was loaded before and has
   * been deleted, and its rows are no longer read. `kept`: it was exported before and is gone, and its copy stays.
   */
  fate: z.enum(['loaded', 'left_out', 'failed', 'held', 'gone', 'kept']),
  /** The reason why it was left out (lib/drops/leftOut.ts), or the code of its failure. */
  reason: z.string().optional(),
  /** Details of the reason: the column, the expected type and the actual type. Never a value of a row. */
  detail: z.string().optional(),
  /** Rows of the file; absent if it was not loaded. */
  rows: z
    .object({
      /** Rows that were read. */
      in: count,
      /** Rows that were written. */
      out: count,
      /** Rows that went to quarantine. */
      refused: count,
    })
    .optional(),
  /** Refused rows by reason. */
  refusedBy: z.record(z.string(), count).optional(),
});

/**
 * The entry of one day of one dataset: the object `ledger/<source>/<dataset>/<day>.json`. Members that it does not list
 * are left out: after a rollback, entries have members of the later version.
 */
export const ledgerEntrySchema = z.object({
  /** Name of the source. */
  source: z.string().min(1),
  /** Name of the dataset. */
  dataset: z.string().min(1),
  /** The drop's day folder, which is the rows' `ds`. */
  day: z.string().refine(isUtcDay, 'a day, YYYY-MM-DD'),
  /** Name of the table that it lands in. */
  table: z.string().min(1),
  /** State of the day. */
  state: z.enum(ledgerStates),
  /** Fingerprint of the files of the last settled load, successful or not; null before the first. */
  fingerprint: z.string().nullable(),
  /**
   * Where the customer's files were that its rows are of, or if it has no version, those of the last load: `s3://<bucket>/<folder>/<form
   * of days>` (lib/drops/datasetFolder.ts, `dropPlace`). Absent of older entries, which are of today's place.
   */
  place: z.string().optional(),
  /**
   * The last queued task: the fingerprint that the plan saw, the reason, when the task was sent, how many files wait,
   * and when the last was written.
   */
  queued: z
    .object({
      /** Fingerprint of the files that the plan saw. */
      fingerprint: z.string(),
      /** Why it was queued. */
      reason: z.string(),
      /** When the task was sent, epoch milliseconds. */
      at: instant,
      /** How many files wait; absent in entries of earlier versions. */
      files: count.optional(),
      /** When the last file was written, epoch milliseconds; absent in entries of earlier versions. */
      writtenAt: instant.optional(),
      /** The piece that the task names which waits for the files; absent of another task. */
      piece: pieceRefSchema.optional(),
    })
    .optional(),
  /** Number of loads that were started for the files that were queued last. */
  attempts: count,
  /** How many of them ended without a word: the function was killed. */
  kills: count.optional(),
  /** Who works on the day, and until when. Only while `loading`. */
  lease: z
    .object({
      /** Who works on it. */
      owner: z.string().min(1),
      /** Until when, epoch milliseconds. */
      until: instant,
    })
    .optional(),
  /** Its files, and what became of each. */
  files: z.array(fileFateSchema),
  /** Rows of all files of the last settled load. */
  rows: z.object({
    /** Rows that were read. */
    in: count,
    /** Rows that were written. */
    out: count,
    /** Rows that went to quarantine. */
    refused: count,
  }),
  /** Bytes of the files that the last settled load is of. */
  bytes: count,
  /** The version that queries read; absent before the first successful load. */
  version: z.string().optional(),
  /** Names of its files. An erasure replaces them, and deletes none. */
  filesWritten: z.array(z.string().min(1)).optional(),
  /** Since when none of the day's files has rows, although queries read rows of it. They stay. */
  missingSince: instant.optional(),
  /** The rows that its weekday usually has (lib/drops/usual/usualRows.ts), as its last successful load found it. */
  usualRows: count.optional(),
  /**
   * How far apart the rows of the days before are (lib/drops/usual/usualRows.ts), as its last successful load found it;
   * absent while too few are known.
   */
  usualSpread: rowSpreadSchema.optional(),
  /** What its rows hold, as its last successful load found it; absent of a load by a release before. */
  content: dayContentSchema.optional(),
  /** A person said that the rows that queries read are meant so, or that there are none: `sluice ingest accept`. */
  accepted: z.literal(true).optional(),
  /** Versions to delete, and when each was replaced. */
  superseded: z.array(
    z.object({
      /** The version. */
      version: z.string(),
      /** When it was replaced, epoch milliseconds. */
      at: instant,
    }),
  ),
  /** The load in pieces that is under way. */
  run: loadRunSchema.optional(),
  /** Failure of the last load, or the reason why a waiting day is retried. */
  failure: failureSchema.optional(),
  /** Since when tries of the day fail, epoch milliseconds; absent without a failure. */
  failingSince: instant.optional(),
  /**
   * The last receipt: a hash of what it says, and why, and since when, the customer's bucket does not take it. Absent
   * if its source gets none.
   */
  receipt: z
    .object({
      /** A hash of what it says. */
      hash: z.string().min(1),
      /** Why the customer's bucket does not take it; absent if it did. */
      failure: failureSchema.optional(),
      /** Since when it does not, epoch milliseconds; absent if it did. */
      failingSince: instant.optional(),
    })
    .optional(),
  /** Only days of curated tables have it. */
  curated: curatedDaySchema.optional(),
  /** Erasures that change the files of the day: lib/ledger/erasureNotes.ts. */
  erasures: z.array(erasureNoteSchema).optional(),
  /** When the entry was written, epoch milliseconds. */
  updatedAt: instant,
  /** Identifies the write that made this entry, so that a writer recognises its own. */
  token: z.string().min(1),
});

/** Outcome of one file of a day. */
export type FileFate = z.output<typeof fileFateSchema>;
/** How far apart the rows of days are. */
export type RowSpread = z.output<typeof rowSpreadSchema>;
/** Why a day failed. */
export type DayFailure = z.output<typeof failureSchema>;
/** A validated entry of one day. */
export type LedgerEntry = z.output<typeof ledgerEntrySchema>;
/** An entry without the fields that a write adds. */
export type LedgerContent = Omit<LedgerEntry, 'token' | 'updatedAt'>;

/** An entry, or a part of one, without some of its members. */
export function without<Entry extends object, Key extends keyof Entry>(
  entry: Entry,
  ...keys: readonly Key[]
): Omit<Entry, Key> {
  const left = { ...entry };
  for (const key of keys) delete left[key];
  return left;
}

/** The entry of a day that nobody has, for another try. */
export function released(entry: LedgerContent): LedgerContent {
  return { ...without(entry, 'lease'), state: 'waiting' };
}

/** The entry of a day that nobody has, for the first try of the next part of a run, or of other files. */
export function handedOver(entry: LedgerContent): LedgerContent {
  return { ...released(entry), attempts: 0 };
}

/**
 * Whether the last try of a day failed, also while it is queued again, until one succeeds. A try that is repeated by
 * its own task has not failed yet, nor has a day that goes on in another task.
 */
export function isFailing(entry: LedgerEntry | null): boolean {
  if (entry?.failure === undefined) return false;
  const { state, failure, updatedAt, failingSince = updatedAt, queued } = entry;
  if (state === 'failed' || ['retried', 'asked'].includes(queued?.reason ?? '')) return true;
  return failingSince < (queued?.at ?? 0) && !failure.code.endsWith('_OUT_OF_TIME');
}

/** The state of a day. */
export type LedgerState = (typeof ledgerStates)[number];

/** Which day of which dataset an entry is about, and the table it lands in. */
export type LedgerSubject = Pick<LedgerEntry, 'source' | 'dataset' | 'day' | 'table'>;

/** An entry and the ETag that the next write must name. */
export interface StoredEntry {
  /** The entry as it was read or written. */
  readonly entry: LedgerEntry;
  /** The ETag of its object, with its quotes. */
  readonly eTag: string;
}

/** Storage of ledger entries, without any decisions. Methods throw the errors of the store. */
export interface LedgerStore {
  /** Reads the entry of a day; null if there is none. */
  read(place: Pick<LedgerSubject, 'source' | 'dataset' | 'day'>): Promise<StoredEntry | null>;
  /**
   * Writes an entry if `expected` is still the current ETag (null: if there is no entry).
   *
   * @returns The ETag; null if another write came first, which may be an earlier attempt of the same write.
   */
  write(entry: LedgerEntry, expected: string | null): Promise<string | null>;
}

/** Fingerprint of a day without files: it has no data. */
export const NO_FILES = 'none';

/** Identifies files by their keys, ETags and sizes, in this order. {@link NO_FILES} without files. */
export function fingerprintFiles(files: readonly Pick<FileFate, 'key' | 'eTag' | 'size'>[]): string {
  if (files.length === 0) return NO_FILES;
  const hash = createHash('sha256');
  // JSON keeps keys with line breaks apart from the next file.
  for (const { key, eTag, size } of files) hash.update(`${JSON.stringify([key, eTag, size])}\n`);
  return hash.digest('hex');
}
