import { splitTopLevel } from '../../trino/index.ts';
import { typesWithUnknown } from '../engine/bind/unknownTypes.ts';
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
 * Requires that a query's columns can be stored in a table's columns.
 *
 * @param table Trino's types of the columns that the statement names, in its order.
 * @param open The query. A column that is NULL in every row fits every type.
 * @throws StatementError `TYPE_MISMATCH`
 */
export async function assertInsertTypes(table: readonly string[], open: OpenQuery): Promise<void> {
  const queryTypes = (await typesWithUnknown(open.session, open)).map((type) => trinoTypeName(type));
  if (
    table.length === queryTypes.length &&
    table.every((want, index) => takesType(want, queryTypes[index] ?? ''))
  )
    return;
  throw statementError(
    'TYPE_MISMATCH',
    `Insert query has mismatched column types: Table: [${table.join(', ')}], Query: [${queryTypes.join(', ')}]`,
  );
}

/** Kinds of types of which each can be stored as any other. */
const FAMILIES = [
  /^(?:tinyint|smallint|integer|bigint|real|double|decimal)\b/,
  /^(?:var)?char\b/,
  /^(?:date|timestamp)\b/,
  /^time\b/,
];

/**
 * Whether a column takes values of a type, both by Trino's names. INSERT, UPDATE and MERGE store more than Trino
 * coerces elsewhere: any type that has a common type with the column's, so a time with a zone in a column without
 * one, as `INSERT INTO t VALUES (current_timestamp)` in https://github.com/trinodb/trino/issues/19336, a date in a
 * timestamp, and the reverse. TypeCoercion.isCompatible and StatementAnalyzer.typesMatchForInsert in
 * https://github.com/trinodb/trino.
 */
function takesType(want: string, have: string): boolean {
  if (want === have || have === 'unknown' || want === 'unknown') return true;
  if (FAMILIES.some((family) => family.test(want) && family.test(have))) return true;
  const [, kind, inner = ''] = /^(array|map|row)\((.*)\)$/s.exec(want) ?? [];
  const [, same, other = ''] = /^(array|map|row)\((.*)\)$/s.exec(have) ?? [];
  if (kind === undefined || kind !== same) return false;
  const [parts = [], others = []] = [inner, other].map((text) =>
    splitTopLevel(text).map((part) => (kind === 'row' ? fieldType(part) : part)),
  );
  return (
    parts.length === others.length &&
    parts.every((part, index) => {
      const another = others[index];
      return part === undefined || another === undefined || takesType(part, another);
    })
  );
}

/** The type in a row's `name type`; undefined if the name has spaces and can't be separated from the type. */
function fieldType(part: string): string | undefined {
  const [, type] = /^\S* (.*)$/s.exec(part) ?? [];
  return type !== undefined && TYPE.test(type) ? type : undefined;
}

const TYPE =
  /^(?:(?:array|map|row|decimal|varchar|char)\(.*\)|boolean|tinyint|smallint|integer|bigint|real|double|varchar|char|varbinary|json|uuid|date|unknown|time.*|interval.*)$/s;
