import * as z from 'zod';
import type { ObjectStore } from '../../base/ObjectStore.ts';
import {
  type DatasetNotes,
  datasetNotes,
  type ListEntries,
  listedEntries,
} from '../../ledger/ledgerStore.ts';
import { lastLookKey } from '../../tables/ledgerKeys.ts';
import { daySchema } from './messageBodies.ts';
import { newerFilesSchema } from './newerFiles.ts';
import { dayCountsSchema } from './planMetrics.ts';

/**
 * The last listing of a dataset: `ledger/<source>/<dataset>/last-look.json`. Members of later versions are
 * left out.
 */
const lastListingSchema = z.object({
  /** Epoch milliseconds. */
  at: z.number(),
  /** The newest listed day that has files; null if none has. */
  newestDay: z.string().nullable(),
  /** Whether no day of the lookback has files, although the first day that is expected of the dataset is due. */
  stopped: z.boolean(),
  /**
   * Days that wait or have failed, and loaded ones whose files are missing. The next run looks at them, too, however
   * old they are.
   */
  openDays: z.array(daySchema).default([]),
  /**
   * What the folder has besides: days outside of the lookback, and names that are no day's. While it can't be listed, what
   * the last good listing has found of days that are far ahead alone.
   */
  elsewhere: z
    .object({
      /** Days outside of the lookback. */
      days: z.array(z.string()).readonly(),
      /** Names that are no day's. */
      others: z.array(z.string()).readonly(),
      /** Days that are more than a month ahead, as with a wrong year; absent without any. */
      ahead: z
        .object({
          /** The days, oldest first. */
          days: z.array(z.string()).readonly(),
          /** Since when listings have found some, epoch milliseconds. */
          since: z.number(),
        })
        .optional(),
    })
    .optional(),
  /** When listings first found each name that is no day's, epoch milliseconds; absent in notes of earlier versions. */
  namesSince: z.record(z.string(), z.number()).optional(),
  /**
   * Days whose files came soon after one daily run, and waited half a day or more for the next: when the files of each came,
   * epoch milliseconds. The last three runs in a row at most, the last one last. Absent if the last run found no such day,
   * and with `expectedBy`.
   */
  cameAfterRun: z.array(z.number()).optional(),
  /** Days outside of the lookback that have newer files than were loaded. */
  newer: newerFilesSchema.optional(),
  /** Where the files were looked for, `s3://…`, since when, epoch milliseconds, and as whose. */
  place: z
    .object({
      /** Bucket and folder. */
      name: z.string(),
      /** Since when, epoch milliseconds. */
      since: z.number(),
      /**
       * The account that the configuration called the bucket's owner at the last good listing; absent in notes of
       * earlier versions.
       */
      owner: z.string().optional(),
    })
    .optional(),
  /** What the run has found of the days that it has listed: for the metrics of all sources. */
  counts: dayCountsSchema.optional(),
  /** Why the folder could not be listed. */
  failure: z
    .object({
      /** The stable code: SLUICE_…. */
      code: z.string(),
      /** The cause with its details. */
      message: z.string(),
      /** When the first of the failed tries in a row was, epoch milliseconds; absent in notes of earlier versions. */
      since: z.number().optional(),
      /** When the first of those with this code was, epoch milliseconds; absent in notes of earlier versions. */
      codeSince: z.number().optional(),
      /**
       * When the folder was listed last, epoch milliseconds; absent if it never was at this place, and in notes of
       * earlier versions.
       */
      lastGood: z.number().optional(),
      /** Where it was looked for (`dropPlace`); absent in notes of earlier versions. */
      place: z.string().optional(),
    })
    .optional(),
  /**
   * Why the folder could not be listed before the last good listings, as of `failure`, and until when: the last time
   * that it was past the end of a UTC day, as runs look for each day still after a shorter one. Absent of none that is
   * known.
   */
  pastFailure: z
    .object({
      /** The stable code: SLUICE_…. */
      code: z.string(),
      /** When the first of the failed tries was, epoch milliseconds. */
      since: z.number(),
      /** When the folder was listed again, epoch milliseconds. */
      until: z.number(),
    })
    .optional(),
});

/** A validated listing. */
export type LastListing = z.output<typeof lastListingSchema>;

/** Last listings. All but their open days, and how far the look for newer files is, is for display only. */
export interface LastListings extends DatasetNotes<LastListing> {
  /** The days that the ledger has. */
  readonly entries: ListEntries;
}

/** Last listings in a bucket. */
export function lastListings(store: ObjectStore): LastListings {
  return { ...datasetNotes(store, lastLookKey, lastListingSchema), entries: listedEntries(store) };
}
