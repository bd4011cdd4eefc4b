import { quoteName, quoteText } from '../../../base/sql.ts';
import type { FileColumn } from '../../../parquet/FileSchema.ts';
import { listElement, mapParts, structMembers } from '../../../parquet/readColumns.ts';
import { finiteRowSql, hasNonFiniteSql, isJsonSql } from '../jsonText.ts';
import { rawReadySql, textSql } from '../valueSql.ts';
import type { Refusal } from './FoundColumn.ts';

/** A column of the row `src`. */
export function columnSql({ sqlName }: Pick<FileColumn, 'sqlName'>): string {
  return `src.${quoteName(sqlName)}`;
}

/** A member of a struct. @param member A name, not SQL. */
export function memberSql(struct: string, member: string): string {
  return `struct_extract(${struct}, ${quoteText(member)})`;
}

/**
 * The raw row as JSON, under the file's own names. Bytes are escaped as `\xFF`. In place of a value that DuckDB
 * misreads, or a member that is one, it says what the file has.
 */
export function rawRowSql(columns: readonly FileColumn[]): string {
  const types = columns.map(({ type }) => type).join(' ');
  return finiteRowSql(`CAST(${rawObjectSql(columns, columnSql)} AS VARCHAR)`, types);
}

/** Columns, or members of a struct, as a JSON object. @param sqlOf SQL that reads a column or member. */
function rawObjectSql(columns: readonly FileColumn[], sqlOf: (column: FileColumn) => string): string {
  const names = columns.map(({ name }) => name).sort();
  const twice = new Set(names.filter((name, i) => name === names[i - 1]));
  const members = columns.flatMap((column) => [
    quoteText(twice.has(column.name) ? column.sqlName : column.name),
    rawValueSql(sqlOf(column), column),
  ]);
  return `json_object(${members.join(', ')})`;
}

/** SQL of a column within the JSON of a whole row; a note in place of a value that DuckDB misreads. */
function rawValueSql(sql: string, { type, misread, members }: FileColumn): string {
  if (misread === null) return rawReadySql(sql, type);
  const note = quoteText(`not read: ${misread.found}`);
  // Reading a number that does not fit its decimal fails the file.
  if (/\bDECIMAL\b/.test(type)) return note;
  const value = members.length === 0 ? note : rawObjectSql(members, ({ sqlName }) => memberSql(sql, sqlName));
  return `CASE WHEN ${sql} IS NOT NULL THEN ${value} END`;
}

/** Conditions for which a row is refused, whatever a column of the type is read as. */
export function refusalsOf(type: string): readonly Refusal[] {
  return [...decimalRefusals(type), ...jsonRefusals(type)];
}

/** Refuses rows in which a JSON text, or one within a nested value, has numbers that are not finite. */
function jsonRefusals(type: string): readonly Refusal[] {
  if (!/\bJSON\b/.test(type)) return [];
  const when =
    type === 'JSON'
      ? (raw: string) => hasNonFiniteSql(textSql(raw, 'json', type))
      : (raw: string) => `${raw} IS NOT NULL AND NOT ${isJsonSql(textSql(raw, 'nested', type))}`;
  return [{ reason: 'SLUICE_INGEST_ROW_VALUE_INVALID', when }];
}

/** Matches DuckDB's type of decimals, with its digits and those after the point. */
const DECIMAL = /^DECIMAL\((\d+),(\d+)\)$/;

/**
 * Refuses rows in which a decimal has more digits than its type. DuckDB trusts the footer, and prints such numbers with
 * bytes that are not digits, which is not valid JSON.
 *
 * @param type As DuckDB reads it.
 */
function decimalRefusals(type: string): readonly Refusal[] {
  if (decimalFits('x', type) === null) return [];
  return [{ reason: 'SLUICE_INGEST_ROW_DECIMAL_INVALID', when: (raw) => `NOT ${decimalFits(raw, type)}` }];
}

/**
 * SQL whether all decimals of a value have at most the digits of their type, never NULL; null for a type without
 * decimals.
 */
function decimalFits(sql: string, type: string, depth = 0): string | null {
  const [, digits] = DECIMAL.exec(type) ?? [];
  if (digits !== undefined) return digitsFit(sql, type, Number(digits));
  const item = `d${depth}`;
  const element = listElement(type);
  const map = mapParts(type);
  if (element !== null) return allMembersFit(sql, item, decimalFits(item, element, depth + 1));
  if (map !== null) return allMembersFit(`map_values(${sql})`, item, decimalFits(item, map.value, depth + 1));
  const each = structMembers(type).flatMap(
    (member, i) => decimalFits(`struct_extract_at(${sql}, ${i + 1})`, member.type, depth) ?? [],
  );
  return each.length === 0 ? null : `(${each.join(' AND ')})`;
}

/** SQL condition that a decimal has no more digits than its type declares; true for null. */
function digitsFit(sql: string, type: string, digits: number): string {
  const scale = Number(DECIMAL.exec(type)?.[2] ?? 0);
  const whole = '9'.repeat(digits - scale) || '0';
  const most = scale === 0 ? whole : `${whole}.${'9'.repeat(scale)}`;
  return `coalesce(${sql} BETWEEN CAST('-${most}' AS ${type}) AND CAST('${most}' AS ${type}), true)`;
}

/** SQL condition that holds for all items of a list; null if every item fits. */
function allMembersFit(list: string, item: string, condition: string | null): string | null {
  return condition === null
    ? null
    : `coalesce(len(list_filter(${list}, lambda ${item}: NOT ${condition})) = 0, true)`;
}
