import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { replacePartition } from '../../../src/glue/index.ts';
import { OPEN_CSV, OPEN_X, openTexts } from './openTexts.ts';

let texts: Awaited<ReturnType<typeof openTexts>>;
beforeAll(async () => {
  texts = await openTexts();
});
afterAll(() => texts.close());

const DELIMITED = "ROW FORMAT DELIMITED FIELDS TERMINATED BY ','";
const BY_DAY = 'PARTITIONED BY (ds string)';

/** Adds a partition `ds=1` whose own columns are these. */
async function addPartition(
  name: string,
  columns: readonly { Name: string; Type: string }[],
  content: string,
): Promise<void> {
  await texts.put(`${name}/ds=1/a`, content);
  await texts.rows(`ALTER TABLE ${name} ADD PARTITION (ds = '1') LOCATION 's3://lake/${name}/ds=1/'`);
  const [partition] = texts.catalog.table('db', name).partitions;
  const StorageDescriptor = { ...partition?.input.StorageDescriptor, Columns: [...columns] };
  texts.catalog.changePartitions('db', name, (table) =>
    replacePartition(table, ['1'], { ...partition?.input, Values: ['1'], StorageDescriptor }),
  );
}

describe('partitions of text tables', () => {
  it.each([
    ['LazySimpleSerDe', DELIMITED, 'x,2\n'],
    ['OpenCSVSerDe', OPEN_CSV, '"x","2"\n'],
    ["OpenX's JSON SerDe", OPEN_X, '{"a":"x","b":2}\n'],
  ])('of %s with a column of another type are refused', async (_, clause, content) => {
    const name = await texts.table('a string, b int', `${BY_DAY} ${clause}`, {});
    await addPartition(
      name,
      [
        { Name: 'a', Type: 'string' },
        { Name: 'b', Type: 'boolean' },
      ],
      content,
    );
    expect(await texts.failure(`SELECT * FROM ${name}`)).toContain(
      'The column b of type int with partitions that have it as boolean, is not emulated',
    );
  });

  it('are checked also where they have no files', async () => {
    const name = await texts.table('a string, b int', `${BY_DAY} ${DELIMITED}`, {});
    await texts.rows(`ALTER TABLE ${name} ADD PARTITION (ds = '2')`);
    await addPartition(name, [{ Name: 'a', Type: 'string' }], 'x\n');
    const partition = texts.catalog.table('db', name).partitions.find(({ values }) => values[0] === '2');
    const Columns = [
      { Name: 'a', Type: 'string' },
      { Name: 'b', Type: 'boolean' },
    ];
    const StorageDescriptor = { ...partition?.input.StorageDescriptor, Columns };
    texts.catalog.changePartitions('db', name, (table) =>
      replacePartition(table, ['2'], { ...partition?.input, Values: ['2'], StorageDescriptor }),
    );
    expect(await texts.failure(`SELECT * FROM ${name}`)).toContain(
      'The column b of type int with partitions that have it as boolean, is not emulated',
    );
    // A partition that the query does not need is not checked.
    expect(await texts.rows(`SELECT a FROM ${name} WHERE ds = '1'`)).toEqual([['x']]);
  });

  it('may have fewer columns than the table, and renamed ones', async () => {
    const name = await texts.table('a string, b bigint, c int', `${BY_DAY} ${DELIMITED}`, {});
    const columns = [
      { Name: 'old', Type: 'string' },
      { Name: 'b', Type: 'bigint' },
    ];
    await addPartition(name, columns, 'x,2,3\n');
    expect(await texts.rows(`SELECT a, b, c FROM ${name}`)).toEqual([['x', '2', '3']]);
  });

  it('skip header lines of compressed files, and of files that have nothing else', async () => {
    const name = await texts.table(
      'a string, b int',
      `${BY_DAY} ${DELIMITED}`,
      {},
      "TBLPROPERTIES ('skip.header.line.count' = '1')",
    );
    await texts.put(`${name}/ds=1/a.gz`, gzipSync('a,b\nx,1\n'));
    await texts.put(`${name}/ds=1/b.gz`, gzipSync(''));
    await texts.put(`${name}/ds=1/c`, 'a,b');
    await texts.rows(`MSCK REPAIR TABLE ${name}`);
    expect(await texts.rows(`SELECT a, b, "$path" FROM ${name}`)).toEqual([
      ['x', '1', `s3://lake/${name}/ds=1/a.gz`],
    ]);
  });
});
