import { defineErrorFamily } from '../../base/errors.ts';
import type { AthenaColumn } from './athenaStatements.ts';

/** Errors of a load by Athena, except for problems of files. */
export const AthenaError = defineErrorFamily('system', {
  SLUICE_ATHENA_QUERY_FAILED: {
    cause: 'Athena failed a statement of a load.',
    cure: 'Check the reason in the detail. If it names a file, write the file again and drop it. A day whose files stay the same is retried by the first plan after 12 hours. To load it sooner, run `sluice ingest backfill`.',
  },
  SLUICE_ATHENA_QUERY_CANCELLED: {
    cause:
      'A statement of a load was cancelled: by a person, or because it scanned more than `athena.loadScanLimitGigabytes`.',
    cure: 'Raise `athena.loadScanLimitGigabytes` if the day is as large as it should be, deploy, and run `sluice ingest backfill`.',
  },
  SLUICE_ATHENA_UNAVAILABLE: {
    cause: 'Athena, or the catalog of its tables, did not accept a call.',
    cure: 'No action is needed at first: the day is retried. If it persists, check the code in the detail, and the role of `ingest-load`.',
  },
  SLUICE_ATHENA_TOO_MANY_SCHEMAS: {
    cause:
      "The day's files have so many different schemas, or folders, that Athena's longest statement can't name them.",
    cure: 'Write the files with one schema, or into two folders, and configure a dataset for each.',
  },
  SLUICE_ATHENA_ROWS_MISSING: {
    cause:
      'The rows that Athena wrote and refused are not as many as the footers of the files say. Nothing was published.',
    cure: 'Check the files in the detail: a footer may be wrong. Otherwise run `sluice ingest backfill`, and report it if it persists.',
  },
});

/** How an execution stands. */
export interface ExecutionState {
  readonly state: 'running' | 'succeeded' | 'failed' | 'cancelled';
  /** Athena's reason, which may quote values of rows. */
  readonly reason: string;
  readonly scannedBytes: number;
}

/** A table of the scratch database. */
export interface ScratchTable {
  readonly name: string;
  readonly columns: readonly AthenaColumn[];
  /** `s3://…/`: a folder of manifests, or of Parquet files. */
  readonly location: string;
  readonly holds: 'manifests' | 'files';
}

/** Athena and the scratch database, as a load uses them. Methods throw AthenaError `SLUICE_ATHENA_UNAVAILABLE`. */
export interface AthenaPort {
  /**
   * Starts a statement.
   *
   * @param token The same token starts the same statement once.
   * @param output `s3://…/`: the folder of the result.
   * @returns ID of the execution.
   */
  start(sql: string, token: string, output: string): Promise<string>;
  /** How an execution stands; null if Athena does not know it, as one that is older than 45 days. */
  find(execution: string): Promise<ExecutionState | null>;
  /** Stops an execution. One that has ended stays as it is. */
  stop(execution: string): Promise<void>;
  /** Rows of a succeeded query, without the header. */
  rows(execution: string): Promise<readonly (readonly (string | null)[])[]>;
  /** Creates a table. One of that name stays as it is. */
  createTable(table: ScratchTable): Promise<void>;
  /** Deletes tables, which need not exist. */
  deleteTables(names: readonly string[]): Promise<void>;
}
