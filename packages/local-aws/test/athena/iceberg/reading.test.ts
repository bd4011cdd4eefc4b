import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { IcebergType } from '../../../src/iceberg/index.ts';
import { openIceberg } from './openIceberg.ts';

type Lake = Awaited<ReturnType<typeof openIceberg>>;
let lake: Lake;
beforeAll(async () => {
  lake = await openIceberg();
});
afterAll(() => lake.close());

const row = (
  ...fields: readonly (readonly [id: number, name: string, type: IcebergType])[]
): IcebergType => ({
  type: 'struct',
  fields: fields.map(([id, name, type]) => ({ id, name, required: false, type })),
});

describe('a table of all types', () => {
  beforeAll(async () => {
    const table = await lake.create('kinds', [
      ['b', 'boolean'],
      ['i', 'int'],
      ['l', 'long'],
      ['f', 'float'],
      ['d', 'double'],
      ['n', 'decimal(10, 2)'],
      ['day', 'date'],
      ['at', 'time'],
      ['ts', 'timestamp'],
      ['tz', 'timestamptz'],
      ['s', 'string'],
      ['u', 'uuid'],
      ['bin', 'binary'],
      ['fix', 'fixed[2]'],
      ['tags', { type: 'list', 'element-id': 20, element: 'string', 'element-required': false }],
      [
        'kv',
        { type: 'map', 'key-id': 21, key: 'string', 'value-id': 22, value: 'int', 'value-required': false },
      ],
      ['place', row([23, 'city', 'string'], [24, 'since', 'timestamp'])],
    ]);
    await table.add(`SELECT true AS b, 1::INTEGER AS i, 2::BIGINT AS l, 1.5::FLOAT AS f, 2.5::DOUBLE AS d, 3.25::DECIMAL(10, 2) AS n,
      DATE '2026-11-20' AS day, TIME '10:11:12.000013' AS at, TIMESTAMP '2026-11-20 10:00:00.123456' AS ts,
      TIMESTAMPTZ '2026-11-20 10:00:00Z' AS tz, 'text' AS s, 'f79c3e09-677c-4bbd-a479-3f349cb785e7'::UUID AS u, '\\x01\\x02'::BLOB AS bin,
      '\\x03\\x04'::BLOB AS fix, ['a', 'b'] AS tags, MAP {'k': 1::INTEGER} AS kv, {'city': 'Wien', 'since': TIMESTAMP '2026-01-01'} AS place
      UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL`);
  });

  test('shows its values as Athena does: times with microseconds', async () => {
    const { columns, rows } = await lake.ask('SELECT * FROM kinds WHERE i IS NOT NULL');
    expect(rows).toStrictEqual([
      [
        ...['true', '1', '2', '1.5', '2.5', '3.25', '2026-11-20', '10:11:12.000013'],
        ...['2026-11-20 10:00:00.123456', '2026-11-20 10:00:00.000000 UTC', 'text'],
        ...['f79c3e09-677c-4bbd-a479-3f349cb785e7', '01 02', '03 04', '[a, b]', '{k=1}'],
        '{city=Wien, since=2026-01-01 00:00:00.000000}',
      ],
    ]);
    expect(columns.map(({ Type }) => Type).join(' ')).toBe(
      'boolean integer bigint float double decimal date time timestamp timestamp with time zone varchar uuid varbinary varbinary array map row',
    );
    expect(
      columns.filter(({ Type }) => Type?.startsWith('time')).map(({ Precision }) => Precision),
    ).toStrictEqual([6, 6, 6]);
  });

  test('keeps the microseconds in what is made of its times, and no others', async () => {
    const sql = `WITH k AS (SELECT ts, tz, place FROM kinds WHERE b)
      SELECT max(ts), date_trunc('hour', ts), ts + INTERVAL '1' DAY, coalesce(ts, TIMESTAMP '2020-01-01 00:00:00'),
        array_agg(ts), CAST(ts AS timestamp), from_unixtime(0), min(place.since), CASE WHEN ts IS NULL THEN current_timestamp ELSE tz END
      FROM k GROUP BY ts, tz`;
    expect(await lake.rows(sql)).toStrictEqual([
      [
        '2026-11-20 10:00:00.123456',
        '2026-11-20 10:00:00.000000',
        '2026-11-21 10:00:00.123456',
        '2026-11-20 10:00:00.123456',
        '[2026-11-20 10:00:00.123456]',
        '2026-11-20 10:00:00.123',
        '1970-01-01 00:00:00.000 UTC',
        '2026-01-01 00:00:00.000000',
        '2026-11-20 10:00:00.000000 UTC',
      ],
    ]);
  });

  test('has Trino’s types in information_schema', async () => {
    const sql =
      "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'db' AND table_name = 'kinds'";
    expect(Object.fromEntries(await lake.rows(sql))).toMatchObject({
      n: 'decimal(10,2)',
      at: 'time(6)',
      ts: 'timestamp(6)',
      tz: 'timestamp(6) with time zone',
      u: 'uuid',
      fix: 'varbinary',
      place: 'row(city varchar, since timestamp(6))',
    });
  });
});

