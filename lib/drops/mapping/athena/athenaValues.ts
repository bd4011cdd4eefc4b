import { quoteName, quoteText } from '../../../base/sql.ts';
import { listElement, mapParts, structMembers } from '../../../parquet/readColumns.ts';
import { type JsonSql, wholePairs } from '../jsonText.ts';
import type { ColumnKind } from '../valueSql.ts';

/** How Athena writes values as text and JSON: the same texts as DuckDB's (valueSql.ts). */

/**
 * Evaluates an expensive expression once, as the variable of a lambda over a list. Athena analyses a lambda several times, and
 * each time those within it: few may be within others.
 *
 * @param name Of the variable.
 */
export function bound(expression: string, name: string, body: (variable: string) => string): string {
  return `element_at(transform(ARRAY[${expression}], ${name} -> ${body(name)}), 1)`;
}

/** The same, unless the expression is a column. */
export function once(expression: string, name: string, body: (variable: string) => string): string {
  return /^(?:\w+|src\."[^"]*"|nullif\(\w+, ''\))$/.test(expression)
    ? body(expression)
    : bound(expression, name, body);
}

/** Athena's SQL of JSON texts. */
export const athenaJson: JsonSql = {
  once: bound,
  matches: (text, pattern) => `regexp_like(${text}, ${quoteText(pattern)})`,
  marked: (text, pattern, mark) => `regexp_replace(${text}, ${quoteText(pattern)}, '${mark}$1')`,
  isJson: (text) => `(TRY(json_parse(${text})) IS NOT NULL)`,
};

/** Larger floats are not exact whole numbers. */
const MAX_EXACT = '9007199254740992E0';

/** How numbers beyond usual sizes are written. The point's place is the exponent of 0.1234 × 10ⁿ. */
interface NumberStyle {
  /** Numbers whose point is between these places are written without an exponent. */
  readonly least: number;
  readonly most: number;
  /** @param exponent SQL. */
  readonly exponent: (exponent: string) => string;
}

/** As DuckDB casts doubles to texts: `1e+16`, `1e-05`. */
const TEXT_STYLE: NumberStyle = {
  least: -3,
  most: 16,
  exponent: (exponent) =>
    `CASE WHEN ${exponent} < 0 THEN 'e-' ELSE 'e+' END || CASE WHEN abs(${exponent}) < 10 THEN '0' ELSE '' END || CAST(abs(${exponent}) AS VARCHAR)`,
};
/** As DuckDB writes doubles in JSON: `1e21`, `1e-7`. */
const JSON_STYLE: NumberStyle = {
  least: -5,
  most: 21,
  exponent: (exponent) => `'e' || CAST(${exponent} AS VARCHAR)`,
};

/** As many as are ever between digits and point. */
const ZEROS = '0'.repeat(21);

/** A finite double as text. Athena writes `1.5E0` or `1.5`, by its version. */
const castDouble = (number: string) => `CAST(${number} AS VARCHAR)`;
/** A finite FLOAT with all of its digits, of which a cast to text keeps seven: `RealOperators` in https://github.com/trinodb/trino */
const floatJson = (number: string) => `json_format(CAST(${number} AS JSON))`;

/** The text of a finite number that is not negative. */
function numberText(number: string, style: NumberStyle, textOf = castDouble): string {
  return bound(textOf(number), 't', (t) => {
    const digits = `regexp_replace(replace(regexp_replace(${t}, '[eE].*$', ''), '.', ''), '^0+|0+$', '')`;
    const whole = `length(regexp_replace(${t}, '^0?[.].*$|[.eE].*$', ''))`;
    const zeros = `length(coalesce(regexp_extract(${t}, '^0[.](0*)', 1), ''))`;
    const exponent = `CAST(coalesce(regexp_extract(${t}, '[eE][+]?(.*)$', 1), '0') AS BIGINT)`;
    const place = `${whole} - ${zeros} + ${exponent}`;
    return bound(`ARRAY[${digits}, CAST(${place} AS VARCHAR)]`, 'g', (g) =>
      placedDigits(`element_at(${g}, 1)`, `CAST(element_at(${g}, 2) AS BIGINT)`, style),
    );
  });
}

