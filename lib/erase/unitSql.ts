import { quoteName, quoteText } from '../base/sql.ts';
import type { UnitMatcher } from './UnitMatcher.ts';

/** A column of a Parquet file, as DuckDB reads it. */
export interface ParquetColumn {
  readonly name: string;
  readonly type: string;
}

/** Functions of the session that ask a {@link UnitMatcher}. Each answers a text or null. */
export const IDS_FUNCTION = 'sluice_erase_ids';
export const RAW_FUNCTION = 'sluice_erase_raw';

/** Beside the encodings of {@link RAW_FUNCTION}: a message that may quote. */
export const DETAIL = 'detail';

/** JSON columns with IDs by type. */
const ID_COLUMNS: ReadonlySet<string> = new Set(['custom_ids', 'unit_ids']);
/** Columns with the type of `unit_id`. */
const TYPE_COLUMNS: ReadonlySet<string> = new Set(['id_type', 'unit_type']);

/**
 * A condition in DuckDB's dialect for the rows of a file that are a unit's, by the columns that the file has: those of units,
 * JSON objects of IDs, `unit_id` with its type, and what quarantine keeps. Never null.
 */
export function rowCondition(columns: readonly ParquetColumn[], matcher: UnitMatcher): string {
  const named = new Map(columns.map((column) => [column.name.toLowerCase(), column]));
  const conditions = columns.flatMap((column) => {
    const values = matcher.valuesOfColumn(column.name);
    return values.length === 0 ? [] : [`${textOf(column)} IN (${list(values)})`];
  });
  for (const [name, column] of named)
    if (ID_COLUMNS.has(name) && column.type === 'VARCHAR')
      conditions.push(`${IDS_FUNCTION}(${quoteName(column.name)}, '') IS NOT NULL`);
  const id = named.get('unit_id');
  const type = columns.find(({ name }) => TYPE_COLUMNS.has(name.toLowerCase()));
  if (id !== undefined && type !== undefined)
    for (const [of, values] of matcher.types)
      conditions.push(
        `(${textOf(id)} IN (${list([...values])}) AND replace(lower(${textOf(type)}), '_', '') = ${quoteText(of.replaceAll('_', ''))})`,
      );
  conditions.push(...quarantineConditions(named, matcher));
  // A column that is null makes its condition null, not the row a unit's.
  return conditions.length === 0 ? 'false' : conditions.map((one) => `COALESCE(${one}, false)`).join(' OR ');
}

function quarantineConditions(named: ReadonlyMap<string, ParquetColumn>, matcher: UnitMatcher): string[] {
  const [raw, encoding] = [named.get('raw'), named.get('raw_encoding')];
  if (raw === undefined || encoding === undefined) return [];
  const [location, detail] = [named.get('raw_location'), named.get('detail')];
  return [
    `${RAW_FUNCTION}(${quoteName(raw.name)}, COALESCE(${quoteName(encoding.name)}, 'text')) IS NOT NULL`,
    ...(location === undefined || matcher.locations.length === 0
      ? []
      : [`${quoteName(location.name)} IN (${list(matcher.locations)})`]),
    ...(detail === undefined ? [] : [`${RAW_FUNCTION}(${quoteName(detail.name)}, '${DETAIL}') IS NOT NULL`]),
  ];
}

/** A condition for rows that have one of the values as a word in any text column, whatever the column means. Never null. */
export function mentionCondition(columns: readonly ParquetColumn[], matcher: UnitMatcher): string {
  const texts = columns.filter(({ type }) => type === 'VARCHAR').map(({ name }) => quoteName(name));
  if (texts.length === 0) return 'false';
  return `COALESCE(${mentionOf(`concat_ws(chr(10), ${texts.join(', ')})`, matcher)}, false)`;
}

/** RE2 runs in linear time, however many values there are. */
function mentionOf(sql: string, { values }: UnitMatcher): string {
  const words = values.map((value) => value.replaceAll(/[\\^$.*+?()[\]{}|\-/]/g, String.raw`\$&`));
  const pattern = String.raw`(^|[^\pL\pN_\-])(${words.join('|')})([^\pL\pN_\-]|$)`;
  return `regexp_matches(${sql}, ${quoteText(pattern)})`;
}

function textOf({ name, type }: ParquetColumn): string {
  if (type === 'VARCHAR') return quoteName(name);
  return type === 'BLOB' ? `decode(${quoteName(name)})` : `CAST(${quoteName(name)} AS VARCHAR)`;
}

function list(values: readonly string[]): string {
  return values.map(quoteText).join(', ');
}
