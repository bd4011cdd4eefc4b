import { CreatePreparedStatementCommand } from '@aws-sdk/client-athena';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DAYS, openLake } from './openLake.ts';

let lake: Awaited<ReturnType<typeof openLake>>;
beforeAll(async () => {
  lake = await openLake();
});
afterAll(() => lake.close());

const lines = async (sql: string) => (await lake.rows(sql)).map(([line]) => line);

describe('SHOW and DESCRIBE', () => {
  /** A lake that has no table of another describe. */
  let own: typeof lake;
  beforeAll(async () => {
    own = await openLake();
    await own.rows('CREATE VIEW shown AS SELECT id FROM events');
  });
  afterAll(() => own.close());

  it.each([
    { sql: 'SHOW DATABASES', names: ['db'] },
    { sql: "SHOW SCHEMAS LIKE 'd*'", names: ['db'] },
    { sql: "SHOW SCHEMAS LIKE 'x*'", names: [] },
    { sql: 'SHOW TABLES IN db', names: ['events', 'shown'] },
    { sql: "SHOW TABLES 'ev*|nothing'", names: ['events'] },
    { sql: "SHOW TABLES IN `db` '.*n.*'", names: ['events', 'shown'] },
  ])('lists databases, or tables and views: $sql', async ({ sql, names }) => {
    expect((await own.rows(sql)).map(([line]) => line)).toEqual(names);
  });

  it("describes a table in Hive's format", async () => {
    const { columns, rows, kind } = await own.ask('DESCRIBE events');
    expect(columns.map(({ Name, Type }) => [Name, Type])).toEqual([
      ['col_name', 'string'],
      ['data_type', 'string'],
      ['comment', 'string'],
    ]);
    expect(rows[1]).toEqual(['name                \tstring              \tof whom             ']);
    expect(rows.slice(9)).toEqual([
      ['\t \t '],
      ['# Partition Information\t \t '],
      ['# col_name          \tdata_type           \tcomment             '],
      ['\t \t '],
      ['ds                  \tdate                \t                    '],
    ]);
    expect(kind.statement).toBe('UTILITY');
  });
});

describe('properties of a table', () => {
  it('are set, and the others stay', async () => {
    await lake.rows(
      "CREATE EXTERNAL TABLE named (a int) STORED AS PARQUET LOCATION 's3://lake/named/' TBLPROPERTIES ('k'='v')",
    );
    await lake.rows("alter table `db`.`named` set tblproperties ('classification' = 'parquet')");
    expect(lake.catalog.table('db', 'named').input.Parameters).toMatchObject({
      classification: 'parquet',
      k: 'v',
    });
  });
});

