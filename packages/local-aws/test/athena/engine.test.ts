import { GetQueryResultsCommand, StopQueryExecutionCommand } from '@aws-sdk/client-athena';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openStatementRunner } from '../../src/athena/statements/openStatementRunner.ts';
import { BUCKET, runToEnd, settle, startAthena, submit } from '../../src/testing/startAthena.ts';
import { until } from '../harness/until.ts';

let athena: Awaited<ReturnType<typeof startAthena>>;
beforeAll(async () => {
  athena = await startAthena(openStatementRunner);
  athena.catalog.createDatabase({ Name: 'app' });
});
afterAll(() => athena.close());

const inApp = { QueryExecutionContext: { Database: 'app' } };

/** The rows of a query that succeeds. */
async function rows(sql: string, input: Parameters<typeof submit>[2] = inApp) {
  const execution = await runToEnd(athena.client, sql, input);
  expect(execution.Status).toMatchObject({ State: 'SUCCEEDED' });
  const { ResultSet, UpdateCount } = await athena.client.send(
    new GetQueryResultsCommand({ QueryExecutionId: execution.QueryExecutionId }),
  );
  return {
    execution,
    UpdateCount,
    types: ResultSet?.ResultSetMetadata?.ColumnInfo?.map(({ Type }) => Type),
    rows: ResultSet?.Rows?.map(({ Data = [] }) => Data.map(({ VarCharValue }) => VarCharValue)),
  };
}

describe('Athena with its query engine', () => {
  it('runs a query and returns its result', async () => {
    const answer = await rows("SELECT 1 AS one, 'x' AS text, CAST(NULL AS double) AS nothing");
    expect(answer.types).toEqual(['integer', 'varchar', 'double']);
    expect(answer.rows).toEqual([
      ['one', 'text', 'nothing'],
      ['1', 'x', undefined],
    ]);
  });

  it('creates a table from a query, with a manifest, and shows it', async () => {
    const made = await rows(
      "CREATE TABLE made WITH (format = 'PARQUET') AS SELECT 1 AS a UNION ALL SELECT 2",
    );
    expect(made.execution).toMatchObject({
      StatementType: 'DDL',
      SubstatementType: 'CREATE_TABLE_AS_SELECT',
    });
    expect(made.UpdateCount).toBe(2);
    const manifest = made.execution.Statistics?.DataManifestLocation?.slice(`s3://${BUCKET}/`.length) ?? '';
    const [file = ''] = String(Buffer.concat(await athena.store.get(BUCKET, manifest).body.toArray())).split(
      '\n',
    );
    expect(athena.store.head(BUCKET, file.slice(`s3://${BUCKET}/`.length)).size).toBeGreaterThan(0);
    expect((await rows('SELECT sum(a) AS total FROM made')).rows?.[1]).toEqual(['3']);
    const shown = await rows('SHOW TABLES');
    expect(shown.rows).toEqual([['made']]);
    expect(shown.execution.ResultConfiguration?.OutputLocation).toMatch(/\.txt$/);
    const glue = { accessKeyId: 'test', service: 'glue', operation: 'GetTable' };
    expect(athena.takeCalls()).toContainEqual({ ...glue, input: { DatabaseName: 'app', Name: 'made' } });
  });

  it('parses a query that is nested deeper than its parser reads', async () => {
    const deep = (depth: number): string => (depth === 0 ? "'x'" : `coalesce(${deep(depth - 1)}, 'y')`);
    expect((await rows(`SELECT ${deep(80)} AS x`)).rows?.[1]).toEqual(['x']);
  });

  it('interrupts a cancelled query', async () => {
    const id = await submit(
      athena.client,
      'SELECT count(*) FROM UNNEST(sequence(1, 100000)) AS a(x) CROSS JOIN UNNEST(sequence(1, 1000000)) AS b(y) WHERE x * y % 7 = 3',
    );
    await athena.client.send(new StopQueryExecutionCommand({ QueryExecutionId: id }));
    expect((await settle(athena.client, id)).Status?.State).toBe('CANCELLED');
    // Its place is free again only when the engine has let go of it.
    await until('no query runs', () => athena.athena.pending().running === 0);
    expect(athena.defects).toEqual([]);
  });
});
