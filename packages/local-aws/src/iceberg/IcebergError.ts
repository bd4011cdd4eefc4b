/**
 * Problem of a table:
 * - `FILE_MISSING`: a file that the metadata names isn't there.
 * - `BAD_METADATA`: metadata JSON, a manifest list or a manifest breaks the specification.
 * - `BAD_VALUE`: a value doesn't fit its type or transform.
 * - `UNSUPPORTED`: it is in the specification, and not here; the message names it.
 * - `INVALID_SCHEMA`: a change of schema, partitions or properties that Iceberg doesn't allow.
 * - `COMMIT_CONFLICT`: a file to remove isn't in the table any more.
 */
export type IcebergErrorCode =
  | 'FILE_MISSING'
  | 'BAD_METADATA'
  | 'BAD_VALUE'
  | 'UNSUPPORTED'
  | 'INVALID_SCHEMA'
  | 'COMMIT_CONFLICT';

/** A fault of an Iceberg table, or something in one that this emulation refuses. The message says what, without a value of a row. */
export class IcebergError extends Error {
  readonly code: IcebergErrorCode;

  constructor(code: IcebergErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'IcebergError';
    this.code = code;
  }
}