describe('partitions', () => {
  /** Makes a table of days and regions, with two partitions at their own places and one elsewhere. */
  async function makeParts(name: string): Promise<void> {
    await lake.rows(
      `CREATE EXTERNAL TABLE ${name} (a int) PARTITIONED BY (ds date, region string) STORED AS PARQUET LOCATION 's3://lake/parts/'`,
    );
    await lake.rows(
      `ALTER TABLE ${name} ADD PARTITION (ds = '2026-11-19', region = 'eu west') PARTITION (ds = '2026-11-20', region = 'us')`,
    );
    await lake.rows(
      `ALTER TABLE ${name} ADD IF NOT EXISTS PARTITION (ds = '2026-11-20', region = 'us') PARTITION (ds = '2026-11-21', region = 'us') LOCATION 's3://lake/parts/elsewhere/'`,
    );
  }
  beforeAll(async () => {
    await lake.put('parts/ds=2026-11-19/region=eu west/0', 'SELECT 1 AS a');
    await lake.put('parts/ds=2026-11-20/region=us/0', 'SELECT 2 AS a');
    await lake.put('parts/elsewhere/0', 'SELECT 3 AS a');
    await makeParts('parts');
  });

  it('are not read before they are added', async () => {
    await lake.rows(
      "CREATE EXTERNAL TABLE unadded (a int) PARTITIONED BY (ds date, region string) STORED AS PARQUET LOCATION 's3://lake/parts/'",
    );
    expect(await lake.rows('SELECT * FROM unadded')).toEqual([]);
  });

  it('are added, each with its own location', async () => {
    expect(await lines('SHOW PARTITIONS parts')).toEqual([
      'ds=2026-11-19/region=eu west',
      'ds=2026-11-20/region=us',
      'ds=2026-11-21/region=us',
    ]);
    expect(await lake.rows("SELECT a, region FROM parts WHERE ds >= DATE '2026-11-20' ORDER BY a")).toEqual([
      ['2', 'us'],
      ['3', 'us'],
    ]);
  });

  it.each([
    { values: "ds = '2026-11-20', region = 'us'", reason: 'FAILED: Partition already exists.' },
    { values: "ds = '2026-11-20'", reason: 'a value for each of ds, region' },
  ])('are not added by $values', async ({ values, reason }) => {
    const failed = await lake.failure(`ALTER TABLE parts ADD PARTITION (${values})`);
    expect(failed.reason).toContain(reason);
  });

  it("are at a place with Hive's escapes, if they state none", async () => {
    await lake.put('escaped/at=10%3A05%2F%25/0', 'SELECT 1 AS a');
    await lake.rows(
      "CREATE EXTERNAL TABLE escaped (a int) PARTITIONED BY (at string) STORED AS PARQUET LOCATION 's3://lake/escaped/'",
    );
    await lake.rows("ALTER TABLE escaped ADD PARTITION (at = '10:05/%')");
    expect(await lines('SHOW PARTITIONS escaped')).toEqual(['at=10%3A05%2F%25']);
    expect(await lake.rows('SELECT a, at FROM escaped')).toEqual([['1', '10:05/%']]);
  });

  it('are dropped where they exist', async () => {
    await makeParts('fewer');
    await lake.rows(
      "ALTER TABLE fewer DROP IF EXISTS PARTITION (ds = '2026-11-20', region = 'us'), PARTITION (ds = '2000-01-01', region = 'us')",
    );
    expect(await lines('SHOW PARTITIONS fewer')).toEqual([
      'ds=2026-11-19/region=eu west',
      'ds=2026-11-21/region=us',
    ]);
  });
});