describe('columns by field ID', () => {
  test('are found through renames, additions, removals and wider types', async () => {
    const place = row([10, 'city', 'string'], [11, 'zip', 'int']);
    const table = await lake.create('evolved', [
      ['id', 'int'],
      ['name', 'string'],
      ['gone', 'string'],
      ['place', place],
      ['ratio', 'float'],
      ['price', 'decimal(5, 2)'],
    ]);
    await table.add(
      "SELECT 1::INTEGER AS id, 'a' AS name, 'x' AS gone, {'city': 'Wien', 'zip': 1010::INTEGER} AS place, 0.5::FLOAT AS ratio, 1.25::DECIMAL(5, 2) AS price",
    );
    await table.change(
      { drop: 'gone' },
      { rename: 'name', to: 'title' },
      { widen: 'id', to: 'long' },
      { widen: 'ratio', to: 'double' },
      { widen: 'price', to: 'decimal(12, 2)' },
      { add: { name: 'gone', type: 'int' } },
    );
    await table.add(
      "SELECT 5000000000::BIGINT AS id, 'b' AS title, {'city': 'Graz', 'zip': 8010::INTEGER} AS place, 0.25::DOUBLE AS ratio, 1234567890.50::DECIMAL(12, 2) AS price, 7::INTEGER AS gone",
    );
    const { columns, rows } = await lake.ask(
      'SELECT id, title, gone, place.city, ratio, price FROM evolved ORDER BY id',
    );
    expect(rows).toStrictEqual([
      ['1', 'a', undefined, 'Wien', '0.5', '1.25'],
      ['5000000000', 'b', '7', 'Graz', '0.25', '1234567890.50'],
    ]);
    expect(columns.map(({ Type }) => Type).join(' ')).toBe('bigint varchar integer varchar double decimal');
    expect((await lake.failure('SELECT name FROM evolved')).reason).toContain(
      "Column 'name' cannot be resolved",
    );
  });

  test('are found in nested fields', async () => {
    const item = row([12, 'sku', 'string'], [13, 'count', 'int']);
    const list: IcebergType = { type: 'list', 'element-id': 10, element: item, 'element-required': false };
    const map: IcebergType = {
      type: 'map',
      'key-id': 14,
      key: 'string',
      'value-id': 15,
      value: row([16, 'v', 'int']),
      'value-required': false,
    };
    const table = await lake.create('nested', [
      ['items', list],
      ['facts', map],
    ]);
    const older = (name: string, type: IcebergType, id: number) => ({ id, name, required: false, type });
    const [items, facts] = table.metadata.schemas[0]?.fields ?? [];
    if (items === undefined || facts === undefined) throw new Error('No columns');
    const element = typeof items.type === 'object' && items.type.type === 'list' ? items.type : undefined;
    const inner =
      typeof element?.element === 'object' && element.element.type === 'struct' ? element.element.fields : [];
    const value = typeof facts.type === 'object' && facts.type.type === 'map' ? facts.type : undefined;
    const held = typeof value?.value === 'object' && value.value.type === 'struct' ? value.value.fields : [];
    if (element === undefined || value === undefined) throw new Error('No nested columns');
    // The file's fields have other names and another order, and one of them is not there.
    const file = [
      older('products', { ...element, element: row([inner[0]?.id ?? 0, 'code', 'string']) }, items.id),
      older(
        'props',
        { ...value, value: row([99, 'old', 'int'], [held[0]?.id ?? 0, 'val', 'int']) },
        facts.id,
      ),
    ];
    await table.add(
      "SELECT [{'code': 'p1'}, NULL] AS products, MAP {'k': {'old': 1::INTEGER, 'val': 2::INTEGER}} AS props UNION ALL SELECT NULL, NULL",
      { fields: file },
    );
    expect(await lake.rows('SELECT items, facts FROM nested')).toStrictEqual([
      ['[{sku=p1, count=null}, null]', '{k={v=2}}'],
      [undefined, undefined],
    ]);
  });

  test('are refused by name in files without IDs', async () => {
    const table = await lake.create('foreign_files', [['id', 'long']]);
    await table.add('SELECT 1::BIGINT AS id', { fields: null });
    expect((await lake.failure('SELECT * FROM foreign_files')).reason).toBe(
      'NOT_SUPPORTED: A data file of an Iceberg table without field IDs is not emulated by the local Athena',
    );
  });

  test('are the partition’s values in files that lack them', async () => {
    const table = await lake.create(
      'imported',
      [
        ['id', 'long'],
        ['ds', 'date'],
      ],
      [{ column: 'ds', transform: 'identity', name: 'ds' }],
    );
    const [id] = table.metadata.schemas[0]?.fields ?? [];
    if (id === undefined) throw new Error('No column');
    await table.add('SELECT 1::BIGINT AS id', { fields: [id], partition: new Map([[1000, 20_777]]) });
    await table.add('SELECT 2::BIGINT AS id', { fields: [id], partition: new Map([[1000, null]]) });
    expect(await lake.rows('SELECT id, ds FROM imported ORDER BY id')).toStrictEqual([
      ['1', '2026-11-20'],
      ['2', undefined],
    ]);
  });
});

