import type { DuckDBType } from '@duckdb/node-api';
import { TokenList, unnamedItems } from '../../../trino/index.ts';
import { hiveTypeName, trinoTypeName } from '../../engine/columnTypes.ts';
import { statementError } from '../../engine/StatementError.ts';
import type { OpenQuery } from '../queryStatements.ts';

/** Requires a name for each column of the query that makes a table. @throws StatementError `MISSING_COLUMN_NAME` */
export function assertColumnNames(
  { query }: { readonly query: { readonly sql: string; readonly offset: number } },
  statement: string,
): void {
  const list = new TokenList(query.sql);
  const unnamed = unnamedItems(list)[0];
  if (unnamed === undefined) return;
  throw statementError('MISSING_COLUMN_NAME', 'Column name not specified', {
    sql: statement,
    offset: query.offset + list.offset(unnamed.from),
  });
}

/**
 * Requires distinct names of the columns of the query that makes a table or a view.
 *
 * @param statement The whole statement.
 * @throws StatementError `DUPLICATE_COLUMN_NAME`: Trino's StatementAnalyzer.validateColumns
 */
export function assertColumns({ columns }: OpenQuery, statement: string): void {
  const names = columns.map(({ name }) => name.toLowerCase());
  const list = new TokenList(statement);
  const create = list.tokens.findIndex((_, index) => list.word(index) === 'create');
  const place = { sql: statement, offset: list.offset(Math.max(0, create)) };
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice === undefined) return;
  throw statementError('DUPLICATE_COLUMN_NAME', `Column name '${twice}' specified more than once`, place);
}

/** Converts a query's columns to a Glue table's. @throws StatementError `NOT_SUPPORTED` for types that Hive lacks. */
export function hiveColumns({ columns }: OpenQuery): { readonly Name: string; readonly Type: string }[] {
  return columns.map(({ name, type }) => ({ Name: name.toLowerCase(), Type: storedType(type) }));
}

/** Hive's type of a column. @throws StatementError `NOT_SUPPORTED` */
function storedType(type: DuckDBType): string {
  const hive = hiveTypeName(type);
  if (hive === undefined)
    throw statementError('NOT_SUPPORTED', `Unsupported Hive type: ${trinoTypeName(type)}`);
  return hive;
}
