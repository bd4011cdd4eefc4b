import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openLake } from './openLake.ts';

let lake: Awaited<ReturnType<typeof openLake>>;

beforeAll(async () => {
  lake = await openLake();
  await lake.rows('CREATE VIEW names AS SELECT id, name, ds FROM events');
});

afterAll(() => lake.close());

const json = async (sql: string) => JSON.parse((await lake.rows(sql)).map(([line]) => line).join('\n'));

describe('EXPLAIN', () => {
  const plain = () => lake.ask("EXPLAIN SELECT count(*) AS n FROM names WHERE ds = DATE '2026-11-18'");

  it('shows the columns of a query and the tables that it would read', async () => {
    expect((await plain()).rows).toEqual([
      ['Output[columnNames = [n]]'],
      ['   └─ TableScan[table = awsdatacatalog.db.events]'],
    ]);
  });

  it('reads no file', async () => {
    expect((await plain()).scannedBytes).toBe(0);
  });

  it('has one column, and a kind of its own', async () => {
    const { columns, kind } = await plain();
    expect(columns).toMatchObject([{ Name: 'Query Plan', Type: 'varchar' }]);
    expect(kind).toEqual({ statement: 'UTILITY', substatement: 'EXPLAIN' });
  });

  it('names what is wrong with the query, at its place in the statement', async () => {
    expect((await lake.failure('EXPLAIN SELECT nothing FROM events')).reason).toMatch(
      /^COLUMN_NOT_FOUND: line 1:16: Column 'nothing' cannot be resolved/,
    );
  });

  it('(TYPE IO, FORMAT JSON) lists the tables below views, each once', async () => {
    const table = { catalog: 'awsdatacatalog', schemaTable: { schema: 'db', table: 'events' } };
    const plan = await json('EXPLAIN (TYPE IO, FORMAT JSON) SELECT * FROM names a, names b');
    expect(plan).toMatchObject({
      inputTableColumnInfos: [{ table, constraint: { none: false, columnConstraints: [] } }],
      estimate: { outputRowCount: 'NaN' },
    });
    expect(plan.inputTableColumnInfos).toHaveLength(1);
    expect(await json('EXPLAIN (FORMAT JSON, TYPE IO) SELECT 1')).toMatchObject({
      inputTableColumnInfos: [],
    });
  });

  it.each([
    { sql: 'EXPLAIN SHOW TABLES', message: /NOT_SUPPORTED: EXPLAIN of anything but a query/ },
    { sql: 'EXPLAIN INSERT INTO events SELECT 1', message: /NOT_SUPPORTED: EXPLAIN of anything but a query/ },
    { sql: 'EXPLAIN DELETE FROM events', message: /NOT_SUPPORTED: DELETE is not emulated/ },
    { sql: 'EXPLAIN ANALYZE SELECT 1', message: /NOT_SUPPORTED: EXPLAIN ANALYZE/ },
    { sql: 'EXPLAIN (TYPE VALIDATE) SELECT 1', message: /NOT_SUPPORTED: EXPLAIN with options other than/ },
    { sql: 'EXPLAIN (FORMAT JSON) SELECT 1', message: /NOT_SUPPORTED: EXPLAIN with options other than/ },
    {
      sql: 'EXPLAIN (TYPE IO, FORMAT GRAPHVIZ) SELECT 1',
      message: /NOT_SUPPORTED: EXPLAIN with options other than/,
    },
    { sql: 'EXPLAIN', message: /mismatched input '<EOF>'/ },
  ])('refuses $sql', async ({ sql, message }) => {
    await expect(lake.ask(sql)).rejects.toThrow(message);
  });
});
