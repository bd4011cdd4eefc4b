import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Console } from '../../console/index.ts';
import { startObserved } from '../observe/startObserved.ts';
import { openLocalConsole } from './openPage.ts';

let observed: Awaited<ReturnType<typeof startObserved>>;
let writing: Console;
let reading: Console;

beforeAll(async () => {
  observed = await startObserved(Date.parse('2026-11-20T10:00:00Z'));
  writing = await openLocalConsole(observed.cloud);
  reading = await openLocalConsole(observed.cloud, { mayWrite: false });
  await observed.send({ events: [{ eventName: 'purchase', user: { userID: 'ada' } }] });
  await observed.cloud.flush();
}, 120_000);
afterAll(async () => {
  await writing.close();
  await reading.close();
  await observed.close();
});

async function call(to: Console, path: string, body?: object) {
  const sent =
    body === undefined
      ? {}
      : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(new URL(path, to.address), sent);
  return { status: response.status, answer: JSON.parse(await response.text()) };
}

/** Runs a query to its end. */
async function run(to: Console, sql: string) {
  const { answer: started } = await call(to, '/api/sql/start', { sql });
  for (;;) {
    const { answer } = await call(to, `/api/sql/run?id=${started.id}`);
    if (answer.state !== 'queued' && answer.state !== 'running') return answer;
  }
}

const ENDLESS = 'SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE (a.range * b.range) % 7 = 3';

describe('the API of the page SQL', () => {
  it('starts a query, says how far it is, and answers its rows in pages and as CSV', async () => {
    const sql = 'SELECT x, x * x AS square FROM UNNEST(sequence(1, 3)) AS t(x) ORDER BY x';
    const { id, state, usd } = await run(reading, sql);
    expect([state, usd]).toEqual(['succeeded', 0.00005]);
    const first = await call(reading, `/api/sql/rows?id=${id}&limit=2`);
    expect(first.answer).toMatchObject({
      columns: [{ name: 'x' }, { name: 'square' }],
      rows: [
        ['1', '1'],
        ['2', '4'],
      ],
    });
    const second = await call(reading, `/api/sql/rows?id=${id}&limit=2&cursor=${first.answer.next}`);
    expect(second.answer).toMatchObject({ rows: [['3', '9']], next: null });
    expect((await call(reading, `/api/sql/csv?id=${id}`)).answer).toEqual({
      csv: 'x,square\n1,1\n2,4\n3,9\n',
      isComplete: true,
    });
  });

  it('runs only what reads, unless the console may write', async () => {
    const sql = 'CREATE VIEW made AS SELECT 1 AS one';
    expect(await call(reading, '/api/sql/start', { sql })).toMatchObject({
      status: 400,
      answer: { error: { code: 'SLUICE_SQL_WRITES', message: expect.stringContaining('CREATE') } },
    });
    expect(await run(writing, sql)).toMatchObject({ state: 'succeeded' });
    const tables = (await call(reading, '/api/tables')).answer.tables;
    expect(tables).toContainEqual(expect.objectContaining({ name: 'made', kind: 'view' }));
  });

  it('stops a query', async () => {
    const { answer } = await call(reading, '/api/sql/start', {
      sql: 'SELECT count(*) FROM UNNEST(sequence(1, 1000000)) AS a(x) CROSS JOIN UNNEST(sequence(1, 1000000)) AS b(y) WHERE x % 7 = y % 11',
    });
    expect((await call(reading, '/api/sql/cancel', { id: answer.id })).answer).toMatchObject({
      state: 'cancelled',
    });
  });

  it("answers DuckDB's dialect, which writes nothing even if the console may write", async () => {
    const { answer } = await call(reading, '/api/sql/duckdb', {
      sql: 'SELECT event_name FROM product_events',
    });
    expect(answer).toMatchObject({
      run: { state: 'succeeded' },
      page: { rows: [['purchase']] },
      hasMore: false,
    });
    const copied = await call(writing, '/api/sql/duckdb', {
      sql: "COPY (SELECT 1) TO '/tmp/copied.parquet'",
    });
    expect(copied.answer).toMatchObject({ run: { state: 'failed' }, page: null });
  });

  it('interrupts DuckDB when the caller leaves', async () => {
    const left = new AbortController();
    const asked = fetch(new URL('/api/sql/duckdb', reading.address), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ sql: ENDLESS }),
      signal: left.signal,
    });
    setTimeout(() => left.abort(), 300);
    await expect(asked).rejects.toThrow('abort');
    // The processor is free for the next one.
    const { answer } = await call(reading, '/api/sql/duckdb', { sql: 'SELECT 1' });
    expect(answer.run.elapsedMs).toBeLessThan(10_000);
  });

  it.each([
    ['/api/sql/rows?id=nothing', undefined, 'SLUICE_'],
    ['/api/sql/start', { sql: '' }, 'SLUICE_CONSOLE_REQUEST'],
    ['/api/tables/days?table=nothing', undefined, 'SLUICE_TABLES_UNKNOWN'],
    ['/api/tables/files?table=statsig_forwarded_events', undefined, 'SLUICE_TABLES_DAY_NEEDED'],
    ['/api/tables/files?table=product_events', undefined, 'SLUICE_TABLES_NO_FILES'],
    ['/api/tables/days?table=experiment_groups', undefined, 'SLUICE_TABLES_NO_DAYS'],
    ['/api/tables/days?table=quarantine&cursor=e30', undefined, 'SLUICE_OBSERVE_CURSOR_UNKNOWN'],
  ])('refuses %s', async (path, body, code) => {
    const { status, answer } = await call(reading, path, body);
    expect([status >= 400, answer.error?.code]).toEqual([true, expect.stringContaining(code)]);
  });
});
