import { GetQueryResultsCommand, StopQueryExecutionCommand } from '@aws-sdk/client-athena';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { StatementError } from '../../src/athena/engine/StatementError.ts';
import { openStatementRunner } from '../../src/athena/statements/openStatementRunner.ts';
import type { ObjectStore } from '../../src/s3/model/ObjectStore.ts';
import { BUCKET, runToEnd, settle, startAthena, submit } from '../../src/testing/startAthena.ts';
import { until } from '../harness/until.ts';

let athena: Awaited<ReturnType<typeof startAthena>>;
beforeAll(async () => {
  athena = await startAthena((options) =>
    openStatementRunner({ ...options, store: withFullDisk(options.store) }),
  );
  athena.catalog.createDatabase({ Name: 'app' });
});
afterAll(() => athena.close());

/** Part of the keys below which the store has no space: it takes the first object of a statement alone, and deletes none. */
const FULL = 'full_disk';

/** A store without space below keys with {@link FULL}. */
function withFullDisk(store: ObjectStore): ObjectStore {
  const isFull = (name: string | symbol, key: unknown) =>
    String(key).includes(FULL) && (name === 'delete' || (name === 'put' && !String(key).endsWith('_0')));
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...values: readonly unknown[]) => {
        if (isFull(name, values[1])) throw new StatementError(`no space to ${String(name)}`, { type: 1000 });
        return value.apply(target, values);
      };
    },
  });
}

const inApp = { QueryExecutionContext: { Database: 'app' } };

/** The rows of a query that succeeds. */
async function rows(sql: string) {
  const execution = await runToEnd(athena.client, sql, inApp);
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

  it('tells why rows could not be written, also where the rows written before cannot be deleted', async () => {
    const sql = `CREATE TABLE app.unwritten WITH (external_location = 's3://${BUCKET}/${FULL}/', partitioned_by = ARRAY['b']) AS SELECT 1 AS a, 'x' AS b UNION ALL SELECT 2, 'y'`;
    const { Status } = await runToEnd(athena.client, sql, inApp);
    expect(Status).toMatchObject({ State: 'FAILED', StateChangeReason: 'no space to put' });
  });

  it('runs a query of 80 calls within each other', async () => {
    const deep = (depth: number): string => (depth === 0 ? "'x'" : `coalesce(${deep(depth - 1)}, 'y')`);
    expect((await rows(`SELECT ${deep(80)} AS x`)).rows?.[1]).toEqual(['x']);
  });

  it('stops a query that runs', async () => {
    // The engine runs in threads of its own.
    const engineMicros = () => process.cpuUsage().user - process.threadCpuUsage().user;
    const before = engineMicros();
    const id = await submit(
      athena.client,
      'WITH n AS (SELECT x FROM UNNEST(sequence(1, 10000)) AS t(x)) SELECT count(*) FROM n AS a CROSS JOIN n AS b CROSS JOIN n AS c CROSS JOIN n AS d WHERE a.x * b.x * c.x * d.x % 7 = 3',
    );
    // To plan the query takes less.
    await until('the query runs', () => engineMicros() - before > 500_000);
    const atStop = engineMicros();
    await athena.client.send(new StopQueryExecutionCommand({ QueryExecutionId: id }));
    expect((await settle(athena.client, id)).Status?.State).toBe('CANCELLED');
    // Its place is free again only when the engine has let go of it.
    await until('no query runs', () => athena.athena.pending().running === 0);
    // Without a stop it runs for half a minute, until it has no disk left.
    expect(engineMicros() - atStop).toBeLessThan(10_000_000);
    expect(athena.defects).toEqual([]);
  });
});
