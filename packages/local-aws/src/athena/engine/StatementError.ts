import { AwsError } from '../../protocol/AwsError.ts';
import { linePosition, refusal, SqlError } from '../../trino/index.ts';

/**
 * Why a statement failed, as Athena reports it for an execution in the state FAILED.
 *
 * `message` uses Athena's wording, e.g. `SYNTAX_ERROR: line 1:8: Column 'x' cannot be resolved`. `category` says who
 * caused the error (1 the system, 2 the user, 3 other) and `type` is Athena's error type.
 * https://docs.aws.amazon.com/athena/latest/ug/error-reference.html
 */
export class StatementError extends Error {
  /** Who is at fault: 1 the system, 2 the user, 3 something else. */
  readonly category: 1 | 2 | 3;
  /** Athena's number of the error. */
  readonly type: number;
  /** Whether Athena says that the same statement may succeed later. */
  readonly retryable: boolean;

  constructor(
    message: string,
    options: {
      readonly category?: 1 | 2 | 3;
      readonly type: number;
      /** Whether a retry may succeed. Default: no. */
      readonly retryable?: boolean;
      readonly cause?: unknown;
    },
  ) {
    super(message, { cause: options.cause });
    this.name = 'StatementError';
    this.category = options.category ?? 2;
    this.type = options.type;
    this.retryable = options.retryable ?? false;
  }
}

/** The error of a statement that needs more memory or disk than it has. */
export function resourcesExhausted(cause?: unknown): StatementError {
  return new StatementError('Query exhausted resources at this scale factor', {
    category: 1,
    type: 0,
    retryable: true,
    cause,
  });
}

/** Athena's error types by the name at the start of the message: 1000 is any other user error. */
const ERROR_TYPES = {
  SYNTAX_ERROR: 1006,
  COLUMN_NOT_FOUND: 1006,
  AMBIGUOUS_NAME: 1006,
  TYPE_MISMATCH: 1006,
  TYPE_NOT_FOUND: 1006,
  EXPRESSION_NOT_AGGREGATE: 1006,
  INVALID_PARAMETER_USAGE: 1100,
  INVALID_LITERAL: 1006,
  MISSING_COLUMN_NAME: 1006,
  DUPLICATE_COLUMN_NAME: 1006,
  MISSING_SCHEMA_NAME: 1006,
  TABLE_NOT_FOUND: 1301,
  SCHEMA_NOT_FOUND: 1301,
  CATALOG_NOT_FOUND: 1301,
  FUNCTION_NOT_FOUND: 1303,
  INVALID_FUNCTION_ARGUMENT: 1106,
  INVALID_CAST_ARGUMENT: 1106,
  INVALID_VIEW: 1107,
  VIEW_IS_RECURSIVE: 1107,
  INVALID_TABLE_PROPERTY: 1103,
  NOT_SUPPORTED: 1200,
  HIVE_BAD_DATA: 1001,
  HIVE_UNSUPPORTED_FORMAT: 1200,
  HIVE_PATH_ALREADY_EXISTS: 1000,
  TABLE_ALREADY_EXISTS: 1003,
  DDL: 1003,
  DIVISION_BY_ZERO: 1000,
  GENERIC_INTERNAL_ERROR: 1000,
  GENERIC_USER_ERROR: 1000,
  HIVE_CANNOT_OPEN_SPLIT: 1000,
  HIVE_COLUMN_ORDER_MISMATCH: 1000,
  HIVE_INVALID_METADATA: 1000,
  HIVE_METASTORE_ERROR: 1000,
  HIVE_TOO_MANY_OPEN_PARTITIONS: 1000,
  NOT_FOUND: 1000,
  NUMERIC_VALUE_OUT_OF_RANGE: 1000,
  USER_CANCELED: 1000,
} as const;

/** A name of Athena's errors that is answered here. */
export type StatementCode = keyof typeof ERROR_TYPES;

/** Whether a text is such a name. */
export function isStatementCode(text: string): text is StatementCode {
  return Object.hasOwn(ERROR_TYPES, text);
}

/**
 * The error of a statement with Athena's error name and, when known, its position in the text.
 *
 * @param code The name; `DDL` for a statement that Athena runs as Hive's, whose message begins with `FAILED`.
 */
export function statementError(
  code: StatementCode,
  message: string,
  place?: { readonly sql: string; readonly offset: number },
  cause?: unknown,
): StatementError {
  const at = place === undefined ? '' : `${linePosition(place.sql, place.offset)}: `;
  return new StatementError(`${code === 'DDL' ? 'FAILED' : code}: ${at}${message}`, {
    type: ERROR_TYPES[code],
    cause,
  });
}

/** The error for a feature that is not emulated. */
export function notEmulated(feature: string): StatementError {
  return statementError('NOT_SUPPORTED', refusal(feature));
}

/**
 * Converts an error of the translation into one of the statement. Any other error is returned as it is.
 *
 * @param shift The offset of the translated text in the statement.
 */
export function toStatementError(error: unknown, sql: string, shift = 0): unknown {
  if (!(error instanceof SqlError)) return error;
  return statementError(error.code, error.message, { sql, offset: error.offset + shift }, error);
}

/** An error of the catalog as the failure of the statement, whose message Hive passes on. Other errors stay as they are. */
export function toStatementFailure(error: unknown): unknown {
  return error instanceof AwsError ? statementError('DDL', error.message, undefined, error) : error;
}
