/** A table of one row with a column of each kind of type: what the queries below read as `t`. */
const ROW =
  "WITH t AS (SELECT CAST('1' AS varchar) AS a, 1 AS n, DATE '2020-01-01' AS d, ARRAY[1] AS l, 1.5e0 AS f, true AS b, TIMESTAMP '2020-01-01 00:00:00.000' AS ts) ";

const REFUSED = `
SELECT '1' = 1
  TYPE_MISMATCH: line 1:12: Cannot apply operator: varchar(1) = integer
SELECT 1 FROM t WHERE a = 1
  TYPE_MISMATCH: line 1:183: Cannot apply operator: varchar = integer
SELECT 1 FROM t WHERE n IN (1, '2')
  TYPE_MISMATCH: line 1:190: IN value and list items must be the same type or coercible to a common type. Cannot find common type between integer and varchar(1), all types (without duplicates): [integer, varchar(1)]
SELECT 1 FROM t WHERE a IN (1, 2)
  TYPE_MISMATCH: line 1:187: IN value and list items must be the same type or coercible to a common type. Cannot find common type between varchar and integer, all types (without duplicates): [varchar, integer]
SELECT 1 FROM t WHERE n IN ('1')
  TYPE_MISMATCH: line 1:187: IN value and list items must be the same type or coercible to a common type. Cannot find common type between integer and varchar(1), all types (without duplicates): [integer, varchar(1)]
SELECT 1 FROM t WHERE n NOT IN ('1')
  TYPE_MISMATCH: line 1:191: IN value and list items must be the same type or coercible to a common type. Cannot find common type between integer and varchar(1), all types (without duplicates): [integer, varchar(1)]
SELECT 1 FROM t WHERE n BETWEEN '1' AND '2'
  TYPE_MISMATCH: line 1:183: Cannot check if integer is BETWEEN varchar(1) and varchar(1)
SELECT 1 FROM t WHERE n BETWEEN 1 AND '2'
  TYPE_MISMATCH: line 1:183: Cannot check if integer is BETWEEN integer and varchar(1)
SELECT 1 FROM t WHERE n NOT BETWEEN '1' AND '2'
  TYPE_MISMATCH: line 1:183: Cannot check if integer is BETWEEN varchar(1) and varchar(1)
SELECT CASE WHEN n = 1 THEN 1 ELSE 'a' END FROM t
  TYPE_MISMATCH: line 1:194: All CASE results must be the same type or coercible to a common type. Cannot find common type between integer and varchar(1), all types (without duplicates): [integer, varchar(1)]
SELECT CASE n WHEN '1' THEN 1 END FROM t
  TYPE_MISMATCH: line 1:178: CASE operand type does not match WHEN clause operand type: integer vs varchar(1)
SELECT CASE WHEN 1 THEN 1 END
  TYPE_MISMATCH: line 1:18: CASE WHEN clause must evaluate to a boolean (actual: integer)
SELECT COALESCE(a, 1) FROM t
  TYPE_MISMATCH: line 1:178: All COALESCE operands must be the same type or coercible to a common type. Cannot find common type between varchar and integer, all types (without duplicates): [varchar, integer]
SELECT if(true, 1, 'a')
  TYPE_MISMATCH: line 1:8: Result types for IF must be the same: integer vs varchar(1)
SELECT if(1, 1, 2)
  TYPE_MISMATCH: line 1:11: IF condition must evaluate to a boolean (actual: integer)
SELECT nullif('a', 1)
  TYPE_MISMATCH: line 1:8: Types are not comparable with NULLIF: varchar(1) vs integer
SELECT length(123)
  FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (integer) for function length. Expected: length(char(x)), length(varbinary), length(varchar(x))
SELECT upper(1)
  FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (integer) for function upper. Expected: upper(char(x)), upper(varchar(x))
SELECT concat('a', 1)
  FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (varchar(1), integer) for function concat. Expected: concat(E, array(E)) E, concat(array(E)) E, concat(array(E), E) E, concat(char(x), char(y)), concat(varbinary), concat(varchar)
SELECT 'a' || 1
  FUNCTION_NOT_FOUND: line 1:12: Unexpected parameters (varchar(1), integer) for function concat. Expected: concat(E, array(E)) E, concat(array(E)) E, concat(array(E), E) E, concat(char(x), char(y)), concat(varbinary), concat(varchar)
SELECT concat(1, 2)
  FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (integer, integer) for function concat. Expected: concat(E, array(E)) E, concat(array(E)) E, concat(array(E), E) E, concat(char(x), char(y)), concat(varbinary), concat(varchar)
SELECT 'a' + 1
  TYPE_MISMATCH: line 1:12: Cannot apply operator: varchar(1) + integer
SELECT a * 2 FROM t
  TYPE_MISMATCH: line 1:168: Cannot apply operator: varchar * integer
SELECT -a FROM t
  TYPE_MISMATCH: line 1:166: Cannot negate varchar
SELECT 1 FROM t WHERE n LIKE '1%'
  TYPE_MISMATCH: line 1:181: Left side of LIKE expression must evaluate to a varchar (actual: integer)
SELECT 1 FROM t WHERE a LIKE 1
  TYPE_MISMATCH: line 1:188: Pattern for LIKE expression must evaluate to a varchar (actual: integer)
SELECT 1 FROM t WHERE n
  TYPE_MISMATCH: line 1:181: WHERE clause must evaluate to a boolean: actual type integer
SELECT 1 FROM t WHERE a AND true
  TYPE_MISMATCH: line 1:181: Logical expression term must evaluate to a boolean (actual: varchar)
SELECT NOT n FROM t
  TYPE_MISMATCH: line 1:170: Value of logical NOT expression must evaluate to a boolean (actual: integer)
SELECT count(*) FROM t HAVING count(*)
  TYPE_MISMATCH: line 1:189: HAVING clause must evaluate to a boolean: actual type bigint
SELECT 1 UNION SELECT 'a'
  TYPE_MISMATCH: line 1:10: column 1 in UNION query has incompatible types: integer, varchar(1)
SELECT n, a FROM t UNION ALL SELECT n, n FROM t
  TYPE_MISMATCH: line 1:178: column 2 in UNION query has incompatible types: varchar, integer
SELECT n FROM t INTERSECT SELECT a FROM t
  TYPE_MISMATCH: line 1:175: column 1 in INTERSECT query has incompatible types: integer, varchar
SELECT 1 FROM t x JOIN t y ON x.a = y.n
  TYPE_MISMATCH: line 1:193: Cannot apply operator: varchar = integer
SELECT 1 FROM t x JOIN (SELECT n AS a FROM t) y USING (a)
  TYPE_MISMATCH: line 1:214: Cannot apply operator: varchar = integer
SELECT 1 FROM t WHERE a IN (SELECT n FROM t)
  TYPE_MISMATCH: line 1:183: Value expression and result of subquery must be of the same type: row(varchar) vs row(n integer)
SELECT 1 FROM t WHERE a = (SELECT n FROM t)
  TYPE_MISMATCH: line 1:183: Cannot apply operator: varchar = integer
SELECT 1 FROM t WHERE a = ANY (SELECT n FROM t)
  TYPE_MISMATCH: line 1:183: Value expression and result of subquery must be of the same type: row(varchar) vs row(n integer)
VALUES (1), ('a')
  TYPE_MISMATCH: line 1:1: Values rows have mismatched types: row(integer) vs row(varchar(1))
SELECT d AT TIME ZONE 'UTC' FROM t
  TYPE_MISMATCH: line 1:166: Type of value must be a time or timestamp with or without time zone (actual date)
SELECT date_diff('day', d, '2020-01-01') FROM t
  FUNCTION_NOT_FOUND: line 1:166: Unexpected parameters (varchar(3), date, varchar(10)) for function date_diff. Expected: date_diff(varchar(x), date, date), date_diff(varchar(x), time(p) with time zone, time(p) with time zone), date_diff(varchar(x), time(p), time(p)), date_diff(varchar(x), timestamp(p) with time zone, timestamp(p) with time zone), date_diff(varchar(x), timestamp(p), timestamp(p))
SELECT date_add('day', '1', d) FROM t
  FUNCTION_NOT_FOUND: line 1:166: Unexpected parameters (varchar(3), varchar(1), date) for function date_add. Expected: date_add(varchar(x), bigint, date), date_add(varchar(x), bigint, time(p) with time zone), date_add(varchar(x), bigint, time(p)), date_add(varchar(x), bigint, timestamp(p) with time zone), date_add(varchar(x), bigint, timestamp(p))
SELECT sum(a) FROM t
  FUNCTION_NOT_FOUND: line 1:166: Unexpected parameters (varchar) for function sum. Expected: sum(bigint), sum(decimal(p,s)), sum(double), sum(interval day to second), sum(interval year to month), sum(real)
SELECT avg('1')
  FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (varchar(1)) for function avg. Expected: avg(bigint), avg(decimal(p,s)), avg(double), avg(interval day to second), avg(interval year to month), avg(real)
SELECT date_trunc('day', a) FROM t
  FUNCTION_NOT_FOUND: line 1:166: Unexpected parameters (varchar(3), varchar) for function date_trunc. Expected: date_trunc(varchar(x), date), date_trunc(varchar(x), time(p) with time zone), date_trunc(varchar(x), time(p)), date_trunc(varchar(x), timestamp(p) with time zone), date_trunc(varchar(x), timestamp(p))
SELECT d + 1 FROM t
  TYPE_MISMATCH: line 1:168: Cannot apply operator: date + integer
SELECT greatest(1, 'a')
  FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (integer, varchar(1)) for function greatest. Expected: greatest(E) E:orderable
SELECT extract(hour FROM d) FROM t
  TYPE_MISMATCH: line 1:184: Cannot extract HOUR from date
SELECT b = 1 FROM t
  TYPE_MISMATCH: line 1:168: Cannot apply operator: boolean = integer
SELECT b = 'true' FROM t
  TYPE_MISMATCH: line 1:168: Cannot apply operator: boolean = varchar(4)
SELECT ts = '2020-01-01' FROM t
  TYPE_MISMATCH: line 1:169: Cannot apply operator: timestamp(3) = varchar(10)
SELECT json_extract('{"a":"x"}', '$.a') = 'x'
  TYPE_MISMATCH: line 1:41: Cannot apply operator: json = varchar(1)
SELECT a IS DISTINCT FROM n FROM t
  TYPE_MISMATCH: line 1:168: Cannot check if varchar is distinct from integer
SELECT ARRAY[1, 'a']
  TYPE_MISMATCH: line 1:17: All ARRAY elements must be the same type or coercible to a common type. Cannot find common type between integer and varchar(1), all types (without duplicates): [integer, varchar(1)]
SELECT contains(ARRAY[1], 'a')
  FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (array(integer), varchar(1)) for function contains. Expected: contains(array(t), t) T:comparable, contains(varchar, ipaddress)
SELECT l[1] = 'a' FROM t
  TYPE_MISMATCH: line 1:171: Cannot apply operator: integer = varchar(1)
SELECT l['a'] FROM t
  TYPE_MISMATCH: line 1:166: Cannot use varchar(1) for subscript of array(integer)
SELECT row_number() OVER (ORDER BY n) = '1' FROM t
  TYPE_MISMATCH: line 1:197: Cannot apply operator: bigint = varchar(1)
SELECT substr(123, 1)
  FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (integer, integer) for function substr. Expected: substr(char(x), bigint), substr(char(x), bigint, bigint), substr(varbinary, bigint), substr(varbinary, bigint, bigint), substr(varchar(x), bigint), substr(varchar(x), bigint, bigint)
SELECT substr('abc', '1')
  FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (varchar(3), varchar(1)) for function substr. Expected: substr(char(x), bigint), substr(char(x), bigint, bigint), substr(varbinary, bigint), substr(varbinary, bigint, bigint), substr(varchar(x), bigint), substr(varchar(x), bigint, bigint)
SELECT round('1.5')
  FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (varchar(3)) for function round. Expected: round(bigint), round(bigint, integer), round(decimal(p,s)), round(decimal(p,s), integer), round(double), round(double, integer), round(integer), round(integer, integer), round(real), round(real, integer), round(smallint), round(smallint, integer), round(tinyint), round(tinyint, integer)
SELECT abs(a) FROM t
  FUNCTION_NOT_FOUND: line 1:166: Unexpected parameters (varchar) for function abs. Expected: abs(bigint), abs(decimal(p,s)), abs(double), abs(integer), abs(real), abs(smallint), abs(tinyint)
SELECT split_part(n, ',', 1) FROM t
  FUNCTION_NOT_FOUND: line 1:166: Unexpected parameters (integer, varchar(1), integer) for function split_part. Expected: split_part(varchar(x), varchar(y), bigint)
SELECT regexp_like(n, '1') FROM t
  FUNCTION_NOT_FOUND: line 1:166: Unexpected parameters (integer, varchar(1)) for function regexp_like. Expected: regexp_like(varchar(x), joniregexp)
SELECT any_match(l, x -> x = 'a') FROM t
  TYPE_MISMATCH: line 1:186: Cannot apply operator: integer = varchar(1)
SELECT count(*) FILTER (WHERE n) FROM t
  TYPE_MISMATCH: line 1:189: Filter expression must evaluate to a boolean (actual: integer)
SELECT from_unixtime(a) FROM t
  FUNCTION_NOT_FOUND: line 1:166: Unexpected parameters (varchar) for function from_unixtime. Expected: from_unixtime(double), from_unixtime(double, bigint, bigint), from_unixtime(double, varchar(x))
SELECT date_format(a, '%Y') FROM t
  FUNCTION_NOT_FOUND: line 1:166: Unexpected parameters (varchar, varchar(2)) for function date_format. Expected: date_format(timestamp(p) with time zone, varchar(x)), date_format(timestamp(p), varchar(x))
SELECT cast(l AS varchar) FROM t
  TYPE_MISMATCH: line 1:166: Cannot cast array(integer) to varchar
SELECT CAST(d AS integer) FROM t
  TYPE_MISMATCH: line 1:166: Cannot cast date to integer
SELECT CAST(true AS date)
  TYPE_MISMATCH: line 1:8: Cannot cast boolean to date
SELECT try_cast(d AS bigint) FROM t
  TYPE_MISMATCH: line 1:166: Cannot cast date to bigint
SELECT lower(d) FROM t
  FUNCTION_NOT_FOUND: line 1:166: Unexpected parameters (date) for function lower. Expected: lower(char(x)), lower(varchar(x))
SELECT lag(a, 1, 0) OVER (ORDER BY n) FROM t
  FUNCTION_NOT_FOUND: line 1:166: Unexpected parameters (varchar, integer, integer) for function lag. Expected: lag(t) T, lag(t, bigint) T, lag(t, bigint, t) T
SELECT element_at(l, 'a') FROM t
  FUNCTION_NOT_FOUND: line 1:166: Unexpected parameters (array(integer), varchar(1)) for function element_at. Expected: element_at(array(e), bigint) E, element_at(map(K,V), K) K, V
SELECT array_join(l, 1) FROM t
  FUNCTION_NOT_FOUND: line 1:166: Unexpected parameters (array(integer), integer) for function array_join. Expected: array_join(array(e), varchar) E, array_join(array(e), varchar, varchar) E
SELECT to_hex('a')
  FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (varchar(1)) for function to_hex. Expected: to_hex(varbinary)
SELECT md5('a')
  FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (varchar(1)) for function md5. Expected: md5(varbinary)
SELECT json_extract_scalar(1, '$.a')
  FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (integer, varchar(3)) for function json_extract_scalar. Expected: json_extract_scalar(json, jsonpath), json_extract_scalar(varchar(x), jsonpath)
SELECT max_by(a, n) = 1 FROM t
  TYPE_MISMATCH: line 1:179: Cannot apply operator: varchar = integer
SELECT 'a' < ALL (SELECT n FROM t)
  TYPE_MISMATCH: line 1:170: Value expression and result of subquery must be of the same type: row(varchar(1)) vs row(n integer)
SELECT exists(SELECT 1) = 1
  TYPE_MISMATCH: line 1:25: Cannot apply operator: boolean = integer
SELECT current_date = '2020-01-01'
  TYPE_MISMATCH: line 1:21: Cannot apply operator: date = varchar(10)
SELECT approx_distinct(a) = '1' FROM t
  TYPE_MISMATCH: line 1:185: Cannot apply operator: bigint = varchar(1)
SELECT x FROM (SELECT a AS x FROM t) AS s WHERE x = 1
  TYPE_MISMATCH: line 1:209: Cannot apply operator: varchar = integer
SELECT count(*) FROM t WHERE a = 1 GROUP BY n HAVING sum(n) > '1'
  TYPE_MISMATCH: line 1:190: Cannot apply operator: varchar = integer
SELECT upper(a), count(*) FROM t GROUP BY upper(a) HAVING count(*) = '1'
  TYPE_MISMATCH: line 1:226: Cannot apply operator: bigint = varchar(1)
SELECT lower(a) || 1 FROM t GROUP BY lower(a)
  FUNCTION_NOT_FOUND: line 1:175: Unexpected parameters (varchar, integer) for function concat. Expected: concat(E, array(E)) E, concat(array(E)) E, concat(array(E), E) E, concat(char(x), char(y)), concat(varbinary), concat(varchar)
SELECT sum(length(a)) = '3' FROM t GROUP BY b
  TYPE_MISMATCH: line 1:181: Cannot apply operator: bigint = varchar(1)
SELECT n FROM t GROUP BY n, a = 1
  TYPE_MISMATCH: line 1:189: Cannot apply operator: varchar = integer
SELECT (SELECT n FROM t) || 'a'
  FUNCTION_NOT_FOUND: line 1:184: Unexpected parameters (integer, varchar(1)) for function concat. Expected: concat(E, array(E)) E, concat(array(E)) E, concat(array(E), E) E, concat(char(x), char(y)), concat(varbinary), concat(varchar)
SELECT 1 FROM t WHERE exists (SELECT 1 FROM t u WHERE u.a = t.n)
  TYPE_MISMATCH: line 1:217: Cannot apply operator: varchar = integer
SELECT transform(l, x -> x || 'a') FROM t
  FUNCTION_NOT_FOUND: line 1:186: Unexpected parameters (integer, varchar(1)) for function concat. Expected: concat(E, array(E)) E, concat(array(E)) E, concat(array(E), E) E, concat(char(x), char(y)), concat(varbinary), concat(varchar)
SELECT COALESCE(NULL, 1, 'a')
  TYPE_MISMATCH: line 1:26: All COALESCE operands must be the same type or coercible to a common type. Cannot find common type between integer and varchar(1), all types (without duplicates): [unknown, integer, varchar(1)]
SELECT 'a' UNION ALL SELECT 'b' UNION ALL SELECT 3
  TYPE_MISMATCH: line 1:33: column 1 in UNION query has incompatible types: varchar(1), integer
SELECT json_extract_scalar(a, '$.x') = 1 FROM t
  TYPE_MISMATCH: line 1:196: Cannot apply operator: varchar = integer
SELECT year(d) = '2020' FROM t
  TYPE_MISMATCH: line 1:174: Cannot apply operator: bigint = varchar(4)
SELECT row_number() OVER (PARTITION BY a = 1 ORDER BY n) FROM t
  TYPE_MISMATCH: line 1:200: Cannot apply operator: varchar = integer
SELECT array_position(l, a) FROM t
  FUNCTION_NOT_FOUND: line 1:166: Unexpected parameters (array(integer), varchar) for function array_position. Expected: array_position(array(t), t) T:comparable
SELECT greatest(n, a) FROM t
  FUNCTION_NOT_FOUND: line 1:166: Unexpected parameters (integer, varchar) for function greatest. Expected: greatest(E) E:orderable
SELECT MAP(ARRAY['a'], ARRAY[1])['a'] = '1'
  TYPE_MISMATCH: line 1:39: Cannot apply operator: integer = varchar(1)
SELECT CAST(ROW(1, 'a') AS ROW(x integer, y varchar)).x = 'a'
  TYPE_MISMATCH: line 1:57: Cannot apply operator: integer = varchar(1)
SELECT CAST(n AS date) FROM t
  TYPE_MISMATCH: line 1:166: Cannot cast integer to date
SELECT CAST(n AS timestamp) FROM t
  TYPE_MISMATCH: line 1:166: Cannot cast integer to timestamp(3)
SELECT CAST(b AS timestamp) FROM t
  TYPE_MISMATCH: line 1:166: Cannot cast boolean to timestamp(3)
SELECT CAST(l AS varchar(10)) FROM t
  TYPE_MISMATCH: line 1:166: Cannot cast array(integer) to varchar(10)
SELECT CAST(d AS decimal(5, 2)) FROM t
  TYPE_MISMATCH: line 1:166: Cannot cast date to decimal(5,2)
SELECT CAST(CAST(l AS varchar) AS decimal(5, 2)) FROM t
  TYPE_MISMATCH: line 1:171: Cannot cast array(integer) to varchar
SELECT * FROM t x JOIN t y ON x.n = y.n AND x.a = y.n
  TYPE_MISMATCH: line 1:207: Cannot apply operator: varchar = integer
SELECT * FROM t x JOIN t y ON x.n
  TYPE_MISMATCH: line 1:189: JOIN ON clause must evaluate to a boolean: actual type integer
SELECT n FROM t WHERE n > ALL (SELECT a FROM t)
  TYPE_MISMATCH: line 1:183: Value expression and result of subquery must be of the same type: row(integer) vs row(a varchar)
SELECT a AT TIME ZONE 'UTC' FROM t
  TYPE_MISMATCH: line 1:166: Type of value must be a time or timestamp with or without time zone (actual varchar)
SELECT current_date AT TIME ZONE 'UTC'
  TYPE_MISMATCH: line 1:8: Type of value must be a time or timestamp with or without time zone (actual date)
SELECT at_timezone(a, 'UTC') FROM t
  FUNCTION_NOT_FOUND: line 1:166: Unexpected parameters (varchar, varchar(3)) for function at_timezone. Expected: at_timezone(timestamp(p) with time zone, interval day to second), at_timezone(timestamp(p) with time zone, varchar(x))
SELECT n FROM t ORDER BY a = 1
  TYPE_MISMATCH: line 1:186: Cannot apply operator: varchar = integer
SELECT x FROM UNNEST(ARRAY[1, 2]) AS u(x) WHERE x = 'a'
  TYPE_MISMATCH: line 1:51: Cannot apply operator: integer = varchar(1)
SELECT x FROM (VALUES 1, 'a') AS s(x)
  TYPE_MISMATCH: line 1:16: Values rows have mismatched types: row(integer) vs row(varchar(1))
VALUES (1, 'a'), (2, 3)
  TYPE_MISMATCH: line 1:1: Values rows have mismatched types: row(integer, varchar(1)) vs row(integer, integer)
SELECT 'ÄÖÜ' = a, a = 1 FROM t
  TYPE_MISMATCH: line 1:179: Cannot apply operator: varchar = integer
SELECT length(n) FROM t
  FUNCTION_NOT_FOUND: line 1:166: Unexpected parameters (integer) for function length. Expected: length(char(x)), length(varbinary), length(varchar(x))
SELECT round(a) FROM t
  FUNCTION_NOT_FOUND: line 1:166: Unexpected parameters (varchar) for function round. Expected: round(bigint), round(bigint, integer), round(decimal(p,s)), round(decimal(p,s), integer), round(double), round(double, integer), round(integer), round(integer, integer), round(real), round(real, integer), round(smallint), round(smallint, integer), round(tinyint), round(tinyint, integer)
SELECT to_unixtime(a) FROM t
  FUNCTION_NOT_FOUND: line 1:166: Unexpected parameters (varchar) for function to_unixtime. Expected: to_unixtime(timestamp(p) with time zone)
SELECT strpos(a, n) FROM t
  FUNCTION_NOT_FOUND: line 1:166: Unexpected parameters (varchar, integer) for function strpos. Expected: strpos(varchar(x), varchar(y)), strpos(varchar(x), varchar(y), bigint)
SELECT bool_and(n) FROM t
  FUNCTION_NOT_FOUND: line 1:166: Unexpected parameters (integer) for function bool_and. Expected: bool_and(boolean)
SELECT count_if(n) FROM t
  FUNCTION_NOT_FOUND: line 1:166: Unexpected parameters (integer) for function count_if. Expected: count_if(boolean)
SELECT t.a = u.n FROM t CROSS JOIN t u
  TYPE_MISMATCH: line 1:170: Cannot apply operator: varchar = integer
SELECT a = TRUE FROM t
  TYPE_MISMATCH: line 1:168: Cannot apply operator: varchar = boolean
SELECT date_add('day', f, d) FROM t
  FUNCTION_NOT_FOUND: line 1:166: Unexpected parameters (varchar(3), double, date) for function date_add. Expected: date_add(varchar(x), bigint, date), date_add(varchar(x), bigint, time(p) with time zone), date_add(varchar(x), bigint, time(p)), date_add(varchar(x), bigint, timestamp(p) with time zone), date_add(varchar(x), bigint, timestamp(p))
SELECT split_part(a, ',', n * 1.5e0) FROM t
  FUNCTION_NOT_FOUND: line 1:166: Unexpected parameters (varchar, varchar(1), double) for function split_part. Expected: split_part(varchar(x), varchar(y), bigint)
SELECT ntile(2.5e0) OVER (ORDER BY n) FROM t
  FUNCTION_NOT_FOUND: line 1:166: Unexpected parameters (double) for function ntile. Expected: ntile(bigint)
SELECT n = TRUE FROM t
  TYPE_MISMATCH: line 1:168: Cannot apply operator: integer = boolean
`;

