import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openLake } from './openLake.ts';

let lake: Awaited<ReturnType<typeof openLake>>;
beforeAll(async () => {
  lake = await openLake();
});
afterAll(() => lake.close());

const NUMBERS = '(VALUES (1, 2), (3, 3)) t(a, b)';

/** Queries that succeed, with the names of their columns and their rows. */
const QUERIES: readonly {
  readonly sql: string;
  readonly names: readonly string[];
  readonly rows: readonly (readonly string[])[];
}[] = [
  {
    sql: "SELECT max(ds) - INTERVAL '7' DAY, ts - INTERVAL '1' HOUR FROM events WHERE ds = DATE '2026-11-18' AND id = 1 GROUP BY ts",
    names: ['_col0', '_col1'],
    rows: [['2026-11-11', '2026-11-18 10:00:00.000']],
  },
  { sql: "SELECT current_date - INTERVAL '7' DAY < current_date", names: ['_col0'], rows: [['true']] },
  {
    sql: `SELECT a IS DISTINCT FROM b FROM ${NUMBERS} ORDER BY a`,
    names: ['_col0'],
    rows: [['true'], ['false']],
  },
  {
    sql: `SELECT a day, b AS month, a + b second FROM ${NUMBERS} LIMIT 1`,
    names: ['day', 'month', 'second'],
    rows: [['1', '2', '3']],
  },
  {
    sql: 'SELECT * FROM (SELECT count(*), sum(value) AS s, max(id) + 1 FROM events)',
    names: ['_col0', 's', '_col2'],
    rows: [['30', '202.5', '10']],
  },
  {
    sql: 'WITH c AS (SELECT 1 AS x, count(*) FROM events) TABLE c',
    names: ['x', '_col1'],
    rows: [['1', '30']],
  },
  {
    sql: 'WITH c AS (SELECT count(*) FROM events) SELECT 1 AS x, * FROM c',
    names: ['x', '_col1'],
    rows: [['1', '30']],
  },
  { sql: "/* of dbt */ (VALUES (1, 'a'))", names: ['_col0', '_col1'], rows: [['1', 'a']] },
  { sql: "SELECT * FROM (VALUES (1, 'a'))", names: ['_col0', '_col1'], rows: [['1', 'a']] },
  {
    sql: "SELECT *, upper(x), INTERVAL '1' DAY FROM (SELECT 'a' AS x)",
    names: ['x', '_col1', '_col2'],
    rows: [['a', 'A', '1 00:00:00.000']],
  },
  {
    sql: 'SELECT first_value(a) OVER w, 1 AS day FROM (VALUES 5) t(a) WINDOW w AS (ORDER BY a)',
    names: ['_col0', 'day'],
    rows: [['5', '1']],
  },
  { sql: 'SELECT a + t.b, t.a FROM (VALUES (1, 2)) t(a, b)', names: ['_col0', 'a'], rows: [['3', '1']] },
  // Names are as the statement writes them.
  {
    sql: 'SELECT A, t.B, "b", b AS C FROM (VALUES (1, 2)) t(a, b)',
    names: ['A', 'B', 'b', 'C'],
    rows: [['1', '2', '2', '2']],
  },
  { sql: 'SELECT *, A FROM (VALUES (1)) t(a)', names: ['a', 'a'], rows: [['1', '1']] },
  // The name of an item, and its other possible meanings.
  { sql: `SELECT -a AS a FROM ${NUMBERS} ORDER BY a + 0`, names: ['a'], rows: [['-3'], ['-1']] },
  { sql: `SELECT -a AS a FROM ${NUMBERS} WHERE a > 1 GROUP BY a ORDER BY a`, names: ['a'], rows: [['-3']] },
  {
    sql: `SELECT a AS k, u.k FROM ${NUMBERS} JOIN (SELECT 3 AS k) u ON u.k = a WHERE k = 3`,
    names: ['k', 'k'],
    rows: [['3', '3']],
  },
  // Names of members that JavaScript's objects have.
  { sql: 'SELECT constructor FROM (SELECT 1 AS constructor)', names: ['constructor'], rows: [['1']] },
  // Names in quotes that are words of SQL.
  { sql: 'SELECT count(*) AS n FROM (SELECT 1 AS "all") GROUP BY "all"', names: ['n'], rows: [['1']] },
  {
    sql: 'SELECT y FROM (SELECT id AS y FROM events WHERE id = 1) WHERE y = 1 GROUP BY y',
    names: ['y'],
    rows: [['1']],
  },
];

describe('names in queries of the local Athena', () => {
  it.each(QUERIES)('are $names in $sql', async ({ sql, names, rows }) => {
    const answer = await lake.ask(sql);
    expect(answer.reason).toBeUndefined();
    expect(answer.columns.map(({ Name }) => Name)).toEqual(names);
    expect(answer.rows).toEqual(rows);
  });
});
