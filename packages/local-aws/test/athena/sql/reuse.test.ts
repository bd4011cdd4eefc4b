import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { runToEnd, type submit } from '../../harness/startAthena.ts';
import { openLake } from './openLake.ts';

let lake: Awaited<ReturnType<typeof openLake>>;
beforeAll(async () => {
  lake = await openLake();
});
afterAll(() => lake.close());
beforeEach(() => lake.athena.clock.advance(24 * 60 * 60_000));

type Input = Parameters<typeof submit>[2];

const MINUTE = 60_000;
const reuse = (MaxAgeInMinutes?: number): Input => ({
  ResultReuseConfiguration: {
    ResultReuseByAgeConfiguration: {
      Enabled: true,
      ...(MaxAgeInMinutes === undefined ? {} : { MaxAgeInMinutes }),
    },
  },
});

/** Runs a statement. @returns Whether it has an earlier result, the bytes it read, and where its result is. */
async function run(sql: string, input: Input = reuse()) {
  const execution = await runToEnd(lake.athena.client, sql, {
    QueryExecutionContext: { Database: 'db' },
    ...input,
  });
  const { Status, Statistics, ResultConfiguration } = execution ?? {};
  if (Status?.State !== 'SUCCEEDED') throw new Error(Status?.StateChangeReason);
  return {
    reused: Statistics?.ResultReuseInformation?.ReusedPreviousResult,
    scanned: Statistics?.DataScannedInBytes ?? -1,
    location: ResultConfiguration?.OutputLocation ?? '',
  };
}

const SQL = 'SELECT count(*) AS n FROM events';

describe('result reuse', () => {
  it('answers the same query by the earlier result, which it points to', async () => {
    const first = await run(SQL, {});
    expect(first.reused).toBe(false);
    expect(first.scanned).toBeGreaterThan(0);
    lake.athena.clock.advance(59 * MINUTE);
    expect(await run(SQL)).toEqual({ reused: true, scanned: 0, location: first.location });
    expect(await lake.rows(SQL, reuse())).toEqual([['30']]);
    // A reused result is as old as the first.
    lake.athena.clock.advance(2 * MINUTE);
    expect((await run(SQL)).reused).toBe(false);
  });

  it('takes the age that the query allows, and the latest result', async () => {
    await run(SQL, {});
    lake.athena.clock.advance(6 * MINUTE);
    expect((await run(SQL, reuse(5))).reused).toBe(false);
    const { location } = await run(SQL, {});
    lake.athena.clock.advance(3 * MINUTE);
    expect(await run(SQL, reuse(5))).toMatchObject({ reused: true, location });
    expect((await run(SQL, {})).reused).toBe(false);
  });

  it.each([
    ['another text', 'SELECT count(*)  AS n FROM events', {}],
    [
      'another database',
      SQL.replace('events', 'db.events'),
      { QueryExecutionContext: { Database: 'elsewhere' } },
    ],
    ['a location of its own', SQL, { ResultConfiguration: { OutputLocation: 's3://lake/elsewhere/' } }],
  ])('runs a query with %s', async (_, sql, input) => {
    await run(SQL, {});
    expect((await run(sql, { ...reuse(), ...input })).reused).toBe(false);
  });

  it('compares parameters, and executes prepared statements only as they were', async () => {
    const sql = 'SELECT count(*) AS n FROM events WHERE id > ?';
    await run(sql, { ExecutionParameters: ['3'] });
    expect((await run(sql, { ...reuse(), ExecutionParameters: ['4'] })).reused).toBe(false);
    expect((await run(sql, { ...reuse(), ExecutionParameters: ['3'] })).reused).toBe(true);
    await run(`PREPARE counted FROM ${sql}`, {});
    await run('EXECUTE counted USING 3', {});
    expect((await run('EXECUTE counted USING 3')).reused).toBe(true);
    await run('PREPARE counted FROM SELECT 1 AS n WHERE 1 > ?', {});
    expect((await run('EXECUTE counted USING 3')).reused).toBe(false);
  });

  it.each([
    'SELECT id FROM events LIMIT 3',
    'SELECT id FROM (SELECT id FROM events LIMIT 3) ORDER BY id',
    'SELECT rand() AS r',
    'SELECT current_date AS d',
    'SELECT a FROM chance',
    'SHOW TABLES',
  ])('runs %s each time', async (sql) => {
    await lake.rows('CREATE OR REPLACE VIEW chance AS SELECT random() AS a');
    await run(sql, {});
    expect((await run(sql)).reused).toBe(false);
  });

  it('reuses LIMIT with ORDER BY', async () => {
    const sql = 'SELECT id FROM (SELECT id FROM events ORDER BY id, ds LIMIT 3) ORDER BY id LIMIT 2';
    await run(sql, {});
    expect((await run(sql)).reused).toBe(true);
  });

  it('runs the query when the result was deleted, and fails it when a table is gone', async () => {
    const { location } = await run(SQL, {});
    lake.store.delete('results', location.replace('s3://results/', ''));
    expect((await run(SQL)).reused).toBe(false);
    await lake.rows("CREATE EXTERNAL TABLE gone (a int) STORED AS PARQUET LOCATION 's3://lake/gone/'");
    await run('SELECT a FROM gone', {});
    await lake.rows('DROP TABLE gone');
    await expect(run('SELECT a FROM gone')).rejects.toThrow(/TABLE_NOT_FOUND/);
  });

  it('keeps results reusable over a restart', async () => {
    const { location } = await run(SQL, {});
    await lake.athena.restart();
    expect(await run(SQL)).toEqual({ reused: true, scanned: 0, location });
  });
});
