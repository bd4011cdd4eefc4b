import type { FileColumn } from '../../parquet/FileSchema.ts';
import type { RowReason } from '../rowReasons.ts';
import { columnSql, memberSql, refusalsOf } from './columnSql.ts';
import type { FoundColumn, Refusal } from './FoundColumn.ts';
import { type ColumnKind, columnKind } from './valueSql.ts';

/** Codes of problems with a column. */
type FieldProblemCode =
  | 'SLUICE_INGEST_COLUMN_MISSING'
  | 'SLUICE_INGEST_COLUMN_AMBIGUOUS'
  | 'SLUICE_INGEST_COLUMN_TYPE_UNFIT';

/** A problem with a column of a file. {@link compileMapping} adds the name of the file. */
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
  const column = columnsNamed(columns, name);
  if (column !== undefined) return toFoundColumn(name, columnSql(column), column, column);
  // The longest column name first: `a.b.c` is the member c of a column `a.b`, if there is one.
  for (let dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1)) {
    const outer = columnsNamed(columns, name.slice(0, dot));
    const member = outer === undefined ? null : findMember(outer, name, dot + 1);
    if (member !== null) return member;
  }
  return null;
}

/** @param from Index in the name where the path of the member begins. */
function findMember(outer: FileColumn, name: string, from: number): FoundColumn | null {
  let column = outer;
  let sql = columnSql(outer);
  for (const part of name.slice(from).split('.')) {
    // A column without any value has no member either.
    if (column.empty) break;
    const member = columnsNamed(column.members, part);
    if (member === undefined) return null;
    column = member;
    sql = memberSql(sql, member.sqlName);
  }
  return toFoundColumn(name, sql, column, outer);
}

function toFoundColumn(name: string, sql: string, column: FileColumn, outer: FileColumn): FoundColumn {
  const { nanoseconds, untold, misread } = column;
  if (misread !== null) {
    throw new FieldProblem('SLUICE_INGEST_COLUMN_TYPE_UNFIT', name, misread.needs, misread.found);
  }
  const { type } = column;
  const kind = kindOf(column);
  return { name, sql, type, kind, refusals: refusalsOf(type), nanoseconds, untold, outer };
}

/** The kind of a column. A time without a zone may be an instant, as the file says. */
function kindOf({ type, utc, empty }: FileColumn): ColumnKind {
  const kind = columnKind(type);
  if (empty) return 'empty';
  return kind === 'local' && utc ? 'instant' : kind;
}

function columnsNamed(among: readonly FileColumn[], name: string): FileColumn | undefined {
  return (
    onlyOne(among.filter((column) => column.name === name)) ??
    onlyOne(among.filter((column) => column.name.toLowerCase() === name.toLowerCase()))
  );
}

function onlyOne(alike: readonly FileColumn[]): FileColumn | undefined {
  const [first] = alike;
  if (first === undefined || alike.length === 1) return first;
  throw new FieldProblem(
    'SLUICE_INGEST_COLUMN_AMBIGUOUS',
    first.name,
    'one of the name',
    alike.map(({ name, type }) => `${JSON.stringify(name)} ${type}`).join(' and '),
  );
}
