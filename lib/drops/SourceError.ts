import { denialOrOwner } from '../base/denialOrOwner.ts';
import { defineErrorFamily } from '../base/errors.ts';

/** The cure for a folder of a table's format, whose files are not all of its rows. */
const PLAIN_COPY =
  'Write the current rows as plain Parquet into a separate folder, for example with `UNLOAD` in Athena or with Spark, and configure that folder. The policy of the bucket must allow it, too: `sluice policy print --for ingest-source --source …`.';

const denied = denialOrOwner('');

/** Why a customer's bucket could not be read. The bucket's owner or the configuration's author can correct it. */
export const SourceError = defineErrorFamily(
  'user',
  {
    SLUICE_SOURCE_ACCESS_DENIED: {
      cause: denied.cause,
      cure: `${denied.cure} Compare the bucket's policy with \`sluice policy print --for ingest-source --source …\`; S3 returns the same error if a KMS key of theirs refuses: \`sluice explain SLUICE_SOURCE_KEY_DENIED\`.`,
    },
    SLUICE_SOURCE_OWNER_DIFFERS: {
      cause:
        'The bucket belongs to another account than `owner` of the source, and lets it in. Nothing was read from it.',
      cure: 'Ask the customer first: somebody may have made a bucket of this name after theirs was deleted. Set `bucket` to a bucket that the customer names. Change `owner` only if the customer says that the account is theirs.',
    },
    SLUICE_SOURCE_KEY_DENIED: {
      cause: "The key that the customer's files are encrypted with refuses to decrypt.",
      cure: "Have the key's owner add the `keyPolicy` that `sluice policy print --for ingest-source --source …` prints once `kmsKeyArn` of the source is set and deployed.",
    },
    SLUICE_SOURCE_ROLE_DENIED: {
      cause: 'The role of the source could not be assumed.',
      cure: 'Have its owner set the trust policy (`roleTrust`) that `sluice policy print --for ingest-source --source …` prints, with the external ID in it. If the role demands another one, set `role.externalId` of the source to that and deploy.',
    },
    SLUICE_SOURCE_BUCKET_MISSING: {
      cause: 'The bucket does not exist.',
      cure: 'Compare `bucket` of the source with the name that its owner gives.',
    },
    SLUICE_SOURCE_REGION_WRONG: {
      cause: 'The bucket is in another region.',
      cure: 'Set `region` of the source to that of the bucket, which the detail has if S3 named it, and deploy.',
    },
    SLUICE_SOURCE_OBJECT_ARCHIVED: {
      cause: 'An object is archived. S3 cannot read it until it is restored.',
      cure: "Restore it, or change the bucket's lifecycle so that it does not archive days that may still be loaded.",
    },
    SLUICE_SOURCE_TOO_MANY_OBJECTS: {
      cause: 'The days that one check covers hold more objects than it lists.',
      cure: 'Have fewer and larger files written, or lower `lookbackDays` of the dataset.',
    },
    SLUICE_SOURCE_NOTHING_LOADABLE: {
      cause:
        'The folder of the day has objects, but none of them can be loaded. Nothing of the day was loaded.',
      cure: 'Inspect them with `sluice ingest explain`, which has the reason of each. Have files of another format, as CSV, dropped as Parquet. A day without rows is an empty folder, or only a marker such as `_SUCCESS`. Set `waitFor` of the dataset for a marker with another name.',
    },
    SLUICE_SOURCE_FILES_COMPRESSED: {
      cause:
        'The objects of the day are packed as a whole, by their first bytes with gzip, zip, zstd, bzip2 or xz. Nothing of the day was loaded.',
      cure: 'Have them dropped unpacked, as Parquet: it compresses inside. What comes packed is not unpacked.',
    },
    SLUICE_SOURCE_FILES_REPLACED: {
      cause:
        'Files that queries read were deleted or replaced, and objects that can’t be loaded arrived. The last good version stays.',
      cure: 'Ask whoever delivers them for the files again, as Parquet. If the rows of those that are gone are to go, docs/ingest.md, "Days without inputs", says how to accept it.',
    },
    SLUICE_SOURCE_LOG_INVALID: {
      cause:
        'A log that says which files of the folder count is damaged or incomplete: a marker `_committed_…` of Databricks, or Spark’s `_spark_metadata`. Nothing of the day was loaded.',
      cure: 'Ask whoever writes the folder to bring back the object that the detail names as its job wrote it, or to write the day again into a folder of its own.',
    },
    SLUICE_SOURCE_DELTA_TABLE: {
      cause:
        'The folder is a Delta Lake table. Only its log says which Parquet files are current, so none is loaded.',
      cure: PLAIN_COPY,
    },
    SLUICE_SOURCE_ICEBERG_TABLE: {
      cause:
        'The folder is an Iceberg table. Only its metadata says which Parquet files are current, so none is loaded.',
      cure: PLAIN_COPY,
    },
    SLUICE_SOURCE_HUDI_TABLE: {
      cause:
        'The folder is a Hudi table. Only its timeline says which Parquet files are current, so none is loaded.',
      cure: PLAIN_COPY,
    },
    SLUICE_SOURCE_HIVE_TABLE: {
      cause:
        'The folder is a transactional table of Hive. Only its metastore says which of the folders `base_…` and `delta_…` are current, so none is loaded.',
      cure: PLAIN_COPY,
    },
    SLUICE_SOURCE_SPARK_LOG_ABOVE: {
      cause:
        'Spark’s log is above the dataset’s folder, and only it says which files count, so none is loaded.',
      cure: 'Configure the folder that has the log `_spark_metadata`, with a `layout`.',
    },
    SLUICE_SOURCE_SLOW: {
      cause:
        "Listing the dataset's days took longer than a run has. Those that were reached are planned, or looked at for late drops.",
      cure: 'No action is needed: the next run goes on with the days that are left. If it persists, lower `lookbackDays`, or keep fewer objects in the folders.',
    },
    SLUICE_SOURCE_UNAVAILABLE: {
      cause: "The customer's bucket did not answer in time, or S3 is busy.",
      cure: 'No action is needed: the next run tries again.',
      repeats: 'unknown',
    },
  },
  'always',
);