describe('deleted rows', () => {
  test('are left out by their positions', async () => {
    const table = await lake.create('positions', [['id', 'long']]);
    const one = await table.add('SELECT range AS id FROM range(10)');
    const two = await table.add('SELECT 10 + range AS id FROM range(10)');
    await table.deleteRows([
      [one.location, 0],
      [one.location, 9],
      [two.location, 5],
    ]);
    await table.deleteRows([[one.location, 9]]);
    const three = await table.add('SELECT 20 + range AS id FROM range(2)');
    expect((await lake.rows('SELECT id FROM positions WHERE id < 100 ORDER BY id')).flat()).toStrictEqual(
      [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 16, 17, 18, 19, 20, 21].map(String),
    );
    expect(
      (await lake.rows('SELECT count(*) FROM positions p JOIN positions q ON p.id = q.id')).flat(),
    ).toStrictEqual(['19']);
    expect(three.snapshot).toBe(table.snapshot?.['snapshot-id']);
  });

  test('by equal values are refused by name', async () => {
    const table = await lake.create('equals', [['id', 'long']]);
    await table.add('SELECT 1::BIGINT AS id');
    await table.deleteEqual('SELECT 1::BIGINT AS id', table.metadata.schemas[0]?.fields ?? []);
    expect((await lake.failure('SELECT * FROM equals')).reason).toMatch(
      /^NOT_SUPPORTED: .* deletes rows by equal values, as only streaming engines do/,
    );
  });
});

