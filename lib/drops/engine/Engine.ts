import type { UtcDay } from '../../base/time.ts';
import type { DatasetKind } from '../../schema/sources.ts';
import type { FileFailure, RowReason } from './FileError.ts';

/** A Parquet file on the local disk. */
export interface EngineFile {
  /** Absolute path. */
  readonly path: string;
  /** What it is called in rows and messages: the object's key. Names of one load differ. */
  readonly name: string;
}

/** What the footer of a file says. */
export interface FileSchema {
  readonly name: string;
  readonly path: string;
  readonly rows: number;
  readonly rowGroups: number;
  /** Top-level columns in the file's order. */
  readonly columns: readonly FileColumn[];
}

/** A file whose footer can't be read. */
export interface UnreadableFile {
  readonly name: string;
  readonly path: string;
  readonly problem: FileFailure;
}

/** What the engine may take of the machine. */
export interface EngineLimits {
  /** MiB that DuckDB manages; what it takes in all is more: half of the machine's is a good value. */
  readonly memoryMegabytes: number;
  readonly threads: number;
  /** Existing folder for what doesn't fit: absolute path. */
  readonly temporaryDirectory: string;
}

/** One day of a dataset to be mapped. */
export interface LoadRequest {
  readonly files: readonly EngineFile[];
  /** Compiled for exactly these files: lib/drops/mapping/compileMapping.ts */
  readonly mapping: CompiledMapping;
  /** The day of the drop's folder. */
  readonly day: UtcDay;
  /** Existing empty folder that the rows are written to as Parquet, sorted by time. */
  readonly outputDirectory: string;
  /** File that refused rows are written to, a Parquet file in the quarantine table's columns; made only if there are any. */
  readonly refusedPath: string;
  /** Written into `ingested_at`: epoch ms. */
  readonly loadedAt: number;
  /** Written into `received_at` of refused rows: epoch ms. Default `loadedAt`. */
  readonly receivedAt?: number;
  readonly limits: EngineLimits;
  /** Stops the load, which throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What became of the rows of one file. */
export interface FileRows {
  readonly name: string;
  readonly in: number;
  readonly out: number;
  readonly refused: number;
  /** Refused rows by reason; only reasons that occurred. */
  readonly reasons: Readonly<Partial<Record<RowReason, number>>>;
}

/** A file that was written. */
export interface WrittenFile {
  /** Absolute path. */
  readonly path: string;
  readonly bytes: number;
  readonly rows: number;
}

/** What a load did. `in` is always `out` + `refused`. */
export interface LoadResult {
  /** Rows that were taken, in order of time; none when there are none. */
  readonly written: readonly WrittenFile[];
  /** Refused rows; null when none was. */
  readonly refusedFile: WrittenFile | null;
  readonly rows: { readonly in: number; readonly out: number; readonly refused: number };
  /** In the order of `files`. */
  readonly files: readonly FileRows[];
  readonly reasons: Readonly<Partial<Record<RowReason, number>>>;
  /**
   * Rows taken by how many days their own time, in the dataset's timezone, lies before the day of their folder:
   * `'0'` the same day, `'2'` two days late, `'-1'` a day ahead; `'>31'` and `'<-31'` all that lie further.
   */
  readonly rowsByDaysLate: Readonly<Record<string, number>>;
}

/**
 * What maps files to rows of a table. Rows never pass through JavaScript. DuckDB is one (duckDbEngine.ts); where a
 * drop outgrows a machine, Athena may be another.
 */
export interface Engine {
  /**
   * Reads the footers, and rewrites the schema of a local file that DuckDB would misread. No value moves.
   *
   * @returns one for each file, in their order: what it has, or why it can't be read.
   * @throws EngineError when it is not the files' fault.
   */
  describe(
    files: readonly EngineFile[],
    signal?: AbortSignal,
  ): Promise<readonly (FileSchema | UnreadableFile)[]>;
  /**
   * Maps files into Parquet.
   *
   * @throws FileError naming a file whose content can't be read; EngineError when the machine can't hold the load.
   */
  load(request: LoadRequest): Promise<LoadResult>;
}

/** Why rows may be refused, by the number that {@link MappedGroup.problem} gives. */
export interface RowProblem {
  readonly reason: RowReason;
  /** Which column, in words. */
  readonly detail: string;
}

/** The whole row `src` of files as a JSON text. */
export interface RawRows {
  /** Places of files that have the same columns. */
  readonly files: readonly number[];
  readonly sql: string;
  /** Places of the columns that are mapped of them among the column chunks of a row group: firsts and ends. */
  readonly leaves: readonly (readonly [first: number, end: number])[];
}

/** Files of which the same columns are mapped, of the same types, and the SQL that maps their rows, in DuckDB's dialect. */
export interface MappedGroup {
  /** Places of the files in the load. */
  readonly files: readonly number[];
  /** What is read of a row `src` of a file: a select list, each item with a name of its own. */
  readonly reads: string;
  /** Of those: the number of the row's first problem, an index of `problems`; null when it is taken. */
  readonly problem: string;
  /** Of those: the table's columns in their order, up to `source_file`; named alike in every group. */
  readonly columns: string;
  /** Whole rows, whose columns differ where they are not mapped: each file of the group is in one of them. */
  readonly raws: readonly RawRows[];
  readonly problems: readonly RowProblem[];
}

/** A mapping for the files of one load: one SQL statement is made of it. */
export interface CompiledMapping {
  readonly kind: DatasetKind;
  /** `<source>/<dataset>`: what refused rows are labelled with. */
  readonly label: string;
  /** What the name of a file is put behind to make its URL: `s3://<bucket>/`. */
  readonly origin: string;
  /** The column that rows are sorted by. */
  readonly sortBy: 'timestamp' | 'metric_date';
  /** Days of rows are counted in it. */
  readonly timezone: string;
  /** Columns that files don't have, but their paths: each is the same in all rows of a file. */
  readonly folders: readonly {
    /** Its name in a row `src`. */
    readonly column: string;
    /** By place of the file in the load; null where it has none. */
    readonly values: readonly (string | null)[];
  }[];
  readonly groups: readonly MappedGroup[];
}

/** A column of a Parquet file, or a member of a struct in one. */
export interface FileColumn {
  /** As the file has it. */
  readonly name: string;
  /** What it is called in SQL: DuckDB gives columns other names where they differ in case alone, or not at all. */
  readonly sqlName: string;
  /** Its type as DuckDB reads it, e.g. `VARCHAR`, `DECIMAL(10,2)`, `STRUCT(a INTEGER)`. */
  readonly type: string;
  /** The same as the file has it: decimals may have fewer digits, or more than DuckDB has. */
  readonly declared: string;
  /** How many bytes each value has, where these are bytes of a fixed number; null of other types. */
  readonly fixedBytes: number | null;
  /**
   * It is a zone-less type in DuckDB that holds instants all the same: INT96, which Spark, Hive and Trino write in
   * UTC, and times with the old converted type alone, which are in UTC by the format's word.
   * https://github.com/apache/parquet-format/blob/master/LogicalTypes.md
   */
  readonly utc: boolean;
  /** Its times are nanoseconds in the file, which DuckDB cuts to microseconds where they have a zone. */
  readonly nanoseconds: boolean;
  /**
   * What it would have to be to be read, itself or something inside; null when it is read right. VARIANT is not, nor are
   * decimals that can't be, and decimals of more than 38 digits: DuckDB makes doubles of these, and wrong ones of those
   * whose bytes are no multiple of 8. https://github.com/duckdb/duckdb/pull/25058
   */
  readonly misread: string | null;
  /** Places of its first leaf, and of the first that is not its own, among the column chunks of a row group. */
  readonly leaves: readonly [first: number, end: number] | null;
  /** Of a struct; none of other types, and of lists and maps of structs. */
  readonly members: readonly FileColumn[];
}
