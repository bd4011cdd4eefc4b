import type { Readable } from 'node:stream';
import { defineErrorFamily } from '../base/errors.ts';

/** One object of a customer's bucket, as a list call shows it. */
export interface DropObject {
  /** The whole key, not URL-encoded. */
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** With its quotes, as `If-Match` takes it back. */
  readonly eTag: string;
  readonly lastModified: Date;
  /** `STANDARD` when S3 names none. https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html */
  readonly storageClass?: string | undefined;
  /** Whether a copy of it that was restored from an archive can be read, whose class is still the archive's. Default not. */
  readonly isRestored?: boolean;
}

/** One answer to a list call. */
export interface DropPage {
  readonly objects: readonly DropObject[];
  /** Where the next page begins; undefined on the last. */
  readonly next: string | undefined;
}

/**
 * A customer's bucket, as ingest reads it: every call names the owner it expects. Methods throw SourceError, which says
 * in our words what the bucket refused.
 */
export interface CustomerBucket {
  /** Up to 1,000 objects under a prefix, in the order of their keys. */
  list(request: {
    readonly prefix: string;
    /** Only keys after this one. */
    readonly startAfter?: string | undefined;
    readonly next?: string | undefined;
  }): Promise<DropPage>;
  /**
   * The bytes of an object as it was listed; null when it is another by now, or gone: list again.
   *
   * @param range First and last byte, both included. Default all.
   */
  read(
    object: Pick<DropObject, 'key' | 'eTag'>,
    range?: { readonly first: number; readonly last: number },
  ): Promise<Readable | null>;
}

/** Why a customer's bucket could not be read: what its owner or we have to mend. */
export const SourceError = defineErrorFamily('user', {
  SLUICE_SOURCE_ACCESS_DENIED: {
    cause: "The customer's bucket refuses the call.",
    cure: "Compare the bucket's policy with `sluice policy print --for ingest-source`; S3 answers the same when the bucket is not of the account that the source names as `owner`.",
  },
  SLUICE_SOURCE_KEY_DENIED: {
    cause: "The key that the customer's files are encrypted with refuses to decrypt.",
    cure: "Set `kmsKeyArn` of the source, and let the functions' roles decrypt in the key's own policy.",
  },
  SLUICE_SOURCE_ROLE_DENIED: {
    cause: 'The role of the source could not be assumed.',
    cure: "Let the functions' roles assume it in its trust policy, with the external ID of the source if it asks for one.",
  },
  SLUICE_SOURCE_BUCKET_MISSING: {
    cause: 'There is no such bucket.',
    cure: 'Mend `bucket` of the source.',
  },
  SLUICE_SOURCE_REGION_WRONG: {
    cause: 'The bucket is in another region.',
    cure: 'Mend `region` of the source.',
  },
  SLUICE_SOURCE_OBJECT_ARCHIVED: {
    cause: 'An object lies in an archive, from which S3 reads nothing before it is restored.',
    cure: "Restore it, or keep the bucket's lifecycle from archiving days that may still be loaded.",
  },
  SLUICE_SOURCE_TOO_MANY_OBJECTS: {
    cause: 'The folder of the dataset holds more objects than one run looks through.',
    cure: 'Write fewer and larger files, or lower `lookbackDays`.',
  },
  SLUICE_SOURCE_NOTHING_LOADABLE: {
    cause: 'The folder of the day has objects, and none of them can be loaded: nothing of the day was taken.',
    cure: 'Look at each with `sluice ingest explain`, and drop Parquet files instead. A day without rows is an empty folder, or a marker such as `_SUCCESS` alone; a marker of another name is named by `waitFor` of the dataset.',
  },
  SLUICE_SOURCE_FILES_REPLACED: {
    cause:
      'Files whose rows queries see are gone or replaced, and objects that can’t be loaded arrived: the last good version stays.',
    cure: 'Drop the files again, or delete the objects that can’t be loaded. If other files only are gone and that is right: `sluice ingest backfill` loads the day as it is.',
  },
  SLUICE_SOURCE_TOO_MANY_UNKNOWN: {
    cause:
      'The folder of the day has more objects whose names end as those of another format than a load looks into.',
    cure: 'Let other formats be written into another folder, or end the names of Parquet files with `.parquet`.',
  },
  SLUICE_SOURCE_DELTA_TABLE: {
    cause:
      'The folder is a Delta Lake table: its log alone knows which of its Parquet files still count, so none is loaded.',
    cure: 'Let the current rows be written as plain Parquet into a folder of their own, for instance by `UNLOAD` of Athena or by Spark, and name that folder.',
  },
  SLUICE_SOURCE_ICEBERG_TABLE: {
    cause:
      'The folder is an Iceberg table: its metadata alone knows which of its Parquet files still count, so none is loaded.',
    cure: 'Let the current rows be written as plain Parquet into a folder of their own, for instance by `UNLOAD` of Athena or by Spark, and name that folder.',
  },
  SLUICE_SOURCE_HUDI_TABLE: {
    cause:
      'The folder is a Hudi table: its timeline alone knows which of its Parquet files still count, so none is loaded.',
    cure: 'Let the current rows be written as plain Parquet into a folder of their own, for instance by `UNLOAD` of Athena or by Spark, and name that folder.',
  },
  SLUICE_SOURCE_UNAVAILABLE: {
    cause: "The customer's bucket did not answer in time, or S3 is busy.",
    cure: 'Nothing is to be done: the next run tries again.',
  },
});
