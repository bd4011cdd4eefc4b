import { quoteName, quoteText } from '../../base/sql.ts';
import type { FileColumn } from '../engine/Engine.ts';
import type { RowReason } from '../engine/FileError.ts';
import { listElement, mapParts, structMembers } from '../engine/readColumns.ts';
import { type ColumnKind, columnKind, fixed16TextSql, UUID_BYTES } from './valueSql.ts';

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
   * @param found The column's type; null if there is no such column.
   */
  constructor(code: FieldProblemCode, column: string, expected: string, found: string | null) {
    super(
      `column ${JSON.stringify(column)}: expected ${expected}, found ${found === null ? 'no such column' : found}`,
    );
    this.code = code;
  }
}

/** The SQL that reads a field from a row `src` of a file. */
export interface FieldSql {
  /** Its value; NULL if there is none, or if it can't be read. */
  readonly value: string;
  /** The column that it is read from; null for a constant. */
  readonly column: {
    readonly name: string;
    readonly sql: string;
    /** Conditions of the column for which a row is refused, whatever it is read as. */
    readonly refusals: readonly Refusal[];
  } | null;
  /** Conditions for which a row is refused. The first that holds counts. */
  readonly refusals: readonly Refusal[];
}

/** A reason why a row is refused, and its SQL condition. */
export interface Refusal {
  readonly reason: RowReason;
  /** The condition, given the SQL of the raw column and of the value. */
  readonly when: (raw: string, value: string) => string;
}

/** Refuses rows whose column is not NULL but has no readable value. */
export function unreadableRefusal(reason: RowReason): Refusal {
  return { reason, when: (raw, value) => `${raw} IS NOT NULL AND ${value} IS NULL` };
}

/** A field that is NULL in every row. */
export function nullField(type: string): FieldSql {
  return { value: `CAST(NULL AS ${type})`, column: null, refusals: [] };
}

/** A column of a file, or a member of a struct in it, that a mapping names. */
export interface FoundColumn {
  /** As the mapping names it. */
  readonly name: string;
  /** SQL that reads it from a row `src`. */
  readonly sql: string;
  readonly type: string;
  readonly kind: ColumnKind;
  /** Whether its times are nanoseconds in the file. */
  readonly nanoseconds: boolean;
  /** Conditions for which a row is refused, whatever it is read as. */
  readonly refusals: readonly Refusal[];
  /** The column itself, or the column that has the member. */
  readonly outer: FileColumn;
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
  if (column !== undefined) return toFoundColumn(name, `src.${quoteName(column.sqlName)}`, column, column);
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
  let sql = `src.${quoteName(outer.sqlName)}`;
  for (const part of name.slice(from).split('.')) {
    const member = columnsNamed(column.members, part);
    if (member === undefined) return null;
    column = member;
    sql = `struct_extract(${sql}, ${quoteText(member.sqlName)})`;
  }
  return toFoundColumn(name, sql, column, outer);
}

function toFoundColumn(
  name: string,
  sql: string,
  { type, declared, fixedBytes, utc, nanoseconds, misread }: FileColumn,
  outer: FileColumn,
): FoundColumn {
  if (misread !== null) {
    throw new FieldProblem('SLUICE_INGEST_COLUMN_TYPE_UNFIT', name, misread, declared);
  }
  if (fixedBytes === UUID_BYTES) {
    return {
      name,
      sql: fixed16TextSql(sql),
      type: 'VARCHAR',
      kind: 'text',
      nanoseconds,
      refusals: [],
      outer,
    };
  }
  const kind = columnKind(type);
  return {
    name,
    sql,
    type,
    kind: kind === 'local' && utc ? 'instant' : kind,
    nanoseconds,
    refusals: decimalRefusals(type, declared),
    outer,
  };
}

function columnsNamed(among: readonly FileColumn[], name: string): FileColumn | undefined {
  return (
    onlyOne(among.filter((one) => one.name === name)) ??
    onlyOne(among.filter((one) => one.name.toLowerCase() === name.toLowerCase()))
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

const DECIMAL = /^DECIMAL\((\d+),(\d+)\)$/;

/**
 * Refuses rows in which a decimal has more digits than the footer declares. DuckDB trusts the footer, and prints such
 * numbers with bytes that are not digits, which is not valid JSON.
 *
 * @param type As DuckDB reads it.
 * @param declared The type with the decimals that the footer declares.
 */
function decimalRefusals(type: string, declared: string): readonly Refusal[] {
  if (decimalFits('x', type, declared) === null) return [];
  return [
    { reason: 'SLUICE_INGEST_ROW_DECIMAL_INVALID', when: (raw) => `NOT ${decimalFits(raw, type, declared)}` },
  ];
}

/** SQL whether all decimals of a value have at most the declared digits, never NULL; null for a type without decimals. */
function decimalFits(sql: string, type: string, declared: string, depth = 0): string | null {
  const [, digits] = DECIMAL.exec(declared) ?? [];
  if (digits !== undefined) return digitsFit(sql, type, Number(digits));
  const item = `d${depth}`;
  const [element, declaredElement] = [listElement(type), listElement(declared)];
  if (element !== null && declaredElement !== null) {
    return allMembersFit(sql, item, decimalFits(item, element, declaredElement, depth + 1));
  }
  const [map, declaredMap] = [mapParts(type), mapParts(declared)];
  if (map !== null && declaredMap !== null) {
    return allMembersFit(
      `map_values(${sql})`,
      item,
      decimalFits(item, map.value, declaredMap.value, depth + 1),
    );
  }
  const declaredMembers = structMembers(declared);
  const each = structMembers(type).flatMap((member, i) => {
    const other = declaredMembers[i];
    const one =
      other === undefined
        ? null
        : decimalFits(`struct_extract_at(${sql}, ${i + 1})`, member.type, other.type, depth);
    return one === null ? [] : [one];
  });
  return each.length === 0 ? null : `(${each.join(' AND ')})`;
}

function digitsFit(sql: string, type: string, digits: number): string {
  const scale = Number(DECIMAL.exec(type)?.[2] ?? 0);
  const whole = '9'.repeat(digits - scale) || '0';
  const most = scale === 0 ? whole : `${whole}.${'9'.repeat(scale)}`;
  return `coalesce(${sql} BETWEEN CAST('-${most}' AS ${type}) AND CAST('${most}' AS ${type}), true)`;
}

function allMembersFit(list: string, item: string, one: string | null): string | null {
  return one === null ? null : `coalesce(len(list_filter(${list}, lambda ${item}: NOT ${one})) = 0, true)`;
}
