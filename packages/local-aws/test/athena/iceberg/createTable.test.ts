import { GetTableMetadataCommand, ListTableMetadataCommand } from '@aws-sdk/client-athena';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openIceberg } from './openTable.ts';

let lake: Awaited<ReturnType<typeof openIceberg>>;
beforeAll(async () => {
  lake = await openIceberg();
});
afterAll(() => lake.close());

describe('CREATE TABLE', () => {
  it('writes metadata of version 2 and the table in Glue', async () => {
    await lake.rows(`CREATE TABLE made (id bigint COMMENT 'whose', name string, ts timestamp, place struct<city:string,zip:int>,
        tags array<string>, facts map<string,int>, amount decimal(10,2), raw binary, seen date, ok boolean, f float, d double, n int)
      PARTITIONED BY (name, bucket(16, id), day(ts), truncate(10, n), year(seen)) COMMENT 'of a test' LOCATION 's3://lake/made/'
      TBLPROPERTIES ('table_type'='ICEBERG', 'format'='parquet', 'write_compression'='snappy', 'vacuum_max_snapshot_age_seconds'='60')`);
    const metadata = lake.metadata('made');
    expect(metadata).toMatchObject({
      'format-version': 2,
      location: 's3://lake/made',
      properties: {
        comment: 'of a test',
        'write.format.default': 'parquet',
        'write.parquet.compression-codec': 'snappy',
        'history.expire.max-snapshot-age-ms': '60000',
      },
      snapshots: [],
    });
    expect(metadata.schemas[0]?.fields.slice(0, 4)).toEqual([
      { id: 1, name: 'id', required: false, type: 'long', doc: 'whose' },
      { id: 2, name: 'name', required: false, type: 'string' },
      { id: 3, name: 'ts', required: false, type: 'timestamp' },
      {
        id: 4,
        name: 'place',
        required: false,
        type: {
          type: 'struct',
          fields: [
            { id: 14, name: 'city', required: false, type: 'string' },
            { id: 15, name: 'zip', required: false, type: 'int' },
          ],
        },
      },
    ]);
    expect(metadata['partition-specs'][0]?.fields.map(({ name, transform }) => [name, transform])).toEqual([
      ['name', 'identity'],
      ['id_bucket', 'bucket[16]'],
      ['ts_day', 'day'],
      ['n_trunc', 'truncate[10]'],
      ['seen_year', 'year'],
    ]);
    const { input } = lake.catalog.table('db', 'made');
    expect(input).toMatchObject({
      TableType: 'EXTERNAL_TABLE',
      Description: 'of a test',
      Parameters: { table_type: 'ICEBERG', metadata_location: lake.metadataLocation('made') },
      PartitionKeys: [],
    });
    expect(input.StorageDescriptor?.Location).toBe('s3://lake/made');
    expect(input.StorageDescriptor?.Columns?.slice(0, 4)).toEqual([
      {
        Name: 'id',
        Type: 'bigint',
        Comment: 'whose',
        Parameters: {
          'iceberg.field.current': 'true',
          'iceberg.field.id': '1',
          'iceberg.field.optional': 'true',
        },
      },
      expect.objectContaining({ Name: 'name', Type: 'string' }),
      expect.objectContaining({ Name: 'ts', Type: 'timestamp' }),
      expect.objectContaining({ Name: 'place', Type: 'struct<city:string,zip:int>' }),
    ]);
    expect(await lake.rows('SELECT count(*) FROM made')).toEqual([['0']]);
    const again = await lake.failure(
      "CREATE TABLE made (a int) LOCATION 's3://lake/x/' TBLPROPERTIES ('table_type'='iceberg')",
    );
    expect(again.reason).toMatch(/Table already exists/);
    await lake.rows(
      "CREATE TABLE IF NOT EXISTS made (a int) LOCATION 's3://lake/x/' TBLPROPERTIES ('table_type'='iceberg')",
    );
    expect(lake.keys('x/')).toEqual([]);
  });

  it.each([
    ["(a int) LOCATION 's3://lake/r/'", /External keyword required for table type HIVE/],
    ["(a int) TBLPROPERTIES ('table_type'='ICEBERG')", /No location was specified for table/],
    [
      "(a int) LOCATION 's3://lake/r/' TBLPROPERTIES ('table_type'='ICEBERG', 'compression_level'='3')",
      /Compression codec must be defined when compression_level property is specified/,
    ],
  ])('is refused at once: %s', async (rest, why) => {
    await expect(lake.ask(`CREATE TABLE refused ${rest}`)).rejects.toThrow(why);
  });

  it('is refused at once as an external table', async () => {
    await expect(
      lake.ask(
        "CREATE EXTERNAL TABLE refused (a int) STORED AS PARQUET LOCATION 's3://lake/r/' TBLPROPERTIES ('table_type'='ICEBERG')",
      ),
    ).rejects.toThrow(/External keyword not supported for table type ICEBERG/);
  });

  it.each([
    ['(a int) STORED AS PARQUET', '', 'Iceberg create table statement does not allow STORED AS/BY', 1200],
    [
      "(a int) ROW FORMAT DELIMITED FIELDS TERMINATED BY ','",
      '',
      'Iceberg create table statement does not allow ROW FORMAT',
      1200,
    ],
    [
      '(a int) CLUSTERED BY (a) INTO 3 BUCKETS',
      '',
      'Iceberg create table statement does not allow CLUSTERED BY',
      1200,
    ],
    [
      '(a int) PARTITIONED BY (p int)',
      '',
      'Invalid PARTITIONED BY clause in Iceberg create table statement',
      1006,
    ],
    ['', '', 'At least one column is required for Iceberg create table statement', 1006],
    ['(a int)', ", 'write.x'='1'", 'Unsupported table property key: write.x', 1200],
    ['(a smallint)', '', 'Unsupported Hive type: SMALLINT, use integer instead', 1200],
    ['(a varchar(5))', '', 'Unsupported Hive type: VARCHAR(5), use string instead', 1200],
    ['(a integer)', '', "type expected at the position 0 of 'integer'", 1006],
    ['(a uuid)', '', "type expected at the position 0 of 'uuid'", 1006],
    ['(a int, A int)', '', "DUPLICATE_COLUMN_NAME: Column name 'a' specified more than once", 1006],
    [
      '(a int) PARTITIONED BY (b)',
      '',
      "COLUMN_NOT_FOUND: Partition column 'b' is not a column of the table",
      1006,
    ],
    ['(a int) PARTITIONED BY (day(a))', '', expect.stringMatching(/^NOT_SUPPORTED: .*day.*int/), 1200],
    [
      '(a int)',
      ", 'optimize_rewrite_data_file_threshold'='50'",
      'INVALID_TABLE_PROPERTY: optimize_rewrite_data_file_threshold must be a positive number below 50: 50',
      1103,
    ],
    [
      '(a int)',
      ", 'format'='orc'",
      "NOT_SUPPORTED: Writing Iceberg's data in the format ORC is not emulated by the local Athena",
      1200,
    ],
  ])('fails: %s %s', async (columns, properties, reason, type) => {
    const answer = await lake.failure(
      `CREATE TABLE refused ${columns} LOCATION 's3://lake/refused/' TBLPROPERTIES ('table_type'='ICEBERG'${properties})`,
    );
    expect(answer).toEqual({ reason, error: [2, type] });
    expect(lake.keys('refused/')).toEqual([]);
  });
});

