import type { FileColumn } from '../../../parquet/FileSchema.ts';
import type { RowReason } from '../../rowReasons.ts';
import { type ColumnKind, columnKind } from '../valueSql.ts';
import { columnSql, memberSql, refusalsOf } from './columnSql.ts';
import type { FoundColumn, Refusal } from './FoundColumn.ts';

/** Codes of problems with a column. */
type FieldProblemCode =
  | 'SLUICE_INGEST_COLUMN_MISSING'
  | 'SLUICE_INGEST_COLUMN_AMBIGUOUS'
  | 'SLUICE_INGEST_COLUMN_TYPE_UNFIT';

/** A problem with a column of a file. `compileMapping` adds the name of the file. */
export class FieldProblem extends Error {
  readonly code: FieldProblemCode;

  /**
   * @param expected Types that the field can be read from, in words.
   * @param found The column's type, or what there is instead.
   */
  constructor(code: FieldProblemCode, column: string, expected: string, found: string) {
    super(`column ${JSON.stringify(column)}: expected ${expected}, found ${found}`);
    this.code = code;
  }
}

/** The SQL that reads a field from a row `src` of a file. */
export interface FieldSql {
  /** Its value; NULL if there is none, or if it can't be read. */
  readonly value: string;
  /** The column that it is read from; null for a constant. */
  readonly column: FoundColumn | null;
  /** Whether it is of a file that lacks its column. */
  readonly isAbsent?: true;
  /** Conditions for which a row is refused. The first that holds counts. */
  readonly refusals: readonly Refusal[];
}

/** Refuses rows whose column is not NULL but has no readable value. */
export function unreadableRefusal(reason: RowReason): Refusal {
  return { reason, when: (raw, value) => `${raw} IS NOT NULL AND ${value} IS NULL` };
}

/** A field that is NULL in every row. */
export function nullField(type: string): FieldSql {
  return { value: `CAST(NULL AS ${type})`, column: null, isAbsent: true, refusals: [] };
}

/**
 * Finds the column that a mapping names: one with exactly that name, or one that differs only in case, or the member of a
 * struct, `a.b`.
 *
 * @returns Null if there is none.
 * @throws FieldProblem if there are several, or DuckDB misreads it.
 */
export function findColumn(columns: readonly FileColumn[], name: string): FoundColumn | null {
  const column = columnNamed(columns, name);
  if (column !== undefined) return toFoundColumn(name, columnSql(column), column, column);
  // The longest column name first: `a.b.c` is the member c of a column `a.b`, if there is one.
  for (let dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1)) {
    const outer = columnNamed(columns, name.slice(0, dot));
    const member = outer === undefined ? null : findMember(outer, name, dot + 1);
    if (member !== null) return member;
  }
  return null;
}

/**
 * The member of a struct that a name has; null if there is none.
 *
 * @param from Index in the name where the path of the member begins.
 */
function findMember(outer: FileColumn, name: string, from: number): FoundColumn | null {
  let column = outer;
  let sql = columnSql(outer);
  for (const part of name.slice(from).split('.')) {
    // A column without any value has no member either.
    if (column.isEmpty) break;
    const member = columnNamed(column.members, part);
    if (member === undefined) return null;
    column = member;
    sql = memberSql(sql, member.sqlName);
  }
  return toFoundColumn(name, sql, column, outer);
}

/**
 * A column as a mapping names it.
 *
 * @param sql SQL that reads it.
 * @param outer The column itself, or the column that has the member.
 * @throws FieldProblem if DuckDB misreads it.
 */
export function toFoundColumn(name: string, sql: string, column: FileColumn, outer: FileColumn): FoundColumn {
  const { isNanoseconds, isUnknownBytes, misread } = column;
  if (misread !== null) {
    throw new FieldProblem('SLUICE_INGEST_COLUMN_TYPE_UNFIT', name, misread.needs, misread.found);
  }
  const { type } = column;
  const kind = kindOf(column);
  return { name, sql, type, kind, refusals: refusalsOf(type), isNanoseconds, isUnknownBytes, outer };
}

/** The kind of a column. A time without a zone may be an instant, as the file says. */
function kindOf({ type, isUtc, isEmpty }: FileColumn): ColumnKind {
  const kind = columnKind(type);
  if (isEmpty) return 'empty';
  return kind === 'local' && isUtc ? 'instant' : kind;
}

/** The column of a name; undefined if there is none. @throws FieldProblem if several have it. */
function columnNamed(among: readonly FileColumn[], name: string): FileColumn | undefined {
  return onlyNamed(among, name, name, typedName);
}

/** A column in a message about several. */
export function typedName({ name, type }: Pick<FileColumn, 'name' | 'type'>): string {
  return `${JSON.stringify(name)} ${type}`;
}

/**
 * The column or folder with exactly a name, or else with a name that differs only in case; undefined without one.
 *
 * @param field Its name in a message.
 * @param textOf Each of several in a message.
 * @throws FieldProblem if there are several.
 */
export function onlyNamed<Named extends { readonly name: string }>(
  among: readonly Named[],
  name: string,
  field: string,
  textOf: (named: Named) => string,
): Named | undefined {
  const exact = among.filter((named) => named.name === name);
  const alike =
    exact.length > 0 ? exact : among.filter((named) => named.name.toLowerCase() === name.toLowerCase());
  return onlyOne(alike, field, 'one of the name', textOf);
}

/** The only one of those that a field may be read from; undefined without one. @throws FieldProblem if there are several. */
export function onlyOne<Named>(
  candidates: readonly Named[],
  field: string,
  expected: string,
  textOf: (named: Named) => string,
): Named | undefined {
  if (candidates.length > 1)
    throw new FieldProblem(
      'SLUICE_INGEST_COLUMN_AMBIGUOUS',
      field,
      expected,
      candidates.map(textOf).join(' and '),
    );
  return candidates[0];
}
