import { invalidArgument } from './invalidArgument.ts';

/** Whether an array contains null. */
const HAS_NULL = (array: string) => `list_count(${array}) < len(${array})`;

/**
 * Why `s.x[s.i]` is null: a message, or null when the element itself is.
 * https://github.com/trinodb/trino/blob/435/core/trino-main/src/main/java/io/trino/operator/scalar/ArraySubscriptOperator.java
 */
const ABSENCE = `CASE
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

/** The most elements of a sequence: Trino's SequenceFunction. */
const MOST_ELEMENTS = 10_000;

/** SQL that fails for a sequence with more. */
const TOO_LONG = invalidArgument(
  `result of sequence function must not have more than ${MOST_ELEMENTS} entries`,
);

/** The position of a sequence's last element, from 0. @param last SQL of the position, however large. */
const lastElement = (last: string) =>
  `CASE WHEN ${last} >= ${MOST_ELEMENTS} THEN ${TOO_LONG} ELSE ${last} END`;

/** SQL that fails for a sequence from `a` to `b` in steps of `s` that has no element. */
const NO_ELEMENT = `CASE WHEN system.main."+"(a, s) = a THEN ${invalidArgument('step must not be zero')} ELSE ${invalidArgument('sequence stop value should be greater than or equal to start value if step is greater than zero otherwise stop should be less than or equal to start')} END`;

/** Macros of functions of arrays and maps: https://trino.io/docs/current/functions/array.html and /map.html */
export const collectionMacros: readonly string[] = [
  // DuckDB counts negative indexes from the end. The operands are mentioned once: each mention multiplies the size of nested ones.
  `trino_subscript(x, i) AS list_transform([{x: x, i: i}], lambda s: coalesce(
     s.x[CASE WHEN typeof(s.i) LIKE '%INT%' AND starts_with(CAST(s.i AS VARCHAR), '-') THEN NULL ELSE s.i END],
     s.x[coalesce(CASE WHEN CAST(${ABSENCE} AS BIGINT) IS NOT NULL THEN s.i END, s.i)]))[1]`,
  // The only macro that is overloaded by type. `callForms.ts` handles the cases in which that fails.
  'trino_cardinality(x MAP(VARCHAR, VARCHAR)) AS CAST(cardinality(x) AS BIGINT), (x) AS CAST(len(x) AS BIGINT)',
  // The result for an array, from a lambda's results, in three-valued logic.
  `trino_any_match(x) AS list_transform([x], lambda m: CASE WHEN list_contains(m, true) THEN true WHEN ${HAS_NULL('m')} THEN NULL WHEN m IS NOT NULL THEN false END)[1]`,
  `trino_contains(x, v) AS CASE WHEN list_contains(x, v) THEN true WHEN v IS NULL OR ${HAS_NULL('x')} THEN NULL WHEN x IS NOT NULL THEN false END`,
  // An empty text for an array of nulls, where DuckDB's function returns null.
  `trino_array_join(x, d) AS array_to_string(list_filter(list_transform(x, lambda e: trino_to_varchar(e)), lambda t: t IS NOT NULL), d),
   (x, d, n) AS array_to_string(list_transform(x, lambda e: coalesce(trino_to_varchar(e), n)), d)`,
  // Each element is computed from the first: 31 January plus two months is 31 March.
  `trino_sequence(a, b) AS list_transform(
     generate_series(0, ${lastElement('abs(CAST(system.main."-"(b, a) AS BIGINT))')}),
     lambda i: cast_to_type(system.main."+"(a, CAST(CASE WHEN a <= b THEN i ELSE -i END AS INTEGER)), a)),
   (a, b, s) AS list_filter(
     list_transform(generate_series(0, CASE len(generate_series(a, b, s)) WHEN 0 THEN ${NO_ELEMENT} ELSE ${lastElement('len(generate_series(a, b, s)) - 1')} END), lambda i: cast_to_type(system.main."+"(a, s * i), a)),
     lambda e: CASE WHEN a <= b THEN e <= b ELSE e >= b END)`,
  'trino_map() AS MAP {}, (k, v) AS map(k, v)',
];
