/** How a text is cast: what Trino takes, DuckDB takes more, and how DuckDB reads it. */
interface Writing {
  readonly pattern: string;
  readonly read?: string;
}

/** Java's Long.parseLong. */
const WHOLE: Writing = { pattern: '^[+-]?\\d+$' };
/** java.math.BigDecimal. */
const DECIMAL: Writing = { pattern: '^[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?$' };
/** Java's Double.parseDouble, which passes over spaces and suffixes. */
const FRACTION: Writing = {
  pattern: '^\\s*[+-]?(NaN|Infinity|(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?[fFdD]?)\\s*$',
  read: "regexp_replace(t, '[fFdD]\\s*$', '')",
};
const BOOLEAN: Writing = { pattern: '^(?i:true|false|t|f|1|0)$' };
const DATE: Writing = { pattern: '^\\s*[+-]?\\d+-\\d{1,2}-\\d{1,2}\\s*$' };
/** https://github.com/trinodb/trino/blob/master/core/trino-main/src/main/java/io/trino/type/DateTimes.java */
const ZONED: Writing = {
  pattern:
    '^\\s*[+-]?\\d{4,}-\\d{1,2}-\\d{1,2}( (\\d{1,2}:\\d{1,2}(:\\d{1,2}(\\.\\d+)?)?)?\\s*([A-Za-z+-][\\w:/+-]*)?)?\\s*$',
  // DuckDB wants an offset, or Z, close to the time.
  read: "regexp_replace(t, '\\s+(Z|[+-][\\d:]+)\\s*$', '\\1')",
};
/** What has no zone takes no notice of a text's. */
const PLAIN: Writing = {
  ...ZONED,
  read: "regexp_extract(t, '^\\s*[+-]?\\d+-\\d+-\\d+( \\d+:[\\d:.]+)?')",
};

/** A text `t` as DuckDB reads it; one that can't be cast is null, or fails as a number with what is to be said. */
function checked({ pattern, read = 't' }: Writing, type: string, attempt: boolean): string {
  const failure = `CAST(CAST('INVALID_CAST_ARGUMENT: Cannot cast ''' || replace(t, '''', '') || ''' to ${type}' AS BIGINT) AS VARCHAR)`;
  return `CASE WHEN regexp_matches(t, '${pattern}') THEN ${read} WHEN t IS NOT NULL THEN ${attempt ? 'NULL' : failure} END`;
}

/** A macro's argument stands in its text as often as it is named, a cast of casts a thousand times; a lambda's once. */
const once = (body: string) => `list_transform([CAST(x AS VARCHAR)], lambda t: ${body})[1]`;

/** The whole number of a JSON value. */
const JSON_WHOLE = `CASE json_type(t)
  WHEN 'DOUBLE' THEN CAST(CAST(system.main.round(CAST(t AS DOUBLE)) AS HUGEINT) AS VARCHAR)
  WHEN 'BOOLEAN' THEN CASE t WHEN 'true' THEN '1' ELSE '0' END
  ELSE json_extract_string(t, '$') END`;

/**
 * Only one branch stays once the type is known. Fractions are rounded half away from zero, where DuckDB rounds half
 * to even: https://github.com/trinodb/trino/blob/master/core/trino-main/src/main/java/io/trino/type/DoubleOperators.java
 */
function macro(name: string, type: string, writing: Writing, attempt: boolean): string {
  const cast = attempt ? 'TRY_CAST' : 'CAST';
  const others =
    writing === WHOLE
      ? `WHEN 'DOUBLE' THEN ${cast}(system.main.round(TRY_CAST(x AS DOUBLE)) AS ${type})
         WHEN 'JSON' THEN ${cast}(${once(JSON_WHOLE)} AS ${type})`
      : '';
  return `trino_${attempt ? 'try_' : ''}cast_${name}(x) AS CASE replace(typeof(x), 'FLOAT', 'DOUBLE')
     WHEN 'VARCHAR' THEN ${cast}(${once(checked(writing, type, attempt))} AS ${type})
     ${others}
     ELSE ${cast}(x AS ${type}) END`;
}

/** A number's text, of which DuckDB's cast makes the decimal that Trino has: a double's is the shortest that tells it. */
function decimalText(attempt: boolean): string {
  return `trino_${attempt ? 'try_' : ''}decimal_text(x) AS CASE typeof(x)
     WHEN 'VARCHAR' THEN ${once(checked(DECIMAL, 'DECIMAL', attempt))}
     WHEN 'BOOLEAN' THEN ${once("CASE t WHEN 'true' THEN '1' WHEN 'false' THEN '0' END")}
     WHEN 'JSON' THEN ${once("json_extract_string(t, '$')")}
     ELSE CAST(x AS VARCHAR) END`;
}

/** `CAST` and `TRY_CAST` of values that are no arrays, maps or rows. https://trino.io/docs/current/functions/conversion.html */
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