describe('CREATE TABLE AS', () => {
  it('writes the rows as the first snapshot, by partition', async () => {
    const made =
      await lake.ask(`CREATE TABLE copied WITH (table_type = 'ICEBERG', is_external = false, location = 's3://lake/copied/',
        partitioning = ARRAY['day(ts)', 'bucket(name, 4)'], write_compression = 'zstd', vacuum_min_snapshots_to_keep = 10)
      AS SELECT id, name, value, CAST(ts AS timestamp(6)) AS ts, tags, place, attributes, extra, ds FROM events`);
    expect([made.state, made.reason, made.updateCount]).toEqual(['SUCCEEDED', undefined, 30]);
    const { snapshots, properties, 'partition-specs': specs } = lake.metadata('copied');
    expect(snapshots).toHaveLength(1);
    expect(snapshots[0]?.summary).toMatchObject({ operation: 'append', 'total-records': '30' });
    expect(properties).toEqual({
      'write.parquet.compression-codec': 'zstd',
      'history.expire.min-snapshots-to-keep': '10',
    });
    expect(specs[0]?.fields.map(({ transform }) => transform)).toEqual(['day', 'bucket[4]']);
    expect(lake.keys('copied/data/')[0]).toMatch(
      /^copied\/data\/ts_day=2026-11-18\/name_bucket=\d\/[^/]+\.parquet$/,
    );
    const columns = 'id, name, value, to_unixtime(ts), tags, place, attributes, extra, ds';
    const order = 'ORDER BY ds, id';
    expect(await lake.rows(`SELECT ${columns} FROM copied ${order}`)).toEqual(
      await lake.rows(`SELECT ${columns} FROM events ${order}`),
    );
    const none =
      await lake.ask(`CREATE TABLE empty WITH (table_type = 'ICEBERG', is_external = false, location = 's3://lake/empty/')
      AS SELECT id FROM events WITH NO DATA`);
    expect([none.state, none.updateCount]).toEqual(['SUCCEEDED', 0]);
    expect(lake.metadata('empty').snapshots).toEqual([]);
  });

  it.each([
    ["location = 's3://lake/no/'", 'SELECT 1 AS a', /^INVALID_TABLE_PROPERTY: is_external must be false/],
    ['is_external = false', 'SELECT 1 AS a', /^No location was specified for table/],
    [
      "is_external = false, location = 's3://lake/events/'",
      'SELECT 1 AS a',
      /^ICEBERG_FILESYSTEM_ERROR: Cannot create a table on a non-empty location: s3:\/\/lake\/events, set/,
    ],
    [
      "is_external = false, location = 's3://lake/no/', partitioned_by = ARRAY['a']",
      'SELECT 1 AS a',
      /^INVALID_TABLE_PROPERTY: Table property 'partitioned_by'/,
    ],
    [
      "is_external = false, location = 's3://lake/no/', nothing = 1",
      'SELECT 1 AS a',
      /^Unsupported table property key: nothing$/,
    ],
    [
      "is_external = false, location = 's3://lake/no/', partitioning = ARRAY['bucket(4, a)']",
      'SELECT 1 AS a',
      /^INVALID_TABLE_PROPERTY: Unable to parse partitioning value: Invalid partition field declaration: bucket\(4, a\)/,
    ],
    [
      "is_external = false, location = 's3://lake/no/'",
      'SELECT CAST(1 AS smallint) AS a',
      /^NOT_SUPPORTED: Type not supported for Iceberg: smallint/,
    ],
    ["is_external = false, location = 's3://lake/no/'", 'SELECT 1', /^MISSING_COLUMN_NAME: /],
    [
      "is_external = false, location = 's3://lake/no/', partitioning = ARRAY['a']",
      'SELECT * FROM UNNEST(sequence(1, 101)) AS t(a)',
      /^ICEBERG_TOO_MANY_OPEN_PARTITIONS: Exceeded limit of 100 open writers for partitions/,
    ],
  ])('fails: %s AS %s', async (properties, query, why) => {
    const { reason } = await lake.failure(
      `CREATE TABLE refused WITH (table_type = 'ICEBERG', ${properties}) AS ${query}`,
    );
    expect(reason).toMatch(why);
    expect(lake.keys('no/')).toEqual([]);
    expect(lake.catalog.database('db').tables.has('refused')).toBe(false);
  });
});

