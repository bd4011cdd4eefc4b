import type { EngineLimits } from '../../parquet/DuckDbSession.ts';
import type { EngineFile, FileSchema, UnreadableFile } from '../../parquet/FileSchema.ts';
import type { WrittenFile } from '../../parquet/parquetFooter.ts';
import type { RowReason } from '../rowReasons.ts';

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
