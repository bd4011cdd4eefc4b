import { ListQueryExecutionsCommand } from '@aws-sdk/client-athena';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { type Deployment, openDeployment } from '../../observe/deployment.ts';
import {
  cancelSql,
  MOST_ROWS,
  readSqlCsv,
  readSqlRows,
  readSqlRun,
  requireReading,
  runSql,
  startSql,
  USUAL_ROWS,
} from '../../observe/runSql.ts';
import { startObserved } from './startObserved.ts';

let observed: Awaited<ReturnType<typeof startObserved>>;
let deployment: Deployment;

beforeAll(async () => {
  observed = await startObserved(Date.UTC(2026, 10, 20, 8));
  const about = {
    config: defineConfig({ bucket: observed.cloud.bucket }),
    stack: { service: 'sluice', stage: 'local' },
  };
  deployment = openDeployment({ ...about, isLocal: true, now: observed.clock.now() }, observed.options);
  const user = { userID: 'ada' };
  await observed.send({ events: [1, 2, 3].map((value) => ({ eventName: 'purchase', value, user })) });
  await observed.cloud.flush();
});
afterAll(async () => {
  deployment.close();
  await observed.close();
});

/** Runs for minutes unless it is stopped. */
const ENDLESS =
  'SELECT count(*) FROM UNNEST(sequence(1, 1000000)) AS a(x) CROSS JOIN UNNEST(sequence(1, 1000000)) AS b(y) WHERE x % 7 = y % 11';

