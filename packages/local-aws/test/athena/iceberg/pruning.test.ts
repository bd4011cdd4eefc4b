import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { transformValue } from '../../../src/iceberg/index.ts';
import { openIceberg } from './openIceberg.ts';

type Lake = Awaited<ReturnType<typeof openIceberg>>;
let lake: Lake;
/** The sizes of the files of `bounded` (ids 0 to 9, 10 to 19, 20 to 29, and one without bounds), and of `daily` (three days). */
const sizes: number[] = [];
const days: number[] = [];
const FIRST_DAY = 20_775;
beforeAll(async () => {
  lake = await openIceberg();
  const bounded = await lake.create('bounded', [
    ['id', 'long'],
    ['name', 'string'],
    ['price', 'decimal(10, 2)'],
    ['ratio', 'double'],
  ]);
  for (const low of [0, 10, 20]) {
    const rows = `SELECT ${low} + range AS id, CASE WHEN range > 0 THEN 'n' || (${low + 10} + range) END AS name, (${low} + range)::DECIMAL(10, 2) AS price, (${low} + range)::DOUBLE AS ratio FROM range(10)`;
    const { size } = await bounded.add(rows, {
      bounds: {
        id: [BigInt(low), BigInt(low + 9)],
        name: [`n${low + 11}`, `n${low + 19}`, low === 20 ? 1 : 0],
        price: [BigInt(low * 100), BigInt(low * 100 + 900)],
        ratio: [low, low + 9],
      },
    });
    sizes.push(size);
  }
  const daily = await lake.create(
    'daily',
    [
      ['id', 'long'],
      ['ts', 'timestamp'],
      ['key', 'string'],
    ],
    [
      { column: 'ts', transform: 'day', name: 'ts_day' },
      { column: 'key', transform: 'bucket[16]', name: 'key_bucket' },
    ],
  );
  for (const day of [0, 1, 2]) {
    const key = `k${day}`;
    const { size } = await daily.add(
      `SELECT range AS id, TIMESTAMP '1970-01-01 12:00:00' + INTERVAL ${FIRST_DAY + day} DAY AS ts, '${key}' AS key FROM range(3)`,
      {
        partition: new Map<number, number>([
          [1000, FIRST_DAY + day],
          [1001, Number(transformValue('bucket[16]', 'string', key))],
        ]),
      },
    );
    days.push(size);
  }
});
afterAll(() => lake.close());

const scanned = async (sql: string, all: readonly number[]) => {
  const { scannedBytes, state, reason } = await lake.ask(sql);
  if (state !== 'SUCCEEDED') throw new Error(reason);
  const sets = Array.from({ length: 2 ** all.length }, (_, bits) =>
    all.flatMap((size, index) => ((bits >> index) & 1 ? [{ size, index }] : [])),
  );
  return sets
    .filter((set) => set.reduce((sum, { size }) => sum + size, 0) === scannedBytes)
    .map((set) => set.map(({ index }) => index).join(''));
};

describe('files whose bounds a condition excludes are not read', () => {
  test.each([
    ['id = 15', '1'],
    ['15 = id', '1'],
    ['id IN (1, 25)', '02'],
    ['id > 9 AND id < 20', '1'],
    ['id >= 19', '12'],
    ['id BETWEEN 5 AND 9', '0'],
    ['id < 0', ''],
    ['id <= 0 OR id >= 29', '02'],
    ["id = 3 OR name = 'n22'", '01'],
    ["name LIKE 'n3%'", '2'],
    ["name >= 'n31'", '2'],
    ['name IS NULL', '2'],
    ['id IS NULL', ''],
    ["price = DECIMAL '12.00'", '1'],
    ['ratio > 19.5', '2'],
    ['CAST(id AS double) < 5', '0'],
    ['id + 1 = 15', '1'],
    // Not known from bounds.
    ['id % 10 = 3', '012'],
    ['id <> 5', '012'],
    ['length(name) = 3', '012'],
  ])('%s', async (condition, expected) => {
    const filter = `SELECT count(*) FROM bounded WHERE ${condition}`;
    expect(await scanned(filter, sizes)).toContain(expected);
  });

  test('also through views, joins and subqueries', async () => {
    await lake.rows('CREATE VIEW bounded_view AS SELECT id AS number, name FROM bounded');
    expect(await scanned('SELECT * FROM bounded_view WHERE number = 11', sizes)).toContain('1');
    expect(
      await scanned('SELECT * FROM (SELECT id FROM bounded) WHERE id BETWEEN 20 AND 21', sizes),
    ).toContain('2');
  });
});

describe('files of partitions that a condition excludes are not read', () => {
  test.each([
    ["ts >= TIMESTAMP '2026-11-20 00:00:00'", '2'],
    ["date(ts) = DATE '2026-11-19'", '1'],
    ["date_trunc('day', ts) = TIMESTAMP '2026-11-18 00:00:00'", '0'],
    ["ts BETWEEN TIMESTAMP '2026-11-18 00:00:00' AND TIMESTAMP '2026-11-19 23:00:00'", '01'],
    ["CAST(ts AS date) IN (DATE '2026-11-18', DATE '2026-11-20')", '02'],
    ["key = 'k1'", '1'],
    ["key IN ('k0', 'k2')", '02'],
    ['ts IS NULL', '012'],
  ])('%s', async (condition, expected) => {
    expect(await scanned(`SELECT count(*) FROM daily WHERE ${condition}`, days)).toContain(expected);
  });
});
