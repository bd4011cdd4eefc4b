import { linePosition, SqlError } from '../../trino/index.ts';

/**
 * Why a statement failed: what Athena tells as the state FAILED of an execution.
 *
 * `message` is worded as Athena words it, e.g. `SYNTAX_ERROR: line 1:8: Column 'x' cannot be resolved`;
 * `category` says who is at fault (1 the system, 2 the user, 3 another) and `type` which kind it is.
 * https://docs.aws.amazon.com/athena/latest/ug/error-reference.html
 */
export class StatementError extends Error {
  readonly category: 1 | 2 | 3;
  readonly type: number;
  readonly retryable: boolean;

  constructor(
    message: string,
    options: {
      readonly category?: 1 | 2 | 3;
      readonly type: number;
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

/** Athena's numbers of what can fail, by the name that leads its message; others are 1000, a user error. */
const ERROR_TYPES: Readonly<Record<string, number>> = {
  SYNTAX_ERROR: 1006,
  COLUMN_NOT_FOUND: 1006,
  AMBIGUOUS_NAME: 1006,
  TYPE_MISMATCH: 1006,
  TYPE_NOT_FOUND: 1006,
  EXPRESSION_NOT_AGGREGATE: 1006,
  INVALID_PARAMETER_USAGE: 1100,
  INVALID_LITERAL: 1006,
  MISSING_COLUMN_NAME: 1006,
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
  HIVE_CANNOT_OPEN_SPLIT: 1001,
  HIVE_UNSUPPORTED_FORMAT: 1200,
  HIVE_PATH_ALREADY_EXISTS: 1000,
  TABLE_ALREADY_EXISTS: 1003,
  SCHEMA_ALREADY_EXISTS: 1003,
  DDL: 1003,
};

/** The error of a statement under Athena's name for it, and where in the text it is, when that is known. */
export function statementError(
  code: string,
  message: string,
  place?: { readonly sql: string; readonly offset: number },
  cause?: unknown,
): StatementError {
  const at = place === undefined ? '' : `${linePosition(place.sql, place.offset)}: `;
  return new StatementError(`${code === 'DDL' ? 'FAILED' : code}: ${at}${message}`, {
    type: ERROR_TYPES[code] ?? 1000,
    cause,
  });
}

/** What is refused by name because it isn't emulated. */
export function notEmulated(what: string): StatementError {
  return statementError('NOT_SUPPORTED', `${what} is not emulated by the local Athena`);
}

/**
 * An error of the translation as the statement's.
 *
 * @param shift Where the translated text begins in the statement.
 */
export function toStatementError(error: unknown, sql: string, shift = 0): unknown {
  if (!(error instanceof SqlError)) return error;
  return statementError(error.code, error.message, { sql, offset: error.offset + shift }, error);
}
