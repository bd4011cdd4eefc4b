import { quoteName, quoteText } from '../../base/sql.ts';
import type { FileColumn } from '../engine/Engine.ts';
import type { RowReason } from '../engine/FileError.ts';
import { listElement, mapParts, structMembers } from '../engine/readColumns.ts';
import { type ColumnKind, columnKind, fixed16TextSql, UUID_BYTES } from './valueSql.ts';

/** What a column may be. */
type FieldProblemCode =
  | 'SLUICE_INGEST_COLUMN_MISSING'
  | 'SLUICE_INGEST_COLUMN_AMBIGUOUS'
  | 'SLUICE_INGEST_COLUMN_TYPE_UNFIT';

/** What is wrong with a column of a file, before it is known which file: {@link compileMapping} says that. */
export class FieldProblem extends Error {
  readonly code: FieldProblemCode;

  /**
   * @param expected Types that the field can be read from, in words.
   * @param found The column's type; null when there is no such column.
   */
  constructor(code: FieldProblemCode, column: string, expected: string, found: string | null) {
    super(
      `column ${JSON.stringify(column)}: expected ${expected}, found ${found === null ? 'no such column' : found}`,
    );
    this.code = code;
  }
}

/** How a field is read of a row `src` of a file. */
export interface FieldSql {
  /** Its value; null where there is none, or where it can't be read. */
  readonly value: string;
  /** The column it comes from; null for a constant. */
  readonly column: {
    readonly name: string;
    readonly sql: string;
    /** When a row is refused for the column, whatever it is read as. */
    readonly refusals: readonly Refusal[];
  } | null;
  /** When a row is refused for it; the first that holds counts. */
  readonly refusals: readonly Refusal[];
}

/** One reason why a row is refused, and the SQL condition on which it is. */
export interface Refusal {
  readonly reason: RowReason;
  /** The condition, with the column as it is in the file and the value that was read. */
  readonly when: (raw: string, value: string) => string;
}

/** When a column has something that is no value. */
export function unreadableRefusal(reason: RowReason): Refusal {
  return { reason, when: (raw, value) => `${raw} IS NOT NULL AND ${value} IS NULL` };
}

/** A field that no row has. */
export function nullField(type: string): FieldSql {
  return { value: `CAST(NULL AS ${type})`, column: null, refusals: [] };
}

/** A column of a file, or a member of a struct in it, that a mapping names. */
export interface FoundColumn {
  /** As the mapping names it. */
  readonly name: string;
  /** What reads it of a row `src`. */
  readonly sql: string;
  readonly type: string;
  readonly kind: ColumnKind;
  /** Its times are nanoseconds in the file. */
  readonly nanoseconds: boolean;
  /** When a row is refused for it, whatever it is read as. */
  readonly refusals: readonly Refusal[];
  /** The column itself, or that which has the member. */
  readonly outer: FileColumn;
}

/**
 * Finds what a mapping names: a column of exactly that name, else one that differs in case alone, which is the same to
 * SQL, else the member of a struct, `a.b`.
 *
 * @returns null when there is none.
 * @throws FieldProblem when there are several, or DuckDB misreads it.
 */
export function findColumn(columns: readonly FileColumn[], name: string): FoundColumn | null {
  const column = columnsNamed(columns, name);
  if (column !== undefined) return toFoundColumn(name, `src.${quoteName(column.sqlName)}`, column, column);
  // The longest name of a column first: `a.b.c` is the member c of a column `a.b`, if there is one.
  for (let dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1)) {
    const outer = columnsNamed(columns, name.slice(0, dot));
    const member = outer === undefined ? null : findMember(outer, name, dot + 1);
    if (member !== null) return member;
  }
  return null;
}

/** @param from Where in the name the path to the member begins. */
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
 * Refuses rows in which a decimal has more digits than the footer says. DuckDB believes the footer: it writes such
 * numbers with bytes that are no digits, which no JSON has.
 *
 * @param type As DuckDB reads it.
 * @param declared The same with the decimals that the footer has.
 */
function decimalRefusals(type: string, declared: string): readonly Refusal[] {
  if (decimalFits('x', type, declared) === null) return [];
  return [
    { reason: 'SLUICE_INGEST_ROW_DECIMAL_INVALID', when: (raw) => `NOT ${decimalFits(raw, type, declared)}` },
  ];
}

/** Whether all decimals of a value are as long as the footer says: true or false, never null; null when it has none. */
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
