import type { EngineLimits } from '../../duckdb/DuckDbSession.ts';
import type { WrittenFile } from '../../parquet/parquetFooter.ts';
import type { FileFailure, RowReason } from './FileError.ts';

/** A Parquet file on the local disk. */
export interface EngineFile {
  /** Absolute path. */
  readonly path: string;
  /** Its name in rows and messages: the object's key. Names are unique in a load. */
  readonly name: string;
  /** Its pages are not there, or ours: the headers of a customer's are judged. */
  readonly onlyFooter?: boolean;
}

/** The contents of a file's footer. */
export interface FileSchema {
  readonly name: string;
  readonly path: string;
  readonly rows: number;
  readonly rowGroups: number;
  /** Bytes of the file. */
  readonly bytes: number;
  /** Bytes that its values take in memory at most, as its footer declares them. */
  readonly decodedBytes: number;
  /** Whether its pages may have checksums, which the load then verifies. */
  readonly mayHaveChecksums: boolean;
  /** The names of the codecs that its pages are compressed with, as Parquet has them: `SNAPPY`, `ZSTD`. */
  readonly codecs: readonly string[];
  /** Top-level columns in the file's order. */
  readonly columns: readonly FileColumn[];
}

/** A file whose footer can't be read. */
export interface UnreadableFile {
  readonly name: string;
  readonly path: string;
  readonly problem: FileFailure;
}