describe('views', () => {
  beforeAll(async () => {
    await lake.rows(
      'CREATE VIEW big AS SELECT id, upper(name) AS name, ds, place.city, cardinality(tags) AS n FROM events WHERE value > 3e0',
    );
  });

  it("are stored in Athena's format and prune partitions", async () => {
    await lake.rows(
      'CREATE OR REPLACE VIEW bigger AS SELECT b.name, b.ds, u.t FROM big b CROSS JOIN UNNEST(ARRAY[1, 2]) AS u(t)',
    );
    const { input } = lake.catalog.table('db', 'big');
    expect(input).toMatchObject({
      TableType: 'VIRTUAL_VIEW',
      ViewExpandedText: '/* Presto View */',
      Parameters: { presto_view: 'true' },
    });
    const encoded = /^\/\* Presto View: (.*) \*\/$/.exec(input.ViewOriginalText ?? '')?.[1] ?? '';
    expect(JSON.parse(Buffer.from(encoded, 'base64').toString('utf8'))).toEqual({
      originalSql:
        'SELECT id, upper(name) AS name, ds, place.city, cardinality(tags) AS n FROM events WHERE value > 3e0',
      catalog: 'awsdatacatalog',
      schema: 'db',
      columns: [
        { name: 'id', type: 'bigint' },
        { name: 'name', type: 'varchar' },
        { name: 'ds', type: 'date' },
        { name: 'city', type: 'varchar' },
        { name: 'n', type: 'bigint' },
      ],
    });
    const answer = await lake.ask("SELECT count(*), max(name) FROM db.bigger WHERE ds = DATE '2026-11-20'", {
      QueryExecutionContext: {},
    });
    expect(answer.rows).toEqual([['14', 'N9']]);
    expect(answer.scannedBytes).toBe(lake.sizes[2]);
  });

  it.each([
    { sql: 'CREATE VIEW big AS SELECT 1 AS a', reason: /^TABLE_ALREADY_EXISTS: / },
    {
      sql: 'CREATE OR REPLACE VIEW events AS SELECT 1 AS a',
      reason: /^NOT_SUPPORTED: 'db.events' is a table/,
    },
    {
      sql: 'CREATE VIEW unnamed AS SELECT count(*) FROM events',
      reason: /^MISSING_COLUMN_NAME: line 1:31: Column name not specified$/,
    },
    { sql: 'CREATE VIEW lost AS SELECT nope FROM events', reason: /^COLUMN_NOT_FOUND: line 1:28: / },
    { sql: 'DROP TABLE big', reason: /^FAILED: SemanticException Cannot drop a view/ },
  ])('are not made or dropped by $sql', async ({ sql, reason }) => {
    expect((await lake.failure(sql)).reason).toMatch(reason);
  });

  it('report a view whose table does not exist', async () => {
    await lake.rows("CREATE EXTERNAL TABLE short (a int) STORED AS PARQUET LOCATION 's3://lake/short/'");
    await lake.rows('CREATE VIEW orphan AS SELECT a FROM short');
    await lake.rows('DROP TABLE short');
    const { reason, error } = await lake.failure('SELECT * FROM orphan');
    expect(reason).toMatch(/^INVALID_VIEW: Failed analyzing stored view 'awsdatacatalog.db.orphan': /);
    expect(error).toEqual({ category: 2, type: 1107 });
  });
});

