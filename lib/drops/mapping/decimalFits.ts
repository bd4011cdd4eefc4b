import { listElement, mapParts, structMembers } from '../engine/structMembers.ts';
import type { Refusal } from './Reading.ts';

const DECIMAL = /^DECIMAL\((\d+),(\d+)\)$/;

/**
 * Refuses rows in which a decimal has more digits than the footer says. DuckDB believes the footer: it writes such
 * numbers with bytes that are no digits, which no JSON has.
 *
 * @param type As DuckDB reads it.
 * @param declared The same with the decimals that the footer has.
 */
export function decimalRefusals(type: string, declared: string): readonly Refusal[] {
  if (fits('x', type, declared) === null) return [];
  return [{ reason: 'SLUICE_INGEST_ROW_DECIMAL_INVALID', when: (raw) => `NOT ${fits(raw, type, declared)}` }];
}

/** Whether all decimals of a value are as long as the footer says: true or false, never null; null when it has none. */
function fits(sql: string, type: string, declared: string, depth = 0): string | null {
  const [, digits] = DECIMAL.exec(declared) ?? [];
  if (digits !== undefined) return sizeFits(sql, type, Number(digits));
  const item = `d${depth}`;
  const [element, declaredElement] = [listElement(type), listElement(declared)];
  if (element !== null && declaredElement !== null) {
    return allFit(sql, item, fits(item, element, declaredElement, depth + 1));
  }
  const [map, declaredMap] = [mapParts(type), mapParts(declared)];
  if (map !== null && declaredMap !== null) {
    return allFit(`map_values(${sql})`, item, fits(item, map.value, declaredMap.value, depth + 1));
  }
  const declaredMembers = structMembers(declared);
  const each = structMembers(type).flatMap((member, i) => {
    const other = declaredMembers[i];
    const one =
      other === undefined
        ? null
        : fits(`struct_extract_at(${sql}, ${i + 1})`, member.type, other.type, depth);
    return one === null ? [] : [one];
  });
  return each.length === 0 ? null : `(${each.join(' AND ')})`;
}

function sizeFits(sql: string, type: string, digits: number): string {
  const scale = Number(DECIMAL.exec(type)?.[2] ?? 0);
  const whole = '9'.repeat(digits - scale) || '0';
  const most = scale === 0 ? whole : `${whole}.${'9'.repeat(scale)}`;
  return `coalesce(${sql} BETWEEN CAST('-${most}' AS ${type}) AND CAST('${most}' AS ${type}), true)`;
}

function allFit(list: string, item: string, one: string | null): string | null {
  return one === null ? null : `coalesce(len(list_filter(${list}, lambda ${item}: NOT ${one})) = 0, true)`;
}
