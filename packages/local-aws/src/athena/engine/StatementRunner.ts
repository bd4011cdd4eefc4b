import type { Clock } from '../../base/clock.ts';
import type { Catalog } from '../../glue/index.ts';
import type { ObjectStore } from '../../s3/model/ObjectStore.ts';
import type { ObjectAttributes } from '../../s3/model/StoredObject.ts';

/** The kind of a statement, as `GetQueryExecution` reports it. */
export interface StatementKind {
  /** `DDL` changes the catalog, `DML` reads or writes rows, `UTILITY` shows or explains. */
  readonly statementType: 'DDL' | 'DML' | 'UTILITY';
  /** E.g. `SELECT`, `INSERT`, `CREATE_TABLE_AS_SELECT`, `SHOW_TABLES`, `EXPLAIN`. */
  readonly substatementType: string;
}

/**
 * A column of a result: the members of Athena's `ColumnInfo` that depend on the statement.
 * https://docs.aws.amazon.com/athena/latest/APIReference/API_ColumnInfo.html
 */
export interface AthenaColumn {
  /** The column's name; empty for a column without one. */
  readonly name: string;
  /** Athena's name of the type, without its parameters: `varchar`, `bigint`, `timestamp`, `decimal`, `array`. */
  readonly type: string;
  /** Digits of a number, or characters of a text: columnTypes.ts has what Athena says for each type. */
  readonly precision: number;
  /** Digits after the point of a decimal; 0 for other types. */
  readonly scale: number;
  /** Whether values can be null. */
  readonly nullable: 'NULLABLE' | 'UNKNOWN' | 'NOT_NULL';
}

/** The context in which a statement runs. */
export interface StatementContext {
  /** The data catalog of unqualified names, e.g. `AwsDataCatalog`. */
  readonly catalog: string;
  /** The database of unqualified names. Without one, unqualified names cannot be resolved. */
  readonly database: string | undefined;
  /** The values of the statement's `?` parameters, as SQL literals. */
  readonly parameters: readonly string[];
  /** ID of the execution, a UUID. */
  readonly executionId: string;
  /**
   * The folder of the execution's results, e.g. `s3://bucket/prefix/`. CTAS without a location writes there as well.
   */
  readonly outputLocation: string;
  /** The workgroup whose prepared statements `EXECUTE` looks up. */
  readonly workGroup: string;
  /**
   * Receives the statement's calls to Glue and S3 before they are made: each table lookup, and each object read or
   * written. It throws a StatementError for a call that the caller may not make.
   */
  readonly onCall: (call: QueryCall) => void;
  /** Aborts the statement, which then throws. */
  readonly signal: AbortSignal;
}

/** The result of a statement. */
export interface StatementResult extends StatementKind {
  /** The columns in their order; none for a statement that only changes the catalog. */
  readonly columns: readonly AthenaColumn[];
  /** Each value in Athena's text format, null for NULL, in chunks of bounded size. It can be read once. */
  readonly rows: AsyncIterable<readonly (readonly (string | null)[])[]>;
  /** The number of rows written, for statements that write. */
  readonly updateCount?: number;
  /** Bytes of the files read so far. */
  readonly scannedBytes: () => number;
  /** The format of the result's object: CSV for queries, text for other statements. */
  readonly output: 'csv' | 'txt';
  /** Whether a text begins with the names of its columns, as CSV does. Default: no. */
  readonly header?: true;
  /** The `s3://` locations of the objects that the statement wrote, for the manifest beside the result. */
  readonly manifest?: readonly string[];
}

/** Runs Athena statements. */
export interface StatementRunner {
  /** The kind of a statement, without running it. @throws StatementError when the text is not a statement. */
  classify(sql: string): StatementKind | Promise<StatementKind>;
  /** Runs a statement. @throws StatementError when the execution fails. Reading the rows may throw it, too. */
  run(sql: string, context: StatementContext): Promise<StatementResult>;
  /** Frees what the runner holds. Nothing can be run any more. */
  close(): Promise<void>;
}

/** The prepared statements of all workgroups. https://docs.aws.amazon.com/athena/latest/ug/querying-with-prepared-statements.html */
export interface PreparedStatements {
  /** The statement's text; undefined when it does not exist. */
  find(workGroup: string, name: string): string | undefined;
}

/**
 * A call to Glue or S3 that Athena makes with the permissions of its caller.
 * https://docs.aws.amazon.com/athena/latest/ug/access.html
 */
export type QueryCall =
  | {
      /** Tells a call of Glue. */
      readonly service: 'glue';
      /** The name of Glue's operation, and its input. */
      readonly operation: string;
      /** The names that the operation is about. */
      readonly input: Readonly<Record<string, string>>;
    }
  | {
      /** Tells a call of S3. */
      readonly service: 's3';
      /** A table's object, or an object that the query writes or removes; a folder that is listed; the place of a bucket. */
      readonly operation: 'GetObject' | 'PutObject' | 'DeleteObject' | 'ListBucket' | 'GetBucketLocation';
      /** Name of the bucket. */
      readonly bucket: string;
      /** The prefix of a listing; '' for the place of a bucket. */
      readonly key: string;
      /** The object is a result, whose key is known without listing. */
      readonly isResult?: true;
      /** The encryption of the object that is read, or that a write asks for. Absent: the default of its bucket. */
      readonly encryption?: ObjectAttributes['encryption'] | undefined;
    };

/** Options of the statement runner. */
export interface RunnerOptions {
  /** Holds databases, tables, partitions and views. */
  readonly catalog: Catalog;
  /** Holds the objects of tables; CTAS and INSERT write to it. */
  readonly store: ObjectStore;
  /** The statements that `EXECUTE` runs. */
  readonly prepared: PreparedStatements;
  /** The clock of `current_timestamp`. */
  readonly clock: Clock;
  /** A scratch folder for data that exceeds memory and for files being written. It is emptied when the runner opens. */
  readonly directory: string;
}

/** Resources of one statement. */
export const STATEMENT_LIMITS = {
  /** Memory of a statement before it spills to disk, in DuckDB's syntax. Many statements may run concurrently. */
  memory: '1GB',
  /** Disk space for spilling. */
  temporaryDisk: '20GB',
  /** Objects per page of a listing, as in S3. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
  listedObjects: 1_000,
  /** Partitions that INSERT and CTAS may write. https://docs.aws.amazon.com/athena/latest/ug/ctas-insert-into.html */
  writtenPartitions: 100,
  /** Depth of nested views. Deeper nesting is reported as recursion. */
  viewDepth: 30,
  /** Milliseconds between attempts to interrupt a statement. */
  interruptMs: 50,
} as const;
