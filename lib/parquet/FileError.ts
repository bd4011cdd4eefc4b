import { defineErrorFamily } from '../base/errors.ts';
import { duckDbFailure } from './EngineError.ts';

/** The most bytes of a footer. No more are read. */
export const MAX_FOOTER_BYTES = 32 * 1_024 * 1_024;

/** The most columns of a file, members of structs included: the time that reading takes grows with their square. */
export const MAX_LEAVES = 10_000;

/** The cure of a damaged file. */
const DROP_AGAIN = 'Write the file again and drop it under the same name or another. The next run loads it.';

/** Errors of a file. Its day fails, and the last good version stays. The detail names the file. */
export const FileError = defineErrorFamily(
  'user',
  {
    SLUICE_INGEST_FILE_NOT_PARQUET: {
      cause: 'A file is not Parquet: it does not begin with PAR1.',
      cure: DROP_AGAIN,
    },
    SLUICE_INGEST_FILE_COMPRESSED: {
      cause: 'A file is packed as a whole, by its first bytes with gzip, zip, zstd, bzip2 or xz.',
      cure: 'Drop it unpacked: Parquet compresses inside. The next run loads it.',
    },
    SLUICE_INGEST_FILE_NAME_UNFIT: {
      cause: 'The key of a file contains a NUL character.',
      cure: 'Drop the file under a key with printable characters, and delete this one.',
    },
    SLUICE_INGEST_FILE_TRUNCATED: {
      cause: 'A Parquet file is truncated: it has no footer at its end.',
      cure: DROP_AGAIN,
    },
    SLUICE_INGEST_FILE_ENCRYPTED: {
      cause: 'A Parquet file uses Parquet’s own encryption.',
      cure: 'Write it without Parquet’s own encryption. The bucket’s key encrypts it.',
    },
    SLUICE_INGEST_FILE_DAMAGED: {
      cause: 'A Parquet file can’t be read: its contents are inconsistent.',
      cure: DROP_AGAIN,
    },
    SLUICE_INGEST_FILE_TOO_WIDE: {
      cause: `A Parquet file has more than ${MAX_LEAVES.toLocaleString('en')} columns, or a footer of more than ${MAX_FOOTER_BYTES / 1_024 / 1_024} MiB.`,
      cure: 'Write fewer columns: members of structs count, too. With fewer columns, write larger row groups: the footer has an entry for each column of each.',
    },
    SLUICE_INGEST_FILE_TOO_LARGE: {
      cause: "A file does not fit the function's disk together with the rows that are written of it.",
      cure: 'Have smaller files written: `MAXFILESIZE` of Redshift’s UNLOAD, `MAX_FILE_SIZE` of Snowflake, `maxRecordsPerFile` of Spark, `FILE_SIZE_BYTES` of DuckDB.',
    },
    SLUICE_INGEST_FILE_PAGE_TOO_LARGE: {
      cause:
        'A page of a Parquet file is larger than the function holds. Some writers put all values of a row group’s column into one page.',
      cure: 'Have the file written with smaller pages or row groups: `row_group_offsets=100_000` of fastparquet, `data_page_size` of pyarrow, row groups of fewer rows of parquet-dotnet; smaller files, and so smaller row groups, by `MAXFILESIZE` of Redshift’s UNLOAD, `MAX_FILE_SIZE` of Snowflake, `maxRecordsPerFile` of Spark, `FILE_SIZE_BYTES` of DuckDB. Or raise `memorySize` of `ingest-load` in serverless.yml, to at most 10240.',
    },
    SLUICE_INGEST_FILE_CHECKSUM_WRONG: {
      cause:
        'A page of a Parquet file is damaged: its checksum, or the checksum of its gzip block, does not match.',
      cure: DROP_AGAIN,
    },
    SLUICE_INGEST_FILE_CODEC_UNSUPPORTED: {
      cause: 'A Parquet file uses an unsupported compression codec, such as Hadoop’s old LZ4.',
      cure: 'Write it with zstd, snappy, gzip, brotli, LZ4_RAW or no compression.',
    },
    SLUICE_INGEST_FILE_ENCODING_UNSUPPORTED: {
      cause: 'A Parquet file has values in an unsupported encoding or of an unsupported type.',
      cure: 'Write the column in another encoding. Every reader supports dictionary and plain.',
    },
    SLUICE_INGEST_FILE_TEXT_INVALID: {
      cause:
        'A text column of a Parquet file holds bytes that are not UTF-8, or a column of JSON a text that is no JSON.',
      cure: 'Write the texts as UTF-8 or JSON; or text as bytes, and JSON as text, so that only the affected rows are refused.',
    },
    SLUICE_INGEST_FILE_VALUE_UNREADABLE: {
      cause:
        'A column of a Parquet file holds a time that can’t be read, such as milliseconds of the year 300000.',
      cure: 'Write missing times as nulls, or the column as numbers, so that only the affected rows are refused.',
    },
    SLUICE_INGEST_COLUMN_MISSING: {
      cause: 'A file does not have a column that the mapping names.',
      cure: "If the column has another name now, list both in the mapping, as `{ column: ['plan', 'plan_name'] }`, and deploy. If it is gone for good, mark the field `optional: true`, and deploy. If neither, have a file dropped that has it.",
    },
    SLUICE_INGEST_COLUMN_NAME_UNFIT: {
      cause: 'The name of a column, or of a member of a struct, contains a NUL character.',
      cure: 'Drop a file whose column names have printable characters only.',
    },
    SLUICE_INGEST_COLUMN_AMBIGUOUS: {
      cause: 'A file has more than one column that matches the mapping’s name.',
      cure: 'Map the column by its exact name if the names differ only in case, take a name that is wrong out of a list of names, or drop a file that has it once.',
    },
    SLUICE_INGEST_COLUMN_TYPE_UNFIT: {
      cause: 'A column of a file has a type that the field can’t be read from.',
      cure: 'Correct the mapping (`unit`, `cast` or another column), or drop a file with the expected type.',
    },
  },
  'always',
);