describe('a query', () => {
  test('has the hidden columns of a file, without its size', async () => {
    const table = await lake.create('hidden', [['id', 'long']]);
    const file = await table.add('SELECT 1::BIGINT AS id');
    expect(
      await lake.rows('SELECT id, "$path", "$file_modified_time" IS NOT NULL FROM hidden'),
    ).toStrictEqual([['1', file.location, 'true']]);
    expect((await lake.ask('SELECT *, "$path" FROM hidden')).columns.map(({ Name }) => Name)).toStrictEqual([
      'id',
      '$path',
    ]);
    for (const column of ['$pos', '$file_size'])
      expect((await lake.failure(`SELECT "${column}", "$path" FROM hidden`)).reason).toContain(
        `Column '${column}' cannot be resolved`,
      );
  });

  test('sees its own table in views, subqueries and beside tables of Hive', async () => {
    const table = await lake.create('mixed', [
      ['id', 'long'],
      ['ts', 'timestamp'],
    ]);
    await table.add("SELECT range AS id, TIMESTAMP '2026-11-20 00:00:00.5' AS ts FROM range(3)");
    await lake.rows('CREATE VIEW mixed_view AS SELECT id, ts FROM mixed WHERE id > 0');
    expect(
      await lake.rows(
        "SELECT v.id, e.name, v.ts FROM mixed_view v JOIN events e ON v.id = e.id WHERE e.ds = DATE '2026-11-20' ORDER BY 1",
      ),
    ).toStrictEqual([
      ['1', 'n1', '2026-11-20 00:00:00.500000'],
      ['2', 'n2', '2026-11-20 00:00:00.500000'],
    ]);
  });

  test('of a table without a snapshot finds no rows', async () => {
    await lake.create('empty', [['id', 'long']]);
    const { rows, columns, scannedBytes } = await lake.ask('SELECT * FROM empty');
    expect([rows, columns.map(({ Type }) => Type), scannedBytes]).toStrictEqual([[], ['bigint'], 0]);
  });

  test('reads metadata, manifests and files as its caller', async () => {
    const table = await lake.create('called', [['id', 'long']]);
    const file = await table.add('SELECT 1::BIGINT AS id');
    lake.athena.calls.length = 0;
    await lake.rows('SELECT * FROM called');
    const keys = lake.athena.calls.flatMap((call) => {
      const { operation, key, input } = Object(call);
      return operation === 'GetTable'
        ? [`GetTable ${input.Name}`]
        : operation === 'GetObject'
          ? [`GetObject ${key}`]
          : [];
    });
    expect(keys.filter((key) => !key.includes('Unsaved')).slice(0, 5)).toStrictEqual([
      'GetTable called',
      `GetObject ${table.location.slice('s3://ice/'.length)}`,
      `GetObject ${table.snapshot?.['manifest-list'].slice('s3://ice/'.length)}`,
      expect.stringMatching(/^GetObject called\/metadata\/.*\.avro$/),
      `GetObject ${file.location.slice('s3://ice/'.length)}`,
    ]);
  });
});

describe('what cannot be read', () => {
  test('is refused by name: other formats of files, and version 3', async () => {
    const table = await lake.create('orc', [['id', 'long']]);
    const file = await table.write('data', 'SELECT 1::BIGINT AS id', {});
    await table.commit({ operation: 'append', added: [{ ...file, format: 'ORC' }] });
    expect((await lake.failure('SELECT * FROM orc')).reason).toBe(
      `NOT_SUPPORTED: An Iceberg table's file in ORC (${file.location}) is not emulated by the local Athena`,
    );
    const { input } = lake.catalog.table('db', 'orc');
    const newer = 's3://ice/orc/metadata/v3.metadata.json';
    const text = Buffer.from(await lake.files.read(table.location)).toString();
    await lake.files.write(newer, Buffer.from(text.replace(/"format-version":\s*2/, '"format-version":3')));
    lake.catalog.updateTable('db', {
      ...input,
      Parameters: { ...input.Parameters, metadata_location: newer },
    });
    expect((await lake.failure('SELECT * FROM orc')).reason).toMatch(/^NOT_SUPPORTED: .*version 3/);
  });

  test('is a file that is gone', async () => {
    const table = await lake.create('lost', [['id', 'long']]);
    const file = await table.add('SELECT 1::BIGINT AS id');
    await lake.files.remove(file.location);
    expect((await lake.failure('SELECT * FROM lost')).reason).toMatch(
      /^ICEBERG_CANNOT_OPEN_SPLIT: Error opening Iceberg split s3:/,
    );
    await lake.files.remove(table.location);
    expect((await lake.failure('SELECT * FROM lost')).reason).toMatch(/^ICEBERG_MISSING_METADATA: /);
  });
});