/** @param place Of the point, from the first digit. */
function placedDigits(digits: string, place: string, { least, most, exponent }: NumberStyle): string {
  return `CASE WHEN ${digits} = '' THEN '0.0'
    WHEN ${place} < ${least} OR ${place} > ${most} THEN regexp_replace(${digits}, '^(.)(.+)$', '$1.$2') || ${exponent(`(${place} - 1)`)}
    WHEN ${place} <= 0 THEN '0.' || substr('${ZEROS}', 1, -${place}) || ${digits}
    WHEN ${place} >= length(${digits}) THEN ${digits} || substr('${ZEROS}', 1, ${place} - length(${digits})) || '.0'
    ELSE substr(${digits}, 1, ${place}) || '.' || substr(${digits}, ${place} + 1) END`;
}

function exactText(sql: string, type: string): string {
  const textOf = type === 'FLOAT' ? floatJson : castDouble;
  const text = `CASE WHEN ${sql} < 0 THEN '-' ELSE '' END || ${numberText(`abs(${sql})`, TEXT_STYLE, textOf)}`;
  return `CASE WHEN abs(${sql}) < ${MAX_EXACT} AND ${sql} = truncate(${sql}) THEN CAST(CAST(${sql} AS BIGINT) AS VARCHAR) WHEN is_finite(${sql}) THEN ${text} END`;
}

/** A finite double as DuckDB writes it in JSON. */
export function doubleJson(number: string): string {
  return once(
    number,
    'd',
    (d) => `CASE WHEN ${d} < 0 THEN '-' ELSE '' END || ${numberText(`abs(${d})`, JSON_STYLE)}`,
  );
}

/** Before the last microsecond of 64 bits. */
const LAST_YEAR = 290_000;

/** After the smallest number of nanoseconds, which writers use for a missing time: Athena reads it as 43.145. */
const FIRST_OF_NANOSECONDS = "TIMESTAMP '1677-09-21 00:12:43.146'";

/** Columns of times hold numbers beyond any calendar where writers without nulls had no time: DuckDB takes them for infinite. */
export function calendarTime(sql: string, hasNanoseconds = false): string {
  if (hasNanoseconds) return `CASE WHEN ${sql} >= ${FIRST_OF_NANOSECONDS} THEN ${sql} END`;
  return `CASE WHEN abs(year(${sql})) <= ${LAST_YEAR} THEN ${sql} END`;
}

/** A time without the zeros at the end of its fraction. */
function timeText(sql: string, type: string): string {
  const text = `regexp_replace(CAST(${calendarTime(sql, type === 'TIMESTAMP_NS')} AS VARCHAR), '(\\.\\d*[1-9])0+$|\\.0+$', '$1')`;
  return type === 'TIMESTAMP WITH TIME ZONE' ? `${text} || '+00'` : text;
}

/** See `text` of the dialect. */
export function athenaText(sql: string, kind: ColumnKind, type: string): string {
  switch (kind) {
    case 'text':
      return sql;
    case 'json':
      return wholePairs(sql, athenaJson);
    case 'bytes':
      return `CASE WHEN to_utf8(from_utf8(${sql})) = ${sql} THEN from_utf8(${sql}) END`;
    case 'float':
      return once(sql, 'd', (d) => exactText(d, type));
    case 'local':
    case 'instant':
      return timeText(sql, type);
    case 'date':
      return `CAST(${calendarTime(sql)} AS VARCHAR)`;
    case 'nested':
      return once(`json_format(CAST(${jsonReady(sql, type)} AS JSON))`, 'j', (json) =>
        canonicalText(json, IS_DECIMAL),
      );
    default:
      return `CAST(${sql} AS VARCHAR)`;
  }
}

/** More digits than a double has are a decimal's. */
const IS_DECIMAL = `length(regexp_replace(n, '^-?[0.]*|[.]|[eE].*$', '')) > 17`;

