import type { Clock } from '../../base/clock.ts';
import type { Catalog } from '../../glue/index.ts';
import type { ObjectStore } from '../../s3/model/ObjectStore.ts';

/** What a statement is, as `GetQueryExecution` tells it. */
export interface StatementKind {
  readonly statementType: 'DDL' | 'DML' | 'UTILITY';
  /** E.g. `SELECT`, `INSERT`, `CREATE_TABLE_AS_SELECT`, `SHOW_TABLES`, `EXPLAIN`. */
  readonly substatementType: string;
}

/**
 * A column of a result, with the members of Athena's `ColumnInfo` that depend on the statement.
 * https://docs.aws.amazon.com/athena/latest/APIReference/API_ColumnInfo.html
 */
export interface AthenaColumn {
  readonly name: string;
  /** Athena's name of the type, without its parameters: `varchar`, `bigint`, `timestamp`, `decimal`, `array`. */
  readonly type: string;
  readonly precision: number;
  readonly scale: number;
  readonly nullable: 'NULLABLE' | 'UNKNOWN' | 'NOT_NULL';
}

/** What a statement runs in. */
export interface StatementContext {
  /** The data catalog of unqualified names, e.g. `AwsDataCatalog`. */
  readonly catalog: string;
  /** The database of unqualified names; without one they can't be resolved. */
  readonly database: string | undefined;
  /** The values of the statement's `?`, each a literal in SQL. */
  readonly parameters: readonly string[];
  readonly executionId: string;
  /** Where the execution's results go, e.g. `s3://bucket/prefix/`: CTAS without a location writes beside them. */
  readonly outputLocation: string;
  /** The workgroup whose prepared statements `EXECUTE` finds. */
  readonly workGroup: string;
  /** To be told of what the statement asks of Glue and S3: each table looked up, each object read or written. */
  readonly onCall: (call: QueryCall) => void;
  /** Aborting it ends the statement, which then throws. */
  readonly signal: AbortSignal;
}

/** What a statement answers. */
export interface StatementResult extends StatementKind {
  readonly columns: readonly AthenaColumn[];
  /** Athena's text of each value, null for NULL, in chunks of bounded size. To be read once. */
  readonly rows: AsyncIterable<readonly (readonly (string | null)[])[]>;
  /** Rows written, for statements that write. */
  readonly updateCount?: number;
  /** Bytes of the files read so far. */
  readonly scannedBytes: () => number;
  /** The kind of object that the result is kept in: queries give CSV, all other statements text. */
  readonly output: 'csv' | 'txt';
  /** The `s3://` locations of the objects that the statement wrote, for the manifest beside the result. */
  readonly manifest?: readonly string[];
}

/** Runs Athena's statements. */
export interface StatementRunner {
  /** @throws StatementError when the text is no statement. */
  classify(sql: string): StatementKind;
  /** @throws StatementError for everything that makes an execution FAILED; so may reading the rows. */
  run(sql: string, context: StatementContext): Promise<StatementResult>;
  close(): Promise<void>;
}

/** The prepared statements of all workgroups. https://docs.aws.amazon.com/athena/latest/ug/querying-with-prepared-statements.html */
export interface PreparedStatements {
  /** The statement's text, undefined when there is none of this name. */
  find(workGroup: string, name: string): string | undefined;
  put(workGroup: string, name: string, sql: string): void;
  /** @returns false when there is none of this name. */
  remove(workGroup: string, name: string): boolean;
}

/**
 * What Athena asks of Glue and S3 as whoever asked Athena, for whoever records calls.
 * https://docs.aws.amazon.com/athena/latest/ug/access.html
 */
export type QueryCall =
  | {
      readonly service: 'glue';
      /** Glue's name of the operation, and its input. */
      readonly operation: string;
      readonly input: Readonly<Record<string, string>>;
    }
  | {
      readonly service: 's3';
      /** An object that a table's rows are in, or one that the query writes. */
      readonly operation: 'GetObject' | 'PutObject';
      readonly bucket: string;
      readonly key: string;
      /** It is a result that is asked for, whose place is known without looking. */
      readonly isResult?: true;
    };

/** What statements are run on. */
export interface RunnerOptions {
  readonly catalog: Catalog;
  /** Where tables' objects are, and where CTAS, INSERT and UNLOAD write. */
  readonly store: ObjectStore;
  readonly prepared: PreparedStatements;
  /** For `current_timestamp`. */
  readonly clock: Clock;
  /** A folder for what doesn't fit into memory and what is being written; emptied when the runner opens. */
  readonly directory: string;
}

/** What one statement of the local Athena may take of the machine. */
export const STATEMENT_LIMITS = {
  /** Memory of a statement before it writes to disk, in DuckDB's words; many may run at once. */
  memory: '1GB',
  /** Disk that it may write to then. */
  temporaryDisk: '20GB',
  /** Objects of a listing at a time: S3's own page. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
  listedObjects: 1_000,
  /** Partitions that INSERT and CTAS may write. https://docs.aws.amazon.com/athena/latest/ug/ctas-insert-into.html */
  writtenPartitions: 100,
  /** Views within views: more are taken for a circle. */
  viewDepth: 30,
  /** Milliseconds between attempts to interrupt a statement. */
  interruptMs: 50,
} as const;
