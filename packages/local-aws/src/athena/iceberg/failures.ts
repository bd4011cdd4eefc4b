import { IcebergError, type IcebergErrorCode } from '../../iceberg/index.ts';
import { StatementError, statementError } from '../engine/StatementError.ts';

/** Trino's names of the faults: IcebergErrorCode in https://github.com/trinodb/trino. */
const NAMES: Readonly<Record<IcebergErrorCode, string>> = {
  FILE_MISSING: 'ICEBERG_MISSING_METADATA',
  BAD_METADATA: 'ICEBERG_INVALID_METADATA',
  BAD_VALUE: 'ICEBERG_BAD_DATA',
  UNSUPPORTED: 'NOT_SUPPORTED',
  INVALID_SCHEMA: 'NOT_SUPPORTED',
  COMMIT_CONFLICT: 'ICEBERG_COMMIT_ERROR',
};

/** A fault of a table as the failure of the statement that met it; other errors as they are. */
export function toIcebergFailure(error: unknown): unknown {
  return error instanceof IcebergError
    ? statementError(NAMES[error.code], error.message, undefined, error)
    : error;
}

/** A refusal by Athena's own DDL of Iceberg tables, whose messages have no name before them. */
export function ddlFailure(message: string, type: 1003 | 1006 | 1100 | 1200 = 1200): StatementError {
  return new StatementError(message, { type });
}