it('is listed with its columns and what says that it is Iceberg', async () => {
  await lake.create('listed', "id bigint COMMENT 'whose', day date", 'PARTITIONED BY (day)');
  const metadataLocation = lake.metadataLocation('listed');
  const CatalogName = 'AwsDataCatalog';
  const { TableMetadata } = await lake.athena.client.send(
    new GetTableMetadataCommand({ CatalogName, DatabaseName: 'db', TableName: 'listed' }),
  );
  expect(TableMetadata).toMatchObject({
    Name: 'listed',
    TableType: 'EXTERNAL_TABLE',
    Columns: [
      { Name: 'id', Type: 'bigint', Comment: 'whose' },
      { Name: 'day', Type: 'date' },
    ],
    PartitionKeys: [],
  });
  expect(TableMetadata?.Parameters).toEqual({
    EXTERNAL: 'TRUE',
    table_type: 'ICEBERG',
    metadata_location: metadataLocation,
    location: 's3://lake/listed',
  });
  const { TableMetadataList } = await lake.athena.client.send(
    new ListTableMetadataCommand({ CatalogName, DatabaseName: 'db', Expression: 'listed' }),
  );
  expect(TableMetadataList).toEqual([TableMetadata]);
});

it('of a query takes times with microseconds only', async () => {
  const create = (query: string) =>
    lake.failure(
      `CREATE TABLE timed WITH (table_type = 'ICEBERG', is_external = false, location = 's3://lake/timed/') AS ${query}`,
    );
  const timestamps =
    'NOT_SUPPORTED: Timestamp precision (3) not supported for Iceberg. Use "timestamp(6)" instead.';
  expect((await create('SELECT ts FROM events')).reason).toBe(timestamps);
  expect((await create('SELECT min(t.ts) AS first FROM (SELECT * FROM events) AS t')).reason).toBe(
    timestamps,
  );
  expect((await create('SELECT CAST(now() AS timestamp) AS at')).reason).toBe(timestamps);
  expect((await create('SELECT array_agg(ts) AS all_of FROM events')).reason).toBe(timestamps);
  expect((await create('SELECT now() AS at')).reason).toBe(
    'NOT_SUPPORTED: Timestamp precision (3) not supported for Iceberg. Use "timestamp(6) with time zone" instead.',
  );
  await lake.rows(
    `CREATE TABLE timed WITH (table_type = 'ICEBERG', is_external = false, location = 's3://lake/timed/') AS
     SELECT CAST(ts AS timestamp(6)) AS a, date_trunc('hour', CAST(ts AS timestamp(6))) AS b,
       TIMESTAMP '2026-11-20 10:00:00.000001' AS c, CAST(ts AS timestamp(6) with time zone) AS d
     FROM events WHERE id = 0 AND ds = DATE '2026-11-20'`,
  );
  expect(lake.metadata('timed').schemas[0]?.fields.map(({ type }) => type)).toEqual([
    'timestamp',
    'timestamp',
    'timestamp',
    'timestamptz',
  ]);
  expect(await lake.rows('SELECT * FROM timed')).toEqual([
    [
      '2026-11-20 10:00:00.000000',
      '2026-11-20 10:00:00.000000',
      '2026-11-20 10:00:00.000001',
      '2026-11-20 10:00:00.000000 UTC',
    ],
  ]);
  const milliseconds =
    'NOT_SUPPORTED: Incorrect timestamp precision for timestamp(6); the configured precision is MILLISECONDS; column name: a';
  expect((await lake.failure('CREATE TABLE of_hive AS SELECT a FROM timed')).reason).toBe(milliseconds);
  expect(
    (await lake.failure("UNLOAD (SELECT a FROM timed) TO 's3://lake/of_hive/' WITH (format = 'PARQUET')"))
      .reason,
  ).toBe(milliseconds);
  expect((await lake.failure('CREATE TABLE of_hive AS SELECT d FROM timed')).reason).toBe(
    'NOT_SUPPORTED: Unsupported Hive type: timestamp(6) with time zone',
  );
  await lake.rows('CREATE TABLE of_hive AS SELECT CAST(a AS timestamp(3)) AS a FROM timed');
  expect(await lake.rows('SELECT a FROM of_hive')).toEqual([['2026-11-20 10:00:00.000']]);
});

