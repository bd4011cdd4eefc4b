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
const FAILURES: readonly (readonly [sql: string, reason: string | RegExp, type: number])[] = [
  [
    'SELECT x FROM events',
    "COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved or requester is not authorized to access requested resources",
    1006,
  ],
  [
    'SELECT id,\n  e.nope\nFROM events e',
    "COLUMN_NOT_FOUND: line 2:3: Column 'e.nope' cannot be resolved or requester is not authorized to access requested resources",
    1006,
  ],
  [
    "SELECT upper(name), date_add('day', 1, nope) FROM events",
    /^COLUMN_NOT_FOUND: line 1:40: Column 'nope' /,
    1006,
  ],
  ["SELECT 'ÄÖÜ', nope FROM events", /^COLUMN_NOT_FOUND: line 1:15: /, 1006],
  ['SELECT place.nope FROM events', /^COLUMN_NOT_FOUND: Column 'nope'/, 1006],
  ['SELECT * FROM nope', "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.db.nope' does not exist", 1301],
  ['SELECT * FROM other.nope', "SCHEMA_NOT_FOUND: line 1:15: Schema 'other' does not exist", 1301],
  ['SELECT * FROM hive.db.events', /^CATALOG_NOT_FOUND: .*Catalog 'hive' does not exist$/, 1301],
  ['SELECT nope(1)', `FUNCTION_NOT_FOUND: line 1:8: Function 'nope' not registered${ELSE}`, 1303],
  [
    "SELECT * FROM read_csv('/etc/passwd')",
    `FUNCTION_NOT_FOUND: line 1:15: Function 'read_csv' not registered${ELSE}`,
    1303,
  ],
  [
    "SELECT getvariable('x')",
    `FUNCTION_NOT_FOUND: line 1:8: Function 'getvariable' not registered${ELSE}`,
    1303,
  ],
  [
    "SELECT date_format(ts, '%U') FROM events",
    /^NOT_SUPPORTED: line 1:8: Function 'date_format' with the pattern '%U'/,
    1200,
  ],
  [
    'SELECT lower(id) FROM events',
    'FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (bigint) for function lower',
    1303,
  ],
  ['SELECT CAST(id AS nope) FROM events', 'TYPE_NOT_FOUND: line 1:19: Unknown type: nope', 1006],
  // A member that JavaScript's objects have.
  [
    'SELECT CAST(id AS constructor) FROM events',
    'TYPE_NOT_FOUND: line 1:19: Unknown type: constructor',
    1006,
  ],
  [
    'SELECT id, count(*) FROM events',
    "EXPRESSION_NOT_AGGREGATE: line 1:8: 'id' must be an aggregate expression or appear in GROUP BY clause",
    1006,
  ],
  ['SELECT id FROM events a, events b', "AMBIGUOUS_NAME: line 1:8: Column 'id' is ambiguous", 1006],
  ['SELECT 1 / (id - id) FROM events', 'DIVISION_BY_ZERO: Division by zero', 1000],
  ['SELECT CAST(name AS bigint) FROM events', /^INVALID_CAST_ARGUMENT: Cannot cast 'n\d'/, 1106],
  ['SELECT normal_cdf(0, 0, 1)', 'INVALID_FUNCTION_ARGUMENT: standardDeviation must be > 0', 1106],
  [
    'SELECT wilson_interval_lower(11, 10, 1.96)',
    /^INVALID_FUNCTION_ARGUMENT: number of successes must not/,
    1106,
  ],
  ['SELECT t_cdf(1, 10)', `FUNCTION_NOT_FOUND: line 1:8: Function 't_cdf' not registered${ELSE}`, 1303],
  [
    'SELECT ds - ds FROM events',
    'NOT_SUPPORTED: The difference of two dates (use date_diff) is not emulated by the local Athena: try it in Trino or on AWS',
    1200,
  ],
  [
    'SELECT sum(x) FROM (VALUES 9223372036854775807, 1) t(x)',
    'NUMERIC_VALUE_OUT_OF_RANGE: bigint addition overflow: 9223372036854775808',
    1000,
  ],
  // Features of DuckDB that Trino does not have.
  ['SELECT * FROM range(3)', "FUNCTION_NOT_FOUND: line 1:15: Function 'range' not registered", 1303],
  ['SELECT first(id) FROM events', "FUNCTION_NOT_FOUND: line 1:8: Function 'first' not registered", 1303],
  ["SELECT left('abc', 1)", "FUNCTION_NOT_FOUND: line 1:8: Function 'left' not registered", 1303],
  [
    'SELECT * FROM events a NATURAL JOIN events b',
    'NOT_SUPPORTED: line 1:24: Natural join not supported',
    1200,
  ],
  [
    'SELECT id, count(*) FROM events GROUP BY ALL',
    /^COLUMN_NOT_FOUND: line 1:42: Column 'all' cannot be resolved/,
    1006,
  ],
  // A table's and a view's columns.
  ...['CREATE TABLE made AS', 'CREATE VIEW made AS'].flatMap((make): (typeof FAILURES)[number][] => [
    [
      `${make} SELECT 1 AS foo, 2 AS Foo`,
      "DUPLICATE_COLUMN_NAME: line 1:1: Column name 'foo' specified more than once",
      1006,
    ],
  ]),
  ['DESCRIBE nope', 'FAILED: Table nope not found.', 1003],
  ['EXECUTE nope', 'NOT_FOUND: Prepared statement not found: nope', 1000],
];

