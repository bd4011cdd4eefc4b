/**
 * Why a text is no SQL that can be run here, under Trino's name for it.
 * https://github.com/trinodb/trino/blob/master/core/trino-spi/src/main/java/io/trino/spi/StandardErrorCode.java
 */
export type SqlErrorCode =
  | 'SYNTAX_ERROR'
  | 'FUNCTION_NOT_FOUND'
  | 'COLUMN_NOT_FOUND'
  | 'TYPE_NOT_FOUND'
  | 'INVALID_PARAMETER_USAGE'
  | 'INVALID_FUNCTION_ARGUMENT'
  | 'INVALID_LITERAL'
  | 'NOT_SUPPORTED';

/** A fault of an SQL text and where in the text it is. */
export class SqlError extends Error {
  readonly code: SqlErrorCode;
  /** Index of the character in the user's text. */
  readonly offset: number;

  constructor(code: SqlErrorCode, message: string, offset: number) {
    super(message);
    this.name = 'SqlError';
    this.code = code;
    this.offset = offset;
  }
}

/** `line 1:8`, as Trino counts: both from 1. */
export function linePosition(sql: string, offset: number): string {
  const before = sql.slice(0, offset);
  const line = before.split('\n').length;
  return `line ${line}:${offset - before.lastIndexOf('\n')}`;
}
