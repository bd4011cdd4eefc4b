import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openLake } from './openLake.ts';

let lake: Awaited<ReturnType<typeof openLake>>;
beforeAll(async () => {
  lake = await openLake();
});
afterAll(() => lake.close());

const NUMBERS = '(VALUES (1, 2), (3, 3)) t(a, b)';

/** Queries that succeed, with the names of their columns and their rows. */
const QUERIES: readonly (readonly [
  sql: string,
  names: readonly string[],
  rows: readonly (readonly string[])[],
])[] = [
  [
    "SELECT max(ds) - INTERVAL '7' DAY, ts - INTERVAL '1' HOUR FROM events WHERE ds = DATE '2026-11-18' AND id = 1 GROUP BY ts",
    ['_col0', '_col1'],
    [['2026-11-11', '2026-11-18 10:00:00.000']],
  ],
  ["SELECT current_date - INTERVAL '7' DAY < current_date", ['_col0'], [['true']]],
  [`SELECT a IS DISTINCT FROM b FROM ${NUMBERS} ORDER BY a`, ['_col0'], [['true'], ['false']]],
  [
    `SELECT a day, b AS month, a + b second FROM ${NUMBERS} LIMIT 1`,
    ['day', 'month', 'second'],
    [['1', '2', '3']],
  ],
  [
    'SELECT * FROM (SELECT count(*), sum(value) AS s, max(id) + 1 FROM events)',
    ['_col0', 's', '_col2'],
    [['30', '202.5', '10']],
  ],
  ['WITH c AS (SELECT 1 AS x, count(*) FROM events) TABLE c', ['x', '_col1'], [['1', '30']]],
  ['WITH c AS (SELECT count(*) FROM events) SELECT 1 AS x, * FROM c', ['x', '_col1'], [['1', '30']]],
  ["SELECT * FROM (VALUES (1, 'a'))", ['_col0', '_col1'], [['1', 'a']]],
  [
    "SELECT *, upper(x), INTERVAL '1' DAY FROM (SELECT 'a' AS x)",
    ['x', '_col1', '_col2'],
    [['a', 'A', '1 00:00:00.000']],
  ],
  [
    'SELECT first_value(a) OVER w, 1 AS day FROM (VALUES 5) t(a) WINDOW w AS (ORDER BY a)',
    ['_col0', 'day'],
    [['5', '1']],
  ],
  ['SELECT a + t.b, t.a FROM (VALUES (1, 2)) t(a, b)', ['_col0', 'a'], [['3', '1']]],
  // Names are as the statement writes them.
  ['SELECT A, t.B, "b", b AS C FROM (VALUES (1, 2)) t(a, b)', ['A', 'B', 'b', 'C'], [['1', '2', '2', '2']]],
  ['SELECT *, A FROM (VALUES (1)) t(a)', ['a', 'a'], [['1', '1']]],
  // The name of an item, and its other possible meanings.
  [`SELECT -a AS a FROM ${NUMBERS} ORDER BY a + 0`, ['a'], [['-3'], ['-1']]],
  [`SELECT -a AS a FROM ${NUMBERS} WHERE a > 1 GROUP BY a ORDER BY a`, ['a'], [['-3']]],
  [
    `SELECT a AS k, u.k FROM ${NUMBERS} JOIN (SELECT 3 AS k) u ON u.k = a WHERE k = 3`,
    ['k', 'k'],
    [['3', '3']],
  ],
  // Names of members that JavaScript's objects have.
  ['SELECT constructor FROM (SELECT 1 AS constructor)', ['constructor'], [['1']]],
  // Names in quotes that are words of SQL.
  ['SELECT count(*) AS n FROM (SELECT 1 AS "all") GROUP BY "all"', ['n'], [['1']]],
  ['SELECT y FROM (SELECT id AS y FROM events WHERE id = 1) WHERE y = 1 GROUP BY y', ['y'], [['1']]],
];

describe('names in queries of the local Athena', () => {
  it.each(QUERIES)('%s', async (sql, names, rows) => {
    const answer = await lake.ask(sql);
    expect(answer.reason).toBeUndefined();
    expect(answer.columns.map(({ Name }) => Name)).toEqual(names);
    expect(answer.rows).toEqual(rows);
  });
});
