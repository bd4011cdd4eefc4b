/** Trino's functions that exist in DuckDB with the same name and meaning. */
const SAME = `abs acos array_agg ascii asin atan atan2 avg bool_and bool_or cbrt coalesce
  concat_ws corr cos cosh count count_if covar_pop covar_samp cume_dist date_trunc degrees dense_rank exp
  first_value flatten grouping lag last_value lead lower lpad ltrim map_entries map_from_entries
  map_keys map_values max min minute month nth_value ntile nullif percent_rank pi position power quarter radians
  rank regr_intercept regr_slope row row_number rpad rtrim sin sinh starts_with stddev stddev_pop
  stddev_samp sum tan tanh translate trim try unnest var_pop var_samp variance`;

/** DuckDB's names of Trino's functions, including aggregates: a filtered aggregate cannot be a macro. */
const RENAMED: Readonly<Record<string, string>> = {
  approx_distinct: 'approx_count_distinct',
  approx_percentile: 'approx_quantile',
  arbitrary: 'any_value',
  any_value: 'any_value',
  bitwise_and_agg: 'bit_and',
  bitwise_or_agg: 'bit_or',
  codepoint: 'unicode',
  every: 'bool_and',
  filter: 'list_filter',
  geometric_mean: 'geomean',
  hamming_distance: 'hamming',
  histogram: 'histogram',
  levenshtein_distance: 'levenshtein',
  listagg: 'listagg',
  max_by: 'arg_max_null',
  min_by: 'arg_min_null',
  pow: 'power',
  transform: 'list_transform',
};

/** Trino's functions that are implemented by a macro `trino_<name>`: see `macros/`. */
const MACROS = `array_distinct array_except array_intersect array_join array_max array_min array_position array_remove
  array_sort array_union arrays_overlap at_timezone bitwise_and bitwise_left_shift bitwise_not bitwise_or
  bitwise_right_shift bitwise_xor cardinality ceil ceiling chr concat contains current_timezone date date_add date_diff date_format
  date_parse date_trunc day day_of_month day_of_week day_of_year dow doy e element_at floor format_datetime
  from_base64 from_hex from_iso8601_date from_iso8601_timestamp from_unixtime from_utf8 greatest hour if infinity
  is_finite is_infinite is_json_scalar is_nan json_array_contains json_array_get json_array_length json_extract
  json_extract_scalar json_format json_parse json_size last_day_of_month least length log map map_concat md5
  millisecond mod nan normalize now parse_datetime rand random regexp_count regexp_extract regexp_extract_all
  regexp_like regexp_replace regexp_split repeat replace reverse second sequence sha1 sha256 sign slice split split_part
  strpos substr substring to_base64 to_hex to_iso8601 to_milliseconds to_unixtime to_utf8 truncate typeof
  url_decode url_encode url_extract_fragment url_extract_host url_extract_parameter url_extract_path
  url_extract_port url_extract_protocol url_extract_query uuid week week_of_year width_bucket with_timezone year
  year_of_week yow zip ln log10 log2 round sqrt upper
  normal_cdf wilson_interval_lower wilson_interval_upper`;

/** Functions whose calls are rewritten: see `callForms.ts`. */
const FORMS = 'all_match any_match none_match map_agg reduce';

/** Functions of Trino that are not emulated. They are reported as such, not as unknown. */
const UNSUPPORTED = `approx_most_frequent approx_set array_first array_frequency bar beta_cdf bing_tile bit_count
  bitwise_xor_agg char2hexint checksum classify color combinations contains_sequence convex_hull_agg
  cosine_distance cosine_similarity crc32 date_histogram empty_approx_set entropy evaluate_classifier_predictions
  features format format_number from_base from_base32 from_base64url from_big_endian_32 from_big_endian_64
  from_geojson_geometry from_ieee754_32 from_ieee754_64 from_iso8601_timestamp_nanos from_unixtime_nanos
  geometry_from_hadoop_shape great_circle_distance hash_counts hmac_md5 hmac_sha1 hmac_sha256 hmac_sha512
  human_readable_seconds index intersection_cardinality inverse_beta_cdf inverse_normal_cdf jaccard_index json_array json_exists
  json_object json_query json_table json_value kurtosis learn_classifier learn_regressor line_locate_point luhn_check
  make_set_digest map_filter map_union map_zip_with merge merge_set_digest multimap_agg multimap_from_entries
  murmur3 ngrams numeric_histogram parse_data_size parse_duration parse_presto_data_size qdigest_agg
  quantile_at_value reduce_agg regexp_position regr_r2 render rgb rotate_left set_agg set_union sha512 shuffle
  simplify_geometry skewness soundex spatial_partitioning split_to_map split_to_multimap spooky_hash_v2_32
  spooky_hash_v2_64 st_area st_asbinary st_astext st_buffer st_centroid st_contains st_distance st_geometryfromtext
  st_intersects st_point st_x st_y tdigest_agg timezone_hour timezone_minute to_base to_base32 to_base64url
  to_big_endian_32 to_big_endian_64 to_char to_date to_geojson_geometry to_ieee754_32 to_ieee754_64 to_timestamp
  transform_keys transform_values trim_array try_to_date value_at_quantile values_at_quantiles word_stem xxhash64 zip_with`;

const splitWords = (text: string) => text.split(/\s+/);

/**
 * DuckDB's names of Trino's functions. No other function can be called, in particular not DuckDB's own
 * (`read_csv`, `getvariable`, …). https://trino.io/docs/current/functions/list.html
 */
export const functionNames: ReadonlyMap<string, string> = new Map([
  ...splitWords(SAME).map((name): [string, string] => [name, name]),
  ...Object.entries(RENAMED),
  ...splitWords(MACROS).map((name): [string, string] => [name, `trino_${name}`]),
  ...splitWords(FORMS).map((name): [string, string] => [name, name]),
]);

/** Functions of Trino that are not emulated. */
export const unsupportedFunctions: ReadonlySet<string> = new Set(splitWords(UNSUPPORTED));

const wordSet = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));

/** Words before a parenthesis that are not function names. */
export const notFunctions =
  wordSet(`all and any array as asc between bernoulli by case cross cube desc distinct
  else end escape except exists fetch filter first following from full group groups having in inner intersect
  interval into is join last lateral left like limit materialized natural next not null nulls offset on or order
  ordinality outer over overwrite partition preceding range recursive right rollup rows select set sets some system
  table tablesample then union using values when where window with within`);

/** Words that are reserved in DuckDB but not in Trino. */
export const reservedInDuckDb =
  wordSet(`analyse analyze asymmetric check collate deferrable do foreign initially
  lambda pivot pivot_longer pivot_wider unpivot placing primary qualify references returning summarize symmetric
  show unique variadic`);

/** Trino's functions that are called without parentheses. */
export const functionsWithoutBrackets: Readonly<Record<string, string>> = {
  current_date: 'trino_current_date()',
  current_time: 'trino_current_time()',
  current_timestamp: 'trino_now()',
  localtime: 'trino_current_time()',
  localtimestamp: 'trino_localtimestamp()',
};
