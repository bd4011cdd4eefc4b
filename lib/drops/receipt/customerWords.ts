import type { ErrorEntry } from '../../base/errors.ts';
import { SourceError } from '../CustomerBucket.ts';
import { FileError, type RowReason, rowReasons } from '../engine/FileError.ts';
import { LoadError } from '../load/LoadError.ts';

/** Codes of a day's files that their owner can do something about. */
type FileCode = keyof typeof FileError.entries;

const AGAIN = 'Write the file again and drop it under the same name or another.';
const ROWS = 'Correct the rows and drop the file again. If the column is another one than agreed, tell us.';
const OTHER_FOLDER =
  'Write the current rows as plain Parquet files into the folder of the day, for example with UNLOAD in Athena or with Spark.';

/** Cures for the owner of a file, by code. The causes come from the codes. */
const fileCures: Readonly<Record<FileCode, string>> = {
  SLUICE_INGEST_FILE_NOT_PARQUET: AGAIN,
  SLUICE_INGEST_FILE_NAME_UNFIT: 'Drop the file under a key with printable characters, and delete this one.',
  SLUICE_INGEST_FILE_TRUNCATED: AGAIN,
  SLUICE_INGEST_FILE_ENCRYPTED: 'Write it without Parquet’s own encryption. The bucket’s key encrypts it.',
  SLUICE_INGEST_FILE_DAMAGED: AGAIN,
  SLUICE_INGEST_FILE_TOO_WIDE: 'Write fewer columns, or larger row groups.',
  SLUICE_INGEST_FILE_CHECKSUM_WRONG: AGAIN,
  SLUICE_INGEST_FILE_CODEC_UNSUPPORTED: 'Write it with zstd, snappy, gzip or no compression.',
  SLUICE_INGEST_FILE_ENCODING_UNSUPPORTED:
    'Write the column in another encoding. Every reader supports dictionary and plain.',
  SLUICE_INGEST_FILE_TEXT_INVALID: 'Write the texts as UTF-8.',
  SLUICE_INGEST_FILE_VALUE_UNREADABLE: 'Write missing times as nulls.',
  SLUICE_INGEST_COLUMN_MISSING:
    'Drop a file that has the column. If it is meant to be missing, or has another name now, tell us.',
  SLUICE_INGEST_COLUMN_NAME_UNFIT: 'Drop a file whose column names have printable characters only.',
  SLUICE_INGEST_COLUMN_AMBIGUOUS: 'Drop a file that has the column once.',
  SLUICE_INGEST_COLUMN_TYPE_UNFIT:
    'Drop a file with the expected type. If the type has changed on purpose, tell us.',
  SLUICE_INGEST_COLUMN_ENGINE_UNFIT: 'Write the column as the message says and drop the file again.',
};

const rowCures: Readonly<Record<RowReason, string>> = {
  SLUICE_INGEST_ROW_TIME_MISSING: ROWS,
  SLUICE_INGEST_ROW_TIME_INVALID: ROWS,
  SLUICE_INGEST_ROW_TIME_OUT_OF_RANGE:
    'Write the time in the agreed unit. Milliseconds that are read as seconds are far in the future.',
  SLUICE_INGEST_ROW_NAME_MISSING: ROWS,
  SLUICE_INGEST_ROW_GROUP_MISSING: ROWS,
  SLUICE_INGEST_ROW_UNIT_MISSING: ROWS,
  SLUICE_INGEST_ROW_ID_INEXACT: 'Write the column as whole numbers or text and drop the file again.',
  SLUICE_INGEST_ROW_VALUE_MISSING: ROWS,
  SLUICE_INGEST_ROW_VALUE_INVALID: ROWS,
  SLUICE_INGEST_ROW_METADATA_INVALID: ROWS,
  SLUICE_INGEST_ROW_DECIMAL_INVALID:
    'Write the file with the precision that the values need, and drop it again.',
  SLUICE_INGEST_ROW_CAST_FAILED: ROWS,
  SLUICE_INGEST_ROW_REQUIRED_MISSING: ROWS,
  SLUICE_INGEST_ROW_TEXT_INVALID: 'Write the bytes as UTF-8 and drop the file again.',
};