describe('SQL', () => {
  it('runs to its end, with the bytes and the price', async () => {
    const sql = 'SELECT event_name, event_value AS "value" FROM product_events ORDER BY 2';
    const { run, page } = await runSql(deployment, { sql });
    expect(run).toMatchObject({ state: 'succeeded', usd: 0.00005, problem: null });
    expect(run.scannedBytes).toBeGreaterThan(1_000);
    expect(run.location).toMatch(/^s3:\/\/.*\.csv$/);
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

  it('is started, polled, and read in pages', async () => {
    const started = await startSql(deployment, {
      sql: 'SELECT x FROM UNNEST(sequence(1, 250)) AS t(x) ORDER BY x',
    });
    const id = started.id ?? '';
    expect(started).toMatchObject({ state: 'queued', usd: null });
    let state = started.state;
    while (state === 'queued' || state === 'running') ({ state } = await readSqlRun(deployment, id));
    const rows: unknown[] = [];
    const sizes: number[] = [];
    let cursor: string | undefined;
    do {
      const page = await readSqlRows(deployment, id, cursor === undefined ? {} : { cursor });
      rows.push(...page.rows.map(([x]) => Number(x)));
      sizes.push(page.rows.length);
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    expect(sizes).toEqual([USUAL_ROWS, USUAL_ROWS, 50]);
    expect(rows).toEqual(Array.from({ length: 250 }, (_, i) => i + 1));
  });

  it('is answered as CSV, whatever its length', async () => {
    const sql = `SELECT x, 'a "b", c' AS "the text", CAST(NULL AS varchar) AS nothing FROM UNNEST(sequence(1, ${MOST_ROWS + 5})) AS t(x) ORDER BY x`;
    const { run } = await runSql(deployment, { sql, limit: 1 });
    const parts: string[] = [];
    for await (const part of readSqlCsv(deployment, run.id ?? '')) parts.push(part);
    const lines = parts.join('').split('\n');
    expect(lines.slice(0, 2)).toEqual(['x,the text,nothing', '1,"a ""b"", c",']);
    expect(lines.at(-2)).toBe(`${MOST_ROWS + 5},"a ""b"", c",`);
    expect([parts.length, lines.length]).toEqual([2, MOST_ROWS + 7]);
  });

  it('reads statements without a header', async () => {
    const { page } = await runSql(deployment, { sql: 'SHOW TABLES' });
    expect(page?.rows).toContainEqual(['quarantine']);
  });

  it.each([
    ['SELECT\n  no_column FROM product_events', 2, 3, "Column 'no_column' cannot be resolved"],
    ['SELECT event_name FROM WHERE', 1, 24, "mismatched input 'WHERE'"],
    // Athena does not even begin with this one.
    ['SHOW\nNOTHING', 2, 1, 'mismatched input'],
  ])('says where %j is wrong', async (sql, line, column, message) => {
    const { run, page } = await runSql(deployment, { sql });
    expect(page).toBeNull();
    expect(run).toMatchObject({
      state: 'failed',
      usd: 0,
      problem: { line, column, message: expect.stringContaining(message) },
    });
  });

  it('says what failed without a place in the text', async () => {
    const { run } = await runSql(deployment, {
      sql: 'SELECT CAST(event_name AS integer) FROM product_events',
    });
    expect(run).toMatchObject({ state: 'failed', problem: { line: null, column: null } });
  });

  it('is stopped by its ID', async () => {
    const { id } = await startSql(deployment, { sql: ENDLESS });
    await cancelSql(deployment, id ?? '');
    expect(await readSqlRun(deployment, id ?? '')).toMatchObject({
      state: 'cancelled',
      problem: { message: 'Query cancelled by user' },
    });
  });

  it('is stopped when nobody waits for it any more', async () => {
    const abort = new AbortController();
    const running = runSql({ ...deployment, signal: abort.signal }, { sql: ENDLESS });
    const latest = async () => {
      const { QueryExecutionIds = [] } = await deployment.athena.send(
        new ListQueryExecutionsCommand({ WorkGroup: deployment.config.athena.workgroup, MaxResults: 1 }),
      );
      return readSqlRun(deployment, QueryExecutionIds[0] ?? '');
    };
    while ((await latest()).state !== 'running') await deployment.wait(10);
    abort.abort(new Error('gone'));
    await expect(running).rejects.toThrow('gone');
    expect(await latest()).toMatchObject({ state: 'cancelled' });
    const asked = runSql({ ...deployment, signal: abort.signal }, { sql: 'SELECT 1' });
    await expect(asked).rejects.toThrow('gone');
  });

  it("does not take another query's cursor", async () => {
    const sql = 'SELECT x FROM UNNEST(sequence(1, 10)) AS t(x)';
    const { page } = await runSql(deployment, { sql, limit: 2 });
    const other = await runSql(deployment, { sql, limit: 2 });
    const asked = readSqlRows(deployment, other.run.id ?? '', { cursor: page?.next ?? '' });
    await expect(asked).rejects.toMatchObject({ code: 'SLUICE_OBSERVE_CURSOR_UNKNOWN' });
  });

  it.each([
    'SELECT 1',
    '  -- why\n /* ; DROP TABLE x */ ((select 1))',
    'WITH a AS (SELECT 1) SELECT * FROM a',
    'VALUES 1',
    'TABLE a',
    'show tables',
    'DESCRIBE a',
    'EXPLAIN SELECT 1',
    'explain analyze verbose (format json) select 1',
    'EXPLAIN (TYPE VALIDATE) SELECT 1',
    'EXPLAIN (SELECT 1)',
    // One expression for all comments would try every way to divide them.
    `${'/* a */\n'.repeat(1_000)}SELECT 1`,
  ])('takes the reading statement %j', (sql) => expect(() => requireReading(sql)).not.toThrow());

  it.each([
    ['INSERT INTO a SELECT 1', 'INSERT'],
    ['-- SELECT\ndrop table a', 'DROP'],
    ["/* SELECT */ UNLOAD (SELECT 1) TO 's3://b/' WITH (format = 'PARQUET')", 'UNLOAD'],
    ['EXPLAIN ANALYZE INSERT INTO a SELECT 1', 'INSERT'],
    ['EXPLAIN/**/ANALYZE/**/CREATE TABLE a AS SELECT 1', 'CREATE'],
    ['EXPLAIN (FORMAT TEXT) DELETE FROM a', 'DELETE'],
    ['EXECUTE p', 'EXECUTE'],
    // Athena ends the comment at the carriage return.
    ['-- why\rINSERT INTO a --\nSELECT * FROM b', 'INSERT'],
    ['EXPLAIN ANALYZE (FORMAT JSON /* ) SELECT */) INSERT INTO a SELECT 1', 'FORMAT'],
    [`${'/* a */'.repeat(1_000)}1`, 'no first word'],
    ['PREPARE p FROM SELECT 1', 'PREPARE'],
    ["USING EXTERNAL FUNCTION f(x int) RETURNS int LAMBDA 'f' SELECT f(1)", 'USING'],
    ['MSCK REPAIR TABLE a', 'MSCK'],
    ['SELECTED', 'SELECTED'],
    ['', 'no first word'],
    [';', 'no first word'],
  ])('refuses %j by name, unless it may write', async (sql, word) => {
    expect(() => requireReading(sql)).toThrow(word);
    await expect(startSql(deployment, { sql })).rejects.toMatchObject({ code: 'SLUICE_SQL_WRITES' });
  });

  it('runs other statements when it may write', async () => {
    const sql = 'CREATE VIEW sluice.written AS SELECT 1 AS one';
    expect((await runSql(deployment, { sql, mayWrite: true })).run).toMatchObject({
      state: 'succeeded',
      usd: 0,
    });
    expect((await runSql(deployment, { sql: 'SELECT * FROM written' })).page?.rows).toEqual([['1']]);
  });
});
