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

const metadataOf = async (TableName: string) =>
  (
    await lake.athena.client.send(
      new GetTableMetadataCommand({ CatalogName: 'AwsDataCatalog', DatabaseName: 'db', TableName }),
    )
  ).TableMetadata;

describe('strings with a length', () => {
  it('keep it in the catalog for tables, and are strings in views and CREATE TABLE AS', async () => {
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
    expect((await columns('shown')).map(([, type]) => type)).toEqual(
      Array.from({ length: 5 }, () => 'varchar'),
    );
    await lake.rows('CREATE TABLE copied AS SELECT name FROM people');
    expect((await metadataOf('copied'))?.Columns).toEqual([{ Name: 'name', Type: 'string' }]);
  });
});

describe('comments', () => {
  it('are stored as a property of a table and as the comment of a column', async () => {
    expect(await metadataOf('people')).toMatchObject({
      Parameters: { comment: 'all people' },
      Columns: expect.arrayContaining([{ Name: 'name', Type: 'varchar(10)', Comment: 'of whom' }]),
      PartitionKeys: [{ Name: 'k', Type: 'varchar(4)', Comment: 'the key' }],
    });
    expect((await lake.rows('DESCRIBE people')).flat()).toContain(
      ['k', 'varchar(4)', 'the key'].map((cell) => cell.padEnd(20)).join('\t'),
    );
  });
});
