import { afterAll, describe, expect, it } from '@jest/globals';
import { type DatasetInput, MappingBench } from '../engine/MappingBench.ts';

let files = 0;
const bench = await MappingBench.open();
afterAll(() => bench.close());

async function load(dataset: DatasetInput, ...queries: readonly string[]) {
  const written = [];
  for (const query of queries) {
    files += 1;
    written.push(await bench.write(`${files}.parquet`, query));
  }
  const { rows, refused } = await bench.load(dataset, written);
  const own = rows.map(({ source_file: _, row_number: __, ingested_at: ___, ...row }) => row);
  const reasons = refused.map(({ reason, detail }) => `${reason}: ${detail}`);
  return { rows: own, reasons };
}

const orders: DatasetInput = {
  kind: 'table',
  mapping: {
    columns: {
      order_id: { column: 'id', required: true },
      amount: { column: 'amt', type: 'double' },
      items: { column: 'items', type: 'bigint' },
      gift: { column: 'gift', type: 'boolean', optional: true },
      placed_at: { column: 'placed', type: 'timestamp', unit: 'ms' },
      delivered_on: { column: 'delivered', type: 'date', format: 'dd/MM/yyyy' },
      details: 'details',
    },
    sortBy: ['placed_at', 'order_id'],
  },
};