const TAKEN = `
SELECT max(l) FROM t
SELECT hour(d) FROM t
SELECT d = ts FROM t
SELECT to_unixtime(d) FROM t
SELECT date_format(d, '%Y') FROM t
SELECT upper(a) || 'x', length(upper(a)) FROM t GROUP BY upper(a)
SELECT sum(n) + sum(f), max(a) || 'x' FROM t GROUP BY b
SELECT filter(l, x -> x > 0) FROM t
SELECT a = NULL, n IN (NULL, 1), CASE WHEN b THEN NULL ELSE a END, COALESCE(a, NULL) FROM t
SELECT x = 'a' FROM (SELECT NULL AS x) AS s
SELECT NULL UNION ALL SELECT 'a'
SELECT 1 UNION ALL SELECT 2.5 UNION ALL SELECT 1e0
SELECT d = ts, ts > d, d BETWEEN ts AND ts, d IN (ts) FROM t
SELECT CAST(n AS varchar) = a, CAST(a AS integer) = n, TRY_CAST(a AS double) > f FROM t
SELECT n = 1.5, f = 1, n < f, n IN (1.5, 2e0) FROM t
SELECT date_add('day', -n, d) = d, date_diff('day', d, ts) > 1 FROM t
SELECT d > current_date - INTERVAL '7' DAY FROM t
SELECT d > date_add('day', -7, current_date), ts >= now() - INTERVAL '1' HOUR FROM t
SELECT json_extract_scalar(a, '$.x') = '1', CAST(json_extract(a, '$.x') AS bigint) = 1 FROM t
SELECT sum(n) OVER (PARTITION BY a ORDER BY d), lag(a) OVER (ORDER BY n), first_value(a) OVER (ORDER BY d) FROM t
SELECT lag(a, 1, 'x') OVER (ORDER BY n), ntile(2) OVER (ORDER BY n) FROM t
SELECT array_agg(a ORDER BY n), max_by(a, n), count(DISTINCT a), count_if(b), approx_percentile(f, 0.5) FROM t
SELECT array_join(ARRAY[n, 2], ','), contains(l, n), element_at(l, 1), cardinality(l) FROM t
SELECT sequence(1, 3), sequence(d, d), reduce(l, 0, (s, x) -> s + x, s -> s) FROM t
SELECT trim(a), position('x' IN a), extract(year FROM d), extract(hour FROM ts) FROM t
SELECT MAP(ARRAY['a'], ARRAY[1])['a'] = 1
SELECT CAST(l AS array(varchar)), CAST(l AS json), CAST(a AS varchar(3)), CAST(n AS decimal(5, 2)) FROM t
SELECT CAST(d AS timestamp), CAST(ts AS date), CAST(ts AS varchar), CAST(b AS varchar), CAST(n AS boolean) FROM t
SELECT CASE n WHEN 1 THEN 'a' WHEN 2 THEN 'b' ELSE NULL END FROM t
SELECT CASE WHEN n = 1 THEN d ELSE ts END, if(b, n, f), if(b, a) FROM t
SELECT count(*) FROM t x JOIN t y USING (a, n)
SELECT n FROM t WHERE (a, n) IN (SELECT a, n FROM t)
SELECT n FROM t WHERE n = ANY (SELECT n FROM t) AND a <> ALL (SELECT a FROM t)
SELECT ts AT TIME ZONE 'UTC', current_timestamp AT TIME ZONE 'Europe/Vienna' FROM t
SELECT CAST(d AS timestamp) AT TIME ZONE 'UTC' FROM t
SELECT at_timezone(d, 'UTC') FROM t
SELECT DISTINCT a || 'x' FROM t ORDER BY 1
SELECT a, n FROM t WHERE a LIKE '1%' AND NOT (n = 2 OR b) AND a IS NOT NULL
SELECT x FROM (VALUES 1, NULL, 2.5) AS s(x)
SELECT -n, -f, n % 2, n * f, INTERVAL '1' DAY * n FROM t
SELECT "length"(a) FROM t
SELECT date_add('day', sum(n) / count(*), max(d)), date_add('day', max(n) % 2, max(d)), date_add('day', date_diff('day', min(d), max(d)) / 2, max(d)) FROM t
SELECT date_add('day', floor(n / 2), d), date_add('day', abs(-n), d), date_add('day', row_number() OVER (), d), date_add('day', cardinality(l), d), date_add('day', l[1], d), date_add('day', NULL, d) FROM t
SELECT transform(sequence(1, 3), i -> date_add('day', i, d)), substr(a, bitwise_and(3, 1), length(a)), round(f, n), power(n, n), from_unixtime(n), sqrt(n) FROM t
SELECT min(a), max(d), min_by(a, f) FROM t
SELECT substr(a, n, 1), lpad(a, n, 'x'), split_part(a, ',', n), repeat(n, 2) FROM t
`;

const whole = (sql: string) => (/FROM t\b/.test(sql) && !sql.startsWith('WITH') ? ROW + sql : sql);

/**
 * Queries that Trino refuses for the types in them, and why: its own words, which `npm run test:trino` asks for, after
 * the code of the error.
 */
export const refusedTypes: readonly (readonly [sql: string, reason: string])[] = REFUSED.trim()
  .split(/\n(?! )/)
  .map((text): [string, string] => {
    const [sql = '', reason = ''] = text.split('\n  ');
    return [whole(sql), reason];
  });

/** Queries of the same kinds that Trino takes. */
export const takenTypes: readonly string[] = TAKEN.trim().split('\n').map(whole);
