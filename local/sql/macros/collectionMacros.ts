/** https://trino.io/docs/current/functions/array.html and /map.html */
export const collectionMacros: readonly string[] = [
  'trino_element_at(x, i) AS x[i]',
  // The only macro that is overloaded by type: see `callForms.ts` for what it would get wrong.
  'trino_cardinality(x MAP(VARCHAR, VARCHAR)) AS CAST(cardinality(x) AS BIGINT), (x) AS CAST(len(x) AS BIGINT)',
  'trino_contains(x, v) AS list_contains(x, v)',
  `trino_array_join(x, d) AS array_to_string(list_transform(x, lambda e: trino_to_varchar(e)), d),
   (x, d, n) AS array_to_string(list_transform(x, lambda e: coalesce(trino_to_varchar(e), n)), d)`,
  'trino_array_distinct(x) AS list_filter(x, lambda e, i: list_position(x, e) = i)',
  'trino_array_position(x, v) AS CAST(coalesce(list_position(x, v), 0) AS BIGINT)',
  'trino_array_remove(x, v) AS list_filter(x, lambda e: e IS DISTINCT FROM v)',
  "trino_array_sort(x) AS list_sort(x, 'ASC', 'NULLS LAST')",
  'trino_array_max(x) AS CASE WHEN len(x) = list_count(x) THEN list_max(x) END',
  'trino_array_min(x) AS CASE WHEN len(x) = list_count(x) THEN list_min(x) END',
  'trino_array_union(x, y) AS trino_array_distinct(x || y)',
  'trino_array_intersect(x, y) AS trino_array_distinct(list_filter(x, lambda e: list_contains(y, e)))',
  'trino_arrays_overlap(x, y) AS list_has_any(x, y)',
  'trino_sequence(a, b) AS cast_to_type(generate_series(a, b, CASE WHEN a <= b THEN 1 ELSE -1 END), [a]), (a, b, s) AS cast_to_type(generate_series(a, b, s), [a])',
  'trino_slice(x, s, n) AS CASE WHEN s > 0 THEN x[s:s + n - 1] ELSE x[len(x) + s + 1:len(x) + s + n] END',
  'trino_repeat(x, n) AS list_transform(range(n), lambda i: x)',
  'trino_zip(x, y) AS list_zip(x, y), (x, y, z) AS list_zip(x, y, z)',
  'trino_map() AS MAP {}, (k, v) AS map(k, v)',
  'trino_map_concat(x, y) AS map_concat(x, y), (x, y, z) AS map_concat(x, y, z)',
];
