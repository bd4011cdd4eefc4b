import { trinoTypeName } from '../engine/columnTypes.ts';
import { statementError } from '../engine/StatementError.ts';
import type { OpenQuery } from './queryStatements.ts';

/**
 * Requires that the columns of an INSERT are the table's, each once: Trino's StatementAnalyzer.visitInsert.
 *
 * @param listed The names of the statement, in lower case. @param known Those of the table.
 * @throws StatementError `COLUMN_NOT_FOUND`, `DUPLICATE_COLUMN_NAME`
 */
export function assertInsertColumns(listed: readonly string[], known: readonly string[]): void {
  for (const [index, column] of listed.entries()) {
    if (!known.includes(column))
      throw statementError(
        'COLUMN_NOT_FOUND',
        `Insert column name does not exist in target table: ${column}`,
      );
    if (listed.indexOf(column) < index)
      throw statementError(
        'DUPLICATE_COLUMN_NAME',
        `Insert column name is specified more than once: ${column}`,
      );
  }
}

/**
 * Requires that a query has a column for each that the statement names. Their types are not looked at: each value is cast.
 *
 * @param table Trino's types of the table's columns, in the statement's order.
 * @throws StatementError `TYPE_MISMATCH`
 */
export function assertInsertCount(table: readonly string[], { columns }: OpenQuery): void {
  if (table.length === columns.length) return;
  const types = columns.map(({ type }) => trinoTypeName(type));
  throw statementError(
    'TYPE_MISMATCH',
    `Insert query has mismatched column types: Table: [${table.join(', ')}], Query: [${types.join(', ')}]`,
  );
}
