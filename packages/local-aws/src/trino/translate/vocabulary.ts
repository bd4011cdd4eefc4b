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
  ceiling: 'trino_ceil',
  any_value: 'any_value',
  every: 'bool_and',
  filter: 'list_filter',
  histogram: 'histogram',
  listagg: 'listagg',
  max_by: 'arg_max_null',
  min_by: 'arg_min_null',
  pow: 'power',
  transform: 'list_transform',
};

/** Trino's functions that are implemented by a macro `trino_<name>`: see `macros/`. */
const MACROS = `array_distinct array_join array_max array_min array_position array_sort at_timezone cardinality ceil chr
  concat contains date date_add date_diff date_format date_parse date_trunc day day_of_month day_of_week
  day_of_year element_at floor format_datetime from_iso8601_timestamp from_unixtime from_utf8 greatest
  hour if is_finite json_array_length json_extract json_extract_scalar json_format json_parse
  last_day_of_month least length map md5 mod now regexp_extract regexp_extract_all regexp_like
  regexp_replace replace second sequence split split_part strpos substr substring to_hex to_unixtime
  to_utf8 truncate typeof url_extract_host url_extract_path week with_timezone year ln round sqrt upper
  normal_cdf wilson_interval_lower wilson_interval_upper`;

/** Functions whose calls are rewritten: see `callForms.ts`. */
const FORMS = 'any_match map_agg';

/** Functions of Trino that are not emulated. They are reported as such, not as unknown. */
const UNSUPPORTED = `all_match approx_most_frequent approx_set array_except array_first array_frequency array_intersect
  array_remove array_union arrays_overlap bar beta_cdf bing_tile bit_count bitwise_and bitwise_and_agg
  bitwise_left_shift bitwise_not bitwise_or bitwise_or_agg bitwise_right_shift bitwise_xor
  bitwise_xor_agg char2hexint checksum classify codepoint color combinations contains_sequence
  convex_hull_agg cosine_distance cosine_similarity crc32 current_timezone date_histogram dow doy e
  empty_approx_set entropy evaluate_classifier_predictions features format format_number from_base
  from_base32 from_base64 from_base64url from_big_endian_32 from_big_endian_64 from_geojson_geometry
  from_hex from_ieee754_32 from_ieee754_64 from_iso8601_date from_iso8601_timestamp_nanos
  from_unixtime_nanos geometric_mean geometry_from_hadoop_shape great_circle_distance hamming_distance
  hash_counts hmac_md5 hmac_sha1 hmac_sha256 hmac_sha512 human_readable_seconds index infinity
  intersection_cardinality inverse_beta_cdf inverse_normal_cdf is_infinite is_json_scalar is_nan
  jaccard_index json_array json_array_contains json_array_get json_exists json_object json_query
  json_size json_table json_value kurtosis learn_classifier learn_regressor levenshtein_distance
  line_locate_point log log10 log2 luhn_check make_set_digest map_concat map_filter map_union
  map_zip_with merge merge_set_digest millisecond multimap_agg multimap_from_entries murmur3 nan ngrams
  none_match normalize numeric_histogram parse_data_size parse_datetime parse_duration
  parse_presto_data_size qdigest_agg quantile_at_value rand random reduce reduce_agg regexp_count
  regexp_position regexp_split regr_r2 render repeat reverse rgb rotate_left set_agg set_union sha1
  sha256 sha512 shuffle sign simplify_geometry skewness slice soundex spatial_partitioning split_to_map
  split_to_multimap spooky_hash_v2_32 spooky_hash_v2_64 st_area st_asbinary st_astext st_buffer
  st_centroid st_contains st_distance st_geometryfromtext st_intersects st_point st_x st_y tdigest_agg
  timezone_hour timezone_minute to_base to_base32 to_base64 to_base64url to_big_endian_32
  to_big_endian_64 to_char to_date to_geojson_geometry to_ieee754_32 to_ieee754_64 to_iso8601
  to_milliseconds to_timestamp transform_keys transform_values trim_array try_to_date url_decode
  url_encode url_extract_fragment url_extract_parameter url_extract_port url_extract_protocol
  url_extract_query uuid value_at_quantile values_at_quantiles week_of_year width_bucket word_stem
  xxhash64 year_of_week yow zip zip_with`;

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
  current_timestamp: 'trino_now()',
  localtimestamp: 'trino_localtimestamp()',
};
