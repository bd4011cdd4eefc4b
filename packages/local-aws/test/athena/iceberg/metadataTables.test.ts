import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openIceberg } from './openIceberg.ts';

type Lake = Awaited<ReturnType<typeof openIceberg>>;
let lake: Lake;
let sizes: readonly number[] = [];
let location = '';
beforeAll(async () => {
  lake = await openIceberg();
  const table = await lake.create(
    't',
    [
      ['id', 'long'],
      ['ts', 'timestamp'],
      ['kind', 'string'],
      ['price', 'decimal(10, 2)'],
    ],
    [
      { column: 'ts', transform: 'day', name: 'ts_day' },
      { column: 'kind', transform: 'identity', name: 'kind' },
    ],
  );
  const add = async (day: number, kind: string, low: bigint) =>
    table.add(
      `SELECT ${low} + range AS id, TIMESTAMP '1970-01-01' + INTERVAL ${day} DAY AS ts, '${kind}' AS kind, 1.50::DECIMAL(10, 2) AS price FROM range(3)`,
      {
        partition: new Map<number, number | string>([
          [1000, day],
          [1001, kind],
        ]),
        bounds: {
          id: [low, low + 2n],
          ts: [BigInt(day) * 86_400_000_000n, BigInt(day) * 86_400_000_000n],
          price: [150n, 150n, 1],
        },
      },
    );
  const added = [await add(20_777, 'a', 1n), await add(20_777, 'a', 10n), await add(20_778, 'b', 20n)];
  sizes = added.map(({ size }) => size);
  location = added[0]?.location ?? '';
  await table.deleteRows([[location, 0]], {
    partition: new Map<number, number | string>([
      [1000, 20_777],
      [1001, 'a'],
    ]),
  });
});
afterAll(() => lake.close());

test('"t$snapshots" and "t$history" list the snapshots', async () => {
  const { rows, columns } = await lake.ask('SELECT * FROM "t$snapshots" ORDER BY committed_at');
  expect(columns.map(({ Name, Type }) => `${Name} ${Type}`)).toStrictEqual([
    'committed_at timestamp with time zone',
    'snapshot_id bigint',
    'parent_id bigint',
    'operation varchar',
    'manifest_list varchar',
    'summary map',
  ]);
  expect(rows.map((row) => [row[1], row[2], row[3]])).toStrictEqual([
    ['101', undefined, 'append'],
    ['102', '101', 'append'],
    ['103', '102', 'append'],
    ['104', '103', 'overwrite'],
  ]);
  expect(rows[0]?.[0]).toBe('2026-11-20 07:33:00.000 UTC');
  expect(rows[0]?.[4]).toMatch(/^s3:\/\/ice\/t\/metadata\/snap-101-.*\.avro$/);
  expect(
    await lake.rows(
      `SELECT element_at(summary, 'added-records') FROM db."t$snapshots" WHERE snapshot_id = 101`,
    ),
  ).toStrictEqual([['3']]);
  expect(
    await lake.rows(
      'SELECT snapshot_id, parent_id, is_current_ancestor FROM "db"."t$history" ORDER BY made_current_at LIMIT 2',
    ),
  ).toStrictEqual([
    ['101', undefined, 'true'],
    ['102', '101', 'true'],
  ]);
});

test('"t$files" lists the data files with what is known of their columns', async () => {
  const [row] = await lake.rows(`SELECT * FROM "t$files" WHERE file_path = '${location}'`);
  expect(row?.slice(0, 5)).toStrictEqual(['0', location, 'PARQUET', '3', String(sizes[0])]);
  expect(row?.slice(6, 11)).toStrictEqual([
    '{1=3, 2=3, 4=3}',
    '{1=0, 2=0, 4=1}',
    '{1=0, 2=0, 4=0}',
    '{1=1, 2=2026-11-20T00:00:00, 4=1.50}',
    '{1=3, 2=2026-11-20T00:00:00, 4=1.50}',
  ]);
  expect(await lake.rows('SELECT count(*), sum(record_count) FROM "t$files"')).toStrictEqual([['3', '9']]);
});

test('"t$partitions" sums up the files of each partition', async () => {
  const rows = await lake.rows(
    'SELECT partition.ts_day, partition.kind, record_count, file_count, total_size, data.id, data.price.null_count FROM "t$partitions" ORDER BY 1',
  );
  expect(rows).toStrictEqual([
    [
      '2026-11-20',
      'a',
      '6',
      '2',
      String((sizes[0] ?? 0) + (sizes[1] ?? 0)),
      '{min=1, max=12, null_count=0, nan_count=0}',
      '2',
    ],
    ['2026-11-21', 'b', '3', '1', String(sizes[2]), '{min=20, max=22, null_count=0, nan_count=0}', '1'],
  ]);
});

test('"t$manifests" lists the manifests with the ranges of their partitions', async () => {
  const rows = await lake.rows('SELECT * FROM "t$manifests" WHERE added_snapshot_id = 101');
  expect(rows).toHaveLength(1);
  expect(rows[0]?.[0]).toMatch(/^s3:\/\/ice\/t\/metadata\/.*\.avro$/);
  expect(rows[0]?.slice(2)).toStrictEqual([
    ...['0', '101', '1', '3', '0', '0', '0', '0'],
    '[{contains_null=false, contains_nan=false, lower_bound=2026-11-20, upper_bound=2026-11-20}, {contains_null=false, contains_nan=false, lower_bound=a, upper_bound=a}]',
  ]);
});

test('"t$refs" and "t$properties" list branches and properties', async () => {
  expect(await lake.rows('SELECT * FROM "t$refs"')).toStrictEqual([
    ['main', 'BRANCH', '104', undefined, undefined, undefined],
  ]);
  expect((await lake.ask('SELECT key, value FROM "t$properties"')).state).toBe('SUCCEEDED');
});

test('Other names, and those of tables of Hive, are no metadata tables', async () => {
  for (const name of ['t$nothing', 'events$files'])
    expect((await lake.failure(`SELECT * FROM "${name}"`)).reason).toContain('TABLE_NOT_FOUND');
});

test('SHOW and DESCRIBE tell of an Iceberg table', async () => {
  expect((await lake.rows('DESCRIBE t')).flat()).toStrictEqual([
    '# Table schema:\t\t',
    '# col_name\tdata_type\tcomment',
    'id\tbigint\t',
    'ts\ttimestamp\t',
    'kind\tstring\t',
    'price\tdecimal(10, 2)\t',
    '\t\t',
    '# Partition spec:\t\t',
    '# field_name\tfield_transform\tcolumn_name',
    'ts_day\tday\tts',
    'kind\tidentity\tkind',
  ]);
  expect((await lake.rows('SHOW COLUMNS IN t')).flat()).toStrictEqual(['id', 'ts', 'kind', 'price']);
  expect((await lake.rows('SHOW TBLPROPERTIES t')).flat()).toContain('table_type\ticeberg');
  expect((await lake.rows("SHOW TBLPROPERTIES t('table_type')")).flat()).toStrictEqual(['iceberg']);
  expect((await lake.rows('SHOW TABLES')).flat()).toContain('t');
  expect((await lake.rows('SHOW CREATE TABLE t')).flat()).toStrictEqual([
    'CREATE TABLE db.t (',
    '  id bigint,',
    '  ts timestamp,',
    '  kind string,',
    '  price decimal(10,2))',
    'PARTITIONED BY (day(`ts`), `kind`)',
    "LOCATION 's3://ice/t'",
    'TBLPROPERTIES (',
    "  'table_type'='iceberg'",
    ');',
  ]);
});
