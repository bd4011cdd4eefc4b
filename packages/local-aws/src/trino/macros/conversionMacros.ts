/** How a string is cast: the pattern that Trino accepts, and SQL that prepares it for DuckDB. */
interface Writing {
  /** A regular expression that a text matches if Trino casts it. */
  readonly pattern: string;
  /** SQL over the text `t` whose value DuckDB casts. Default: the text itself. */
  readonly read?: string;
}

/** Java's Long.parseLong. */
const WHOLE: Writing = { pattern: '^[+-]?\\d+$' };
/** java.math.BigDecimal. */
const DECIMAL: Writing = { pattern: '^[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?$' };
/** Java's Double.parseDouble, which ignores spaces and suffixes. */
const FRACTION: Writing = {
  pattern: '^\\s*[+-]?(NaN|Infinity|(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?[fFdD]?)\\s*$',
  read: "regexp_replace(t, '[fFdD]\\s*$', '')",
};
/** The words that Trino takes for true and false. */
const BOOLEAN: Writing = { pattern: '^(?i:true|false|t|f|1|0)$' };
/** Year, month and day, with spaces around. */
const DATE: Writing = { pattern: '^\\s*[+-]?\\d+-\\d{1,2}-\\d{1,2}\\s*$' };
/**
 * A date with time and zone, each of which may be missing:
 * https://github.com/trinodb/trino/blob/master/core/trino-main/src/main/java/io/trino/type/DateTimes.java
 */
const ZONED: Writing = {
  pattern:
    '^\\s*[+-]?\\d{4,}-\\d{1,2}-\\d{1,2}( (([01]?\\d|2[0-3]):\\d{1,2}(:\\d{1,2}(\\.\\d+)?)?)?\\s*([A-Za-z+-][\\w:/+-]*)?)?\\s*$',
  // DuckDB allows no space before an offset or Z, and no hour of one digit in an offset.
  read: "regexp_replace(regexp_replace(t, '\\s+(Z|[+-][\\d:]+)\\s*$', '\\1'), '(:[\\d.]+[+-])(\\d\\s*)$', '\\10\\2')",
};
/** A type without time zone ignores the zone in a string. */
const PLAIN: Writing = {
  ...ZONED,
  read: "regexp_extract(t, '^\\s*[+-]?\\d+-\\d+-\\d+( \\d+:[\\d:.]+)?')",
};

/** How dates and times are cast. */
const TIMES: ReadonlySet<Writing> = new Set([DATE, ZONED, PLAIN]);

/** Trino's names in its errors, where they are others than DuckDB's. */
const TRINO_NAMES: Readonly<Record<string, string>> = { INTEGER: 'INT', FLOAT: 'REAL' };

/** A string `t` in DuckDB's format. A string that cannot be cast is null, or fails with the error message. */
function checked({ pattern, read = 't' }: Writing, type: string, attempt: boolean): string {
  const failure = `CAST(CAST('INVALID_CAST_ARGUMENT: Cannot cast ''' || replace(t, '''', '') || ''' to ${TRINO_NAMES[type] ?? type}' AS BIGINT) AS VARCHAR)`;
  return `CASE WHEN regexp_matches(t, '${pattern}') THEN ${read} WHEN t IS NOT NULL THEN ${attempt ? 'NULL' : failure} END`;
}

/** A macro repeats its argument with every use, so nested casts grow exponentially. A lambda evaluates it once. */
const once = (body: string) => `list_transform([CAST(x AS VARCHAR)], lambda t: ${body})[1]`;

/** The whole number of a JSON value. */
const JSON_WHOLE = `CASE json_type(t)
  WHEN 'DOUBLE' THEN CAST(CAST(system.main.round(CAST(t AS DOUBLE)) AS HUGEINT) AS VARCHAR)
  WHEN 'BOOLEAN' THEN CASE t WHEN 'true' THEN '1' ELSE '0' END
  ELSE json_extract_string(t, '$') END`;

/**
 * The macro of a cast from any type. Only one branch remains once the type is known. Fractions are rounded half away from zero, where DuckDB rounds half
 * to even:
 * https://github.com/trinodb/trino/blob/master/core/trino-main/src/main/java/io/trino/type/DoubleOperators.java
 */
