import { defineErrorFamily, type ErrorEntry } from '../../base/errors.ts';

const DROP_AGAIN = 'Write the file again and drop it under the same name or another; the next run takes it.';

/** What can be wrong with a file: its day fails, and the last good version stays. The detail names the file. */
export const FileError = defineErrorFamily('user', {
  SLUICE_INGEST_FILE_NOT_PARQUET: {
    cause: 'A file is no Parquet: it does not begin with PAR1.',
    cure: DROP_AGAIN,
  },
  SLUICE_INGEST_FILE_NAME_UNFIT: {
    cause: 'The key of a file has a NUL in it.',
    cure: 'Drop the file under a key of printable characters, and delete this one.',
  },
  SLUICE_INGEST_FILE_TRUNCATED: {
    cause: 'A Parquet file is cut off: its end has no footer.',
    cure: DROP_AGAIN,
  },
  SLUICE_INGEST_FILE_ENCRYPTED: {
    cause: 'A Parquet file is encrypted inside.',
    cure: 'Write it without Parquet’s own encryption: the bucket’s key encrypts it.',
  },
  SLUICE_INGEST_FILE_DAMAGED: {
    cause: 'A Parquet file can’t be read: what is in it contradicts itself.',
    cure: DROP_AGAIN,
  },
  SLUICE_INGEST_FILE_CHECKSUM_WRONG: {
    cause:
      'A page of a Parquet file is damaged: its checksum, or the checksum of its gzip block, does not match.',
    cure: DROP_AGAIN,
  },
  SLUICE_INGEST_FILE_CODEC_UNSUPPORTED: {
    cause: 'A Parquet file is compressed by a codec that is not read, such as the old LZ4 of Hadoop.',
    cure: 'Write it with zstd, snappy, gzip, brotli, LZ4_RAW or none.',
  },
  SLUICE_INGEST_FILE_ENCODING_UNSUPPORTED: {
    cause: 'A Parquet file has values in an encoding or of a type that is not read.',
    cure: 'Write the column in another encoding: dictionary or plain are read by everyone.',
  },
  SLUICE_INGEST_FILE_TEXT_INVALID: {
    cause: 'A text column of a Parquet file holds bytes that are no UTF-8.',
    cure: 'Write the texts as UTF-8, or the column as bytes, so that only the rows in question are refused.',
  },
  SLUICE_INGEST_FILE_VALUE_UNREADABLE: {
    cause:
      'A column of a Parquet file holds a time that can’t be read, such as milliseconds of the year 300000.',
    cure: 'Write the times that are missing as nulls, or the column as numbers, so that only the rows in question are refused.',
  },
  SLUICE_INGEST_COLUMN_MISSING: {
    cause: 'A file lacks a column that the mapping names.',
    cure: 'Mend the mapping, mark the column `optional: true`, or drop a file that has it.',
  },
  SLUICE_INGEST_COLUMN_NAME_UNFIT: {
    cause: 'A column of a file, or a member of one, has a NUL in its name.',
    cure: 'Drop a file whose columns have names of printable characters.',
  },
  SLUICE_INGEST_COLUMN_AMBIGUOUS: {
    cause: 'A file has more than one column that the mapping’s name fits.',
    cure: 'Map the column by its exact name if they differ in case alone, or drop a file that has it once.',
  },
  SLUICE_INGEST_COLUMN_TYPE_UNFIT: {
    cause: 'A column of a file has a type that its field can’t be read from.',
    cure: 'Mend the mapping (`unit`, `cast` or another column), or drop a file with the type.',
  },
});

/** An error of a file. */
export type FileFailure = InstanceType<typeof FileError>;

const MAPPING =
  "Correct the dataset's mapping in sluice.config.ts if it names the wrong column; else correct the rows and drop the file again.";

/** Why a row of a file is refused: every `reason` that ingest gives a quarantine row, with its meaning and cure. */
export const rowReasons = {
  SLUICE_INGEST_ROW_TIME_MISSING: { cause: 'The row has no time.', cure: MAPPING },
  SLUICE_INGEST_ROW_TIME_INVALID: {
    cause: 'The time can’t be read as what the mapping says it is.',
    cure: 'Name the `unit` of the time column (s, ms, us, ns, timestamp or iso) or the `format` of its texts, or correct the rows and drop the file again.',
  },
  SLUICE_INGEST_ROW_TIME_OUT_OF_RANGE: {
    cause: 'The time lies before the year 1 or after 9999.',
    cure: 'Name the `unit` of the time column: milliseconds that are read as seconds lie far in the future.',
  },
  SLUICE_INGEST_ROW_NAME_MISSING: {
    cause: 'The row has no name of an event, metric or experiment, or an empty one.',
    cure: MAPPING,
  },
  SLUICE_INGEST_ROW_GROUP_MISSING: { cause: 'The exposure has no group, or an empty one.', cure: MAPPING },
  SLUICE_INGEST_ROW_UNIT_MISSING: {
    cause: 'The row has no unit ID, or only empty ones, or none with a type.',
    cure: MAPPING,
  },
  SLUICE_INGEST_ROW_VALUE_MISSING: {
    cause: 'The metric has neither a value nor both numerator and denominator.',
    cure: MAPPING,
  },
  SLUICE_INGEST_ROW_VALUE_INVALID: {
    cause: 'A number of the metric is no finite number.',
    cure: MAPPING,
  },
  SLUICE_INGEST_ROW_METADATA_INVALID: {
    cause: 'The column that `metadataJson` names does not hold a JSON object.',
    cure: MAPPING,
  },
  SLUICE_INGEST_ROW_DECIMAL_INVALID: {
    cause: 'A decimal has more digits than the footer of the file says that its column has.',
    cure: 'Write the file again with the precision that the values need, and drop it again.',
  },
  SLUICE_INGEST_ROW_CAST_FAILED: {
    cause: 'A value can’t be turned into what the mapping’s `cast` says.',
    cure: MAPPING,
  },
  SLUICE_INGEST_ROW_TEXT_INVALID: {
    cause: 'A column of bytes holds something else than UTF-8 text.',
    cure: "Set `cast: 'uuid'` if the bytes are UUIDs; else correct the rows and drop the file again.",
  },
} as const satisfies Record<`SLUICE_INGEST_ROW_${string}`, ErrorEntry>;

/** A stable code that a refused row has. */
export type RowReason = keyof typeof rowReasons;

/** Whether a text is the reason of a refused row. */
export function isRowReason(text: string): text is RowReason {
  return Object.hasOwn(rowReasons, text);
}