describe('DROP TABLE', () => {
  it('leaves files of other tables, also those in folders within its own', async () => {
    await lake.create('around', 'a int', '', ", 'vacuum_max_snapshot_age_seconds'='1'");
    await lake.rows(
      "CREATE TABLE within (a int) LOCATION 's3://lake/around/data/within/' TBLPROPERTIES ('table_type'='ICEBERG')",
    );
    await lake.rows(
      "CREATE EXTERNAL TABLE of_parquet (a int) STORED AS PARQUET LOCATION 's3://lake/around/hive/'",
    );
    for (const table of ['around', 'within', 'of_parquet']) await lake.rows(`INSERT INTO ${table} VALUES 1`);
    await lake.rows(
      "CREATE EXTERNAL TABLE parted (a int) PARTITIONED BY (k int) STORED AS PARQUET LOCATION 's3://lake/elsewhere/'",
    );
    await lake.rows("ALTER TABLE parted ADD PARTITION (k = 1) LOCATION 's3://lake/around/parted/k=1/'");
    await lake.rows('INSERT INTO parted VALUES (1, 1)');
    const kept = async () => [
      await lake.rows('SELECT a FROM within'),
      await lake.rows('SELECT a FROM of_parquet'),
      await lake.rows('SELECT a FROM parted'),
    ];
    lake.athena.clock.advance(60_000);
    await lake.rows('VACUUM around');
    expect(await kept()).toEqual([[['1']], [['1']], [['1']]]);
    await lake.rows('DROP TABLE around');
    expect(await kept()).toEqual([[['1']], [['1']], [['1']]]);
    expect(
      lake.keys('around/').filter((key) => !/^around\/(?:data\/within|hive|parted)\//.test(key)),
    ).toEqual([]);
  });

  it('removes what the metadata reaches, wherever it is, and so does DROP DATABASE CASCADE', async () => {
    await lake.rows('CREATE DATABASE passing');
    await lake.rows(
      "CREATE TABLE passing.far (a int) LOCATION 's3://lake/far/' TBLPROPERTIES ('table_type'='ICEBERG')",
    );
    await lake.rows("ALTER TABLE passing.far SET TBLPROPERTIES ('write.data.path'='s3://lake/shared/')");
    await lake.rows('INSERT INTO passing.far VALUES 1');
    await lake.store.put('lake', 'shared/of-another', '');
    expect(lake.keys('shared/')).toHaveLength(2);
    await lake.rows('DROP DATABASE passing CASCADE');
    expect([lake.keys('shared/'), lake.keys('far/')]).toEqual([['shared/of-another'], []]);
  });

  it("removes the table's data and metadata", async () => {
    await lake.create('dropped', 'a int');
    await lake.rows('INSERT INTO dropped VALUES 1');
    expect(lake.keys('dropped/').length).toBeGreaterThan(3);
    await lake.rows('DROP TABLE dropped');
    expect(lake.keys('dropped/')).toEqual([]);
    expect(lake.catalog.database('db').tables.has('dropped')).toBe(false);
  });
});
