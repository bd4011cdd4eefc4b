import type { EngineLimits } from '../../parquet/DuckDbSession.ts';
import type { EngineFile } from '../../parquet/FileSchema.ts';
import type { CuratedTable } from '../curatedTables.ts';

/** Totals of the raw files of a day, known before any of them is read. */
export interface RawTotals {
  /** Sum of their sizes. */
  readonly bytes: number;
  /** Sum of the rows that their footers state. */
  readonly rows: number;
}

/** The machine that curates: one invocation of the function. */
export interface CurateMachine {
  /** MiB that DuckDB manages: half of the function's memory. */
  readonly memoryMegabytes: number;
  /** Threads that DuckDB uses. */
  readonly threads: number;
  /** Free bytes of the disk. */
  readonly diskBytes: number;
  /** How long one invocation may work, milliseconds. */
  readonly milliseconds: number;
}

/** How a day is cut. */
export interface CurationPlan {
  /** Slices of the day, by hash of `event_id`, each for one {@link CurateRequest}. 1: the day is not cut. */
  readonly slices: number;
  /** Whether the day fits at all. If not, it can't be curated on this machine, and `slices` is 1. */
  readonly fits: boolean;
  /** Rows that are sorted at once within a slice. Slices with more rows are staged on the disk first. */
  readonly rowsAtOnce: number;
  /** The most bytes of raw files that may be on the disk together, which is the size of a batch. */
  readonly batchBytes: number;
}

/** Which part of a day is curated. */
export interface CurateSlice {
  /** How many slices the day is cut into; 1 if it is not cut. */
  readonly slices: number;
  /** From 0 to below `slices`. */
  readonly slice: number;
}

/** A file of a day on the disk. */
export interface CuratedInput extends EngineFile {
  /** A file of the version before: its rows are kept whose event is in no raw file. Such files come after all raw files. */
  readonly isKept?: boolean;
}

/** One slice of a day of a curated table. All slices of a day read all of its raw files, and all files that are kept. */
export interface CurateRequest extends CurateSlice, Pick<CurationPlan, 'rowsAtOnce'> {
  /** The curated table with its columns and its key. */
  readonly table: CuratedTable;
  /** How many files there are in all batches. */
  readonly files: number;
  /** Whether some are of the version before. */
  readonly hasKept?: boolean;
  /**
   * Fetches the next files to the disk; null after the last. The files of the batch before are not read any more when
   * it is called, so that it can delete them. The files of the last batch are not read any more when the request is done.
   */
  readonly nextBatch: () => Promise<readonly CuratedInput[] | null>;
  /** Existing empty folder for the curated files: absolute path. */
  readonly outputDirectory: string;
  /** Memory and threads of DuckDB, and its folder for what it spills. */
  readonly limits: EngineLimits;
  /** Stops the work, which throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Where the rows of a slice went. `sliceRows` + `kept` is always `rows` + `resends`, and the sums of `sliceRows` over
 * the slices of a day are its `rawRows`.
 */
interface CurateAccount {
  /** Rows of all raw files, by their footers. The same for every slice of a day. */
  readonly rawRows: number;
  /** The ones that belong to this slice. */
  readonly sliceRows: number;
  /** Rows of the version before, among `rows`, whose event is in no raw file. */
  readonly kept: number;
  /** Rows of the curated files, by their footers. */
  readonly rows: number;
  /** Rows that are left out because they repeat another in all but the sender's columns, by a count of their own. */
  readonly resends: number;
  /** Rows with `copies_differ`, among `rows`. */
  readonly differing: number;
}

/** The result of {@link CurateRequest}. */
export interface CuratedFiles {
  /**
   * In order of their names, which contain the slice, so that they are unique within the day. Rows with `copies_differ` are
   * in files of their own, at the end. Empty without rows.
   */
  readonly written: readonly WrittenFile[];
  /** Where the rows of the slice went. */
  readonly account: CurateAccount;
}

/** A file that was written. */
export interface WrittenFile {
  /** Absolute path. */
  readonly path: string;
  /** The size of the file. */
  readonly bytes: number;
  /** Number of rows, as the footer says. */
  readonly rows: number;
}
