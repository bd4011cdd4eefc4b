import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openLake } from './openLake.ts';

let lake: Awaited<ReturnType<typeof openLake>>;
beforeAll(async () => {
  lake = await openLake();
  await lake.put('other/0.parquet', 'SELECT 100 AS id, 7 AS zip');
});
afterAll(() => lake.close());

beforeEach(async () => {
  await lake.rows('DROP TABLE IF EXISTS one');
  await lake.rows('DROP TABLE IF EXISTS days');
  await lake.rows(
    "CREATE EXTERNAL TABLE one (id bigint, area string COMMENT 'where') STORED AS PARQUET LOCATION 's3://lake/none/'",
  );
  await lake.rows(
    "CREATE EXTERNAL TABLE days (id bigint) PARTITIONED BY (ds date, kind string) STORED AS PARQUET LOCATION 's3://lake/events/'",
  );
  await lake.rows(
    "ALTER TABLE days ADD PARTITION (ds = '2026-11-18', kind = 'a') LOCATION 's3://lake/events/2026-11-18/'",
  );
});

const lines = async (sql: string) => (await lake.rows(sql)).map(([line]) => line);
const columns = (table: string) =>
  lake.catalog
    .table('db', table)
    .input.StorageDescriptor?.Columns?.map(({ Name, Type, Comment }) => [Name, Type, Comment]);

describe('ALTER TABLE of places', () => {
  it('moves a table to another location', async () => {
    expect(await lake.rows('SELECT count(*) FROM one')).toEqual([['0']]);
    const { kind } = await lake.ask("ALTER TABLE one SET LOCATION 's3://lake/other/'");
    expect(kind).toEqual(['DDL', 'ALTER_TABLE_SET_LOCATION']);
    expect(await lake.rows('SELECT id FROM one')).toEqual([['100']]);
  });

  it('moves a partition, and leaves the others', async () => {
    await lake.rows(
      "ALTER TABLE days ADD PARTITION (ds = '2026-11-19', kind = 'a') LOCATION 's3://lake/events/2026-11-19/'",
    );
    await lake.rows(
      "ALTER TABLE db.days PARTITION (kind = 'a', ds = '2026-11-18') SET LOCATION 's3://lake/other/'",
    );
    expect(await lake.rows("SELECT id FROM days WHERE ds = DATE '2026-11-18'")).toEqual([['100']]);
    expect(await lake.rows('SELECT count(*) FROM days')).toEqual([['11']]);
  });

  it('renames a partition, whose objects stay', async () => {
    const { kind } = await lake.ask(
      "ALTER TABLE days PARTITION (ds = '2026-11-18', kind = 'a') RENAME TO PARTITION (ds = '2026-11-20', kind = 'b')",
    );
    expect(kind).toEqual(['DDL', 'ALTER_TABLE_RENAME_PARTITION']);
    expect(await lines('SHOW PARTITIONS days')).toEqual(['ds=2026-11-20/kind=b']);
    expect(await lake.rows('SELECT DISTINCT ds, kind, "$path" FROM days')).toEqual([
      ['2026-11-20', 'b', 's3://lake/events/2026-11-18/0.parquet'],
    ]);
  });
});

describe('ALTER TABLE CHANGE COLUMN', () => {
  it("changes name, type, comment and place, as in Athena's examples", async () => {
    const { kind } = await lake.ask('ALTER TABLE one CHANGE COLUMN area zip int AFTER id');
    expect(kind).toEqual(['DDL', 'ALTER_TABLE_CHANGE_COLUMN']);
    expect(columns('one')).toEqual([
      ['id', 'bigint', undefined],
      ['zip', 'int', 'where'],
    ]);
    await lake.rows("ALTER TABLE one CHANGE zip zip int COMMENT 'USA zipcode' FIRST");
    expect(columns('one')).toEqual([
      ['zip', 'int', 'USA zipcode'],
      ['id', 'bigint', undefined],
    ]);
    await lake.rows("ALTER TABLE one SET LOCATION 's3://lake/other/'");
    expect(await lake.rows('SELECT zip, id FROM one')).toEqual([['7', '100']]);
  });
});

describe('what ALTER TABLE refuses', () => {
  it.each([
    ["ALTER TABLE one SET LOCATION 'file:///tmp'", /FAILED: SemanticException .*Not a location in S3/],
    [
      "ALTER TABLE days PARTITION (ds = '2026-11-18') SET LOCATION 's3://lake/other/'",
      /must have a value for each of ds, kind/,
    ],
    [
      "ALTER TABLE days PARTITION (ds = '2020-01-01', kind = 'a') SET LOCATION 's3://lake/other/'",
      /^FAILED: Cannot find partition/,
    ],
    ['ALTER TABLE one CHANGE nothing a int', /Invalid column reference nothing/],
    ['ALTER TABLE one CHANGE area a int AFTER nothing', /Invalid column reference nothing/],
    ['ALTER TABLE one CHANGE area id int', /Duplicate column name: id/],
    ['ALTER TABLE days CHANGE id ds bigint', /Duplicate column name: ds/],
    ['ALTER TABLE one CHANGE area a blob', /cannot recognize the type blob/],
    ["ALTER TABLE nothing SET LOCATION 's3://lake/other/'", /nothing/],
  ])('%s', async (sql, message) => {
    expect((await lake.failure(sql)).reason).toMatch(message);
  });

  it('nothing of a view', async () => {
    await lake.rows('CREATE OR REPLACE VIEW seen AS SELECT 1 AS a');
    const { reason } = await lake.failure("ALTER TABLE seen SET LOCATION 's3://lake/other/'");
    expect(reason).toMatch(/SemanticException \[Error 10131\]/);
  });
});
