import type { FileColumn } from '../../engine/FileColumn.ts';
import { quoteName } from '../../sql/quoteName.ts';
import { quoteText } from '../../sql/quoteText.ts';
import { type ColumnKind, columnKind } from './columnKind.ts';
import { structMembers } from './structMembers.ts';

/** A column of a file, or a member of a struct in it, that a mapping names. */
export interface FoundColumn {
  /** As the mapping names it. */
  readonly name: string;
  /** What reads it of a row `src`. */
  readonly sql: string;
  readonly type: string;
  readonly kind: ColumnKind;
}

/**
 * Finds what a mapping names: a column of exactly that name, else one that differs in case alone, which is the same to
 * SQL, else the member of a struct, `a.b`.
 *
 * @returns null when there is none.
 */
export function findColumn(columns: readonly FileColumn[], name: string): FoundColumn | null {
  const column = namedAlike(columns, name);
  if (column !== undefined) {
    const kind = columnKind(column.type);
    return {
      name,
      sql: `src.${quoteName(column.name)}`,
      type: column.type,
      kind: kind === 'local' && column.utc ? 'instant' : kind,
    };
  }
  // The longest name of a column first: `a.b.c` is the member c of a column `a.b`, if there is one.
  for (let dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1)) {
    const outer = namedAlike(columns, name.slice(0, dot));
    const member = outer === undefined ? null : memberOf(outer, name.slice(dot + 1));
    if (member !== null) return { ...member, name };
  }
  return null;
}

function memberOf(outer: FileColumn, path: string): Omit<FoundColumn, 'name'> | null {
  let { type } = outer;
  let sql = `src.${quoteName(outer.name)}`;
  for (const part of path.split('.')) {
    const member = namedAlike(structMembers(type), part);
    if (member === undefined) return null;
    type = member.type;
    sql = `struct_extract(${sql}, ${quoteText(member.name)})`;
  }
  return { sql, type, kind: columnKind(type) };
}

function namedAlike<Named extends { readonly name: string }>(
  among: readonly Named[],
  name: string,
): Named | undefined {
  return (
    among.find((one) => one.name === name) ??
    among.find((one) => one.name.toLowerCase() === name.toLowerCase())
  );
}
