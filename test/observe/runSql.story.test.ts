import { afterAll, describe, expect, it } from '@jest/globals';
import { cancelSql, readSqlRows, readSqlRun, startSql } from '../../observe/runSql.ts';
import { startObserved } from './startObserved.ts';

const observed = await startObserved(Date.UTC(2026, 10, 20, 8));
const deployment = observed.deployment();
const user = { userID: 'ada' };
await observed.send({ events: [1, 2, 3].map((value) => ({ eventName: 'purchase', value, user })) });
await observed.cloud.flush();
afterAll(() => observed.close());

/** Runs a statement to its end, and reads the first rows of one that succeeded. */
async function run(sql: string, mayWrite = false) {
  let statement = await startSql(deployment, { sql, mayWrite });
  while (statement.state === 'queued' || statement.state === 'running') {
    await deployment.wait(10);
    statement = await readSqlRun(deployment, statement.id ?? '');
  }
  const page =
    statement.state === 'succeeded'
      ? await readSqlRows(deployment, statement.id ?? '', { limit: 100 })
      : null;
  return { run: statement, page };
}

/** A statement that runs for minutes unless it is stopped. */
const ENDLESS =
  'WITH n AS (SELECT x FROM UNNEST(sequence(1, 10000)) AS t(x)) SELECT count(*) FROM n AS a CROSS JOIN n AS b CROSS JOIN n AS c WHERE a.x % 7 = b.x * c.x % 11';

describe('SQL', () => {
  it('runs to its end, and has its rows, its result and the bytes that it read', async () => {
    const sql = 'SELECT event_name, event_value AS "value" FROM product_events ORDER BY 2';
    const { run: ended, page } = await run(sql);
    expect(ended).toMatchObject({ state: 'succeeded', problem: null });
    expect(ended.scannedBytes).toBeGreaterThan(1_000);
    expect(ended.location).toMatch(/^s3:\/\/.*\.csv$/);
    expect(page).toEqual({
      columns: [
        { name: 'event_name', type: 'varchar' },
        { name: 'value', type: 'varchar' },
      ],
      rows: [
        ['purchase', '1'],
        ['purchase', '2'],
        ['purchase', '3'],
      ],
      next: null,
    });
  });

  it('is read in pages', async () => {
    const { run: ended } = await run('SELECT x FROM UNNEST(sequence(1, 250)) AS t(x) ORDER BY x');
    const rows: unknown[] = [];
    const sizes: number[] = [];
    let cursor: string | undefined;
    do {
      const page = await readSqlRows(deployment, ended.id ?? '', { limit: 100, cursor });
      rows.push(...page.rows.map(([x]) => Number(x)));
      sizes.push(page.rows.length);
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    expect(sizes).toEqual([100, 100, 50]);
    expect(rows).toEqual(Array.from({ length: 250 }, (_, i) => i + 1));
  });

  it.each([
    {
      what: 'a column that there is not',
      sql: 'SELECT\n  no_column FROM product_events',
      message: "line 2:3: Column 'no_column' cannot be resolved",
    },
    {
      what: 'a word in the wrong place',
      sql: 'SELECT event_name FROM WHERE',
      message: "line 1:24: mismatched input 'WHERE'",
    },
    // Athena refuses its start.
    { what: 'a statement that there is not', sql: 'SHOW\nNOTHING', message: 'line 2:1: mismatched input' },
    {
      what: 'a value that is no number',
      sql: 'SELECT CAST(event_name AS integer) FROM product_events',
      message: 'purchase',
    },
  ])('that fails says why: $what', async ({ sql, message }) => {
    const { run: ended, page } = await run(sql);
    expect(page).toBeNull();
    expect(ended).toMatchObject({ state: 'failed', problem: expect.stringContaining(message) });
  });

  it('is stopped by its ID', async () => {
    const { id } = await startSql(deployment, { sql: ENDLESS });
    await cancelSql(deployment, id ?? '');
    expect(await readSqlRun(deployment, id ?? '')).toMatchObject({
      state: 'cancelled',
      problem: 'Query cancelled by user',
    });
  });

  it('makes a view if it may write', async () => {
    const created = await run('CREATE VIEW sluice.written AS SELECT 1 AS one', true);
    expect(created.run).toMatchObject({ state: 'succeeded' });
    expect((await run('SELECT * FROM written')).page?.rows).toEqual([['1']]);
  });
});
