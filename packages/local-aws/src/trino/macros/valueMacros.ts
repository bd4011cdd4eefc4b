/** Any null argument makes null, where DuckDB's own passes over nulls. */
function nullable(name: string): string {
  return Array.from({ length: 7 }, (_, index) => {
    const names = Array.from({ length: index + 1 }, (_, position) => `a${position}`);
    const missing = names.map((argument) => `${argument} IS NULL`).join(' OR ');
    return `(${names.join(', ')}) AS CASE WHEN ${missing} THEN NULL ELSE ${name}(${names.join(', ')}) END`;
  }).join(', ');
}

const logarithm = (name: string) =>
  `trino_${name}(x) AS CASE WHEN x > 0 THEN ${name}(x) WHEN x = 0 THEN CAST('-infinity' AS DOUBLE) WHEN x < 0 THEN CAST('nan' AS DOUBLE) END`;

/** https://trino.io/docs/current/functions/conditional.html, /math.html, /bitwise.html, /conversion.html */
export const valueMacros: readonly string[] = [
  'trino_if(c, a) AS CASE WHEN c THEN a END, (c, a, b) AS CASE WHEN c THEN a ELSE b END',
  `trino_greatest${nullable('greatest')}`,
  `trino_least${nullable('least')}`,
  'trino_log(b, x) AS log(b, x)',
  // DuckDB fails where there is no logarithm or root; Trino's are Java's.
  logarithm('ln'),
  logarithm('log2'),
  logarithm('log10'),
  `trino_sqrt(x) AS CASE WHEN x < 0 THEN CAST('nan' AS DOUBLE) ELSE sqrt(x) END`,
  // A decimal keeps its scale; and less zero, minus zero stays.
  'trino_round(x) AS round(x), (x, n) AS system.main."-"(round(x, n), cast_to_type(0, x))',
  'trino_e() AS exp(1)',
  'trino_truncate(x) AS trunc(x), (x, n) AS trunc(x * power(10, n)) / power(10, n)',
  'trino_rand() AS random(), (n) AS CAST(floor(random() * n) AS BIGINT), (a, b) AS a + CAST(floor(random() * (b - a)) AS BIGINT)',
  'trino_random() AS random(), (n) AS CAST(floor(random() * n) AS BIGINT), (a, b) AS a + CAST(floor(random() * (b - a)) AS BIGINT)',
  'trino_is_nan(x) AS isnan(x)',
  'trino_is_finite(x) AS isfinite(CAST(x AS DOUBLE))',
  'trino_is_infinite(x) AS isinf(CAST(x AS DOUBLE))',
  `trino_nan() AS CAST('nan' AS DOUBLE)`,
  `trino_infinity() AS CAST('infinity' AS DOUBLE)`,
  'trino_width_bucket(x, low, high, n) AS CAST(CASE WHEN x < low THEN 0 WHEN x >= high THEN n + 1 ELSE floor((CAST(x AS DOUBLE) - low) * n / (CAST(high AS DOUBLE) - low)) + 1 END AS BIGINT)',
  'trino_bitwise_and(a, b) AS CAST(a & b AS BIGINT)',
  'trino_bitwise_or(a, b) AS CAST(a | b AS BIGINT)',
  'trino_bitwise_xor(a, b) AS CAST(xor(a, b) AS BIGINT)',
  'trino_bitwise_not(a) AS CAST(~a AS BIGINT)',
  'trino_bitwise_left_shift(a, b) AS CAST(a << b AS BIGINT)',
  'trino_bitwise_right_shift(a, b) AS CAST(a >> b AS BIGINT)',
  `trino_typeof(x) AS CASE typeof(x)
     WHEN 'TIMESTAMP' THEN 'timestamp(3)' WHEN 'TIMESTAMP WITH TIME ZONE' THEN 'timestamp(3) with time zone'
     WHEN 'FLOAT' THEN 'real' WHEN 'BLOB' THEN 'varbinary' WHEN 'HUGEINT' THEN 'bigint' WHEN '"NULL"' THEN 'unknown'
     WHEN 'INTERVAL' THEN 'interval day to second'
     ELSE CASE
       WHEN typeof(x) LIKE '%[]' THEN 'array(' || lower(left(typeof(x), length(typeof(x)) - 2)) || ')'
       ELSE lower(typeof(x)) END END`,
  // What may be compared with what, by DuckDB's name of a type: typeRules.ts.
  `trino_kind(t) AS CASE
     WHEN t LIKE '%[]' THEN 'array' WHEN t LIKE 'STRUCT%' THEN 'row' WHEN t LIKE 'MAP%' THEN 'map'
     WHEN t LIKE 'DECIMAL%' OR t LIKE '%INT' OR t IN ('INTEGER', 'UINTEGER', 'FLOAT', 'DOUBLE') THEN 'number'
     WHEN t = 'VARCHAR' THEN 'text' WHEN t = 'BLOB' THEN 'binary' WHEN t = '"NULL"' THEN 'null'
     WHEN t LIKE 'TIMESTAMP%' THEN 'timestamp' WHEN t LIKE 'TIME%' THEN 'time'
     WHEN t IN ('BOOLEAN', 'DATE', 'INTERVAL', 'JSON', 'UUID') THEN lower(t) ELSE 'other' END`,
  `trino_element_kind(t) AS trino_kind(CASE WHEN t LIKE '%[]' THEN left(t, length(t) - 2) ELSE t END)`,
  `trino_kinds_fit(a, b) AS a = b OR a IN ('null', 'other') OR b IN ('null', 'other')
     OR (a IN ('date', 'timestamp') AND b IN ('date', 'timestamp'))`,
];
