import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openLake } from './openLake.ts';

let lake: Awaited<ReturnType<typeof openLake>>;
beforeAll(async () => {
  lake = await openLake();
});
afterAll(() => lake.close());

/** The bytes that are read of what follows FROM. */
const scanned = async (from: string) => (await lake.ask(`SELECT count(*) FROM ${from}`)).scannedBytes;
/** The size of some of the three days' files. */
const sizeOf = (days: readonly number[]) => days.reduce((sum, day) => sum + (lake.sizes[day] ?? 0), 0);

describe('queries of the local Athena', () => {
  it("returns values in Athena's text format and types as in ColumnInfo", async () => {
    const { columns, rows } = await lake.ask(
      "SELECT id, name, value, ts, tags, place, attributes, extra, ds FROM events WHERE ds = DATE '2026-11-18' AND id = 1",
    );
    expect(rows).toEqual([
      [
        '1',
        'n1',
        '1.5',
        '2026-11-18 11:00:00.000',
        '[a, b1]',
        '{city=Wien, zip=1}',
        '{k=1}',
        undefined,
        '2026-11-18',
      ],
    ]);
    expect(columns.map(({ Name, Type, Precision, Scale }) => [Name, Type, Precision, Scale])).toEqual([
      ['id', 'bigint', 19, 0],
      ['name', 'varchar', 2_147_483_647, 0],
      ['value', 'double', 17, 0],
      ['ts', 'timestamp', 3, 0],
      ['tags', 'array', 0, 0],
      ['place', 'row', 0, 0],
      ['attributes', 'map', 0, 0],
      ['extra', 'varchar', 2_147_483_647, 0],
      ['ds', 'date', 0, 0],
    ]);
  });

  it('formats values of every type', async () => {
    const { columns, rows } = await lake.ask(
      `SELECT true AS a, CAST(1 AS tinyint) AS b, DECIMAL '12.50' AS c, 1e10 AS d, CAST(0.1 AS real) AS e, -0.001e0 AS f,
         1e-4 AS g, 0e0 / 0 AS h, to_utf8('eÿ') AS i, TIMESTAMP '2026-11-20 10:00:00 UTC' AS j, json_parse('{"a":1}') AS k,
         INTERVAL '1' DAY AS l`,
    );
    expect(rows).toEqual([
      [
        'true',
        '1',
        '12.50',
        '1.0E10',
        '0.1',
        '-0.001',
        '1.0E-4',
        'NaN',
        '65 c3 bf',
        '2026-11-20 10:00:00.000 UTC',
        '{"a":1}',
        '1 00:00:00.000',
      ],
    ]);
    expect(columns.map(({ Type, Precision, Scale }) => [Type, Precision, Scale])).toEqual([
      ['boolean', 0, 0],
      ['tinyint', 3, 0],
      ['decimal', 4, 2],
      ['double', 17, 0],
      ['float', 17, 0],
      ['double', 17, 0],
      ['double', 17, 0],
      ['double', 17, 0],
      ['varbinary', 1_073_741_824, 0],
      ['timestamp with time zone', 3, 0],
      ['json', 0, 0],
      ['interval day to second', 0, 0],
    ]);
  });

  it.each([
    { expression: 'CAST(ts AS timestamp(6))', what: 'The type timestamp(6)' },
    { expression: 'CAST(ts AS timestamp(0))', what: 'The type timestamp(0)' },
    { expression: 'current_timestamp(6)', what: 'current_timestamp(6)' },
    { expression: 'extract(timezone_hour FROM current_timestamp)', what: 'EXTRACT of timezone_hour' },
    { expression: "TIMESTAMP '2026-11-20 10:00:00.123456'", what: 'A time with microseconds' },
    { expression: 'CAST(name AS time)', what: 'The type time' },
    { expression: "BIGINT '1'", what: 'A literal of bigint' },
    { expression: `JSON '{"a":1}'`, what: 'A literal of json' },
    {
      expression: "INTERVAL '1 2' DAY TO HOUR",
      what: 'An INTERVAL of several units other than YEAR TO MONTH',
    },
    { expression: "U&'\\2603'", what: "A text U&'…'" },
    { expression: 'CAST(place AS ROW(a varchar, b integer))', what: 'The type row' },
  ])('refuses an expression by name: $expression', async ({ expression, what }) => {
    const { reason } = await lake.failure(`SELECT ${expression} FROM events`);
    expect(reason?.replace(/line 1:\d+: /, '')).toBe(
      `NOT_SUPPORTED: ${what} is not emulated by the local Athena: try it in Trino or on AWS`,
    );
  });

  it.each([
    { sql: 'SELECT id FROM events ORDER BY id FETCH FIRST 1 ROWS WITH TIES', what: 'WITH TIES' },
    { sql: 'SELECT id FROM events GROUP BY DISTINCT id, name', what: 'GROUP BY DISTINCT' },
    { sql: 'SELECT * FROM TABLE(sequence(start => 1, stop => 2))', what: 'TABLE(…)' },
    { sql: 'SELECT * FROM events TABLESAMPLE BERNOULLI (10)', what: 'TABLESAMPLE' },
  ])('refuses a clause by name: $sql', async ({ sql, what }) => {
    expect((await lake.failure(sql)).reason).toContain(`: ${what} is not emulated by the local Athena`);
  });

  it.each([
    { condition: "ds = DATE '2026-11-19'", days: [1] },
    { condition: "ds >= DATE '2026-11-19'", days: [1, 2] },
    { condition: "ds BETWEEN DATE '2026-11-01' AND DATE '2026-11-18'", days: [0] },
    { condition: "ds IN (DATE '2026-11-18', DATE '2026-11-20')", days: [0, 2] },
    { condition: "ds = DATE '2026-11-18' OR ds = DATE '2026-11-20' AND id > 3", days: [0, 2] },
    { condition: "ds >= current_date - INTERVAL '1' DAY", days: [1, 2] },
    { condition: "ds > date_add('day', -1, current_date)", days: [2] },
    { condition: "CAST(ds AS varchar) LIKE '%-19'", days: [1] },
    { condition: "date_format(ds, '%d') = '19' AND id = 1", days: [1] },
    { condition: "ds = DATE '2026-11-19' OR id = 1", days: [0, 1, 2] },
    { condition: "name = 'it''s AND ds = 1'", days: [0, 1, 2] },
    { condition: "ds = DATE '2000-01-01'", days: [] },
  ])('reads only the files of the selected partitions: $condition', async ({ condition, days }) => {
    expect(await scanned(`events WHERE ${condition}`)).toBe(sizeOf(days));
  });

  it('selects the partitions of each table that is joined, and of one in a subquery', async () => {
    const joined = "x.ds = DATE '2026-11-19' AND y.ds = DATE '2026-11-20' AND x.id = y.id";
    expect(await scanned(`events x, events y WHERE ${joined}`)).toBe(sizeOf([1, 2]));
    const inner = '(SELECT ds, name FROM events ORDER BY name)';
    expect(await scanned(`${inner} WHERE ds = DATE '2026-11-19'`)).toBe(sizeOf([1]));
  });

  it.each([
    { condition: "ds = DATE '2026-11-19' OR id = 1", count: '12' },
    {
      condition: "(ds = DATE '2026-11-19' AND id < 5) OR (ds = DATE '2026-11-20' AND id > 7)",
      count: '7',
    },
    { condition: "NOT (ds = DATE '2026-11-19')", count: '20' },
    { condition: 'ds = (SELECT max(ds) FROM events)', count: '10' },
    { condition: "ds <> DATE '2026-11-19' AND ds IS NOT NULL", count: '20' },
    { condition: 'day(ds) % 2 = 0', count: '20' },
  ])('skips no file with a row for $condition', async ({ condition, count }) => {
    expect(await lake.rows(`SELECT count(*) FROM events WHERE ${condition}`)).toEqual([[count]]);
  });

  it('skips no file that the other side of an outer join needs', async () => {
    expect(
      await lake.rows(
        "SELECT max(ds) FROM events e LEFT JOIN (SELECT ds AS other FROM events WHERE ds = DATE '2026-11-18') o ON e.ds = o.other",
      ),
    ).toEqual([['2026-11-20']]);
  });

  it.each([
    { storageClass: 'GLACIER', rows: '1' },
    { storageClass: 'DEEP_ARCHIVE', rows: '1' },
    { storageClass: 'GLACIER_IR', rows: '3' },
    { storageClass: 'INTELLIGENT_TIERING', rows: '3' },
    { storageClass: 'STANDARD_IA', rows: '3' },
  ] as const)(
    'reads $rows of 3 rows with two in the class $storageClass, without an error',
    async ({ storageClass, rows }) => {
      const name = `kept_${storageClass.toLowerCase()}`;
      await lake.put(`${name}/near.parquet`, 'SELECT 1 AS a');
      await lake.put(`${name}/far.parquet`, 'SELECT 2 AS a UNION ALL SELECT 3');
      const far = { bucket: 'lake', key: `${name}/far.parquet` };
      const { attributes } = lake.store.head(far.bucket, far.key);
      await lake.store.copy(far, far, { attributes: { ...attributes, storageClass } });
      await lake.rows(
        `CREATE EXTERNAL TABLE ${name} (a int) STORED AS PARQUET LOCATION 's3://lake/${name}/'`,
      );
      expect(await lake.rows(`SELECT count(*) FROM ${name}`)).toEqual([[rows]]);
    },
  );

  it.each([
    { what: 'empty', key: 'b.parquet', isEmpty: true },
    { what: 'with a name that begins with _', key: 'deeper/_b.parquet', isEmpty: false },
    { what: 'with a name that begins with .', key: '.b.parquet', isEmpty: false },
  ])('skips an object $what', async ({ key, isEmpty }) => {
    const name = `skips_${key.length}`;
    await lake.put(`${name}/_deeper/a.parquet`, 'SELECT 1 AS a');
    if (isEmpty) await lake.store.put('lake', `${name}/${key}`, '');
    else await lake.put(`${name}/${key}`, 'SELECT 2 AS a');
    await lake.rows(`CREATE EXTERNAL TABLE ${name} (a int) STORED AS PARQUET LOCATION 's3://lake/${name}/'`);
    expect(await lake.rows(`SELECT a FROM ${name}`)).toEqual([['1']]);
  });

  it.each(['$bucket', '$file_modified_time', '$file_size', '$partition'])(
    'refuses the hidden column %s by name',
    async (column) => {
      expect((await lake.failure(`SELECT "${column}" FROM events`)).reason).toBe(
        `NOT_SUPPORTED: The column "${column}" is not emulated by the local Athena: try it in Trino or on AWS`,
      );
    },
  );

  it('shows $path and the partitions of a table only when they are selected', async () => {
    const paths = await lake.rows('SELECT DISTINCT "$path" FROM events WHERE ds = DATE \'2026-11-20\'');
    expect(paths).toEqual([['s3://lake/events/2026-11-20/0.parquet']]);
    const { columns } = await lake.ask('SELECT *, "$path" FROM events LIMIT 1');
    expect(columns.map(({ Name }) => Name)).toEqual([
      'id',
      'name',
      'value',
      'ts',
      'tags',
      'place',
      'attributes',
      'extra',
      'ds',
      '$path',
    ]);
    expect(await lake.rows('SELECT * FROM "events$partitions" ORDER BY ds DESC LIMIT 1')).toEqual([
      ['2026-11-20'],
    ]);
  });

  it.each([
    'EVENTS',
    '"events"',
    'db.events',
    '"DB"."Events"',
    'AwsDataCatalog.db.events',
    '"awsdatacatalog"."db"."events"',
  ])('finds a table by its name: %s', async (name) => {
    expect(await lake.rows(`SELECT count(*) FROM ${name}`)).toEqual([['30']]);
  });

  it('needs the name of the database in a session without one', async () => {
    const nowhere = { QueryExecutionContext: {} };
    expect(await lake.rows('SELECT E.ID FROM db.events AS e ORDER BY 1 LIMIT 1', nowhere)).toEqual([['0']]);
    expect((await lake.failure('SELECT * FROM events', nowhere)).reason).toBe(
      'MISSING_SCHEMA_NAME: line 1:15: Schema must be specified when session schema is not set',
    );
  });

  it('lists the catalog in information_schema', async () => {
    expect(
      await lake.rows(
        "SELECT column_name, data_type, extra_info, comment FROM information_schema.columns WHERE table_schema = 'db' AND table_name = 'events' AND column_name IN ('name', 'place', 'ds') ORDER BY ordinal_position",
      ),
    ).toEqual([
      ['name', 'varchar', undefined, 'of whom'],
      ['place', 'row(city varchar, zip integer)', undefined, undefined],
      ['ds', 'date', 'partition key', undefined],
    ]);
    expect(
      await lake.rows('SELECT schema_name FROM awsdatacatalog.information_schema.schemata ORDER BY 1', {
        QueryExecutionContext: {},
      }),
    ).toEqual([['db'], ['information_schema']]);
    expect(
      await lake.rows(
        "SELECT table_name, table_type FROM information_schema.tables WHERE table_name = 'events'",
      ),
    ).toEqual([['events', 'BASE TABLE']]);
  });

  it.each([
    { expression: "tags || ARRAY['c']", expected: '[a, b3, c]' },
    { expression: "array_join(tags || ARRAY['q'], 'x' || '-')", expected: 'ax-b3x-q' },
  ])('joins arrays: $expression', async ({ expression, expected }) => {
    const sql = `SELECT ${expression} AS joined FROM events WHERE id = 3 AND ds = DATE '2026-11-20'`;
    expect(await lake.rows(sql)).toEqual([[expected]]);
  });

  it('joins no elements to arrays', async () => {
    expect((await lake.failure('SELECT tags || 1 FROM events')).reason).toMatch(/Cannot concatenate/);
  });

  it('takes bare words of a request as a text', async () => {
    const given = (...ExecutionParameters: string[]) => ({
      QueryExecutionContext: { Database: 'db' },
      ExecutionParameters,
    });
    const count = (value: string) => lake.rows('SELECT count(*) FROM events WHERE name = ?', given(value));
    expect(await count('n3')).toEqual([['3']]);
    expect(await count('New York')).toEqual([['0']]);
    expect(await lake.rows('SELECT count(*) FROM events WHERE (id = 1) = ?', given('true'))).toEqual([['3']]);
  });

  it('replaces question marks by literals only', async () => {
    const sql = 'SELECT id FROM events WHERE ds = ? AND name = ? ORDER BY id LIMIT 1';
    expect(
      await lake.rows(sql, {
        QueryExecutionContext: { Database: 'db' },
        ExecutionParameters: ["DATE '2026-11-18'", "'n3'"],
      }),
    ).toEqual([['3']]);
    const failed = async (...ExecutionParameters: string[]) =>
      (await lake.failure(sql, { QueryExecutionContext: { Database: 'db' }, ExecutionParameters })).reason;
    expect(await failed("DATE '2026-11-18'", "'x' OR 1=1")).toMatch(
      /^INVALID_PARAMETER_USAGE: Execution parameter 'x' OR 1=1 is not a literal/,
    );
    expect(await failed("DATE '2026-11-18'", "n3' OR '1'='1")).toMatch(
      /^INVALID_PARAMETER_USAGE: .* is not a literal/,
    );
    expect(await failed('1')).toBe(
      'INVALID_PARAMETER_USAGE: line 1:1: Incorrect number of parameters: expected 2 but found 1',
    );
  });

  it.each([
    { sql: 'VALUES 2, 1 ORDER BY 1', rows: [['1'], ['2']] },
    { sql: "VALUES (2, 'b'), (1, 'a') ORDER BY 1 DESC LIMIT 1", rows: [['2', 'b']] },
    { sql: '(SELECT 1) UNION (SELECT 2) ORDER BY 1 FETCH FIRST 1 ROW ONLY', rows: [['1']] },
    { sql: '(SELECT 3) FETCH NEXT ROW ONLY', rows: [['3']] },
    { sql: '(VALUES 2, 1) ORDER BY 1', rows: [['1'], ['2']] },
    { sql: 'SELECT * FROM (VALUES 2, 1 ORDER BY 1 LIMIT 1) AS t(x)', rows: [['1']] },
    { sql: 'WITH x AS (SELECT 1) VALUES 2, 1 ORDER BY 1', rows: [['1'], ['2']] },
    {
      sql: "SELECT at, t.at, at AT TIME ZONE 'UTC' IS NULL FROM (SELECT TIMESTAMP '2026-11-20 10:00:00' AS at) t",
      rows: [['2026-11-20 10:00:00.000', '2026-11-20 10:00:00.000', 'false']],
    },
  ])('takes what its parser does not: $sql', async ({ sql, rows }) => {
    expect(await lake.rows(sql)).toEqual(rows);
  });

  it('refuses an ORDER BY of nothing', async () => {
    await expect(lake.failure('VALUES 2, 1 ORDER BY')).rejects.toThrow("mismatched input '<EOF>'");
  });
});