describe('statements that write', () => {
  /** Makes a table of a row for each event, by days. @returns What Athena answers. */
  const makeSummary = (name: string) =>
    lake.ask(
      `CREATE TABLE ${name} WITH (format = 'PARQUET', parquet_compression = 'SNAPPY', partitioned_by = ARRAY['ds'], external_location = 's3://lake/${name}/') AS SELECT name, count(*) AS n, sum(id) AS total, ds FROM events GROUP BY name, ds`,
    );
  beforeAll(async () => {
    await makeSummary('summary');
  });

  it('create a partitioned table from a query', async () => {
    const statement =
      "CREATE TABLE created WITH (format = 'PARQUET', partitioned_by = ARRAY['ds'], external_location = 's3://lake/created/') AS SELECT name, count(*) AS n, sum(id) AS total, ds FROM events GROUP BY name, ds";
    expect((await lake.ask(statement)).updateCount).toBe(30);
    expect(lake.catalog.table('db', 'created').input.StorageDescriptor?.Columns).toEqual([
      { Name: 'name', Type: 'string' },
      { Name: 'n', Type: 'bigint' },
      { Name: 'total', Type: 'bigint' },
    ]);
    expect(await lines('SHOW PARTITIONS created')).toEqual(DAYS.map((day) => `ds=${day}`));
  });

  it('insert rows of a query, and values of the named columns', async () => {
    await makeSummary('filled');
    const query = "INSERT INTO filled SELECT 'all', count(*), NULL, DATE '2026-11-21' FROM events";
    expect(await lake.ask(query)).toMatchObject({ updateCount: 1 });
    const named =
      "INSERT INTO filled (ds, name) VALUES (DATE '2026-11-21', 'some'), (DATE '2026-11-20', 'more')";
    expect(await lake.ask(named)).toMatchObject({ updateCount: 2 });
    expect(
      await lake.rows("SELECT name, n, total, ds FROM filled WHERE ds = DATE '2026-11-21' ORDER BY name"),
    ).toEqual([
      ['all', '30', undefined, '2026-11-21'],
      ['some', undefined, undefined, '2026-11-21'],
    ]);
    expect(await lake.rows('SELECT count(*), sum(n) FROM filled')).toEqual([['33', '60']]);
  });

  it('make no table that exists, and let IF NOT EXISTS pass', async () => {
    expect((await lake.failure('CREATE TABLE summary AS SELECT 1 AS a')).reason).toMatch(
      /^TABLE_ALREADY_EXISTS: /,
    );
    expect((await lake.ask('CREATE TABLE IF NOT EXISTS summary AS SELECT 1 AS a')).state).toBe('SUCCEEDED');
  });

  it.each([
    {
      sql: "CREATE TABLE other WITH (external_location = 's3://lake/summary/') AS SELECT 1 AS a",
      reason: 'HIVE_PATH_ALREADY_EXISTS: ',
    },
    {
      sql: "CREATE TABLE other WITH (format = 'ORC') AS SELECT 1 AS a",
      reason: 'NOT_SUPPORTED: Writing in the format ORC',
    },
    {
      sql: "CREATE TABLE other WITH (table_type = 'DELTA') AS SELECT 1 AS a",
      reason: 'NOT_SUPPORTED: The table type DELTA is not emulated',
    },
    {
      sql: 'CREATE TABLE other WITH (is_external = false) AS SELECT 1 AS a',
      reason: 'NOT_SUPPORTED: The property is_external = false is not emulated',
    },
    {
      sql: "CREATE TABLE other WITH (format = ARRAY['PARQUET']) AS SELECT 1 AS a",
      reason: "INVALID_TABLE_PROPERTY: Unable to set table property 'format' to [PARQUET]",
    },
    {
      sql: "CREATE TABLE other WITH (partitioned_by = 'b') AS SELECT 1 AS a, 2 AS b",
      reason: "INVALID_TABLE_PROPERTY: Unable to set table property 'partitioned_by' to [b]",
    },
    {
      sql: "CREATE TABLE other WITH (partitioned_by = ARRAY['a']) AS SELECT 1 AS a, 2 AS b",
      reason:
        'HIVE_COLUMN_ORDER_MISMATCH: Partition keys must be the last columns in the table and in the same order as the table properties: [a]',
    },
    {
      sql: "CREATE TABLE other WITH (partitioned_by = ARRAY['b', 'c']) AS SELECT 1 AS a, 2 AS b",
      reason: 'INVALID_TABLE_PROPERTY: Partition columns [c] not present in schema',
    },
    {
      sql: "CREATE TABLE other WITH (partitioned_by = ARRAY['b']) AS SELECT 2 AS b",
      reason: 'INVALID_TABLE_PROPERTY: Table contains only partition columns',
    },
    {
      sql: 'CREATE TABLE other WITH (bucket_count = 3) AS SELECT 1 AS a',
      reason: 'NOT_SUPPORTED: The property bucket_count is not emulated',
    },
    {
      sql: "CREATE TABLE other AS SELECT json_parse('1') AS a",
      reason: 'NOT_SUPPORTED: Unsupported Hive type: json',
    },
    {
      sql: 'CREATE TABLE other AS SELECT current_timestamp AS at',
      reason: 'NOT_SUPPORTED: Unsupported Hive type: timestamp(3) with time zone',
    },
    { sql: 'CREATE TABLE other AS SELECT 1', reason: 'MISSING_COLUMN_NAME: line 1:30' },
    {
      sql: "INSERT INTO summary VALUES ('x', 2, DATE '2026-11-20')",
      reason:
        'TYPE_MISMATCH: Insert query has mismatched column types: Table: [varchar, bigint, bigint, date], Query: [varchar, integer, date]',
    },
    {
      sql: 'INSERT INTO nope VALUES 1',
      reason: "TABLE_NOT_FOUND: line 1:13: Table 'awsdatacatalog.db.nope' does not exist",
    },
    {
      sql: 'INSERT INTO summary (name, name) SELECT 5, 6',
      reason: 'DUPLICATE_COLUMN_NAME: Insert column name is specified more than once: name',
    },
  ])('write nothing by $sql', async ({ sql, reason }) => {
    const failure = await lake.failure(sql);
    expect(failure.reason?.slice(0, reason.length)).toBe(reason);
    expect(lake.catalog.database('db').tables.has('other')).toBe(false);
  });

  it('add no rows to a bucketed table', async () => {
    lake.catalog.createTable('db', {
      Name: 'bucketed',
      StorageDescriptor: {
        Columns: [{ Name: 'a', Type: 'int' }],
        Location: 's3://lake/bucketed/',
        BucketColumns: ['a'],
        NumberOfBuckets: 3,
      },
    });
    expect((await lake.failure('INSERT INTO bucketed VALUES (1)')).reason).toBe(
      'NOT_SUPPORTED: Athena does not support using INSERT INTO to add new records to bucketed tables',
    );
  });

  it('type a column that is NULL in one part of the query by the others', async () => {
    await lake.rows("CREATE TABLE taking AS SELECT 1 AS a, 'x' AS b");
    await lake.rows('INSERT INTO taking SELECT 2, NULL FROM events WHERE id = 1');
    await lake.rows('CREATE TABLE partly AS SELECT 1 AS a, NULL AS b UNION ALL SELECT 2, 3');
    expect(await lake.rows('SELECT a, b FROM partly ORDER BY a')).toEqual([
      ['1', undefined],
      ['2', '3'],
    ]);
  });

  it('leave no rows of an insert that fails on the way', async () => {
    await lake.rows(
      "CREATE TABLE whole WITH (partitioned_by = ARRAY['ds']) AS SELECT name, ds FROM events WHERE ds < DATE '2026-11-20'",
    );
    await lake.rows("ALTER TABLE whole ADD PARTITION (ds = '2026-11-20') LOCATION 's3://nowhere/whole/'");
    const count = () => lake.rows("SELECT count(*) FROM whole WHERE ds < DATE '2026-11-20'");
    const before = await count();
    const failed = await lake.failure('INSERT INTO whole SELECT name, ds FROM events');
    expect(failed.reason).toContain('bucket');
    expect(await count()).toEqual(before);
  });
});

