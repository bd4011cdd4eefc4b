import * as z from 'zod';

const count = z.int().min(0);

/** Where the rows of a part of a day went. `rows` + `resends` is `sliceRows`. */
const accountSchema = z.object({
  /** Rows of all raw files of the day, by their footers: the same for every part. */
  rawRows: count,
  /** The ones that belong to this part. */
  sliceRows: count,
  /** Rows of the curated files, by their footers. */
  rows: count,
  /** Rows that are left out because they repeat another, by a count of their own. */
  resends: count,
  /** Rows with `copies_differ`, among `rows`. */
  differing: count,
});

/** One part of a day that is being curated. Days of one function have one part. */
const partSchema = z.object({
  /** Who works on it, and until when, epoch milliseconds. */
  lease: z.object({ owner: z.string().min(1), until: z.number() }).optional(),
  /** How often somebody began with it. */
  attempts: count,
  /** Code of the failure that it was released for last. */
  failed: z.string().optional(),
  /** Its result, once its files are in the folder of the version. */
  done: z
    .object({
      ...accountSchema.shape,
      /** The files in the folder of the version, and bytes of each. */
      files: z.array(z.object({ name: z.string().min(1), bytes: count })),
      /** Milliseconds by step. */
      durations: z.record(z.string(), z.number()),
    })
    .optional(),
});

/** The member `curated` of ledger entries: what only days of curated tables have. */
export const curatedDaySchema = z.object({
  /** Digest of the columns and derivations that the current version was made with; absent without a version. */
  shape: z.string().optional(),
  /** Version of Sluice that made the current version. */
  code: z.string().optional(),
  /** Account of the current version; absent without one. */
  account: accountSchema.omit({ sliceRows: true }).optional(),
  /** Raw files of the current version. */
  rawFiles: count.optional(),
  /** Bytes of the files of the current version. */
  bytesWritten: count.optional(),
  /** The last version that was settled, published or not. Tasks for it, and for earlier ones, are outdated. */
  ended: z.string().optional(),
  /** When its tasks were sent last, epoch milliseconds. `queued.at` is when these raw files were queued first. */
  sentAt: z.number().optional(),
  /** The version that is being made. */
  run: z
    .object({
      /** The version whose folder all parts write to. */
      version: z.string().min(1),
      /** Fingerprint of the raw files that all parts read. */
      fingerprint: z.string().min(1),
      shape: z.string().min(1),
      parts: z.array(partSchema).min(1),
      /** Who publishes the version, and until when, epoch milliseconds. Only once every part is done. */
      mover: z.object({ owner: z.string().min(1), until: z.number() }).optional(),
    })
    .optional(),
});

/** Fields that only days of curated tables have. */
export type CuratedDay = z.output<typeof curatedDaySchema>;
/** A version that is being made. */
export type CurationRun = NonNullable<CuratedDay['run']>;
/** The result of one part. */
export type PartResult = NonNullable<CurationRun['parts'][number]['done']>;
/** Where the rows of a day went. */
export type DayAccount = NonNullable<CuratedDay['account']>;