function macro(name: string, type: string, writing: Writing, attempt: boolean): string {
  const cast = attempt ? 'TRY_CAST' : 'CAST';
  const otherCases =
    writing === WHOLE
      ? `WHEN 'DOUBLE' THEN ${cast}(system.main.round(TRY_CAST(x AS DOUBLE)) AS ${type})
         WHEN 'JSON' THEN ${cast}(${once(JSON_WHOLE)} AS ${type})`
      : '';
  // Trino casts JSON to no date or time, also where it is tried.
  const ofJson = TIMES.has(writing)
    ? `WHEN 'JSON' THEN CAST(CAST('TYPE_MISMATCH: Cannot cast json to ${type.toLowerCase()}' AS BIGINT) AS ${type})`
    : '';
  return `trino_${attempt ? 'try_' : ''}cast_${name}(x) AS CASE replace(typeof(x), 'FLOAT', 'DOUBLE')
     WHEN 'VARCHAR' THEN ${cast}(${once(checked(writing, type, attempt))} AS ${type})
     ${otherCases}
     ${ofJson}
     ELSE ${cast}(x AS ${type}) END`;
}

/** A number as text, which DuckDB casts to the same decimal as Trino. A double has its shortest representation. */
function decimalText(attempt: boolean): string {
  return `trino_${attempt ? 'try_' : ''}decimal_text(x) AS CASE typeof(x)
     WHEN 'VARCHAR' THEN ${once(checked(DECIMAL, 'DECIMAL', attempt))}
     WHEN 'BOOLEAN' THEN ${once("CASE t WHEN 'true' THEN '1' WHEN 'false' THEN '0' END")}
     WHEN 'JSON' THEN ${once("json_extract_string(t, '$')")}
     ELSE CAST(x AS VARCHAR) END`;
}

/** `CAST` and `TRY_CAST` of scalar values. https://trino.io/docs/current/functions/conversion.html */
export const castMacros: readonly string[] = [false, true].flatMap((attempt) => [
  macro('tinyint', 'TINYINT', WHOLE, attempt),
  macro('smallint', 'SMALLINT', WHOLE, attempt),
  macro('integer', 'INTEGER', WHOLE, attempt),
  macro('bigint', 'BIGINT', WHOLE, attempt),
  macro('real', 'FLOAT', FRACTION, attempt),
  macro('double', 'DOUBLE', FRACTION, attempt),
  macro('boolean', 'BOOLEAN', BOOLEAN, attempt),
  macro('date', 'DATE', DATE, attempt),
  macro('timestamp', 'TIMESTAMP', PLAIN, attempt),
  macro('timestamptz', 'TIMESTAMPTZ', ZONED, attempt),
  decimalText(attempt),
]);

/** The digits of a number's text `t`, without leading zeros. */
const DIGITS = `ltrim(replace(split_part(ltrim(t, '-'), 'e', 1), '.', ''), '0')`;

/** The power of ten of the first digit of a number's text `t`. */
const EXPONENT = `CASE
  WHEN contains(t, 'e') THEN CAST(split_part(t, 'e', 2) AS INTEGER)
  WHEN ltrim(t, '-') NOT LIKE '0%' THEN length(split_part(ltrim(t, '-'), '.', 1)) - 1
  ELSE -1 - length(regexp_extract(split_part(t, '.', 2), '^0*')) END`;

/**
 * A string that may not be JSON. A cast to JSON would fail the whole query, even within TRY when applied to a column.
 */
const TEXT = 'CAST(x AS VARCHAR)';

/** Null when the string is not JSON, as in Trino. */
const IN_JSON = (call: string) => `CASE WHEN json_valid(${TEXT}) THEN ${call} END`;

/** DuckDB reformats a number as `1e21`; Trino keeps the format of JSON.stringify, `1e+21`. */
const WRITTEN = (number: string) => String.raw`regexp_replace(${number}, 'e(\d)', 'e+\1')`;

/** A string of JSON. */
const STRING = String.raw`"(?:[^"\\]|\\.)*"`;
/** What DuckDB's JSON has outside of strings, and Trino's has not. */
const LENIENT = String.raw`(?i)(?:^|[:,\[])\s*-?(?:nan|inf)|,\s*[}\]]`;

