import { GetTableMetadataCommand } from '@aws-sdk/client-athena';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openLake } from './openLake.ts';

let lake: Awaited<ReturnType<typeof openLake>>;
beforeAll(async () => {
  lake = await openLake();
  await lake.rows(
    `CREATE EXTERNAL TABLE people (name varchar(10) COMMENT 'of whom', code char(3), note string, tags array<varchar(5)>)
       COMMENT 'all people' PARTITIONED BY (k varchar(4) COMMENT 'the key') STORED AS PARQUET LOCATION 's3://lake/people/'`,
  );
  await lake.rows(
    `CREATE VIEW shown AS SELECT name, note, CAST(note AS varchar(7)) AS short, k, 'abc' AS fixed FROM people`,
  );
});
afterAll(() => lake.close());

/** Names, types and precisions as ColumnInfo has them. */
const types = async (sql: string) =>
  (await lake.ask(sql)).columns.map(({ Name, Type, Precision }) => `${Name} ${Type} ${Precision}`);

const metadataOf = async (TableName: string) =>
  (
    await lake.athena.client.send(
      new GetTableMetadataCommand({ CatalogName: 'AwsDataCatalog', DatabaseName: 'db', TableName }),
    )
  ).TableMetadata;

describe('strings with a length', () => {
  it.each([
    [
      'SELECT * FROM people',
      ['name varchar 10', 'code char 3', 'note varchar 2147483647', 'tags array 0', 'k varchar 4'],
    ],
    [
      "SELECT 'abc' AS a, upper(name) AS b, name || 'x' AS c FROM people",
      ['a varchar 3', 'b varchar 10', 'c varchar 2147483647'],
    ],
    [
      'SELECT CAST(note AS varchar(7)) AS a, CAST(note AS char(2)) AS b FROM people',
      ['a varchar 7', 'b char 2'],
    ],
    [
      'SELECT * FROM shown',
      ['name varchar 10', 'note varchar 2147483647', 'short varchar 7', 'k varchar 4', 'fixed varchar 3'],
    ],
    ['SELECT p.k, s.short FROM people p JOIN shown s ON p.k = s.k', ['k varchar 4', 'short varchar 7']],
    ['WITH c (a) AS (SELECT name FROM people) SELECT a FROM (SELECT * FROM c) AS x', ['a varchar 10']],
    ['SELECT name FROM people UNION ALL SELECT k FROM people', ['name varchar 10']],
    ['SELECT k FROM people UNION SELECT note FROM people', ['k varchar 2147483647']],
    ['SELECT id, name FROM events', ['id bigint 19', 'name varchar 2147483647']],
  ])('report it as their precision: %s', async (sql, columns) => {
    expect(await types(sql)).toEqual(columns);
  });

  it('keep it in the catalog for tables, views and CREATE TABLE AS', async () => {
    const columns = async (table: string) =>
      await lake.rows(
        `SELECT column_name, data_type FROM information_schema.columns WHERE table_name = '${table}' ORDER BY ordinal_position`,
      );
    expect(await columns('people')).toEqual([
      ['name', 'varchar(10)'],
      ['code', 'char(3)'],
      ['note', 'varchar'],
      ['tags', 'array(varchar(5))'],
      ['k', 'varchar(4)'],
    ]);
    expect(await columns('shown')).toEqual([
      ['name', 'varchar(10)'],
      ['note', 'varchar'],
      ['short', 'varchar(7)'],
      ['k', 'varchar(4)'],
      ['fixed', 'varchar(3)'],
    ]);
    await lake.rows('CREATE TABLE copied AS SELECT name, code, note FROM people');
    expect((await metadataOf('copied'))?.Columns).toEqual([
      { Name: 'name', Type: 'varchar(10)' },
      { Name: 'code', Type: 'char(3)' },
      { Name: 'note', Type: 'string' },
    ]);
    expect(await lake.rows('DESCRIBE shown')).toContainEqual([
      ['name', 'varchar(10)', ''].map((cell) => cell.padEnd(20)).join('\t'),
    ]);
  });

  it('show it in error messages', async () => {
    const failed = await lake.failure('SELECT 1 FROM shown WHERE short = 1');
    expect(failed.reason).toMatch(/Cannot apply operator: varchar(?:\(7\))? = integer$/);
  });
});

describe('comments', () => {
  it('are stored as a property of a table and as the comment of a column', async () => {
    expect(await metadataOf('people')).toMatchObject({
      Parameters: { comment: 'all people' },
      Columns: expect.arrayContaining([{ Name: 'name', Type: 'varchar(10)', Comment: 'of whom' }]),
      PartitionKeys: [{ Name: 'k', Type: 'varchar(4)', Comment: 'the key' }],
    });
    const [created, described, properties] = [
      await lake.rows('SHOW CREATE TABLE people'),
      await lake.rows('DESCRIBE people'),
      await lake.rows('SHOW TBLPROPERTIES people'),
    ].map((rows) => rows.flat());
    expect(created).toContain("  `name` varchar(10) COMMENT 'of whom', ");
    expect(created).toContain("COMMENT 'all people'");
    expect(created?.filter((line) => line?.includes('all people'))).toHaveLength(1);
    expect(described).toContain(['k', 'varchar(4)', 'the key'].map((cell) => cell.padEnd(20)).join('\t'));
    expect(properties).toContain('comment\tall people');
  });
});