/** A file of pyarrow's: `t` is 1, NaN and 3, and its statistics say that all values are between 1 and 3. */
const NAN =
  'UEFSMRUAFTwVPCwVBhUAFQYVBhwYCAAAAAAAAAhAGAgAAAAAAADwPxYAKAgAAAAAAAAIQBgIAAAAAAAA8D8REQAAAAIAAAAGAQAAAAAAAPA/AAAAAAAA+H8AAAAAAAAIQBUEGSw1ABgGc2NoZW1hFQIAFQolAhgBdAAWBhkcGRwmABwVChklBgAZGAF0FQAWBha6ARa6ASYIPBgIAAAAAAAACEAYCAAAAAAAAPA/FgAoCAAAAAAAAAhAGAgAAAAAAADwPxERABkcFQAVABUCADwpBhkmAAYAAAAWugEWBiYIFroBACggcGFycXVldC1jcHAtYXJyb3cgdmVyc2lvbiAyNi4wLjEZHBwAAACsAAAAUEFSMQ==';

describe('rows that a condition excludes', () => {
  beforeAll(async () => {
    lake.store.createBucket('nan');
    await lake.store.put('nan', 'a/0.parquet', Readable.from([Buffer.from(NAN, 'base64')]));
    await lake.rows("CREATE EXTERNAL TABLE nans (t double) STORED AS PARQUET LOCATION 's3://nan/a/'");
    await lake.put(
      'guarded/0.parquet',
      // In columns with dictionaries.
      `SELECT CASE range % 3 WHEN 1 THEN 9223372036854775807 ELSE range % 3 END AS n,
         CASE range % 3 WHEN 1 THEN 'x%zz' ELSE '2026-11-2' || (range % 3) END AS s FROM range(6000)`,
    );
    await lake.rows(
      "CREATE EXTERNAL TABLE guarded (n bigint, s string) STORED AS PARQUET LOCATION 's3://lake/guarded/'",
    );
  });

  it.each([
    { condition: 't <= 3', count: 2 },
    { condition: 't BETWEEN 1 AND 3', count: 2 },
    { condition: 't < 4 AND CAST(t AS bigint) > 0', count: 2 },
    { condition: 'CASE WHEN t >= 0 AND t < 10 THEN CAST(t AS bigint) > 0 END', count: 2 },
  ])(
    'are not among those that it keeps, whatever statistics say of NaN: $condition',
    async ({ condition, count }) => {
      expect(await lake.rows(`SELECT count(*) FROM nans WHERE ${condition}`)).toEqual([[String(count)]]);
    },
  );

  it.each([
    'any_match(ARRAY[n], l -> l + 1 > 0)',
    "date_add('millisecond', n, TIMESTAMP '2026-01-01 00:00:00')",
    "any_match(ARRAY[n], l -> date_add('day', l, DATE '2026-01-01') > DATE '2026-01-01')",
    'CAST(n AS integer)',
    'CAST(s AS date)',
    'CAST(s AS timestamp)',
    "any_match(ARRAY[s], l -> CAST(l AS date) > DATE '2026-01-01')",
    "date_parse(s, '%Y-%m-%d')",
    "split(s, '-')[3]",
  ])('are not evaluated: %s', async (sql) => {
    expect(await lake.rows(`SELECT count(CASE WHEN n < 100 THEN ${sql} END), count(n) FROM guarded`)).toEqual(
      [['4000', '6000']],
    );
    expect((await lake.ask(`SELECT max(${sql}) FROM guarded`)).state).toBe('FAILED');
  });
});
