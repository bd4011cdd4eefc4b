/** Whether an array contains null. */
const HAS_NULL = (array: string) => `list_count(${array}) < len(${array})`;

/**
 * The index of an element that is not there, `i`: null, or an error with a message that is not null. Everything binds for
 * arrays and for maps, hence the casts to texts.
 */
const FAILING = (message: string, index = 'i') =>
  `CASE WHEN CAST(${message} AS BIGINT) IS NOT NULL THEN ${index} END`;

/**
 * Why `s.x[s.i]` is null: a message, or null when the element itself is.
 * https://github.com/trinodb/trino/blob/435/core/trino-main/src/main/java/io/trino/operator/scalar/ArraySubscriptOperator.java
 */
const ABSENCE_OF_PAIR = `CASE
  WHEN s.x IS NULL OR s.i IS NULL THEN NULL
  WHEN typeof(s.x) LIKE '%[]' THEN CASE
    WHEN TRY_CAST(CAST(s.i AS VARCHAR) AS BIGINT) < 0
    THEN 'INVALID_FUNCTION_ARGUMENT: Array subscript is negative: ' || CAST(s.i AS VARCHAR)
    WHEN CAST(s.i AS VARCHAR) = '0' THEN 'INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1'
    WHEN TRY_CAST(CAST(s.i AS VARCHAR) AS BIGINT) > len(TRY_CAST(s.x AS VARCHAR[]))
    THEN 'INVALID_FUNCTION_ARGUMENT: Array subscript must be less than or equal to array length: '
      || CAST(s.i AS VARCHAR) || ' > ' || CAST(len(TRY_CAST(s.x AS VARCHAR[])) AS VARCHAR) END
  WHEN typeof(s.x) LIKE 'MAP(%' AND NOT map_contains(TRY_CAST(s.x AS MAP(VARCHAR, VARCHAR)), CAST(s.i AS VARCHAR))
  THEN 'INVALID_FUNCTION_ARGUMENT: Key not present in map'
    || CASE WHEN typeof(s.i) LIKE '%[]' OR typeof(s.i) LIKE '%(%)' AND typeof(s.i) NOT LIKE 'DECIMAL%' THEN ''
       ELSE ': ' || trino_to_varchar(s.i) END END`;

/** The same of `x[i]`. The lambda is evaluated only for elements that are null. */
const ABSENCE = `list_transform([{x: x, i: i}], lambda s: ${ABSENCE_OF_PAIR})[1]`;

/** An index that is no negative number, or null. */
const NOT_NEGATIVE = (index: string) =>
  `CASE WHEN typeof(${index}) LIKE '%INT%' AND starts_with(CAST(${index} AS VARCHAR), '-') THEN NULL ELSE ${index} END`;

/**
 * Why there is no element 0 of an array. The message is made from the index: DuckDB evaluates a constant in `coalesce` even
 * when no row needs it.
 */
const ZERO = (index: string) =>
  `CASE WHEN CAST(${index} AS VARCHAR) = '0' THEN 'INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1' END`;

/** https://trino.io/docs/current/functions/array.html and /map.html; nulls behave as in Trino. */
export const collectionMacros: readonly string[] = [
  // `x[i]` of a literal that is not negative, and of any other index: DuckDB counts negative ones from the end.
  `trino_subscript(x, i) AS coalesce(x[i], x[${FAILING(ABSENCE)}])`,
  `trino_subscript_of(x, i) AS coalesce(x[${NOT_NEGATIVE('i')}], x[coalesce(${FAILING(ABSENCE)}, i)])`,
  // For long operands, which are mentioned once: see `subscriptMacro` in translate/elements.ts.
  `trino_subscript_once(x, i) AS list_transform([{x: x, i: i}], lambda s:
     coalesce(s.x[${NOT_NEGATIVE('s.i')}], s.x[coalesce(${FAILING(ABSENCE_OF_PAIR, 's.i')}, s.i)]))[1]`,
  // For a literal, for any other index, and for long operands: see `elementAtMacro` there.
  `trino_element_at_plain(x, i) AS x[i]`,
  `trino_element_at(x, i) AS coalesce(x[i], x[CASE WHEN typeof(x) LIKE '%[]' AND x IS NOT NULL THEN ${FAILING(ZERO('i'))} END])`,
  `trino_element_at_once(x, i) AS list_transform([{x: x, i: i}], lambda s:
     coalesce(s.x[s.i], s.x[CASE WHEN typeof(s.x) LIKE '%[]' AND s.x IS NOT NULL THEN ${FAILING(ZERO('s.i'), 's.i')} END]))[1]`,
  // The only macro that is overloaded by type. `callForms.ts` handles the cases in which that fails.
  'trino_cardinality(x MAP(VARCHAR, VARCHAR)) AS CAST(cardinality(x) AS BIGINT), (x) AS CAST(len(x) AS BIGINT)',
  // Of a lambda's results for an array, in three-valued logic.
  `trino_any_match(x) AS list_transform([x], lambda m: CASE WHEN list_contains(m, true) THEN true WHEN ${HAS_NULL('m')} THEN NULL WHEN m IS NOT NULL THEN false END)[1]`,
  `trino_contains(x, v) AS CASE WHEN list_contains(x, v) THEN true WHEN v IS NULL OR ${HAS_NULL('x')} THEN NULL WHEN x IS NOT NULL THEN false END`,
  `trino_array_join(x, d) AS array_to_string(list_transform(x, lambda e: trino_to_varchar(e)), d),
   (x, d, n) AS array_to_string(list_transform(x, lambda e: coalesce(trino_to_varchar(e), n)), d)`,
  'trino_array_distinct(x) AS list_filter(x, lambda e, i: list_position(x, e) = i)',
  'trino_array_position(x, v) AS CASE WHEN x IS NOT NULL AND v IS NOT NULL THEN CAST(coalesce(list_position(x, v), 0) AS BIGINT) END',
  "trino_array_sort(x) AS list_sort(x, 'ASC', 'NULLS LAST')",
  'trino_array_max(x) AS CASE WHEN len(x) = list_count(x) THEN list_max(x) END',
  'trino_array_min(x) AS CASE WHEN len(x) = list_count(x) THEN list_min(x) END',
  // Each element is computed from the first: 31 January plus two months is 31 March.
  `trino_sequence(a, b) AS list_transform(
     generate_series(0, abs(CAST(system.main."-"(b, a) AS BIGINT))),
     lambda i: cast_to_type(system.main."+"(a, CAST(CASE WHEN a <= b THEN i ELSE -i END AS INTEGER)), a)),
   (a, b, s) AS list_filter(
     list_transform(generate_series(0, len(generate_series(a, b, s)) - 1), lambda i: cast_to_type(system.main."+"(a, s * i), a)),
     lambda e: CASE WHEN a <= b THEN e <= b ELSE e >= b END)`,
  'trino_map() AS MAP {}, (k, v) AS map(k, v)',
  // Keeps the first value of each non-null key.
  `trino_map_agg(k, v) AS CASE WHEN len(list_distinct(k)) = len(k) THEN map(k, v) WHEN k IS NOT NULL THEN map_from_entries(
     list_filter(list_zip(k, v), lambda e, i: e[1] IS NOT NULL AND list_position(k, e[1]) = i)) END`,
];
