const FAILED = `
SELECT ARRAY[1, 2, 3][5]
  INVALID_FUNCTION_ARGUMENT: Array subscript must be less than or equal to array length: 5 > 3
SELECT ARRAY[1, 2, 3][0]
  INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1
SELECT l[n] FROM (VALUES (ARRAY[1, 2], -1)) AS t(l, n)
  INVALID_FUNCTION_ARGUMENT: Array subscript is negative: -1
SELECT l[n] FROM (VALUES (ARRAY['a'], 1), (ARRAY['a', 'b'], 3)) AS t(l, n)
  INVALID_FUNCTION_ARGUMENT: Array subscript must be less than or equal to array length: 3 > 2
SELECT COALESCE(split('a-b', '-')[3], 'c')
  INVALID_FUNCTION_ARGUMENT: Array subscript must be less than or equal to array length: 3 > 2
SELECT transform(ARRAY[ARRAY[ROW(1)]], x -> x[2])
  INVALID_FUNCTION_ARGUMENT: Array subscript must be less than or equal to array length: 2 > 1
SELECT ARRAY[MAP(ARRAY['a'], ARRAY[1])][2]['a']
  INVALID_FUNCTION_ARGUMENT: Array subscript must be less than or equal to array length: 2 > 1
SELECT MAP(ARRAY['a'], ARRAY[1])['x']
  INVALID_FUNCTION_ARGUMENT: Key not present in map: x
SELECT MAP(ARRAY[1], ARRAY[1])[-2]
  INVALID_FUNCTION_ARGUMENT: Key not present in map: -2
SELECT MAP(ARRAY[1e0], ARRAY[1])[2e0]
  INVALID_FUNCTION_ARGUMENT: Key not present in map: 2.0E0
SELECT MAP(ARRAY[DATE '2026-11-20'], ARRAY[1])[DATE '2026-11-21']
  INVALID_FUNCTION_ARGUMENT: Key not present in map: 2026-11-21
SELECT MAP(ARRAY[ARRAY[1]], ARRAY[1])[ARRAY[2]]
  INVALID_FUNCTION_ARGUMENT: Key not present in map
SELECT map_agg(k, v)['c'] FROM (VALUES ('a', 1)) AS t(k, v)
  INVALID_FUNCTION_ARGUMENT: Key not present in map: c
SELECT element_at(ARRAY[1, 2], 0)
  INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1
SELECT element_at(ARRAY[1, 2], p) FROM (VALUES 1, 0) AS t(p)
  INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1
SELECT 'abc'[1]
  TYPE_MISMATCH: line 1:8: Cannot use integer for subscript of varchar(3)
SELECT ARRAY[1, 2][1.5e0]
  TYPE_MISMATCH: line 1:8: Cannot use double for subscript of array(integer)
SELECT MAP(ARRAY[DATE '2026-11-20'], ARRAY[1])['a']
  TYPE_MISMATCH: line 1:8: Cannot use varchar(1) for subscript of map(date, integer)
SELECT 2147483647 + 1
  NUMERIC_VALUE_OUT_OF_RANGE: integer addition overflow: 2147483647 + 1
SELECT -2147483647 - 2
  NUMERIC_VALUE_OUT_OF_RANGE: integer subtraction overflow: -2147483647 - 2
SELECT BIGINT '9223372036854775807' * 2
  NUMERIC_VALUE_OUT_OF_RANGE: bigint multiplication overflow: 9223372036854775807 * 2
SELECT TINYINT '127' + TINYINT '1'
  NUMERIC_VALUE_OUT_OF_RANGE: tinyint addition overflow: 127 + 1
SELECT SMALLINT '32767' * SMALLINT '2'
  NUMERIC_VALUE_OUT_OF_RANGE: smallint multiplication overflow: 32767 * 2
SELECT abs(CAST(-2147483648 AS integer))
  NUMERIC_VALUE_OUT_OF_RANGE: Value -2147483648 is out of range for abs(integer)
SELECT CAST(3000000000 AS integer)
  NUMERIC_VALUE_OUT_OF_RANGE: Out of range for integer: 3000000000
SELECT CAST(3e9 AS integer)
  NUMERIC_VALUE_OUT_OF_RANGE: Out of range for integer: 3.0E9
SELECT CAST(1e30 AS bigint)
  INVALID_CAST_ARGUMENT: Unable to cast 1.0E30 to bigint
SELECT CAST(nan() AS integer)
  INVALID_CAST_ARGUMENT: Cannot cast double NaN to integer
SELECT CAST('3000000000' AS integer)
  INVALID_CAST_ARGUMENT: Cannot cast '3000000000' to INT
SELECT CAST('x' AS integer)
  INVALID_CAST_ARGUMENT: Cannot cast 'x' to INT
SELECT DISTINCT a FROM (VALUES (1, 2)) AS t(a, b) ORDER BY b
  EXPRESSION_NOT_IN_DISTINCT: line 1:1: For SELECT DISTINCT, ORDER BY expressions must appear in select list
SELECT * FROM (SELECT DISTINCT a FROM (VALUES (1, 2)) AS t(a, b) ORDER BY t.b LIMIT 1)
  EXPRESSION_NOT_IN_DISTINCT: line 1:16: For SELECT DISTINCT, ORDER BY expressions must appear in select list
SELECT DISTINCT a, a + b FROM (VALUES (1, 2)) AS t(a, b) ORDER BY a + b
  EXPRESSION_NOT_IN_DISTINCT: line 1:1: For SELECT DISTINCT, ORDER BY expressions must appear in select list
SELECT DISTINCT * FROM (VALUES (1, 2)) AS t(a, b) ORDER BY a + b
  EXPRESSION_NOT_IN_DISTINCT: line 1:1: For SELECT DISTINCT, ORDER BY expressions must appear in select list
SELECT DISTINCT a FROM (VALUES (1, 2)) AS t(a, b) GROUP BY a ORDER BY count(*)
  EXPRESSION_NOT_IN_DISTINCT: line 1:1: For SELECT DISTINCT, ORDER BY expressions must appear in select list
SELECT x FROM (VALUES 1, 2) AS t(x) FETCH FIRST 2 ROWS WITH TIES
  MISSING_ORDER_BY: line 1:37: FETCH FIRST WITH TIES clause requires ORDER BY
SELECT x FROM (VALUES 1, 2) AS t(x) ORDER BY x FETCH FIRST 0 ROWS WITH TIES
  NUMERIC_VALUE_OUT_OF_RANGE: line 1:48: FETCH FIRST row count must be positive (actual value: 0)
`;

/**
 * Queries that fail in Trino, and why: its own words, which `npm run test:trino` asks for, after the code of the error.
 */
export const failingQueries: readonly (readonly [sql: string, reason: string])[] = FAILED.trim()
  .split(/\n(?! )/)
  .map((text): [string, string] => {
    const [sql = '', reason = ''] = text.split('\n  ');
    return [sql, reason];
  });
