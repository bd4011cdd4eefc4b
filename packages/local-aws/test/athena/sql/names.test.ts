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
  // Words that are no operand, and the item's own name in ORDER BY.
  {
    sql: "SELECT max(ds) AS day, count(*) AS n FROM events WHERE ds > DATE '2026-11-19' - INTERVAL '1' DAY AND extract(day FROM ts) = 20 HAVING count(*) > 0 ORDER BY day, n + 1",
    names: ['day', 'n'],
    rows: [['2026-11-20', '10']],
  },
  {
    sql: 'SELECT count(*) AS events, any_match(ARRAY[1], y -> y > 0) AS y FROM events WHERE id IN (SELECT id FROM events) GROUP BY 2',
    names: ['events', 'y'],
    rows: [['30', 'true']],
  },
  {
    sql: 'SELECT 2 * k AS k FROM (SELECT 3 AS k) WHERE k > 2',
    names: ['k'],
    rows: [['6']],
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

/** Queries that name a select item where only columns are known. */
const OUT_OF_PLACE: readonly { readonly sql: string; readonly at: string }[] = [
  { sql: 'SELECT id + 1 AS y, count(*) FROM events GROUP BY y', at: '1:51' },
  { sql: 'SELECT id + 1 AS y FROM events WHERE y > 2', at: '1:38' },
  { sql: 'SELECT id + 1 AS "Y" FROM events WHERE (id > 1 AND y IS DISTINCT FROM 2)', at: '1:52' },
  { sql: 'SELECT id AS y, y + 1 AS z FROM events', at: '1:17' },
  { sql: 'SELECT name, count(*) AS n FROM events GROUP BY name HAVING n > 1', at: '1:61' },
  { sql: 'SELECT x FROM (SELECT id AS x, x + 1 AS u FROM events)', at: '1:32' },
];

describe('names in queries of the local Athena', () => {
  it.each(OUT_OF_PLACE)('are not known out of place: $sql', async ({ sql, at }) => {
    const { reason } = await lake.failure(sql);
    expect(reason).toMatch(new RegExp(`^COLUMN_NOT_FOUND: line ${at}: Column '[yxn]' cannot be resolved`));
  });

  it.each(QUERIES)('$sql', async ({ sql, names, rows }) => {
    const answer = await lake.ask(sql);
    expect(answer.reason).toBeUndefined();
    expect(answer.columns.map(({ Name }) => Name)).toEqual(names);
    expect(answer.rows).toEqual(rows);
  });
});
