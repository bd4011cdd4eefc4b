import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { EngineFile } from '../../../../lib/parquet/FileSchema.ts';
import { type DatasetInput, events, MappingBench } from './MappingBench.ts';

const DAY = '2026-11-19';
let bench: MappingBench;

beforeAll(async () => {
  bench = await MappingBench.open();
});
afterAll(() => bench.close());

/** What the rows of some files hold. */
async function contentOf(dataset: DatasetInput, files: readonly EngineFile[]) {
  const { result } = await bench.loadUnread(dataset, files, { day: DAY });
  return result.content;
}

const EVENTS = `TIMESTAMP '2026-11-19 08:00:00' AS "timestamp", 'buy' AS event_name, 'u' || i AS unit_id`;

describe('what the accepted rows of a load hold', () => {
  it('is counted of each field of events: rows without a value, and numbers, also as texts', async () => {
    const file = await bench.write(
      'events.parquet',
      `SELECT ${EVENTS}, i::VARCHAR AS price, CASE WHEN i < 3 THEN NULL WHEN i = 3 THEN 'NaN'::DOUBLE ELSE i END AS ratio,
        CASE i WHEN 0 THEN '' WHEN 1 THEN 'EUR 13,50' WHEN 2 THEN '1e5' WHEN 3 THEN '-inf' WHEN 4 THEN '1_000' WHEN 5 THEN '13,50' WHEN 6 THEN '  ' WHEN 7 THEN '0x1F' ELSE ' 7.25' END AS odd,
        i % 2 = 0 AS flag, 'null'::JSON AS void, [i] AS list, '{"a": 1}' AS more FROM range(10) t(i)`,
    );
    const content = await contentOf(
      events({
        eventValue: 'price',
        unitIds: { userID: 'unit_id', deviceID: { column: 'none', optional: true } },
        metadata: {
          ratio: 'ratio',
          odd: 'odd',
          flag: 'flag',
          void: 'void',
          list: 'list',
          same: { constant: 'x' },
        },
        metadataJson: 'more',
      }),
      [file],
    );
    expect(content.days).toEqual({});
    const counts = Object.entries(content.fields).map(([field, { none, numbers, types }]) => [
      field,
      none,
      numbers,
      Object.keys(types).join(),
    ]);
    expect(counts).toEqual([
      ['timestamp', 0, 0, 'TIMESTAMP'],
      ['event name', 0, 0, 'VARCHAR'],
      ['unitIds.userID', 0, 0, 'VARCHAR'],
      ['unitIds.deviceID', 10, 0, ''],
      ['eventValue', 0, 10, 'VARCHAR'],
      ['metadata.ratio', 4, 6, 'DOUBLE'],
      ['metadata.odd', 2, 3, 'VARCHAR'],
      ['metadata.flag', 0, 0, 'BOOLEAN'],
      ['metadata.void', 10, 0, ''],
      ['metadata.list', 0, 0, 'LIST'],
      ['metadataJson', 0, 0, 'VARCHAR'],
    ]);
    expect(content.fields['metadata.odd']).toMatchObject({
      column: 'odd',
      types: { VARCHAR: ['EUR 13,50', '1e5', '-inf'] },
      forms: { 'texts with a space at an end': 2, 'in capital letters': 1, 'in small letters': 2 },
    });
    expect(content.fields['metadata.flag']?.forms).toEqual({ 'true or false': 10 });
  });

  it('is the rows that are equal to others of their file, and no rows of another file', async () => {
    const rows = `SELECT ${EVENTS} FROM range(10) t(i)`;
    const repeating = (name: string, others: number, repeated: number) =>
      bench.write(
        name,
        `SELECT ${EVENTS} FROM range(${others}) t(i) UNION ALL SELECT ${EVENTS} FROM range(${repeated}) t(i)`,
      );
    const twice = await bench.write('twice.parquet', `${rows} UNION ALL ${rows}`);
    // Four rows are too few, and six are of a hundred.
    const files = [await repeating('few.parquet', 10, 4), await repeating('large.parquet', 100, 6), twice];
    const dataset = events({ unitIds: { userID: 'unit_id' } });
    const { repeats } = await contentOf(dataset, files);
    expect(repeats).toEqual({ 'twice.parquet': { rows: 10, of: 20 } });
  });

  it('is a sample of rows with the files that have them, whatever their order', async () => {
    const rows = `SELECT ${EVENTS} FROM range(60) t(i)`;
    const files = [
      await bench.write('run-1.parquet', rows),
      await bench.write('run-2.parquet', `${rows} ORDER BY i DESC`),
      await bench.write('other.parquet', `SELECT ${EVENTS} FROM range(1_000, 1_010) t(i)`),
    ];
    const { sample } = await contentOf(events({ unitIds: { userID: 'unit_id' } }), files);
    const digests = sample.map(({ digest }) => digest);
    expect(new Set(digests).size).toBe(70);
    expect(digests).toEqual(digests.toSorted((a, b) => a - b));
    expect(Object.groupBy(sample, ({ keys }) => keys.join(' '))).toEqual({
      'run-1.parquet run-2.parquet': Array.from({ length: 60 }, () => expect.objectContaining({ files: 2 })),
      'other.parquet': Array.from({ length: 10 }, () => expect.objectContaining({ files: 1 })),
    });
  });

  it('is a sample of 128 rows of many, which are the same in both files', async () => {
    const rows = `SELECT ${EVENTS} FROM range(5_000) t(i)`;
    const files = [
      await bench.write('first.parquet', rows),
      await bench.write('again.parquet', `${rows} ORDER BY i DESC`),
    ];
    const { sample } = await contentOf(events({ unitIds: { userID: 'unit_id' } }), files);
    expect(sample.map(({ files: count }) => count)).toEqual(Array.from({ length: 128 }, () => 2));
  });

  it('is digests of units, names and values, whatever the times, the order and the metadata', async () => {
    const digestsOf = async (dataset: DatasetInput, name: string, rows: string) => {
      const { digests } = await contentOf(dataset, [await bench.write(name, rows)]);
      return digests;
    };
    const priced = events({
      eventValue: 'price',
      unitIds: { userID: 'unit_id' },
      metadata: { made: 'made' },
    });
    const rows = `${EVENTS}, i AS price, '2026-11-19' AS made FROM range(100) t(i)`;
    const digests = await digestsOf(priced, 'priced.parquet', `SELECT ${rows}`);
    expect(digests).toHaveLength(8);
    const other = `SELECT * REPLACE (TIMESTAMP '2026-11-19 09:00:00' AS "timestamp", 'x' AS made) FROM (SELECT ${rows}) ORDER BY price DESC`;
    expect(await digestsOf(priced, 'later.parquet', other)).toEqual(digests);
    const dearer = await digestsOf(
      priced,
      'dearer.parquet',
      `SELECT * REPLACE (price + 1_000 AS price) FROM (SELECT ${rows})`,
    );
    expect(dearer.filter((digest, i) => digest === digests[i])).toEqual([]);
    const metric = (date: string, value: number) =>
      digestsOf(
        { kind: 'metrics', mapping: {} },
        `metric-${date}-${value}.parquet`,
        `SELECT 'u' AS unit_id, DATE '${date}' AS date, 'm' AS metric_name, ${value} AS metric_value, 'userID' AS id_type`,
      );
    const one = await metric('2026-11-19', 1);
    expect(await metric('2026-11-18', 1)).toEqual(one);
    expect(await metric('2026-11-19', 2)).not.toEqual(one);
  });

  it('has no digests of exposures, which may rightly stay as they are', async () => {
    const exposed = `SELECT TIMESTAMP '2026-11-19 12:00:00' AS "timestamp", 'e' AS experiment, 'g' AS group_id, 'u' AS unit_id`;
    const { digests } = await contentOf({ kind: 'exposures' }, [await bench.write('one.parquet', exposed)]);
    expect(digests).toEqual([]);
  });

  it('is the names in columns of few, with the rows, the values of 0 and a file of each', async () => {
    const metrics = `'u' || i AS unit_id, DATE '2026-11-19' AS date, 'm' AS metric_name`;
    const usual = await bench.write(
      'a.parquet',
      `SELECT ${metrics}, 1.5 AS metric_value, 'userID' AS id_type FROM range(3) t(i)`,
    );
    const other = await bench.write(
      'b.parquet',
      `SELECT ${metrics}, 0.0 AS metric_value, 'userid' AS id_type FROM range(2) t(i)`,
    );
    const { names } = await contentOf({ kind: 'metrics', mapping: {} }, [usual, other]);
    expect(names).toEqual({
      id_type: {
        userID: { rows: 3, zeros: 0, file: 'a.parquet' },
        userid: { rows: 2, zeros: 2, file: 'b.parquet' },
      },
      metric_name: { m: { rows: 5, zeros: 2, file: 'a.parquet' } },
    });
  });

  it('is the names of each column of names of exposures, the zeros of ratios, and more names than are compared', async () => {
    const exposed = await bench.write(
      'exposed.parquet',
      `SELECT TIMESTAMP '2026-11-19 12:00:00' AS "timestamp", 'e' || i AS experiment, 'g' AS group_id, 'u' AS unit_id FROM range(30) t(i)`,
    );
    const { names } = await contentOf({ kind: 'exposures' }, [exposed]);
    expect(Object.entries(names).map(([column, found]) => [column, Object.keys(found).length])).toEqual([
      ['unit_type', 1],
      ['experiment_id', 21],
      ['group_id', 1],
    ]);
    const ratios = await bench.write(
      'ratios.parquet',
      `SELECT 'u' || i AS unit_id, DATE '2026-11-19' AS date, 'm' AS metric_name, 'userID' AS id_type, i AS n, 2 AS d FROM range(3) t(i)`,
    );
    const ratio = await contentOf({ kind: 'metrics', mapping: { numerator: 'n', denominator: 'd' } }, [
      ratios,
    ]);
    expect(ratio.names['metric_name']).toEqual({ m: { rows: 3, zeros: 1, file: 'ratios.parquet' } });
  });

  it('is of the accepted rows of files with other types, of which each has values', async () => {
    const doubles = await bench.write(
      'a.parquet',
      `SELECT ${EVENTS}, CASE i WHEN 0 THEN -1.5 ELSE 1.5 END::DOUBLE AS price FROM range(3) t(i)`,
    );
    const texts = await bench.write(
      'b.parquet',
      `SELECT * REPLACE (CASE WHEN i = 0 THEN NULL ELSE event_name END AS event_name) FROM
        (SELECT ${EVENTS}, 'EUR ' || i AS price, i FROM range(3) t(i))`,
    );
    const none = await bench.write(
      'c.parquet',
      `SELECT ${EVENTS}, NULL::INTEGER AS price FROM range(2) t(i)`,
    );
    const { fields } = await contentOf(events({ eventValue: 'price' }), [doubles, texts, none]);
    expect(fields['eventValue']).toEqual({
      column: 'price',
      none: 2,
      numbers: 3,
      forms: { 'in capital letters': 2, 'negative numbers': 1 },
      whole: 0,
      looked: 5,
      different: 4,
      most: { text: '1.5', values: 2 },
      lengths: { '3': 2, '4': 1, '5': 2 },
      // Three times the logarithm of 1.5, whatever the sign.
      size: { values: 3, logs: expect.closeTo(0.5283, 3), largest: expect.closeTo(0.1761, 3), text: '-1.5' },
      // The row of EUR 0 is refused.
      types: { DOUBLE: ['-1.5', '1.5'], VARCHAR: ['EUR 1', 'EUR 2'] },
    });
    expect(fields['event name']).toMatchObject({ none: 0, numbers: 0 });
  });

  it('has how often the most frequent value is there, without its text if that is long', async () => {
    const file = await bench.write(
      'long.parquet',
      `SELECT ${EVENTS}, repeat('a', CASE WHEN i < 2 THEN 39 ELSE 64 + i END) AS price FROM range(5) t(i)`,
    );
    const { fields } = await contentOf(events({ eventValue: 'price' }), [file]);
    expect(fields['eventValue']?.most).toEqual({ values: 3 });
  });

  it('is of rows in all parts of a large file, each of which stands for others', async () => {
    const file = await bench.write(
      'large.parquet',
      `SELECT ${EVENTS}, CASE WHEN i >= 90_000 THEN i END AS price FROM range(100_000) t(i)`,
    );
    const { rows, fields } = await contentOf(events({ eventValue: 'price' }), [file]);
    expect(rows).toBe(100_000);
    const { none = 0, numbers = 0, types } = fields['eventValue'] ?? {};
    expect(none / rows).toBeCloseTo(0.9, 1);
    expect(numbers).toBe(rows - none);
    expect(types).toEqual({ BIGINT: Array(3).fill(expect.stringMatching(/^9\d{4}$/)) });
  });

  it.each([
    {
      name: 'each second is of another writer',
      count: 80,
      rowsOf: () => 40,
      has: (n: number) => n % 2 === 0,
      none: 0.5,
    },
    {
      name: 'the first alone has values',
      count: 40,
      rowsOf: () => 3_000,
      has: (n: number) => n === 0,
      none: 0.975,
    },
    {
      name: 'the first is empty',
      count: 40,
      rowsOf: (n: number) => (n === 0 ? 0 : 3_000),
      has: (n: number) => n % 4 === 0,
      none: 0.77,
    },
    {
      name: 'one is larger than all others',
      count: 100,
      rowsOf: (n: number) => (n === 7 ? 9_000 : 10),
      has: (n: number) => n !== 7,
      none: 0.9,
    },
  ])('is of all of many files, of which $name', async ({ count, rowsOf, has, none: share }) => {
    const files: EngineFile[] = [];
    for (let n = 0; n < count; n += 1) {
      const price = has(n) ? 'i' : 'NULL::BIGINT';
      const query = `SELECT ${EVENTS}, ${price} AS price FROM range(${rowsOf(n)}) t(i)`;
      files.push(await bench.write(`many-${1000 + n}.parquet`, query));
    }
    const { rows, fields } = await contentOf(events({ eventValue: 'price' }), files);
    const { none = 0, numbers = 0 } = fields['eventValue'] ?? {};
    expect(Math.abs(none / rows - share)).toBeLessThan(0.08);
    expect(none + numbers).toBe(rows);
  });

  it('says nothing of rows of which none was looked at, and of values that are too few to stand for others', async () => {
    const rows = 'FROM range(100_000) t(i)';
    const few = await bench.write(
      'few.parquet',
      `SELECT ${EVENTS}, CASE i WHEN 0 THEN 'n/a' WHEN 50_000 THEN '1' END AS price ${rows}`,
    );
    const dataset: DatasetInput = events({ eventValue: 'price' });
    expect((await contentOf(dataset, [few])).fields['eventValue']).toMatchObject({
      none: 100_000,
      numbers: 0,
    });
    const refused = await bench.write(
      'refused.parquet',
      `SELECT * EXCLUDE (i) REPLACE (CASE WHEN i BETWEEN 1_000 AND 1_099 THEN event_name END AS event_name) FROM
        (SELECT ${EVENTS}, '1' AS price, i ${rows})`,
    );
    expect(await contentOf(dataset, [refused])).toEqual({
      rows: 0,
      fields: {},
      days: {},
      hours: { '8': 100 },
      digests: expect.any(Array),
      repeats: {},
      sample: expect.any(Array),
      names: { event_name: { buy: { rows: 100, zeros: 0, file: 'refused.parquet' } } },
    });
  });

  it('names the file of each row where files of two forms take turns', async () => {
    const files: EngineFile[] = [];
    for (const [n, more] of ['', ', 1 AS other', ''].entries())
      files.push(
        await bench.write(`turn${n}.parquet`, `SELECT ${EVENTS}, ${n} AS price${more} FROM range(3) t(i)`),
      );
    const { rows } = await bench.load(events({ eventValue: 'price' }), files, {
      day: DAY,
    });
    const named = rows.map(({ source_file, event_value }) => `${source_file} ${event_value}`);
    expect(named.toSorted()).toEqual(files.flatMap(({ name }, n) => Array(3).fill(`${name} ${n}`)));
  });

  it('is of one field whose column was renamed, and of twenty fields', async () => {
    const columns = Array.from({ length: 20 }, (_, n) => `CASE WHEN i < ${n} THEN i END AS c${n}`);
    const before = await bench.write(
      'old.parquet',
      `SELECT ${columns.join(', ')}, 'x' AS plan FROM range(50) t(i)`,
    );
    const after = await bench.write(
      'new.parquet',
      `SELECT ${columns.join(', ')}, 'y' AS plan_name FROM range(50) t(i)`,
    );
    const names = Object.fromEntries(
      columns.map((_, n) => [`c${n}`, { column: `c${n}`, type: 'bigint' as const }]),
    );
    const { fields, days } = await contentOf(
      { kind: 'table', mapping: { columns: { ...names, plan: { column: ['plan', 'plan_name'] } } } },
      [before, after],
    );
    expect(fields['columns.plan']).toMatchObject({ none: 0, numbers: 0, types: { VARCHAR: ['x', 'y'] } });
    for (const [n] of columns.entries())
      expect(fields[`columns.c${n}`]).toMatchObject({ none: 100 - 2 * n, numbers: 2 * n });
    expect(days).toEqual({});
  });

  it('is of the days of rows that are not that of the folder, and of hours, in its time zone', async () => {
    const at = (...times: readonly string[]) =>
      times
        .map((time) => `SELECT TIMESTAMPTZ '${time}+00' AS "timestamp", 'a' AS event_name, 'u' AS unit_id`)
        .join(' UNION ALL ');
    const file = await bench.write(
      'times.parquet',
      at(
        '2026-11-17 22:59:59',
        '2026-11-17 23:00:00',
        '2026-11-20 22:59:59',
        '2026-11-20 23:00:00',
        '1970-01-21 01:00:00',
        '1200-01-01 00:00:00',
      ),
    );
    const { days, hours } = await contentOf({ kind: 'events', timezone: 'Europe/Berlin' }, [file]);
    // The day begins at 23:00 UTC.
    expect(hours).toEqual({ '-24': 1, '47': 1 });
    expect(days).toEqual({
      '2026-11-17': 1,
      '2026-11-18': 1,
      '2026-11-20': 1,
      '2026-11-21': 1,
      '1970-01-21': 1,
      '1900-01-01': 1,
    });
    const exposed = await bench.write(
      'exposed.parquet',
      `SELECT TIMESTAMP '2026-11-12 12:00:00' AS "timestamp", 'e' AS experiment, 'g' AS group_id, 'u' AS unit_id FROM range(4)`,
    );
    expect((await contentOf({ kind: 'exposures' }, [exposed])).days).toEqual({ '2026-11-12': 4 });
    // 13:40 there.
    const buys = await bench.write('buys.parquet', at('2026-11-19 08:10:00'));
    const india = await contentOf({ kind: 'events', timezone: 'Asia/Kolkata' }, [buys]);
    expect(india).toMatchObject({ days: {}, hours: { '13': 1 } });
  });

  it('is of the days that metrics name, also in a time zone behind UTC', async () => {
    const file = await bench.write(
      'metrics.parquet',
      `SELECT 'u' AS unit_id, 'userID' AS id_type, DATE '2026-11-17' + i::INTEGER AS date, 'm' AS metric_name, '13.5' AS metric_value FROM range(5) t(i)`,
    );
    const content = await contentOf({ kind: 'metrics', timezone: 'America/New_York' }, [file]);
    expect(content.days).toEqual({ '2026-11-17': 1, '2026-11-18': 1, '2026-11-20': 1, '2026-11-21': 1 });
    expect(content.hours).toEqual({});
    expect(content.fields['metricValue']).toMatchObject({
      none: 0,
      numbers: 5,
      types: { VARCHAR: ['13.5'] },
    });
  });
});