describe('databases and prepared statements', () => {
  it('creates a database', async () => {
    await lake.rows("CREATE DATABASE IF NOT EXISTS Extra COMMENT 'more' LOCATION 's3://lake/extra/'");
    expect(lake.catalog.database('extra').input).toMatchObject({ Name: 'extra', Description: 'more' });
    expect((await lake.failure('CREATE DATABASE extra')).reason).toBe('FAILED: Database already exists.');
  });

  it('executes a prepared statement', async () => {
    await lake.athena.client.send(
      new CreatePreparedStatementCommand({
        StatementName: 'one',
        WorkGroup: 'primary',
        QueryStatement: 'SELECT name FROM events WHERE id = ? AND ds = ?',
      }),
    );
    expect(await lake.rows("EXECUTE one USING 3, DATE '2026-11-20'")).toEqual([['n3']]);
    expect(
      await lake.rows('EXECUTE one', {
        QueryExecutionContext: { Database: 'db' },
        ExecutionParameters: ['4', "DATE '2026-11-20'"],
      }),
    ).toEqual([['n4']]);
    expect((await lake.failure('EXECUTE one USING name, 1')).reason).toMatch(
      /Execution parameter name is not a literal/,
    );
  });
});

describe('statements that are not emulated', () => {
  it('are those of an Iceberg table, as another program makes it', async () => {
    lake.catalog.createTable('db', {
      Name: 'iced',
      TableType: 'EXTERNAL_TABLE',
      Parameters: { table_type: 'ICEBERG' },
      StorageDescriptor: { Columns: [{ Name: 'a', Type: 'int' }], Location: 's3://lake/iced' },
    });
    for (const sql of [
      'SELECT a FROM iced',
      'INSERT INTO iced VALUES (1)',
      'DROP TABLE iced',
      'DESCRIBE iced',
      "ALTER TABLE iced ADD PARTITION (b = '1')",
    ])
      expect((await lake.failure(sql)).reason).toMatch(
        /^NOT_SUPPORTED: The Iceberg table iced is not emulated/,
      );
    expect(await lines("SHOW TABLES 'iced'")).toEqual(['iced']);
    lake.catalog.deleteTable('db', 'iced');
  });

  it('are those of a table with partition projection', async () => {
    await lake.rows(
      `CREATE EXTERNAL TABLE projected (a int) PARTITIONED BY (k int) STORED AS PARQUET LOCATION 's3://lake/projected/'
       TBLPROPERTIES ('projection.enabled' = 'TRUE', 'projection.k.type' = 'integer', 'projection.k.range' = '1,2')`,
    );
    for (const sql of [
      'SELECT a FROM projected',
      'SELECT k FROM "projected$partitions"',
      'INSERT INTO projected VALUES (1, 1)',
    ])
      expect((await lake.failure(sql)).reason).toBe(
        'NOT_SUPPORTED: Partition projection, as of the table projected, is not emulated by the local Athena: try it in Trino or on AWS',
      );
  });

  it.each([
    { sql: "CREATE EXTERNAL TABLE t (a int) STORED AS ORC LOCATION 's3://lake/t/'", what: /STORED AS ORC/ },
    {
      sql: "CREATE EXTERNAL TABLE t (a int) ROW FORMAT SERDE 'com.amazonaws.glue.serde.GrokSerDe' LOCATION 's3://lake/t/'",
      what: /The SerDe com\.amazonaws\.glue\.serde\.GrokSerDe/,
    },
    { sql: 'ALTER TABLE events RENAME TO other', what: /ALTER TABLE RENAME/ },
    { sql: 'MSCK REPAIR TABLE events', what: /MSCK/ },
    { sql: 'PREPARE p FROM SELECT 1', what: /PREPARE/ },
    { sql: "UNLOAD (SELECT 1) TO 's3://lake/t/' WITH (format = 'PARQUET')", what: /UNLOAD/ },
    { sql: 'DROP DATABASE db', what: /DROP DATABASE/ },
    { sql: 'SHOW VIEWS', what: /SHOW VIEWS/ },
    ...['DELETE FROM events', 'UPDATE events SET id = 1', 'MERGE INTO events'].map(
      (sql) => ({ sql, what: new RegExp(`: ${sql.split(' ')[0]} is not`) }) as const,
    ),
    {
      sql: "CREATE TABLE t (a int) LOCATION 's3://lake/t/' TBLPROPERTIES ('table_type' = 'ICEBERG')",
      what: /CREATE TABLE of an Iceberg table/,
    },
    { sql: "SELECT * FROM events FOR TIMESTAMP AS OF TIMESTAMP '2026-11-20 10:00:00'", what: /Time travel/ },
    { sql: 'SHOW CREATE TABLE events', what: /SHOW CREATE/ },
    { sql: 'DESCRIBE FORMATTED events', what: /DESCRIBE FORMATTED/ },
    { sql: "DESCRIBE events PARTITION (ds = '2026-11-18')", what: /DESCRIBE of a partition or of a column/ },
    { sql: "ALTER TABLE events SET LOCATION 's3://lake/other/'", what: /ALTER TABLE SET/ },
    {
      sql: "ALTER TABLE events PARTITION (ds = '2026-11-18') SET LOCATION 's3://lake/x/'",
      what: /ALTER TABLE PARTITION/,
    },
    { sql: 'DESCRIBE OUTPUT p', what: /DESCRIBE of a prepared statement/ },
  ])('are refused by name: $sql', async ({ sql, what }) => {
    const refused = await lake.ask(sql).then(
      ({ reason }) => reason,
      (error: Error) => error.message,
    );
    expect(refused).toMatch(/NOT_SUPPORTED: .* is not emulated by the local Athena: try it in Trino/);
    expect(refused).toMatch(what);
  });
});
