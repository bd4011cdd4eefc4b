import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openLake } from './openLake.ts';

let lake: Awaited<ReturnType<typeof openLake>>;
beforeAll(async () => {
  lake = await openLake();
});
afterAll(() => lake.close());

/** A name may be one of Athena's functions. */
const ELSE = ', or it is not emulated by the local Athena: try it in Trino or on AWS';

// Messages as engine version 3 words them; the types come from the error catalog.
const FAILURES: readonly { readonly sql: string; readonly reason: string | RegExp; readonly type: number }[] =
  [
    {
      sql: 'SELECT x FROM events',
      reason:
        "COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved or requester is not authorized to access requested resources",
      type: 1006,
    },
    {
      sql: 'SELECT id,\n  e.nope\nFROM events e',
      reason:
        "COLUMN_NOT_FOUND: line 2:3: Column 'e.nope' cannot be resolved or requester is not authorized to access requested resources",
      type: 1006,
    },
    {
      sql: "SELECT upper(name), date_add('day', 1, nope) FROM events",
      reason: /^COLUMN_NOT_FOUND: line 1:40: Column 'nope' /,
      type: 1006,
    },
    { sql: "SELECT 'ÄÖÜ', nope FROM events", reason: /^COLUMN_NOT_FOUND: line 1:15: /, type: 1006 },
    { sql: 'SELECT place.nope FROM events', reason: /^COLUMN_NOT_FOUND: Column 'nope'/, type: 1006 },
    {
      sql: 'SELECT * FROM nope',
      reason: "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.db.nope' does not exist",
      type: 1301,
    },
    {
      sql: 'SELECT * FROM other.nope',
      reason: "SCHEMA_NOT_FOUND: line 1:15: Schema 'other' does not exist",
      type: 1301,
    },
    {
      sql: 'SELECT * FROM hive.db.events',
      reason: /^CATALOG_NOT_FOUND: .*Catalog 'hive' does not exist$/,
      type: 1301,
    },
    {
      sql: 'SELECT nope(1)',
      reason: `FUNCTION_NOT_FOUND: line 1:8: Function 'nope' not registered${ELSE}`,
      type: 1303,
    },
    {
      sql: "SELECT * FROM read_csv('/etc/passwd')",
      reason: `FUNCTION_NOT_FOUND: line 1:15: Function 'read_csv' not registered${ELSE}`,
      type: 1303,
    },
    {
      sql: "SELECT getvariable('x')",
      reason: `FUNCTION_NOT_FOUND: line 1:8: Function 'getvariable' not registered${ELSE}`,
      type: 1303,
    },
    {
      sql: "SELECT date_format(ts, '%U') FROM events",
      reason: /^NOT_SUPPORTED: line 1:8: Function 'date_format' with the pattern '%U'/,
      type: 1200,
    },
    {
      sql: 'SELECT lower(id) FROM events',
      reason: 'FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (bigint) for function lower',
      type: 1303,
    },
    {
      sql: 'SELECT CAST(id AS nope) FROM events',
      reason: 'TYPE_NOT_FOUND: line 1:19: Unknown type: nope',
      type: 1006,
    },
    // A member that JavaScript's objects have.
    {
      sql: 'SELECT CAST(id AS constructor) FROM events',
      reason: 'TYPE_NOT_FOUND: line 1:19: Unknown type: constructor',
      type: 1006,
    },
    {
      sql: 'SELECT id, count(*) FROM events',
      reason:
        "EXPRESSION_NOT_AGGREGATE: line 1:8: 'id' must be an aggregate expression or appear in GROUP BY clause",
      type: 1006,
    },
    {
      sql: 'SELECT id FROM events a, events b',
      reason: "AMBIGUOUS_NAME: line 1:8: Column 'id' is ambiguous",
      type: 1006,
    },
    { sql: 'SELECT 1 / (id - id) FROM events', reason: 'DIVISION_BY_ZERO: Division by zero', type: 1000 },
    {
      sql: 'SELECT CAST(name AS bigint) FROM events',
      reason: /^INVALID_CAST_ARGUMENT: Cannot cast 'n\d'/,
      type: 1106,
    },
    {
      sql: 'SELECT normal_cdf(0, 0, 1)',
      reason: 'INVALID_FUNCTION_ARGUMENT: standardDeviation must be > 0',
      type: 1106,
    },
    {
      sql: 'SELECT wilson_interval_lower(11, 10, 1.96)',
      reason: /^INVALID_FUNCTION_ARGUMENT: number of successes must not/,
      type: 1106,
    },
    {
      sql: 'SELECT t_cdf(1, 10)',
      reason: `FUNCTION_NOT_FOUND: line 1:8: Function 't_cdf' not registered${ELSE}`,
      type: 1303,
    },
    {
      sql: 'SELECT ds - ds FROM events',
      reason:
        'NOT_SUPPORTED: The difference of two dates (use date_diff) is not emulated by the local Athena: try it in Trino or on AWS',
      type: 1200,
    },
    {
      sql: 'SELECT sum(x) FROM (VALUES 9223372036854775807, 1) t(x)',
      reason: 'NUMERIC_VALUE_OUT_OF_RANGE: bigint addition overflow: 9223372036854775808',
      type: 1000,
    },
    // Features of DuckDB that Trino does not have.
    {
      sql: 'SELECT * FROM range(3)',
      reason: "FUNCTION_NOT_FOUND: line 1:15: Function 'range' not registered",
      type: 1303,
    },
    {
      sql: 'SELECT first(id) FROM events',
      reason: "FUNCTION_NOT_FOUND: line 1:8: Function 'first' not registered",
      type: 1303,
    },
    {
      sql: "SELECT left('abc', 1)",
      reason: "FUNCTION_NOT_FOUND: line 1:8: Function 'left' not registered",
      type: 1303,
    },
    {
      sql: 'SELECT * FROM events a NATURAL JOIN events b',
      reason: 'NOT_SUPPORTED: line 1:24: Natural join not supported',
      type: 1200,
    },
    {
      sql: 'SELECT id, count(*) FROM events GROUP BY ALL',
      reason: /^COLUMN_NOT_FOUND: line 1:42: Column 'all' cannot be resolved/,
      type: 1006,
    },
    // A table's and a view's columns.
    ...['CREATE TABLE made AS', 'CREATE VIEW made AS'].map((make) => ({
      sql: `${make} SELECT 1 AS foo, 2 AS Foo`,
      reason: "DUPLICATE_COLUMN_NAME: line 1:1: Column name 'foo' specified more than once",
      type: 1006,
    })),
    { sql: 'DESCRIBE nope', reason: 'FAILED: Table nope not found.', type: 1003 },
    { sql: 'EXECUTE nope', reason: 'NOT_FOUND: Prepared statement not found: nope', type: 1000 },
  ];