/** Types that are not kept as they are. */
const CHANGED = /\bMAP\(|\bTIMESTAMP/;

/**
 * A nested value whose maps have each key once, with its last value, and whose times are the texts that they are outside of it.
 *
 * @param type DuckDB's name of the type.
 * @param depth Number of lists and maps around it.
 */
function jsonReady(sql: string, type: string, depth = 0): string {
  if (!CHANGED.test(type)) return sql;
  const element = listElement(type);
  if (element !== null)
    return `transform(${sql}, l${depth} -> ${jsonReady(`l${depth}`, element, depth + 1)})`;
  const map = mapParts(type);
  if (map !== null) {
    const [keys, key] = [`array_distinct(map_keys(${sql}))`, `k${depth}`];
    const places = `filter(sequence(1, cardinality(${sql})), p${depth} -> element_at(map_keys(${sql}), p${depth}) = ${key})`;
    const last = `element_at(map_values(${sql}), element_at(${places}, -1))`;
    const rebuilt = `map(${keys}, transform(${keys}, ${key} -> ${jsonReady(last, map.value, depth + 1)}))`;
    return CHANGED.test(map.value)
      ? rebuilt
      : `CASE WHEN cardinality(${keys}) = cardinality(${sql}) THEN ${sql} ELSE ${rebuilt} END`;
  }
  const members = structMembers(type);
  if (members.length === 0) return timeText(sql, type);
  const parts = members.map(({ name, type: of }) => jsonReady(`${sql}.${quoteName(name)}`, of, depth));
  return `CASE WHEN ${sql} IS NOT NULL THEN CAST(ROW(${parts.join(', ')}) AS ${sqlType(type)}) END`;
}

const SQL_TYPES: Readonly<Record<string, string>> = { FLOAT: 'REAL', JSON: 'VARCHAR' };

/** Athena's type in SQL of what {@link jsonReady} makes of one. @param type DuckDB's name of one that it reads. */
function sqlType(type: string): string {
  const [element, map, members] = [listElement(type), mapParts(type), structMembers(type)];
  if (element !== null) return `ARRAY(${sqlType(element)})`;
  if (map !== null) return `MAP(${sqlType(map.key)}, ${sqlType(map.value)})`;
  if (members.length > 0)
    return `ROW(${members.map((one) => `${quoteName(one.name)} ${sqlType(one.type)}`).join(', ')})`;
  return type.startsWith('TIMESTAMP') ? 'VARCHAR' : (SQL_TYPES[type] ?? type);
}

/** Control characters without an escape of their own that is common. */
const RARE = String.raw`[\x00-\x08\x0B\x0C\x0E-\x1F]`;

/** A text as a JSON string. */
export function quotedText(text: string): string {
  return once(text, 'q', quoted);
}

/** Not by `json_format`, which writes characters beyond 16 bits as two escapes: `UTF8JsonGenerator` in https://github.com/FasterXML/jackson-core */
function quoted(text: string): string {
  const escapes = [
    [`'\\'`, '\\\\'],
    [`'"'`, '\\"'],
    ['chr(10)', '\\n'],
    ['chr(13)', '\\r'],
    ['chr(9)', '\\t'],
  ];
  const escaped = escapes.reduce((all, [plain, written]) => `replace(${all}, ${plain}, '${written}')`, text);
  return `CASE WHEN regexp_like(${text}, '${RARE}') THEN json_format(CAST(${text} AS JSON)) ELSE '"' || ${escaped} || '"' END`;
}

/** Characters beyond 16 bits, written out or escaped. */
const BEYOND = `[\u{10000}-\u{10FFFF}]|\\\\u[dD][89abAB]`;

/** A string, a number, a word, or any other character outside of strings. */
const TOKEN = String.raw`"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|[a-z]+|[^\s"]`;

/**
 * The text of valid JSON as DuckDB writes it: without white space, escapes only where JSON needs them, numbers in one form.
 * Members stay in their order, which Athena's own functions would change. Most texts are in that form already.
 */
export function canonicalJson(text: string): string {
  return once(text, 'j', (json) => canonicalText(json, 'false'));
}

/** @param isKept SQL whether a number `n` stays as it is. */
function canonicalText(json: string, isKept: string): string {
  const double = 'TRY_CAST(n AS DOUBLE)';
  const number = `CASE WHEN n = '-0' THEN '0' WHEN ${isKept} OR NOT regexp_like(n, '[.eE]') OR NOT coalesce(is_finite(${double}), false) THEN n
    ELSE CASE WHEN n LIKE '-%' THEN '-' ELSE '' END || ${numberText(`abs(${double})`, JSON_STYLE)} END`;
  return `CASE WHEN NOT regexp_like(${json}, '[\\s\\\\]|\\d[.eE]|-0') THEN ${json}
    ELSE array_join(transform(regexp_extract_all(${json}, '${TOKEN}'), n -> CASE
      WHEN n LIKE '"%' THEN CASE WHEN strpos(n, '\\') = 0 THEN n WHEN regexp_like(n, '${BEYOND}') THEN ${quoted(`json_extract_scalar(n, '$')`)} ELSE json_format(json_parse(n)) END
      WHEN regexp_like(n, '^-?\\d') THEN ${number} ELSE n END), '') END`;
}
