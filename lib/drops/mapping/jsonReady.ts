import { quoteName } from '../../sql/quoteName.ts';
import { listElement, mapParts, structMembers } from '../engine/structMembers.ts';
import { printable } from './printable.ts';

/** Times and numbers of a type that has values which are none: infinity, NaN, what DuckDB can't print. */
const MAY_BE_NONE = /\b(DOUBLE|FLOAT|DATE|TIMESTAMP)/;

/** A float or a time that is a number or a time: null where it is NaN or infinite. @param kind Any but these is as it is. */
export function finite(sql: string, kind: string): string {
  return ['float', 'date', 'local', 'instant'].includes(kind)
    ? `CASE WHEN isfinite(${sql}) THEN ${sql} END`
    : sql;
}

/**
 * A nested value of which DuckDB makes JSON that everyone reads. JSON has no NaN, no infinity and no times: NaN and what
 * is infinite become null, each by itself, and times become texts.
 *
 * @param type In DuckDB's words.
 * @param depth How many lists and maps it is inside of.
 */
export function jsonReady(sql: string, type: string, depth = 0): string {
  if (!MAY_BE_NONE.test(type)) return printable(sql, type);
  const item = `e${depth}`;
  const element = listElement(type);
  if (element !== null)
    return `list_transform(${sql}, lambda ${item}: ${jsonReady(item, element, depth + 1)})`;
  const map = mapParts(type);
  if (map !== null) {
    const entry = `{'key': ${printable(`${item}.key`, map.key)}, 'value': ${jsonReady(`${item}.value`, map.value, depth + 1)}}`;
    return `map_from_entries(list_transform(map_entries(${sql}), lambda ${item}: ${entry}))`;
  }
  const members = structMembers(type);
  if (members.length > 0) {
    const parts = members.map(
      (member, i) =>
        `${quoteName(member.name)} := ${jsonReady(`struct_extract_at(${sql}, ${i + 1})`, member.type, depth)}`,
    );
    return `CASE WHEN ${sql} IS NOT NULL THEN struct_pack(${parts.join(', ')}) END`;
  }
  if (/^(DOUBLE|FLOAT)$/.test(type)) return finite(sql, 'float');
  return type === 'DATE' || type.startsWith('TIMESTAMP')
    ? `CASE WHEN isfinite(${sql}) THEN TRY(CAST(${sql} AS VARCHAR)) END`
    : printable(sql, type);
}
