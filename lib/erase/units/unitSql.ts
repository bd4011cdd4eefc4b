import { quoteName, quoteText } from '../../base/sql.ts';
import { plainTextSql, SPELLED } from './plainText.ts';
import type { BodyFound, UnitMatcher } from './UnitMatcher.ts';

/** A column of a Parquet file, as DuckDB reads it. */
export interface ParquetColumn {
  /** The name of the column in the file. */
  readonly name: string;
  /** DuckDB's type of it, e.g. `VARCHAR`. */
  readonly type: string;
}

/** The function of the session that asks a {@link UnitMatcher} about IDs. It answers a text or null. */
export const IDS_FUNCTION = 'sluice_erase_ids';
/** The function that asks about the bodies of refused requests. */
export const RAW_FUNCTION = 'sluice_erase_raw';

/** In place of an encoding of {@link RAW_FUNCTION}: the text is a message that may quote data. */
export const DETAIL = 'detail';

/** All ways in which a body belongs to a unit. */
const ALL_FOUND = ['unit', 'elsewhere', 'unreadable'] as const;

/** JSON columns with IDs by type. */
const ID_COLUMNS: ReadonlySet<string> = new Set(['custom_ids', 'unit_ids']);
/** Columns with the type of `unit_id`. */
const TYPE_COLUMNS: ReadonlySet<string> = new Set(['id_type', 'unit_type']);

/**
 * A condition in DuckDB's dialect for the rows of a file that are a unit's, by the columns that the file has: those of
 * units, JSON objects of IDs, `unit_id` with its type, and what quarantine keeps. Never null.
 *
 * @param which For rows of quarantine: how they must have been found.
 */
export function rowCondition(
  columns: readonly ParquetColumn[],
  matcher: UnitMatcher,
  which: readonly Exclude<BodyFound, null>[] = ALL_FOUND,
): string {
  const named = new Map(columns.map((column) => [column.name.toLowerCase(), column]));
  const conditions = columns.flatMap((column) => {
    const values = matcher.valuesOfColumn(column.name);
    return values.length === 0 ? [] : [isOneOf(column, values)];
  });
  for (const [name, column] of named)
    if (ID_COLUMNS.has(name)) conditions.push(`${IDS_FUNCTION}(${jsonOf(column)}, '') IS NOT NULL`);
  const id = named.get('unit_id');
  const type = columns.find(({ name }) => TYPE_COLUMNS.has(name.toLowerCase()));
  // Files of customers name a type as its column, `user_id`, or as SDKs do, `userID`. The keys of `custom_ids` are those
  // of the SDKs.
  if (id !== undefined && type !== undefined)
    for (const [unitType, values] of matcher.valuesByType)
      conditions.push(
        `(${isOneOf(id, [...values])} AND replace(lower(${readable(type)}), '_', '') = ${quoteText(unitType.replaceAll('_', ''))})`,
      );
  conditions.push(...quarantineConditions(named, matcher, which));
  // A null column makes its condition null: that must not make the whole condition null.
  return conditions.length === 0
    ? 'false'
    : conditions.map((condition) => `COALESCE(${condition}, false)`).join(' OR ');
}

/** The conditions on rows of quarantine; none for a file without such rows. */
function quarantineConditions(
  named: ReadonlyMap<string, ParquetColumn>,
  matcher: UnitMatcher,
  which: readonly string[],
): string[] {
  const raw = named.get('raw');
  const encoding = named.get('raw_encoding');
  if (raw === undefined || encoding === undefined) return [];
  const location = named.get('raw_location');
  const detail = named.get('detail');
  const has = (found: string) => `${found} IN (${list(which)})`;
  return [
    has(`${RAW_FUNCTION}(${readable(raw)}, COALESCE(${readable(encoding)}, 'text'))`),
    ...(location === undefined || matcher.locations.length === 0
      ? []
      : [`${readable(location)} IN (${list(matcher.locations)})`]),
    ...(detail === undefined ? [] : [has(`${RAW_FUNCTION}(${readable(detail)}, '${DETAIL}')`)]),
  ];
}

/** All columns of a row as one text, whatever they mean: also numbers, JSON and nested columns. */
export function rowText(columns: readonly ParquetColumn[]): string {
  return `concat_ws(chr(10), ${columns.map(readable).join(', ')})`;
}

