import * as z from 'zod';
import { isUtcDay } from '../../base/time.ts';

const count = z.int().min(0);
/** Epoch milliseconds. */
const instant = z.number();

/** States of a dataset's day. */
export const ledgerStates = ['waiting', 'loading', 'succeeded', 'succeeded_no_data', 'failed'] as const;

/** What became of one file of a drop. */
const fileFateSchema = z.strictObject({
  key: z.string(),
  /** Bytes. */
  size: count,
  eTag: z.string(),
  /**
   * `loaded`: its rows are in the version that queries read. `left_out`: it was no file to load. `failed`: the day failed on
   * it. `held`: the day failed, on another file or as a whole, since it came. `gone`: it was loaded before, and
   * its rows went with it: said by the load that found so.
   */
  fate: z.enum(['loaded', 'left_out', 'failed', 'held', 'gone']),
  /** A reason to be left out (lib/drops/Drop.ts), or the code that it failed with. */
  reason: z.string().optional(),
  /** More on the reason: the column, the type expected and found. Never a value of a row. */
  detail: z.string().optional(),
  rows: z.strictObject({ in: count, out: count, refused: count }).optional(),
  /** Refused rows by reason. */
  refusedBy: z.record(z.string(), count).optional(),
});

/** What is known of one day of one dataset: the object `ledger/<source>/<dataset>/<day>.json`. */
export const ledgerEntrySchema = z.strictObject({
  source: z.string().min(1),
  dataset: z.string().min(1),
  /** The drop's day folder, which is the rows' `ds`. */
  day: z.string().refine(isUtcDay, 'a day, YYYY-MM-DD'),
  table: z.string().min(1),
  state: z.enum(ledgerStates),
  /** Of the files of the last load that settled, well or not; null before the first. */
  fingerprint: z.string().nullable(),
  /** What the plan queued last and waits for: the fingerprint it saw, why, and when it sent the task. */
  queued: z.strictObject({ fingerprint: z.string(), reason: z.string(), at: instant }).optional(),
  /** How often a load was begun for the files that were queued last. */
  attempts: count,
  /** Who works on it, and until when nobody else does. Only while `loading`. */
  lease: z.strictObject({ owner: z.string().min(1), until: instant }).optional(),
  files: z.array(fileFateSchema),
  rows: z.strictObject({ in: count, out: count, refused: count }),
  /** Rows by how many days they lie from their folder: `0`, `1`, `-1`, …, `>31` and `<-31` for all further. */
  rowsByDaysLate: z.record(z.string(), count),
  /** Bytes read from the customer's bucket by the last load that settled. */
  bytes: count,
  /** Milliseconds by step. */
  durations: z.record(z.string(), z.number()),
  /** The version that queries read; absent before the first good load. */
  version: z.string().optional(),
  /** Versions that are to be deleted: when each was replaced. */
  superseded: z.array(z.strictObject({ version: z.string(), at: instant })),
  /** Of the last load; of a day that waits, why it is tried again. */
  failure: z.strictObject({ code: z.string(), message: z.string() }).optional(),
  updatedAt: instant,
  /** Names the write that made this entry: how a writer recognises its own (decision 10 of the design). */
  token: z.string().min(1),
});

/** What became of one file of a day. */
export type FileFate = z.output<typeof fileFateSchema>;
/** All that is known of one day, validated. */
export type LedgerEntry = z.output<typeof ledgerEntrySchema>;
/** How far a day has come. */
export type LedgerState = (typeof ledgerStates)[number];

/** Which day of which dataset an entry is about, and the table it lands in. */
export type LedgerPlace = Pick<LedgerEntry, 'source' | 'dataset' | 'day' | 'table'>;

/** An entry and the ETag that a write on top of it must name. */
export interface StoredEntry {
  readonly entry: LedgerEntry;
  readonly eTag: string;
}

/** Where entries are kept. It decides nothing: {@link Ledger} does. Methods throw what the store throws. */
export interface LedgerStore {
  /** Null where there is none. */
  read(place: Pick<LedgerPlace, 'source' | 'dataset' | 'day'>): Promise<StoredEntry | null>;
  /**
   * Writes an entry where `expected` is still what is there (null: where nothing is).
   *
   * @returns the ETag; null when something else is there, which may be this very write, made by an earlier try.
   */
  write(entry: LedgerEntry, expected: string | null): Promise<string | null>;
}
