import type { UtcDay } from '../../time/utcDay.ts';
import type { CompiledMapping } from './CompiledMapping.ts';
import type { FileColumn } from './FileColumn.ts';
import type { FileFailure } from './FileError.ts';
import type { RowReason } from './rowReasons.ts';

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
