import * as z from 'zod';

const count = z.int().min(0);

/** Where the rows of a day went. `rows` + `resends` is `rawRows`. */
const accountSchema = z.object({
  /** Rows of the raw files, by their footers. */
  rawRows: count,
  /** Rows of the curated files, by their footers. */
  rows: count,
  /** Rows that are left out because they repeat another, by a count of their own. */
  resends: count,
  /** Rows with `copies_differ`, among `rows`. */
  differing: count,
});

/** The result of a slice, once its files are in the folder of the version. Its `rows` + `resends` is its `sliceRows`. */
const sliceSchema = accountSchema.extend({
  /** The rows of the raw files that belong to it. `rawRows` is the same for every slice. */
  sliceRows: count,
  /** The files in the folder of the version, and bytes of each. */
  files: z.array(z.object({ name: z.string().min(1), bytes: count })),
  /** Milliseconds by step. */
  durations: z.record(z.string(), z.number()),
});

/** The member `curated` of ledger entries: what only days of curated tables have. */
export const curatedDaySchema = z.object({
  /** Digest of the columns and derivations that the current version was made with; absent without a version. */
  shape: z.string().optional(),
  /** Version of Sluice that made the current version. */
  code: z.string().optional(),
  /** Account of the current version; absent without one. */
  account: accountSchema.optional(),
  /** Raw files of the current version. */
  rawFiles: count.optional(),
  /** Bytes of the files of the current version. */
  bytesWritten: count.optional(),
  /** The last version that was settled, published or not. Tasks for it, and for earlier ones, are outdated. */
  ended: z.string().optional(),
  /** When its tasks were sent last, epoch milliseconds. `queued.at` is when these raw files were queued first. */
  sentAt: z.number().optional(),
  /** The version that is being made. Who has the entry's lease works on it. */
  run: z
    .object({
      version: z.string().min(1),
      /** Fingerprint of the raw files that it is made of. */
      fingerprint: z.string().min(1),
      shape: z.string().min(1),
      /** Into how many slices the day is cut, which are made one after the other. */
      slices: z.int().min(1),
      /** The slices that are done. */
      done: z.array(sliceSchema),
      /** Code of the failure that the next step was released for. */
      failed: z.string().optional(),
    })
    .optional(),
});

/** Fields that only days of curated tables have. */
export type CuratedDay = z.output<typeof curatedDaySchema>;
/** A version that is being made. */
export type CurationRun = NonNullable<CuratedDay['run']>;
/** The result of one slice. */
export type SliceResult = z.output<typeof sliceSchema>;
/** Where the rows of a day went. */
export type DayAccount = z.output<typeof accountSchema>;