/** The JSON at a path. */
const extracted = IN_JSON(`json_extract(${TEXT}, path)`);
/** The number at a path, as JSON.stringify writes it. */
const text = WRITTEN(`json_extract_string(${TEXT}, path)`);
/** The text at a path; null for an object, a list or null. */
const scalar = IN_JSON(`CASE
     WHEN json_type(${TEXT}, path) NOT IN ('OBJECT', 'ARRAY', 'NULL', 'DOUBLE') THEN json_extract_string(${TEXT}, path)
     WHEN json_type(${TEXT}, path) = 'DOUBLE' THEN ${text} END`);

/** SQL that fails as Trino does for JSON `t` that is no text. */
const NO_TEXT = `CAST(CAST('INVALID_CAST_ARGUMENT: Cannot cast ''' || replace(t, '''', '') || ''' to varchar' AS BIGINT) AS VARCHAR)`;

/** The text of JSON `t` that is a text, a number or a boolean; Trino's error for an object or a list. */
const JSON_TEXT = `CASE json_type(t)
  WHEN 'OBJECT' THEN ${NO_TEXT} WHEN 'ARRAY' THEN ${NO_TEXT}
  WHEN 'DOUBLE' THEN trino_number_text(CAST(CAST(t AS DOUBLE) AS VARCHAR))
  ELSE json_extract_string(t, '$') END`;

/** https://trino.io/docs/current/functions/json.html and casts to and from JSON and varchar. */
export const jsonMacros: readonly string[] = [
  // A double as Java prints it: `1.0E10`. The lambda evaluates its argument once; a macro would repeat it.
  `trino_number_text(x) AS list_transform([x], lambda t: CASE
     WHEN t = 'nan' THEN 'NaN' WHEN t = 'inf' THEN 'Infinity' WHEN t = '-inf' THEN '-Infinity'
     WHEN ${DIGITS} = '' THEN '0.0E0'
     ELSE CASE WHEN t LIKE '-%' THEN '-' ELSE '' END || left(${DIGITS}, 1) || '.'
       || coalesce(nullif(rtrim(substr(${DIGITS}, 2), '0'), ''), '0') || 'E' || CAST(${EXPONENT} AS VARCHAR) END)[1]`,
  // Only one branch remains once the type is known. Each must bind for every type, hence the casts through VARCHAR.
  `trino_to_varchar(x) AS CASE regexp_replace(replace(typeof(x), 'FLOAT', 'DOUBLE'), '\\(.*', '')
     WHEN 'JSON' THEN ${once(JSON_TEXT)}
     WHEN 'DOUBLE' THEN trino_number_text(CAST(x AS VARCHAR))
     -- DuckDB writes decimals without digits before the point as .5.
     WHEN 'DECIMAL' THEN regexp_replace(CAST(x AS VARCHAR), '^(-?)\\.', '\\10.')
     WHEN 'TIMESTAMP' THEN strftime(TRY_CAST(CAST(x AS VARCHAR) AS TIMESTAMP), '%Y-%m-%d %H:%M:%S.%g')
     WHEN 'TIMESTAMP WITH TIME ZONE' THEN strftime(TRY_CAST(CAST(x AS VARCHAR) AS TIMESTAMPTZ), '%Y-%m-%d %H:%M:%S.%g UTC')
     ELSE CAST(x AS VARCHAR) END`,
  `trino_try_to_varchar(x) AS CASE
     WHEN typeof(x) = 'JSON' AND json_type(CAST(x AS VARCHAR)) IN ('OBJECT', 'ARRAY') THEN NULL
     ELSE trino_to_varchar(x) END`,
  `trino_to_json(x) AS CASE WHEN typeof(x) IN ('TIMESTAMP', 'TIMESTAMP WITH TIME ZONE') THEN to_json(trino_to_varchar(x)) ELSE to_json(x) END`,
  `trino_json_extract(x, path) AS ${extracted}`,
  `trino_json_extract_scalar(x, path) AS ${scalar}`,
  // DuckDB takes NaN, infinity and commas behind the last item.
  `trino_json_parse(x) AS json(CASE WHEN regexp_matches(x, '${LENIENT}')
     AND regexp_matches(regexp_replace(x, '${STRING}', '""', 'g'), '${LENIENT}') THEN '' ELSE x END)`,
  // The text is not read again, because DuckDB would make doubles of decimals.
  'trino_json_format(x) AS CAST(x AS VARCHAR)',
];
