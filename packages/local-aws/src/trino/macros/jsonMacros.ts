/** The digits of a number's text `t`, from the first that isn't 0. */
const DIGITS = `ltrim(replace(split_part(ltrim(t, '-'), 'e', 1), '.', ''), '0')`;

const EXPONENT = `CASE
  WHEN contains(t, 'e') THEN CAST(split_part(t, 'e', 2) AS INTEGER)
  WHEN ltrim(t, '-') NOT LIKE '0%' THEN length(split_part(ltrim(t, '-'), '.', 1)) - 1
  ELSE -1 - length(regexp_extract(split_part(t, '.', 2), '^0*')) END`;

/** A text that may be no JSON: a cast to JSON would fail the whole query, within TRY too where it stands over a column. */
const TEXT = 'CAST(x AS VARCHAR)';

/** Null where the text is no JSON, as Trino's extraction has it. */
const IN_JSON = (call: string) => `CASE WHEN json_valid(${TEXT}) THEN ${call} END`;

/** DuckDB writes a number anew, `1e21`; Trino leaves it as JSON.stringify wrote it: `1e+21`. */
const WRITTEN = (number: string) => String.raw`regexp_replace(${number}, 'e(\d)', 'e+\1')`;

/** https://trino.io/docs/current/functions/json.html and casts to and from JSON and varchar. */
export const jsonMacros: readonly string[] = [
  // DuckDB's text of a double as Java prints it: `1.0E10`. A lambda has its argument once: a macro is a text, in which
  // a cast of a cast would stand a thousand times.
  `trino_number_text(x) AS list_transform([x], lambda t: CASE
     WHEN t = 'nan' THEN 'NaN' WHEN t = 'inf' THEN 'Infinity' WHEN t = '-inf' THEN '-Infinity'
     WHEN ${DIGITS} = '' THEN '0.0E0'
     ELSE CASE WHEN t LIKE '-%' THEN '-' ELSE '' END || left(${DIGITS}, 1) || '.'
       || coalesce(nullif(rtrim(substr(${DIGITS}, 2), '0'), ''), '0') || 'E' || CAST(${EXPONENT} AS VARCHAR) END)[1]`,
  // Only one branch stays once the type is known; each must bind for every type, hence the casts by way of text.
  `trino_to_varchar(x) AS CASE replace(typeof(x), 'FLOAT', 'DOUBLE')
     WHEN 'JSON' THEN json_extract_string(CAST(CAST(x AS VARCHAR) AS JSON), '$')
     WHEN 'DOUBLE' THEN trino_number_text(CAST(x AS VARCHAR))
     WHEN 'TIMESTAMP' THEN strftime(TRY_CAST(CAST(x AS VARCHAR) AS TIMESTAMP), '%Y-%m-%d %H:%M:%S.%g')
     WHEN 'TIMESTAMP WITH TIME ZONE' THEN strftime(TRY_CAST(CAST(x AS VARCHAR) AS TIMESTAMPTZ), '%Y-%m-%d %H:%M:%S.%g UTC')
     ELSE CAST(x AS VARCHAR) END`,
  'trino_to_json(x) AS to_json(x)',
  // What a cast to a row begins with: a name of its own tells it from a cast to JSON.
  'trino_row_json(x) AS to_json(x)',
  `trino_json_extract(x, path) AS ${IN_JSON(`json_extract(${TEXT}, path)`)}`,
  `trino_json_extract_scalar(x, path) AS ${IN_JSON(`CASE
     WHEN json_type(${TEXT}, path) NOT IN ('OBJECT', 'ARRAY', 'NULL', 'DOUBLE') THEN json_extract_string(${TEXT}, path)
     WHEN json_type(${TEXT}, path) = 'DOUBLE' THEN ${WRITTEN(`json_extract_string(${TEXT}, path)`)} END`)}`,
  'trino_json_parse(x) AS json(x)',
  'trino_json_format(x) AS CAST(json(x) AS VARCHAR)',
  `trino_json_array_length(x) AS ${IN_JSON(`CASE
     WHEN json_type(${TEXT}) = 'ARRAY' THEN CAST(json_array_length(${TEXT}) AS BIGINT) END`)}`,
  // A text without its quotes: https://trino.io/docs/current/functions/json.html#json_array_get
  `trino_json_array_get(x, i) AS ${IN_JSON(`json_extract_string(${TEXT},
     CASE WHEN i < 0 THEN '$[#' || CAST(i AS VARCHAR) || ']' ELSE '$[' || CAST(i AS VARCHAR) || ']' END)`)}`,
  `trino_json_array_contains(x, v) AS ${IN_JSON(`list_contains(
     CAST(json_extract(${TEXT}, '$[*]') AS VARCHAR[]), CAST(to_json(v) AS VARCHAR))`)}`,
  `trino_json_size(x, path) AS ${IN_JSON(`CASE json_type(${TEXT}, path)
     WHEN 'ARRAY' THEN CAST(json_array_length(${TEXT}, path) AS BIGINT)
     WHEN 'OBJECT' THEN CAST(len(json_keys(${TEXT}, path)) AS BIGINT)
     ELSE CASE WHEN json_exists(${TEXT}, path) THEN CAST(0 AS BIGINT) END END`)}`,
  `trino_is_json_scalar(x) AS json_type(CAST(x AS JSON)) NOT IN ('OBJECT', 'ARRAY')`,
];
