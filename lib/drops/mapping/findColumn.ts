import { quoteName } from '../../sql/quoteName.ts';
import { quoteText } from '../../sql/quoteText.ts';
import type { FileColumn } from '../engine/FileColumn.ts';
import { type ColumnKind, columnKind } from './columnKind.ts';
import { decimalRefusals } from './decimalFits.ts';
import { FieldProblem } from './FieldProblem.ts';
import type { Refusal } from './Reading.ts';
import { textOfSixteen, UUID_BYTES } from './textOf.ts';

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
  const column = namedAlike(columns, name);
  if (column !== undefined) return found(name, `src.${quoteName(column.sqlName)}`, column, column);
  // The longest name of a column first: `a.b.c` is the member c of a column `a.b`, if there is one.
  for (let dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1)) {
    const outer = namedAlike(columns, name.slice(0, dot));
    const member = outer === undefined ? null : memberOf(outer, name, dot + 1);
    if (member !== null) return member;
  }
  return null;
}

/** @param from Where in the name the path to the member begins. */
function memberOf(outer: FileColumn, name: string, from: number): FoundColumn | null {
  let column = outer;
  let sql = `src.${quoteName(outer.sqlName)}`;
  for (const part of name.slice(from).split('.')) {
    const member = namedAlike(column.members, part);
    if (member === undefined) return null;
    column = member;
    sql = `struct_extract(${sql}, ${quoteText(member.sqlName)})`;
  }
  return found(name, sql, column, outer);
}

function found(
  name: string,
  sql: string,
  { type, declared, fixedBytes, utc, nanoseconds, misread }: FileColumn,
  outer: FileColumn,
): FoundColumn {
  if (misread !== null) {
    throw new FieldProblem('SLUICE_INGEST_COLUMN_TYPE_UNFIT', name, misread, declared);
  }
  if (fixedBytes === UUID_BYTES) {
    return { name, sql: textOfSixteen(sql), type: 'VARCHAR', kind: 'text', nanoseconds, refusals: [], outer };
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

function namedAlike(among: readonly FileColumn[], name: string): FileColumn | undefined {
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