/** One day of a dataset to be mapped. */
export interface LoadRequest {
  /** The files, as {@link Engine.describe} returns them. */
  readonly files: readonly (EngineFile & Pick<FileSchema, 'rows' | 'mayHaveChecksums'>)[];
  /** Compiled for exactly these files: lib/drops/mapping/compileMapping.ts */
  readonly mapping: CompiledMapping;
  /** Parquet file for the mapped rows, sorted by `sortBy` of the mapping. */
  readonly rowsPath: string;
  /** Parquet file for refused rows, in the quarantine table's columns. It is created only if there are any. */
  readonly refusedPath: string;
  /** Value of `ingested_at`, epoch milliseconds. */
  readonly loadedAt: number;
  /** Value of `received_at` of refused rows, epoch milliseconds. Default: `loadedAt`. */
  readonly receivedAt?: number;
  readonly limits: EngineLimits;
  /** Stops the load, which throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Counts of the rows of one file. */
export interface FileRows {
  readonly name: string;
  readonly in: number;
  readonly out: number;
  readonly refused: number;
  /** Refused rows by reason, without zeros. */
  readonly reasons: Readonly<Partial<Record<RowReason, number>>>;
}

/** The result of a load. `in` is always `out` + `refused`. */
export interface LoadResult {
  /** File of accepted rows; null without any. */
  readonly rowsFile: WrittenFile | null;
  /** File of refused rows; null without any. */
  readonly refusedFile: WrittenFile | null;
  readonly rows: { readonly in: number; readonly out: number; readonly refused: number };
  /** In the order of `files`. */
  readonly files: readonly FileRows[];
  readonly reasons: Readonly<Partial<Record<RowReason, number>>>;
}

/**
 * Maps files to rows of a table. Rows never pass through JavaScript. The implementation uses DuckDB: duckDbEngine.ts in this
 * process, childEngine.ts in another.
 */
export interface Engine {
  /**
   * Reads the footers.
   *
   * @returns One result for each file, in order: its schema, or why it can't be read.
   * @throws EngineError if the problem is not in the files.
   */
  describe(
    files: readonly EngineFile[],
    signal?: AbortSignal,
  ): Promise<readonly (FileSchema | UnreadableFile)[]>;
  /**
   * Maps files into Parquet.
   *
   * @throws FileError naming a file whose content can't be read; EngineError if the machine is too small for the load.
   */
  load(request: LoadRequest): Promise<LoadResult>;
  /** Maps the first rows of a file and writes nothing. @throws as {@link load}. */
  preview(request: PreviewedRequest): Promise<PreviewedRows>;
}

/** The beginning of a file to be mapped. */
export interface PreviewedRequest extends Pick<LoadRequest, 'mapping' | 'loadedAt'> {
  readonly file: EngineFile & Pick<FileSchema, 'rows'>;
  /** Rows of its first row groups, which are there. */
  readonly firstRows: number;
  /** The most rows to show of each kind. */
  readonly shown: number;
}

/** A row of a preview: its columns as text. */
export type PreviewRow = Readonly<Record<string, string | null>>;

/** The first rows of a file, mapped or refused. */
export interface PreviewedRows {
  /** Mapped, in the file's order. */
  readonly mapped: readonly PreviewRow[];
  /** Refused, in the quarantine table's columns. */
  readonly refused: readonly PreviewRow[];
}

/** A reason why rows may be refused, by the index that {@link MappedGroup.problem} returns. */
export interface RowProblem {
  readonly reason: RowReason;
  /** Which column, in words. */
  readonly detail: string;
}

/** SQL of the whole row `src` of files as a JSON text. */
export interface RawRows {
  /** Indexes of files that have the same columns. */
  readonly files: readonly number[];
  readonly sql: string;
  /** Ranges of the mapped columns among the column chunks of a row group: first and end. */
  readonly leaves: readonly (readonly [first: number, end: number])[];
}

/** Files with the same mapped columns, of the same types, and the SQL that maps their rows, in DuckDB's dialect. */
export interface MappedGroup {
  /** Indexes of the files in the load. */
  readonly files: readonly number[];
  /** Names of a row's columns, in the order of the files, if some differ from the files' own; else empty. */
  readonly names: readonly string[];
  /** The select list that is read from a row `src` of a file, each item with a unique name. */
  readonly reads: string;
  /** In terms of `reads`: the row's first problem as an index of `problems`; NULL if the row is accepted. */
  readonly problem: string;
  /** In terms of `reads`: the table's columns in order, up to `source_file`, with the same names in every group. */
  readonly columns: string;
  /** Whole rows, which differ in unmapped columns. Each file of the group is in one of them. */
  readonly raws: readonly RawRows[];
  readonly problems: readonly RowProblem[];
}

/** A mapping for the files of one load, for one SQL statement. */
export interface CompiledMapping {
  /** `<source>/<dataset>`, the label of refused rows. */
  readonly label: string;
  /** Prefix of a file's name that makes it a URL: `s3://<bucket>/`. */
  readonly origin: string;
  /** The columns that rows are sorted by; none: in no order. */
  readonly sortBy: readonly string[];
  /** Columns from the paths of files. The value is the same in all rows of a file. */
  readonly folders: readonly {
    /** Its name in a row `src`. */
    readonly column: string;
    /** Values by the file's index in the load; null if a file has none. */
    readonly values: readonly (string | null)[];
    /** The folders as the keys have them, `country=DE`, by the file's index in the load. */
    readonly segments: readonly (string | null)[];
  }[];
  readonly groups: readonly MappedGroup[];
}

/** A column of a Parquet file, or a member of a struct in one. */
export interface FileColumn {
  /** As the file has it. */
  readonly name: string;
  /** Its name in SQL. DuckDB renames columns whose names are equal or differ only in case, and a load those that hide its own. */
  readonly sqlName: string;
  /** Its type as DuckDB reads it, e.g. `VARCHAR`, `DECIMAL(10,2)`, `STRUCT(a INTEGER)`. */
  readonly type: string;
  /** Bytes of each value, for bytes of a fixed length; null for other types. */
  readonly fixedBytes: number | null;
  /**
   * Whether it, or something inside, is 16 bytes of which the file does not say what they are: Arrow's `binary(16)` and
   * Avro's `fixed(16)` may be UUIDs, polars' Int128 are numbers.
   */
  readonly untold: boolean;
  /**
   * Whether it holds instants although DuckDB's type has no zone: INT96, which Spark, Hive and Trino write in UTC, and times
   * with only the old converted type, which are in UTC by specification.
   * https://github.com/apache/parquet-format/blob/master/LogicalTypes.md
   */
  readonly utc: boolean;
  /** Whether its times are nanoseconds in the file. DuckDB truncates those with a zone to microseconds. */
  readonly nanoseconds: boolean;
  /** Why DuckDB misreads it, or something inside: what the file has, and what can be read instead. Null if it is read correctly. */
  readonly misread: { readonly found: string; readonly needs: string } | null;
  /** Whether the file says that it holds no value, so that its type means nothing: pyarrow, pandas and polars write such columns. */
  readonly empty: boolean;
  /** Range of its leaves among the column chunks of a row group: first and end. */
  readonly leaves: readonly [first: number, end: number] | null;
  /** Members of a struct; empty for other types, also for lists and maps of structs. */
  readonly members: readonly FileColumn[];
}
