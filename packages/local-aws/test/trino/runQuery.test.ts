import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { realClock } from '../../src/base/clock.ts';
import { dataFolders } from '../../src/disk/dataDirectory.ts';
import { Catalog } from '../../src/glue/index.ts';
import { ObjectStore } from '../../src/s3/index.ts';
import { temporaryDirectory } from '../../src/testing/temporaryDirectory.ts';
import { readQuery, runQuery } from '../../src/trino/query/runQuery.ts';

let data: string;
let remove: () => void;
beforeEach(() => {
  ({ path: data, remove } = temporaryDirectory());
});
afterEach(() => remove());

const location = (day: string) => `s3://bucket/events/${day}/`;

/** A table `events(name, value)` by day; only the days given are registered. */
function makeCatalog(days: readonly string[]): void {
  const catalog = Catalog.open({ directory: dataFolders(data).glue, clock: realClock });
  catalog.ensureDatabase({ Name: 'app' });
  catalog.ensureTable('app', {
    Name: 'events',
    StorageDescriptor: {
      Columns: [
        { Name: 'name', Type: 'string' },
        { Name: 'value', Type: 'bigint' },
        { Name: 'added_later', Type: 'timestamp' },
      ],
      Location: 's3://bucket/events/',
    },
    PartitionKeys: [{ Name: 'ds', Type: 'date' }],
  });
  catalog.changePartitions('app', 'events', (table) => ({
    ...table,
    partitions: days.map((day) => ({
      values: [day],
      input: { Values: [day], StorageDescriptor: { Location: location(day) } },
      createdAt: 0,
    })),
  }));
}

/** A table `app.sales(sku)` without partition keys. */
function makeSales(location: string, type = 'string'): void {
  const catalog = Catalog.open({ directory: dataFolders(data).glue, clock: realClock });
  catalog.ensureDatabase({ Name: 'app' });
  catalog.ensureTable('app', {
    Name: 'sales',
    StorageDescriptor: { Columns: [{ Name: 'sku', Type: type }], Location: location },
  });
}

/** Writes a file of a day in Parquet. */
async function writeFile(day: string, file: string, rows: string): Promise<void> {
  const path = join(dataFolders(data).s3, 'bucket', 'events', day, file);
  await writeParquet(path, `SELECT * FROM (VALUES ${rows}) t(name, value)`);
}