describe('a table', () => {
  it('has the declared columns in their types, sorted as declared', async () => {
    const { rows, reasons } = await load(
      orders,
      `SELECT * FROM (VALUES
        ('b', 12.5, 3, true, 1795169730000, '21/11/2026', {'color': 'red'}),
        ('a', 7, 1, false, 1795169730000, '20/11/2026', NULL),
        ('c', NULL, NULL, NULL, 1795083330000, NULL, NULL)
      ) AS orders (id, amt, items, gift, placed, delivered, details)`,
    );
    const empty = { amount: null, items: null, gift: null, delivered_on: null, details: null };
    expect(rows).toEqual([
      { order_id: 'c', ...empty, placed_at: '2026-11-19 10:15:30' },
      {
        order_id: 'a',
        amount: 7,
        items: '1',
        gift: false,
        placed_at: '2026-11-20 10:15:30',
        delivered_on: '2026-11-20',
        details: null,
      },
      {
        order_id: 'b',
        amount: 12.5,
        items: '3',
        gift: true,
        placed_at: '2026-11-20 10:15:30',
        delivered_on: '2026-11-21',
        details: '{"color":"red"}',
      },
    ]);
    expect(reasons).toEqual([]);
  });

  it('refuses rows with values that do not fit, by column, and keeps the others', async () => {
    const { rows, reasons } = await load(
      {
        kind: 'table',
        mapping: {
          columns: {
            id: { column: 'id', required: true },
            count: { column: 'n', type: 'bigint' },
            seen: { column: 'seen_at', type: 'timestamp' },
            on_sale: { column: 'sale', type: 'boolean' },
            price: { column: 'price', type: 'double' },
          },
        },
      },
      `SELECT * FROM (VALUES
        ('fine', '3', '2026-11-20T10:00:00Z', 'true', '2.5'),
        (NULL, '3', NULL, NULL, NULL),
        ('half', '3.5', NULL, NULL, NULL),
        ('late', NULL, 'soon', NULL, NULL),
        ('maybe', NULL, NULL, 'perhaps', NULL),
        ('dear', NULL, NULL, NULL, 'much'),
        ('none', NULL, NULL, NULL, NULL)
      ) AS t (id, n, seen_at, sale, price)`,
    );
    expect(rows).toEqual([
      { id: 'fine', count: '3', seen: '2026-11-20 10:00:00', on_sale: true, price: 2.5 },
      { id: 'none', count: null, seen: null, on_sale: null, price: null },
    ]);
    expect(reasons).toEqual([
      'SLUICE_INGEST_ROW_REQUIRED_MISSING: row 1, id: column "id"',
      'SLUICE_INGEST_ROW_CAST_FAILED: row 2, column "n"',
      'SLUICE_INGEST_ROW_TIME_INVALID: row 3, column "seen_at"',
      'SLUICE_INGEST_ROW_CAST_FAILED: row 4, column "sale"',
      'SLUICE_INGEST_ROW_VALUE_INVALID: row 5, column "price"',
    ]);
  });

  it.each([
    { timezone: 'America/New_York', time: '9999-12-31 23:59:59.999999', day: '9999-12-31' },
    { timezone: 'Asia/Tokyo', time: '0001-01-01 00:00:00', day: '0001-01-01' },
  ])(
    'has a time that leaves the calendar only through $timezone as a date or a text',
    async ({ timezone, time, day }) => {
      for (const value of [`TIMESTAMP '${time}'`, `'${time}'`]) {
        const reading = (type: 'timestamp' | 'date' | 'string') =>
          load(
            { kind: 'table', timezone, mapping: { columns: { ends: { column: 'ends', type } } } },
            `SELECT ${value} AS ends`,
          );
        expect((await reading('timestamp')).reasons).toEqual([
          'SLUICE_INGEST_ROW_TIME_OUT_OF_RANGE: row 0, column "ends"',
        ]);
        expect((await reading('date')).rows).toEqual([{ ends: day }]);
        expect((await reading('string')).rows).toEqual([{ ends: time }]);
      }
    },
  );

  it('takes NaN and infinity for no value in columns of every type', async () => {
    const x = { column: 'x' } as const;
    const count = { ...x, type: 'bigint' } as const;
    const share = { ...x, type: 'double' } as const;
    const times = { at: { ...x, type: 'timestamp' }, day: { ...x, type: 'date' } } as const;
    const columns = { id: 'id', text: x, count, share, flag: { ...x, type: 'boolean' }, ...times } as const;
    const query = `SELECT unnest(['a', 'b', 'c', 'd']) AS id, unnest(['1', 'nan', 'inf', '-inf'])::FLOAT AS x`;
    const none = { text: null, count: null, share: null, flag: null, at: null, day: null };
    const { rows, reasons } = await load({ kind: 'table', mapping: { columns, sortBy: ['id'] } }, query);
    expect(rows).toEqual([
      {
        id: 'a',
        text: '1',
        count: '1',
        share: 1,
        flag: true,
        at: '1970-01-01 00:00:01',
        day: '1970-01-01',
      },
      { id: 'b', ...none },
      { id: 'c', ...none },
      { id: 'd', ...none },
    ]);
    expect(reasons).toEqual([]);
    for (const [name, from] of Object.entries({ share, at: times.at })) {
      const required = { id: 'id', [name]: { ...from, required: true } };
      expect((await load({ kind: 'table', mapping: { columns: required } }, query)).reasons).toEqual(
        [1, 2, 3].map((row) => `SLUICE_INGEST_ROW_REQUIRED_MISSING: row ${row}, ${name}: column "x"`),
      );
    }
  });

  it.each([
    { type: 'DOUBLE', held: 9007199254740991, lost: 9007199254740992 },
    { type: 'FLOAT', held: 16777215, lost: -16777216 },
  ])(
    'refuses a $type that may have been another ID, as a text and as a whole number',
    async ({ type, held, lost }) => {
      const query = `SELECT unnest([${held}, ${lost}, 7.5, NULL])::${type} AS x`;
      const columns = { text: 'x', whole: { column: 'x', type: 'bigint' } } as const;
      const whole = await load({ kind: 'table', mapping: { columns: { x: columns.whole } } }, query);
      expect(whole.rows).toEqual([{ x: String(held) }, { x: null }]);
      expect(whole.reasons).toEqual([
        'SLUICE_INGEST_ROW_ID_INEXACT: row 1, column "x"',
        'SLUICE_INGEST_ROW_CAST_FAILED: row 2, column "x"',
      ]);
      const text = await load({ kind: 'table', mapping: { columns: { x: columns.text } } }, query);
      expect(text.rows).toEqual([{ x: String(held) }, { x: '7.5' }, { x: null }]);
      expect(text.reasons).toEqual(whole.reasons.slice(0, 1));
      const share = { kind: 'table', mapping: { columns: { x: { column: 'x', type: 'double' } } } } as const;
      expect((await load(share, query)).rows).toHaveLength(4);
    },
  );
});
