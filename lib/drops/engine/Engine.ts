import type { EngineFile, FileSchema, UnreadableFile } from '../../parquet/FileSchema.ts';
import type { CompiledMapping } from '../mapping/CompiledMapping.ts';
import type { MappedRows } from './mappedRows.ts';

/** One day of a dataset to be mapped. */
export interface LoadRequest {
  /** The files, as {@link Engine.describe} returns them. */
  readonly files: readonly (EngineFile & Pick<FileSchema, 'rows' | 'mayHaveChecksums'>)[];
  /** Compiled for exactly these files: lib/drops/mapping/compileMapping.ts */
  readonly mapping: CompiledMapping;
  /** Parquet file for the mapped rows, sorted by `sortBy` of the mapping. It counts only if there are any. */
  readonly rowsPath: string;
  /** Parquet file for refused rows, in the quarantine table's columns. It is created only if there are any. */
  readonly refusedPath: string;
  /** Value of `ingested_at`, epoch milliseconds. */
  readonly loadedAt: number;
  /** Value of `received_at` of refused rows, epoch milliseconds. Default: `loadedAt`. */
  readonly receivedAt?: number;
  /** Stops the load, which throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Maps files to rows of a table. Rows never pass through JavaScript, except texts of some that are looked at. The
 * implementation uses DuckDB: duckDbEngine.ts in this process, childEngine.ts in another.
 */
export interface Engine {
  /**
   * Reads the footers of files, and judges them and the headers of their pages.
   *
   * @returns One result for each file, in order: its schema, or why it can't be read.
   * @throws EngineError if the problem is not in the files; the signal's reason.
   */
  describe(
    files: readonly EngineFile[],
    signal?: AbortSignal,
  ): Promise<readonly (FileSchema | UnreadableFile)[]>;
  /**
   * Maps files into Parquet.
   *
   * @returns The rows of each file, and what accepted ones hold.
   * @throws FileError naming a file whose content can't be read; EngineError if the machine is too small for the
   *   load; the signal's reason.
   */
  load(request: LoadRequest): Promise<MappedRows>;
}