describe('errors of the local Athena', () => {
  it.each(FAILURES)('%s', async (sql, reason, type) => {
    expect(await lake.failure(sql)).toEqual({
      reason: typeof reason === 'string' ? reason : expect.stringMatching(reason),
      error: [2, type],
    });
  });

  // A statement that can't be parsed never becomes an execution.
  it.each([
    ['SELEC 1', /^line 1:1: mismatched input 'SELEC'\. Expecting: 'ALTER'/],
    ['SELECT * FROM events FORM x y', /^line 1:27: mismatched input 'x'/],
    ['SELECT id FROM', /^line 1:15: mismatched input '<EOF>'/],
    ['SELECT 1)', /^line 1:9: mismatched input '\)'/],
    ['SELECT id::varchar FROM events', /^line 1:10: mismatched input '::'/],
    ['SELECT `id` FROM events', /^line 1:8: backquoted identifiers are not supported/],
    ['SELECT 1; SELECT 2', /^line 1:9: mismatched input ';'/],
    ['SELECT id FROM events WHERE id IN (1, 2,)', /^line 1:41: mismatched input '\)'/],
    ['SELECT id FROM events LIMIT 1 OFFSET 1', /^line 1:31: mismatched input 'OFFSET'\. Expecting: <EOF>/],
    ["SELECT name ILIKE 'A%' FROM events", /^line 1:19: mismatched input ''A%''/],
    ["SELECT 'a' SIMILAR TO 'a'", /^line 1:20: mismatched input 'TO'/],
    ['SELECT (id > 1) IS TRUE FROM events', /^line 1:20: mismatched input 'TRUE'/],
    ['SELECT DISTINCT ON (id) id FROM events', /^line 1:17: mismatched input 'ON'/],
    ['SELECT * EXCLUDE (id) FROM events', /^line 1:10: mismatched input 'EXCLUDE'/],
    ['SELECT id FROM events UNION BY NAME SELECT 1', /^line 1:29: mismatched input 'BY'/],
    ['SELECT 9223372036854775808', /^line 1:8: Invalid numeric literal: 9223372036854775808/],
    ['FROM events', /^line 1:1: mismatched input 'FROM'/],
    ["SELECT 'abc", /^line 1:8: mismatched input '''/],
  ])('%s', async (sql, message) => {
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
      error: [2, 1001],
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
    ["SELECT id FROM events WHERE ds = '2026-11-19'", "date = varchar(10). Write date '2026-11-19'"],
    ['SELECT id FROM events WHERE \'2026-11-19\' <= "ds"', "date <= varchar(10). Write date '2026-11-19'"],
    ["SELECT id FROM events WHERE ds BETWEEN '2026-11-18' AND DATE '2026-11-19'", 'date BETWEEN varchar(10)'],
    ["SELECT id FROM events WHERE ds NOT IN ('2026-11-18', '2026-11-19')", 'date IN varchar(10)'],
    [
      "SELECT id FROM dated WHERE at > '2026-11-19 10:00'",
      "timestamp > varchar(16). Write timestamp '2026-11-19 10:00'",
    ],
    ["SELECT 1 FROM (SELECT * FROM dated) AS s WHERE s.ds = '2026-11-19'", 'date = varchar(10)'],
    ["CREATE TABLE refused AS SELECT id FROM events WHERE ds = '2026-11-19'", 'date = varchar(10)'],
  ])('is refused with what is right: %s', async (sql, reason) => {
    const failed = await lake.failure(sql);
    expect(failed.reason).toContain(`: Cannot apply operator: ${reason}`);
    expect(failed.reason).toMatch(/^TYPE_MISMATCH: line 1:\d+: /);
    expect(failed.error).toEqual([2, 1006]);
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