/** Writes the rows of a query in Parquet. */
async function writeParquet(path: string, sql: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(`COPY (${sql}) TO '${path}' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
}

describe('runQuery', () => {
  it('reads registered partitions only, with the keys from the catalog', async () => {
    makeCatalog(['2026-11-19', '2026-11-20']);
    await writeFile('2026-11-19', 'a.parquet', "('x', 1), ('y', 2)");
    await writeFile('2026-11-20', 'a.parquet', "('x', 3)");
    await writeFile('2026-11-20', '_temporary.parquet', "('hidden', 9)");
    await writeFile('2026-11-21', 'a.parquet', "('unregistered', 4)");
    expect(await runQuery(data, 'SELECT ds, name, value, added_later FROM events ORDER BY value')).toEqual([
      { ds: '2026-11-19', name: 'x', value: 1, added_later: null },
      { ds: '2026-11-19', name: 'y', value: 2, added_later: null },
      { ds: '2026-11-20', name: 'x', value: 3, added_later: null },
    ]);
    expect(await runQuery(data, "SELECT count(*) AS n FROM app.events WHERE ds = DATE '2026-11-20'")).toEqual(
      [{ n: 1 }],
    );
  });

  it('reads tables without files as empty', async () => {
    makeCatalog([]);
    expect(await runQuery(data, 'SELECT count(*) AS n FROM events')).toEqual([{ n: 0 }]);
  });

  it('reads a table at the root of a bucket', async () => {
    makeSales('s3://sales/');
    await writeParquet(join(dataFolders(data).s3, 'sales', '2026', 'a.parquet'), "SELECT 'hat' AS sku");
    expect(await runQuery(data, 'SELECT sku FROM sales')).toEqual([{ sku: 'hat' }]);
  });

  it('reads objects whose keys are no paths', async () => {
    makeSales('s3://bucket/hour:10/');
    const path = join(data, 'rows.parquet');
    await writeParquet(path, "SELECT 'hat' AS sku");
    const store = ObjectStore.open({ directory: dataFolders(data).s3, clock: realClock });
    store.createBucket('bucket');
    for (const key of ['hour:10/a.parquet', 'hour:10/_hidden:.parquet', 'hour:11/a.parquet'])
      await store.put('bucket', key, readFileSync(path));
    expect(await runQuery(data, 'SELECT sku FROM sales')).toEqual([{ sku: 'hat' }]);
  });

  it.each([
    { what: "the store's own folder", location: 's3://.store/bucket/' },
    { what: 'a folder above the buckets', location: 's3://bucket/../../' },
  ])('reads no files in $what', async ({ location }) => {
    makeSales(location);
    const { s3, root } = dataFolders(data);
    for (const path of [join(s3, '.store', 'bucket', 'a.parquet'), join(root, 'a.parquet')])
      await writeParquet(path, "SELECT 'hat' AS sku");
    expect(await runQuery(data, 'SELECT sku FROM sales')).toEqual([]);
  });

  it('skips empty files', async () => {
    makeCatalog(['2026-11-20']);
    await writeFile('2026-11-20', 'a.parquet', "('x', 1)");
    writeFileSync(join(dataFolders(data).s3, 'bucket', 'events', '2026-11-20', 'empty.parquet'), '');
    expect(await runQuery(data, 'SELECT name FROM events')).toEqual([{ name: 'x' }]);
  });

  it("has null as the key of Hive's default partition", async () => {
    makeCatalog(['__HIVE_DEFAULT_PARTITION__']);
    await writeFile('__HIVE_DEFAULT_PARTITION__', 'a.parquet', "('x', 1)");
    expect(await runQuery(data, 'SELECT ds, name FROM events')).toEqual([{ ds: null, name: 'x' }]);
  });

  it('takes a partition key from the catalog where a file has a column of its name', async () => {
    makeCatalog(['2026-11-20']);
    const path = join(dataFolders(data).s3, 'bucket', 'events', '2026-11-20', 'a.parquet');
    await writeParquet(path, "SELECT 'x' AS name, 1 AS value, 'another' AS ds");
    expect(await runQuery(data, 'SELECT ds, name FROM events')).toEqual([{ ds: '2026-11-20', name: 'x' }]);
  });

  it('refuses a table with a type that Athena does not have, by its column', async () => {
    makeSales('s3://bucket/sales/', 'uniontype<int,string>');
    await expect(runQuery(data, 'SELECT sku FROM sales')).rejects.toMatchObject({
      code: 'LOCAL_AWS_QUERY_FAILED',
      message: expect.stringMatching(/app\.sales .*sku.*uniontype<int,string>/),
    });
  });

  it('reads tables beside those that it cannot read, and refuses these by name', async () => {
    makeCatalog(['2026-11-20']);
    await writeFile('2026-11-20', 'a.parquet', "('x', 1)");
    const catalog = Catalog.open({ directory: dataFolders(data).glue, clock: realClock });
    const columns = [{ Name: 'sku', Type: 'string' }];
    const serdes = {
      prices: 'org.apache.hadoop.hive.serde2.OpenCSVSerde',
      copies: 'com.example.ParquetSerDe',
    };
    for (const [Name, SerializationLibrary] of Object.entries(serdes))
      catalog.ensureTable('app', {
        Name,
        StorageDescriptor: {
          Columns: columns,
          Location: `s3://bucket/${Name}/`,
          SerdeInfo: { SerializationLibrary },
        },
      });
    catalog.ensureTable('app', {
      Name: 'accounts',
      Parameters: { table_type: 'ICEBERG' },
      StorageDescriptor: { Columns: columns, Location: 's3://bucket/accounts/' },
    });
    for (const file of ['prices/a.csv', 'accounts/metadata/1.json']) {
      const path = join(dataFolders(data).s3, 'bucket', file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, '"hat"\n');
    }
    expect(await runQuery(data, 'SELECT name FROM events')).toEqual([{ name: 'x' }]);
    const refused = { code: 'LOCAL_AWS_QUERY_FAILED' };
    for (const [name, serde] of Object.entries(serdes))
      await expect(runQuery(data, `SELECT * FROM ${name}`)).rejects.toMatchObject({
        ...refused,
        message: expect.stringMatching(`app.${name} .*${serde}.*Athena`),
      });
    await expect(runQuery(data, 'SELECT * FROM app.accounts')).rejects.toMatchObject({
      ...refused,
      message: expect.stringMatching('app.accounts .*Iceberg.*Athena'),
    });
  });

  it('returns JSON values', async () => {
    makeCatalog([]);
    const sql = `SELECT 9007199254740992::BIGINT AS big, 9007199254740991::BIGINT AS small, MAP {'k': 1} AS map, 1.50::DECIMAL(9,2) AS money, 'nan'::DOUBLE AS nan,
      [1, 2] AS list, {'a': DATE '2026-11-20'} AS struct, TIMESTAMP '2026-11-20 07:32:00.123' AS at, NULL AS nothing, true AS yes`;
    expect(await runQuery(data, sql)).toEqual([
      {
        big: '9007199254740992',
        small: 9_007_199_254_740_991,
        map: [{ key: 'k', value: 1 }],
        money: 1.5,
        nan: 'NaN',
        list: [1, 2],
        struct: { a: '2026-11-20' },
        at: '2026-11-20 07:32:00.123',
        nothing: null,
        yes: true,
      },
    ]);
  });

  it('reports a directory without a catalog', async () => {
    await expect(runQuery(data, 'SELECT 1')).rejects.toMatchObject({ code: 'LOCAL_AWS_QUERY_NO_DATA' });
  });

  it("reports DuckDB's error", async () => {
    makeCatalog([]);
    await expect(runQuery(data, 'SELECT nope FROM events')).rejects.toMatchObject({
      code: 'LOCAL_AWS_QUERY_FAILED',
      message: expect.stringContaining('nope'),
    });
  });
});