/** A condition for rows whose text has one of the values as a word. @param text A column with {@link rowText}. */
export function mentionCondition(text: string, matcher: UnitMatcher): string {
  return wordCondition(plainTextSql(text), matcher);
}

/**
 * A condition for rows in whose text something may be spelled in other characters.
 *
 * @param text A column with {@link rowText}.
 */
export function spelledCondition(text: string): string {
  return `regexp_matches(${text}, ${quoteText(SPELLED)})`;
}

/**
 * A condition for texts with one of the values as a word. RE2 runs in linear time, but refuses a pattern that is too
 * long.
 */
function wordCondition(text: string, { plainValues }: UnitMatcher): string {
  const patterns: string[] = [];
  let words: string[] = [];
  let length = 0;
  for (const value of plainValues) {
    if (length + value.length > MOST_PATTERN) {
      patterns.push(words.join('|'));
      words = [];
      length = 0;
    }
    words.push(value.replaceAll(/[\\^$.*+?()[\]{}|\-/]/g, String.raw`\$&`));
    length += value.length;
  }
  patterns.push(words.join('|'));
  const matches = patterns.map((alternatives) => {
    const pattern = String.raw`(^|[^\pL\pN_\-])(${alternatives})([^\pL\pN_\-]|$)`;
    return `regexp_matches(${text}, ${quoteText(pattern)})`;
  });
  return `(${matches.join(' OR ')})`;
}

/** Characters of all values in one pattern, at most. */
const MOST_PATTERN = 10_000;

/** A column as a text; null if the row has no value, or one that is no text. */
function readable({ name, type }: ParquetColumn): string {
  // A cast writes bytes of another encoding as `\xFF`, where `decode` fails.
  if (type === 'BLOB')
    return `COALESCE(TRY(decode(${quoteName(name)})), TRY_CAST(${quoteName(name)} AS VARCHAR))`;
  return `TRY_CAST(${quoteName(name)} AS VARCHAR)`;
}

/** A column of IDs by type as JSON: a text, or a nested column. */
function jsonOf(column: ParquetColumn): string {
  const isNested = /^(STRUCT|MAP)\(/.test(column.type);
  return isNested ? `CAST(to_json(${quoteName(column.name)}) AS VARCHAR)` : readable(column);
}

/**
 * A condition for the rows in which a column has one of some values: as text, or as a value of its type. It is null
 * where the column is.
 */
function isOneOf(column: ParquetColumn, values: readonly string[]): string {
  const { name, type } = column;
  // Hive writes texts as BLOB, without an annotation. A text such as `\xFF` is not the byte that a cast writes so.
  if (type === 'BLOB') return `TRY(decode(${quoteName(name)})) IN (${list(values)})`;
  const text = `${readable(column)} IN (${list(values)})`;
  const typed = values.filter((value) => isExact(type, value)).map(quoteText);
  if (typed.length === 0) return text;
  // The same number or ID can be written in several ways: 7 and 7.0, or a UUID in upper case.
  const to = type === 'FLOAT' ? 'DOUBLE' : type;
  const converted = typed.map((value) => `TRY_CAST(${value} AS ${to})`).join(', ');
  return `(${text} OR COALESCE(CAST(${quoteName(name)} AS ${to}) IN (${converted}), false))`;
}

/**
 * Whether a value is one of a type that writes it in several ways, without being rounded: DuckDB converts 47.555 to the
 * decimal 47.56, and 1e3 to 1000. An integer is written in one way.
 */
function isExact(type: string, value: string): boolean {
  if (type === 'UUID') return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value);
  const decimals = /^-?(?:0|[1-9]\d*)(?:\.(\d+))?$/.exec(value);
  if (decimals === null) return false;
  const [, fraction = ''] = decimals;
  if (/^(FLOAT|DOUBLE)$/.test(type)) return Math.abs(Number(value)) <= Number.MAX_SAFE_INTEGER;
  // NaN of any other type.
  const scale = Number(/^DECIMAL\(\d+,(\d+)\)$/.exec(type)?.[1]);
  return fraction.length <= scale;
}

/** Texts as a list of literals in SQL. */
function list(values: readonly string[]): string {
  return values.map(quoteText).join(', ');
}
