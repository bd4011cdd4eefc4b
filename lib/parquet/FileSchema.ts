import * as z from 'zod';
import type { FileFailure } from './FileError.ts';

/** A Parquet file on the local disk. */
export interface EngineFile {
  /** Absolute path. */
  readonly path: string;
  /** Its name in rows and messages: the object's key. Names are unique in a load. */
  readonly name: string;
  /**
   * Whether only the footer is read, because the pages are not there, or are ours. Default: the headers of all pages are
   * judged, as those of a customer's file must be.
   */
  readonly onlyFooter?: boolean;
}

/** Pages of a column that take much memory, as a reader holds a page as a whole. */
export interface LargePages {
  /** Number of the column among the column chunks of a row group. */
  readonly leaf: number;
  /** Bytes of the largest, uncompressed. */
  readonly bytes: number;
  /** Number of row groups that have one. */
  readonly groups: number;
}

/** The contents of a file's footer. */
export interface FileSchema {
  /** The name of the file in messages: the key of its object. */
  readonly name: string;
  /** Its absolute path. */
  readonly path: string;
  /** Number of rows, as the footer says. */
  readonly rows: number;
  /** Bytes that its values take in memory at most, as its footer declares them. */
  readonly decodedBytes: number;
  /** Whether its pages may have checksums, which the load then verifies. */
  readonly mayHaveChecksums: boolean;
  /** Pages that take much memory; none if only the footer was read. */
  readonly largePages: readonly LargePages[];
  /** Top-level columns in the file's order. */
  readonly columns: readonly FileColumn[];
}

/** A file whose footer can't be read. */
export interface UnreadableFile {
  /** The name of the file in messages: the key of its object. */
  readonly name: string;
  /** Its absolute path. */
  readonly path: string;
  /** Why it can't be read. */
  readonly problem: FileFailure;
}

/** A column of a Parquet file, or a member of a struct in one. */
export const fileColumnSchema = z.strictObject({
  /** The name of the column in the file. */
  name: z.string(),
  /**
   * Its name in SQL. DuckDB renames columns whose names are equal or differ only in case, and a load those that hide
   * its own.
   */
  sqlName: z.string(),
  /** Its type as DuckDB reads it, e.g. `VARCHAR`, `DECIMAL(10,2)`, `STRUCT(a INTEGER)`. */
  type: z.string(),
  /**
   * Whether it, or something inside, is 16 bytes of which the file does not say what they are: Arrow's `binary(16)` and
   * Avro's `fixed(16)` may be UUIDs, polars' Int128 are numbers.
   */
  isUnknownBytes: z.boolean(),
  /**
   * Whether it holds instants although DuckDB's type has no zone: INT96, which Spark, Hive and Trino write in UTC, and times
   * with only the old converted type, which are in UTC by specification.
   * https://github.com/apache/parquet-format/blob/master/LogicalTypes.md
   */
  isUtc: z.boolean(),
  /** Whether its times are nanoseconds in the file. DuckDB truncates those with a zone to microseconds. */
  isNanoseconds: z.boolean(),
  /**
   * Why DuckDB misreads it, or something inside: what the file has, and what can be read instead. Null if it is read
   * correctly.
   */
  misread: z.strictObject({ found: z.string(), needs: z.string() }).nullable(),
  /**
   * Whether the file says that it holds no value, so that its type means nothing: pyarrow, pandas and polars write such
   * columns.
   */
  isEmpty: z.boolean(),
  /** Range of its leaves among the column chunks of a row group: first and end. */
  leaves: z
    .tuple([z.int().min(0), z.int().min(0)])
    .readonly()
    .nullable(),
  /** Members of a struct; empty for other types, also for lists and maps of structs. */
  get members() {
    return z.array(fileColumnSchema);
  },
});
/** See {@link fileColumnSchema}. */
export type FileColumn = z.output<typeof fileColumnSchema>;
