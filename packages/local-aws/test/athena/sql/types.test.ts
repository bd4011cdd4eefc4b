import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { refusedTypes, takenTypes } from '../../trino/typeCases.ts';
import { openLake } from './openLake.ts';

let lake: Awaited<ReturnType<typeof openLake>>;
beforeAll(async () => {
  lake = await openLake();
  await lake.rows('CREATE VIEW shown AS SELECT name AS label, id AS number, ds FROM events');
});
afterAll(() => lake.close());

describe('types of expressions', () => {
  it.each(refusedTypes)('refuses %s', async (sql, reason) => {
    expect((await lake.failure(sql)).reason).toBe(reason);
  });

  it.each(takenTypes)('takes %s', async (sql) => {
    expect(await lake.ask(sql)).toMatchObject({ state: 'SUCCEEDED' });
  });

  it.each([
    ['SELECT 1 FROM events WHERE name = 1', 'Cannot apply operator: varchar = integer'],
    ['SELECT 1 FROM shown WHERE label = 1', 'Cannot apply operator: varchar = integer'],
    ["SELECT 1 FROM shown WHERE number = '1'", 'Cannot apply operator: bigint = varchar(1)'],
    [
      "SELECT 1 FROM (SELECT * FROM shown) AS s WHERE ds = '2026-11-19'",
      'Cannot apply operator: date = varchar(10)',
    ],
    ['SELECT 1 FROM shown s JOIN events e ON s.label = e.id', 'Cannot apply operator: varchar = bigint'],
    ["SELECT 1 FROM events WHERE place.zip = '1'", 'Cannot apply operator: integer = varchar(1)'],
    ["SELECT 1 FROM events WHERE attributes['k'] = '1'", 'Cannot apply operator: integer = varchar(1)'],
    ['EXPLAIN SELECT 1 FROM events WHERE name = 1', 'Cannot apply operator: varchar = integer'],
    [
      'CREATE TABLE copied AS SELECT id FROM events WHERE name = 1',
      'Cannot apply operator: varchar = integer',
    ],
    ['CREATE VIEW wrong AS SELECT id FROM events WHERE name = 1', 'Cannot apply operator: varchar = integer'],
    ['INSERT INTO events SELECT * FROM events WHERE name = 1', 'Cannot apply operator: varchar = integer'],
    [
      "SELECT ds AT TIME ZONE 'UTC' FROM events",
      'Type of value must be a time or timestamp with or without time zone (actual date)',
    ],
  ])('rejects columns of tables and views: %s', async (sql, reason) => {
    const failed = await lake.failure(sql);
    expect(failed.reason).toMatch(/^TYPE_MISMATCH: line 1:\d+: /);
    expect(failed.reason?.replace(/^TYPE_MISMATCH: line 1:\d+: /, '')).toBe(reason);
    expect(failed.error).toEqual([2, 1006]);
  });

  it('checks the types of parameters like those of literals', async () => {
    const asked = lake.ask('SELECT count(*) FROM events WHERE name = ?', { ExecutionParameters: ['1'] });
    expect((await asked).reason).toBe('TYPE_MISMATCH: line 1:40: Cannot apply operator: varchar = integer');
    const rows = await lake.rows('SELECT count(*) FROM events WHERE name = ?', {
      ExecutionParameters: ["'n1'"],
    });
    expect(rows).toEqual([['3']]);
  });

  it.each([
    ['SELECT a - lag(a) IGNORE NULLS OVER (ORDER BY a) FROM', [[undefined], ['4 00:00:00.000']]],
    ['SELECT a - lag(a) OVER w FROM', [[undefined], ['4 00:00:00.000']], 'WINDOW w AS (ORDER BY a)'],
    ['SELECT count(*) FROM', [['1'], ['1']], "GROUP BY a - b HAVING a - b > INTERVAL '1' DAY"],
    [
      "SELECT a - b > INTERVAL '1' DAY, ARRAY[1] || n FROM",
      [
        ['true', '[1, 3]'],
        ['true', '[1, 4]'],
      ],
    ],
    [
      "SELECT a - x FROM UNNEST(ARRAY[ROW(1, DATE '2026-01-01')]) AS u(i, x) CROSS JOIN",
      [['59 00:00:00.000'], ['63 00:00:00.000']],
    ],
  ])('subtracts dates to an interval: %s', async (sql, rows, rest = '') => {
    const dates =
      "(VALUES (DATE '2026-03-01', DATE '2026-02-01', 3), (DATE '2026-03-05', DATE '2026-02-01', 4)) AS t(a, b, n)";
    expect(await lake.rows(`${sql} ${dates} ${rest}`)).toEqual(rows);
  });

  it('subtracts dates to an interval, of which only types tell, also in views', async () => {
    const differences = `SELECT a - b AS days, max(a) - min(b) AS whole, date_add('day', 1, a) - b AS more,
      a - INTERVAL '1' DAY - b AS less, day(a - b) AS number, to_milliseconds(a - b) / 86400000 AS quotient
      FROM (VALUES (DATE '2026-03-01', DATE '2026-02-01')) AS t(a, b)
      WHERE a - b > INTERVAL '1' DAY GROUP BY a, b ORDER BY a - b`;
    const rows = [['28 00:00:00.000', '28 00:00:00.000', '29 00:00:00.000', '27 00:00:00.000', '28', '28']];
    expect(await lake.rows(differences)).toEqual(rows);
    await lake.rows(`CREATE VIEW differences AS ${differences}`);
    expect(await lake.rows('SELECT * FROM differences')).toEqual(rows);
  });
});