describe('readQuery', () => {
  const page = { most: 1, signal: AbortSignal.any([]) };
  beforeEach(() => makeCatalog([]));

  it('reads one statement that only reads', async () => {
    expect(await readQuery(data, 'SELECT 5 AS a', page)).toEqual({
      columns: [{ name: 'a', type: 'INTEGER' }],
      rows: [[5]],
      more: false,
    });
  });

  it('says that a result has more rows than it reads', async () => {
    expect(await readQuery(data, 'FROM range(2)', page)).toMatchObject({ rows: [[0]], more: true });
  });

  it('ends when its signal aborts', async () => {
    const sql = 'SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE a.range + b.range = 7';
    await expect(readQuery(data, sql, { most: 1, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'LOCAL_AWS_QUERY_FAILED',
    });
  });

  it.each([
    { file: 's3/bucket/a.txt', isRead: true },
    { file: 's3/.store/bucket/encoded/a.txt', isRead: true },
    { file: 's3/.store/bucket/versions/a.txt', isRead: false },
    { file: 's3/.store/bucket/journal.ndjson', isRead: false },
    { file: 'a.txt', isRead: false },
  ])('reads objects and no other file: $file, $isRead', async ({ file, isRead }) => {
    const path = join(data, file);
    for (const folder of [dirname(path), join(data, 's3', 'bucket')]) mkdirSync(folder, { recursive: true });
    writeFileSync(path, 'text');
    const found = readQuery(data, `SELECT content FROM read_text('${path}')`, page).then(
      ({ rows }) => rows,
      ({ code }) => code,
    );
    expect(await found).toEqual(isRead ? [['text']] : 'LOCAL_AWS_QUERY_FAILED');
  });

  it('can change no setting', async () => {
    const sql = "SELECT current_setting('lock_configuration')";
    expect(await readQuery(data, sql, page)).toMatchObject({ rows: [[true]] });
  });

  it.each(['SELECT 1; SELECT 2', 'CREATE TABLE t (a INTEGER)', '', ' ;', '-- a\n/* b; */ -- c'])(
    'refuses %j',
    async (sql) => {
      await expect(readQuery(data, sql, page)).rejects.toMatchObject({ code: 'LOCAL_AWS_QUERY_NO_SELECT' });
    },
  );
});