/** An error of a file. */
export type FileFailure = InstanceType<typeof FileError>;

/**
 * Patterns of what DuckDB's messages about a file say before they quote anything, the most specific first. Any other
 * message about a single file means that the file is inconsistent.
 */
const SIGNS = [
  // The file's metadata has one binary member, the key that signed the footer, which only encrypted files have.
  ['SLUICE_INGEST_FILE_ENCRYPTED', /encrypt|invalid unicode.*value construction/i],
  [
    'SLUICE_INGEST_FILE_TEXT_INVALID',
    /invalid (string encoding|unicode)|not valid UTF-?8|^invalid JSON found/i,
  ],
  ['SLUICE_INGEST_FILE_VALUE_UNREADABLE', /could not convert timestamp\(|in timestamp conversion/i],
  [
    'SLUICE_INGEST_FILE_CODEC_UNSUPPORTED',
    /(unsupported|unknown|not (yet )?supported).*(codec|compression)|(codec|compression).*(unsupported|not (yet )?supported)/i,
  ],
  [
    'SLUICE_INGEST_FILE_ENCODING_UNSUPPORTED',
    /(unsupported|not (yet )?(supported|implemented)).*(encoding|page|type|column)|encoding.*(unsupported|only supported|not (yet )?(supported|implemented))|requires two children/i,
  ],
  ['SLUICE_INGEST_FILE_TRUNCATED', /no magic bytes found at end|too small to be a parquet/i],
] as const;

/** Converts an error of DuckDB while it read one file into an error of that file; null if the file is not the cause. */
export function fileFailure(error: unknown, name: string): FileFailure | null {
  const { machineFault, unquoted, sentence } = duckDbFailure(error);
  if (machineFault !== null) return null;
  if (/need at least one non-root column/i.test(unquoted)) {
    return new FileError('SLUICE_INGEST_COLUMN_MISSING', `${name}: it has no columns at all.`, {
      cause: error,
    });
  }
  const [code] = SIGNS.find(([, sign]) => sign.test(unquoted)) ?? ['SLUICE_INGEST_FILE_DAMAGED'];
  return new FileError(code, `${name}: ${sentence}`, { cause: error });
}
