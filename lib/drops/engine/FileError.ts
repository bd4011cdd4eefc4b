import { defineErrorFamily } from '../../errors/defineErrorFamily.ts';

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
