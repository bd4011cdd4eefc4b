/** Trino's functions and forms of calls that DuckDB writes with the same name; callForms.ts writes some of them otherwise. */
const SAME = `abs any_match array_agg avg bool_and bool_or cbrt coalesce
  concat_ws corr count count_if covar_pop covar_samp cume_dist day dense_rank exp
  first_value flatten grouping hour lag last_value lead lower map_entries map_from_entries
  map_keys map_values max min minute month nth_value ntile nullif percent_rank pi position power quarter
  rank regr_intercept regr_slope row_number second starts_with stddev stddev_pop
  stddev_samp sum translate try unnest var_pop var_samp variance week year`;

/** DuckDB's names of Trino's functions, including aggregates: a filtered aggregate cannot be a macro. */
const RENAMED: Readonly<Record<string, string>> = {
  approx_distinct: 'approx_count_distinct',
  approx_percentile: 'approx_quantile',
  arbitrary: 'any_value',
  ceiling: 'trino_ceil',
  any_value: 'any_value',
  every: 'bool_and',
  max_by: 'arg_max_null',
  min_by: 'arg_min_null',
  pow: 'power',
};

/** Trino's functions that are implemented by a macro `trino_<name>`: see `macros/`. */
const MACROS = `array_join at_timezone cardinality ceil chr
  concat contains date date_add date_diff date_format date_parse date_trunc day_of_month day_of_week
  day_of_year floor from_iso8601_timestamp from_unixtime greatest
  if json_extract json_extract_scalar json_format json_parse
  last_day_of_month least length map md5 mod now regexp_extract regexp_like
  regexp_replace replace sequence split split_part strpos substr substring to_hex to_unixtime
  to_utf8 trim ltrim rtrim lpad rpad truncate typeof with_timezone ln log10 round sqrt upper
  normal_cdf wilson_interval_lower wilson_interval_upper`;

/** The words of a text. */
const splitWords = (text: string) => text.split(/\s+/);

/**
 * DuckDB's names of Trino's functions. No other function can be called, in particular not DuckDB's own
 * (`read_csv`, `getvariable`, …). https://trino.io/docs/current/functions/list.html
 */
export const functionNames: ReadonlyMap<string, string> = new Map([
  ...splitWords(SAME).map((name): [string, string] => [name, name]),
  ...Object.entries(RENAMED),
  ...splitWords(MACROS).map((name): [string, string] => [name, `trino_${name}`]),
]);

/** The words of a text, to look words up in. */
const wordSet = (text: string): ReadonlySet<string> => new Set(splitWords(text));

/** Words before a parenthesis that are not function names. */
export const notFunctions =
  wordSet(`all and any array as asc between bernoulli by case cross cube desc distinct
  else end escape except exists fetch filter first following from full group groups having in inner intersect
  interval into is join last lateral left like limit materialized natural next not null nulls offset on or order
  ordinality outer over overwrite partition preceding range recursive right rollup rows select set sets some system
  table tablesample then union using values when where window with within`);

/** Words that DuckDB takes for no name, and that are nothing but names in Trino's queries. names.ts has those with a meaning. */
export const reservedInDuckDb =
  wordSet(`analyse analyze anti asof asymmetric authorization binary check collate collation column columns
  concurrently default deferrable do foreign freeze generated glob ilike initially isnull lambda map notnull overlaps
  pivot pivot_longer pivot_wider placing positional primary qualify references returning semi show similar struct
  summarize symmetric tablesample to unique unpack unpivot variadic verbose`);

/** Trino's functions that are called without parentheses. */
export const functionsWithoutBrackets: ReadonlyMap<string, string> = new Map([
  ['current_date', 'trino_current_date()'],
  ['current_timestamp', 'trino_now()'],
  ['localtimestamp', 'trino_localtimestamp()'],
]);

/** Words that begin a query. */
export const BEGINS_QUERY = /^(?:select|with|values|table)$/;
