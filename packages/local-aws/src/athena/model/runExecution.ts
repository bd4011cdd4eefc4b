import { AwsError } from '../../protocol/AwsError.ts';
import { StatementError, statementError } from '../engine/StatementError.ts';
import type {
  QueryCall,
  StatementContext,
  StatementKind,
  StatementRunner,
} from '../engine/StatementRunner.ts';
import type { Execution, Outcome } from './Execution.ts';
import { catalogMessage } from './errors.ts';
import type { ResultStore } from './results/ResultStore.ts';
import { writeResult } from './results/writeResult.ts';

/** Options of {@link runExecution}. */
interface RunOptions {
  /** Runs the statement. */
  readonly runner: StatementRunner;
  /** Writes the result. */
  readonly results: ResultStore;
  /** Stops the statement. */
  readonly signal: AbortSignal;
  /** The most bytes that the statement may scan. Default: any number. */
  readonly cutoffBytes: number | undefined;
  /** Receives each call to Glue and S3 before it is made. It throws an AwsError to refuse the call. */
  readonly onCall: (call: QueryCall) => void;
  /** Receives a function that returns the bytes scanned so far. */
  readonly onStarted: (scannedBytes: () => number) => void;
}

/** Members that a successful run adds to an execution. */
export interface RunOutcome {
  /** What the execution keeps of the result. */
  readonly outcome: Outcome;
  /** The `s3://` location of the object with the result. */
  readonly outputLocation: string;
  /** The kind of the statement, as {@link Execution} has it. */
  readonly statementType: Execution['statementType'];
  /** The kind in words, such as `SELECT` or `CREATE_TABLE`. */
  readonly substatementType: string;
}

/**
 * Runs a statement and writes its result.
 *
 * @throws StatementError; ScanLimitError beyond `cutoffBytes`; the signal's reason when it aborts.
 */
export async function runExecution(execution: Execution, options: RunOptions): Promise<RunOutcome> {
  const { runner, results, signal, cutoffBytes = Number.POSITIVE_INFINITY, onCall, onStarted } = options;
  const { OutputLocation: folder, EncryptionConfiguration: encryption } = execution.results;
  const stopped = new AbortController();
  const result = await runner.run(
    execution.query,
    statementContext(execution, onCall, AbortSignal.any([signal, stopped.signal])),
  );
  onStarted(result.scannedBytes);
  try {
    const { outcome, location } = await writeResult(result, {
      write: (place, body) => results.write(place, body, encryption, onCall),
      folder,
      id: execution.id,
      check() {
        signal.throwIfAborted();
        if (result.scannedBytes() > cutoffBytes) throw new ScanLimitError();
      },
    });
    return {
      outcome,
      outputLocation: location,
      statementType: result.statementType,
      substatementType: result.substatementType,
    };
  } catch (error) {
    // The statement may still be producing rows that nobody will read.
    stopped.abort();
    throw error;
  }
}

/** The context of an execution for its runner. A refused call becomes the failure of the statement. */
function statementContext(
  execution: Execution,
  onCall: RunOptions['onCall'],
  signal: AbortSignal,
): StatementContext {
  const { id, catalog, database, parameters, workGroup, results } = execution;
  return {
    catalog,
    database,
    parameters,
    executionId: id,
    outputLocation: results.OutputLocation,
    workGroup,
    onCall(call) {
      try {
        onCall(call);
      } catch (error) {
        throw error instanceof AwsError ? refusedCall(call, error, execution) : error;
      }
    },
    signal,
  };
}

/** "Permission error" and "Amazon S3 permission error": https://docs.aws.amazon.com/athena/latest/ug/error-reference.html */
const REFUSED_BY = { glue: 1500, s3: 1501 } as const;

/** The failure of a query one of whose calls is refused. */
function refusedCall(call: QueryCall, cause: AwsError, { id, ...kind }: Execution): StatementError {
  if (call.service === 's3') return refusedByS3(`s3://${call.bucket}/${call.key}`, cause);
  const message = catalogMessage(cause, id);
  // Hive wraps the message of the catalog: https://github.com/awsdocs/amazon-athena-user-guide/issues/81
  return new StatementError(
    isOfHive(kind)
      ? `FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. MetaException(message:${message})`
      : message,
    { type: REFUSED_BY.glue, cause },
  );
}

/**
 * The failure of a query for which S3 refuses a call. For a missing permission, Athena names the path, without a reason:
 * https://repost.aws/knowledge-center/access-denied-athena. Otherwise, as for a key that is disabled, it passes S3's error on:
 * https://repost.aws/knowledge-center/hive-cannot-open-split-503-athena
 */
function refusedByS3(path: string, cause: AwsError): StatementError {
  const { code, status, message } = cause;
  if (code === 'AccessDenied')
    return new StatementError(`Permission denied on S3 path: ${path}`, { type: REFUSED_BY.s3, cause });
  const answer = `${message} (Service: Amazon S3; Status Code: ${status}; Error Code: ${code})`;
  const opening = `Error opening Hive split ${path}: ${answer}`;
  return statementError('HIVE_CANNOT_OPEN_SPLIT', opening, undefined, cause);
}

/** Whether Hive runs a statement: Trino runs queries, views, and statements that write rows. */
function isOfHive({ statementType, substatementType }: StatementKind): boolean {
  return statementType !== 'DML' && !/VIEW|AS_SELECT|EXPLAIN/.test(substatementType);
}

/** A query has exceeded the scan limit of its workgroup: Athena cancels it. */
export class ScanLimitError extends Error {
  constructor() {
    super('Bytes scanned limit was exceeded');
    this.name = 'ScanLimitError';
  }
}