/** Problems of a whole day. */
const dayWords = {
  SLUICE_SOURCE_ACCESS_DENIED: {
    cause: 'Your bucket refuses our call.',
    cure: 'Apply the bucket policy that we sent you, in the account that owns the bucket.',
  },
  SLUICE_SOURCE_KEY_DENIED: {
    cause: 'The key that your files are encrypted with refuses to decrypt for us.',
    cure: 'Add the key policy that we sent you to the policy of that key, or tell us its ARN if it is another one.',
  },
  SLUICE_SOURCE_ROLE_DENIED: {
    cause: 'We could not assume the role in your account.',
    cure: 'Compare its trust policy with the one that we sent you.',
  },
  SLUICE_SOURCE_BUCKET_MISSING: { cause: 'The bucket does not exist.', cure: 'Tell us if it has moved.' },
  SLUICE_SOURCE_REGION_WRONG: {
    cause: 'The bucket is in another region than agreed.',
    cure: 'Tell us which one.',
  },
  SLUICE_SOURCE_OBJECT_ARCHIVED: {
    cause: SourceError.entries.SLUICE_SOURCE_OBJECT_ARCHIVED.cause,
    cure: SourceError.entries.SLUICE_SOURCE_OBJECT_ARCHIVED.cure,
  },
  SLUICE_SOURCE_TOO_MANY_OBJECTS: {
    cause: SourceError.entries.SLUICE_SOURCE_TOO_MANY_OBJECTS.cause,
    cure: 'Write fewer and larger files.',
  },
  SLUICE_SOURCE_NOTHING_LOADABLE: {
    cause: SourceError.entries.SLUICE_SOURCE_NOTHING_LOADABLE.cause,
    cure: 'Drop Parquet files instead. A day without rows is an empty folder, or only a marker such as `_SUCCESS`.',
  },
  SLUICE_SOURCE_FILES_REPLACED: {
    cause:
      'Files that were loaded were deleted or replaced, and objects that can’t be loaded arrived. The last load stays.',
    cure: 'Drop the files again, or delete the objects that can’t be loaded. If the files were deleted on purpose, tell us.',
  },
  SLUICE_SOURCE_DELTA_TABLE: {
    cause: SourceError.entries.SLUICE_SOURCE_DELTA_TABLE.cause,
    cure: OTHER_FOLDER,
  },
  SLUICE_SOURCE_ICEBERG_TABLE: {
    cause: SourceError.entries.SLUICE_SOURCE_ICEBERG_TABLE.cause,
    cure: OTHER_FOLDER,
  },
  SLUICE_SOURCE_HUDI_TABLE: {
    cause: SourceError.entries.SLUICE_SOURCE_HUDI_TABLE.cause,
    cure: OTHER_FOLDER,
  },
  SLUICE_LOAD_ROWS_REFUSED: {
    cause: 'More rows were refused than agreed. Nothing of the day was loaded.',
    cure: 'Correct the rows by their codes and drop the files again.',
  },
  SLUICE_LOAD_ROWS_LATE: {
    cause: LoadError.entries.SLUICE_LOAD_ROWS_LATE.cause.replace('the dataset allows', 'agreed'),
    cure: 'Write rows into the folder of their own day, in the agreed time zone and unit.',
  },
  SLUICE_LOAD_DAY_TOO_LARGE: {
    cause: 'The day is larger than what is loaded.',
    cure: 'Tell us. Then the day can be loaded in another way, or be split into two folders.',
  },
  SLUICE_LOAD_FILES_CHANGING: {
    cause: LoadError.entries.SLUICE_LOAD_FILES_CHANGING.cause,
    cure: 'No action is needed if you have finished writing: the day is loaded by a later run.',
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;

/** Whatever else holds a day up is nothing that its owner could change. */
const OURS: ErrorEntry = {
  cause: 'The load failed on our side.',
  cure: 'No action is needed from you: we look at it, and the day is loaded again.',
};

/** Codes that concern a customer, each with its cause and what they can do about it, in words for them. */
export const customerWords: ReadonlyMap<string, ErrorEntry> = new Map<string, ErrorEntry>([
  ...Object.entries(dayWords),
  ...Object.entries(fileCures).map(([code, cure]): [string, ErrorEntry] => [
    code,
    { cause: causeOf(FileError.entries, code), cure },
  ]),
  ...Object.entries(rowCures).map(([code, cure]): [string, ErrorEntry] => [
    code,
    { cause: causeOf(rowReasons, code), cure },
  ]),
]);

/** Whether the details of a code concern its customer: they name a file, a column and types. The details of other codes concern Sluice. */
export function hasCustomerDetail(code: string): boolean {
  return Object.hasOwn(fileCures, code) || Object.hasOwn(rowCures, code);
}

function causeOf(entries: Readonly<Record<string, ErrorEntry>>, code: string): string {
  return entries[code]?.cause ?? '';
}

/** Cause and cure of a code, for a customer. For problems on our side it says only that we have one. */
export function customerWord(code: string): ErrorEntry {
  return customerWords.get(code) ?? OURS;
}