describe('errors of the local Athena', () => {
  it.each(FAILURES)('name what is wrong in $sql', async ({ sql, reason, type }) => {
    expect(await lake.failure(sql)).toEqual({
      reason: typeof reason === 'string' ? reason : expect.stringMatching(reason),
      error: { category: 2, type },
    });
  });

  // A statement that can't be parsed never becomes an execution.
  it.each([
    { sql: 'SELEC 1', message: /^line 1:1: mismatched input 'SELEC'\. Expecting: 'ALTER'/ },
    { sql: 'SELECT * FROM events FORM x y', message: /^line 1:27: mismatched input 'x'/ },
    { sql: 'SELECT id FROM', message: /^line 1:15: mismatched input '<EOF>'/ },
    { sql: 'SELECT 1)', message: /^line 1:9: mismatched input '\)'/ },
    { sql: 'SELECT id::varchar FROM events', message: /^line 1:10: mismatched input '::'/ },
    { sql: 'SELECT `id` FROM events', message: /^line 1:8: backquoted identifiers are not supported/ },
    { sql: 'SELECT 1; SELECT 2', message: /^line 1:9: mismatched input ';'/ },
    { sql: 'SELECT id FROM events WHERE id IN (1, 2,)', message: /^line 1:41: mismatched input '\)'/ },
    {
      sql: 'SELECT id FROM events LIMIT 1 OFFSET 1',
      message: /^line 1:31: mismatched input 'OFFSET'\. Expecting: <EOF>/,
    },
    { sql: "SELECT name ILIKE 'A%' FROM events", message: /^line 1:19: mismatched input ''A%''/ },
    { sql: "SELECT 'a' SIMILAR TO 'a'", message: /^line 1:20: mismatched input 'TO'/ },
    { sql: 'SELECT (id > 1) IS TRUE FROM events', message: /^line 1:20: mismatched input 'TRUE'/ },
    { sql: 'SELECT DISTINCT ON (id) id FROM events', message: /^line 1:17: mismatched input 'ON'/ },
    { sql: 'SELECT * EXCLUDE (id) FROM events', message: /^line 1:10: mismatched input 'EXCLUDE'/ },
    { sql: 'SELECT id FROM events UNION BY NAME SELECT 1', message: /^line 1:29: mismatched input 'BY'/ },
    { sql: 'SELECT 9223372036854775808', message: /^line 1:8: Invalid numeric literal: 9223372036854775808/ },
    {
      sql: "CREATE TABLE other WITH (partitioned_by = ARRAY['a' 'b']) AS SELECT 1 AS c, 2 AS a, 3 AS b",
      message: /^line 1:53: mismatched input ''b''\. Expecting: ']'/,
    },
    { sql: 'FROM events', message: /^line 1:1: mismatched input 'FROM'/ },
    { sql: "SELECT 'abc", message: /^line 1:8: mismatched input '''/ },
  ])('are answered at once for $sql', async ({ sql, message }) => {
    await expect(lake.ask(sql)).rejects.toMatchObject({
      name: 'InvalidRequestException',
      AthenaErrorCode: 'MALFORMED_QUERY',
      message: expect.stringMatching(message),
    });
  });

  it('reports the location of an invalid Parquet object when its partition is read', async () => {
    await lake.store.put(
      'lake',
      'broken/ds=2026-11-20/0.parquet',
      'no parquet at all, but long enough to be looked at',
    );
    await lake.put('broken/ds=2026-11-19/0.parquet', 'SELECT 1 AS a');
    await lake.rows(
      "CREATE EXTERNAL TABLE broken (a int) PARTITIONED BY (ds string) STORED AS PARQUET LOCATION 's3://lake/broken/'",
    );
    await lake.rows("ALTER TABLE broken ADD PARTITION (ds = '2026-11-19') PARTITION (ds = '2026-11-20')");
    expect(await lake.failure('SELECT * FROM broken')).toEqual({
      reason: 'HIVE_BAD_DATA: Not valid Parquet file: s3://lake/broken/ds=2026-11-20/0.parquet',
      error: { category: 2, type: 1001 },
    });
    expect(await lake.rows("SELECT * FROM broken WHERE ds = '2026-11-19'")).toEqual([['1', '2026-11-19']]);
  });

  it('refuses a table over manifests by name', async () => {
    lake.catalog.createTable('db', {
      Name: 'linked',
      StorageDescriptor: {
        Columns: [{ Name: 'id', Type: 'bigint' }],
        Location: 's3://lake/links/',
        InputFormat: 'org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat',
        SerdeInfo: { SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' },
      },
    });
    expect((await lake.failure('SELECT id FROM linked')).reason).toMatch(
      /^NOT_SUPPORTED: Manifests, as of the table linked, /,
    );
  });

  it('takes no table for Parquet whose SerDe is another, whatever the class of its input is', async () => {
    lake.catalog.createTable('db', {
      Name: 'crawled',
      StorageDescriptor: {
        Columns: [{ Name: 'id', Type: 'bigint' }],
        Location: 's3://lake/events/',
        InputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
        SerdeInfo: { SerializationLibrary: 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe' },
      },
    });
    expect((await lake.failure('SELECT id FROM crawled')).reason).toMatch(/^HIVE_UNSUPPORTED_FORMAT: /);
  });

  it('lets a statement open only the files that it reads', async () => {
    // DuckDB takes a name that is no table for a file.
    for (const name of ['/etc/passwd', 'https://example.com/x.parquet']) {
      expect((await lake.failure(`SELECT * FROM "${name}"`)).reason).toMatch(/^TABLE_NOT_FOUND: /);
    }
    expect(lake.athena.defects).toEqual([]);
  });
});

describe('a column of dates or times that is compared with a plain text', () => {
  beforeAll(async () => {
    await lake.rows('CREATE VIEW dated AS SELECT id, name, ts AS at, ds FROM events');
  });

  it.each([
    {
      sql: "SELECT id FROM events WHERE ds = '2026-11-19'",
      reason: "date = varchar(10). Write date '2026-11-19'",
    },
    {
      sql: 'SELECT id FROM events WHERE \'2026-11-19\' <= "ds"',
      reason: "date <= varchar(10). Write date '2026-11-19'",
    },
    {
      sql: "SELECT id FROM events WHERE ds BETWEEN '2026-11-18' AND DATE '2026-11-19'",
      reason: 'date BETWEEN varchar(10)',
    },
    {
      sql: "SELECT id FROM events WHERE ds NOT IN ('2026-11-18', '2026-11-19')",
      reason: 'date IN varchar(10)',
    },
    {
      sql: "SELECT id FROM dated WHERE at > '2026-11-19 10:00'",
      reason: "timestamp > varchar(16). Write timestamp '2026-11-19 10:00'",
    },
    {
      sql: "SELECT 1 FROM (SELECT * FROM dated) AS s WHERE s.ds = '2026-11-19'",
      reason: 'date = varchar(10)',
    },
    {
      sql: "CREATE TABLE refused AS SELECT id FROM events WHERE ds = '2026-11-19'",
      reason: 'date = varchar(10)',
    },
  ])('is refused with what is right: $sql', async ({ sql, reason }) => {
    const failed = await lake.failure(sql);
    expect(failed.reason).toContain(`: Cannot apply operator: ${reason}`);
    expect(failed.reason).toMatch(/^TYPE_MISMATCH: line 1:\d+: /);
    expect(failed.error).toEqual({ category: 2, type: 1006 });
  });

  it.each([
    "SELECT id FROM events WHERE ds = DATE '2026-11-19' AND ts < TIMESTAMP '2026-11-20 00:00:00'",
    "SELECT id FROM events WHERE CAST(ds AS varchar) = '2026-11-19' AND name IN ('n1', 'n2')",
    "SELECT 1 FROM (SELECT CAST(ds AS varchar) AS ds FROM events) WHERE ds = '2026-11-19'",
    "SELECT 1 FROM (VALUES ('2026-11-19')) AS t(ds) WHERE ds = '2026-11-19' OR EXISTS (SELECT 1 FROM events)",
    "SELECT id FROM events WHERE date_format(ts, '%Y') = '2026' AND date_diff('day', ds, current_date) > 0",
  ])('is not taken for one: %s', async (sql) => {
    expect((await lake.ask(sql)).reason).toBeUndefined();
  });
});
