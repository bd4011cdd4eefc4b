import * as z from 'zod';
import { dayRunSchema } from './dayRunSchema.ts';
import { namedFilesSchema } from './erasureNotes.ts';

/** A number of rows or files. */
const count = z.int().min(0);

/** An account of the rows of a day. `rows` + `resends` is `rawRows` + `kept`. */
const accountSchema = z.object({
  /** Rows of the raw files, by their footers. */
  rawRows: count,
  /** Rows of the version before, among `rows`, that no raw file has any more. */
  kept: count.default(0),
  /** Rows of the curated files, by their footers. */
  rows: count,
  /** Rows that are left out because they repeat another, by a count of their own. */
  resends: count,
  /** Rows with `copies_differ`, among `rows`. */
  differing: count,
});

/**
 * The result of a slice, once its files are in the folder of the version. Its `rows` + `resends` is its `sliceRows` +
 * `kept`.
 */
const sliceSchema = accountSchema.extend({
  /** The rows of the raw files that belong to it. `rawRows` is the same for every slice. */
  sliceRows: count,
  /** The files in the folder of the version, and bytes of each. */
  files: z.array(
    z.object({ /** Name of the file. */ name: z.string().min(1), /** Bytes of the file. */ bytes: count }),
  ),
});

/** The member `curated` of ledger entries: what only days of curated tables have. */
export const curatedDaySchema = z.object({
  /** Digest of the columns and derivations that the current version was made with; absent without a version. */
  shape: z.string().optional(),
  /** Version of Sluice that made the current version. */
  code: z.string().optional(),
  /** Account of the current version; absent without one. */
  account: accountSchema.optional(),
  /** The raw files of the current version. */
  inputs: namedFilesSchema.optional(),
  /** What the current version keeps although raw files are gone; absent if the raw files have all of its rows. */
  kept: z
    .object({
      /** Raw files of earlier versions that are gone, or replaced by others. */
      files: namedFilesSchema,
      /** Rows that no raw file has; 0 until a version has counted them. */
      rows: count,
      /** Time at which it was noticed, epoch milliseconds. */
      since: z.number(),
      /** `sluice curate accept`: the rows stay kept, or go with the next version. */
      accepted: z.enum(['keep', 'drop']).optional(),
      /** An erasure has changed the day since: it deletes versions of files that are gone. */
      erased: z.literal(true).optional(),
    })
    .optional(),
  /** Bytes of the files of the current version. */
  bytesWritten: count.optional(),
  /** The last version that was settled, published or not. Tasks for it, and for earlier ones, are outdated. */
  ended: z.string().optional(),
  /**
   * Time at which the day's tasks were last sent, epoch milliseconds. `queued.at` is the time at which these raw files
   * were first queued.
   */
  sentAt: z.number().optional(),
  /** The version that is being made. Who has the entry's lease works on it. */
  run: dayRunSchema
    .extend({
      /** The raw files, and their bytes. */
      inputs: namedFilesSchema,
      /** Bytes of these raw files. */
      bytes: count,
      /** The version whose rows are kept: fingerprint of its files, and the raw files that are gone. */
      kept: z
        .object({
          /** The version. */
          version: z.string().min(1),
          /** Fingerprint of its files. */
          fingerprint: z.string().min(1),
          /** The raw files that are gone. */
          files: namedFilesSchema,
        })
        .optional(),
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
