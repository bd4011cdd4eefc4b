import { setTimeout } from 'node:timers/promises';
import { AthenaClient, ListQueryExecutionsCommand, UpdateWorkGroupCommand } from '@aws-sdk/client-athena';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { runStatement } from '../../../lib/aws/athenaStatements.ts';
import { systemClock } from '../../../lib/base/time.ts';
import {
  BUCKET,
  chunks,
  ScriptedRunner,
  settle,
  startAthena,
  textColumn,
} from '../../../packages/local-aws/src/testing/startAthena.ts';
import { answering, named } from '../../harness/answering.ts';

let athena: Awaited<ReturnType<typeof startAthena>>;
let client: AthenaClient;

beforeEach(async () => {
  athena = await startAthena(
    () =>
      new ScriptedRunner({
        rows: () => ({
          columns: [textColumn('a'), textColumn('b')],
          rows: chunks([[['1', null]]]),
          scannedBytes: () => 42,
        }),
        many: () => ({
          columns: [textColumn('a')],
          // The second page begins with a row that is like the header.
          rows: chunks([Array.from({ length: 10_500 }, (_, i) => [i === 999 ? 'a' : String(i)])]),
          scannedBytes: () => 42,
        }),
        // Until it is stopped.
        hangs: ({ signal }) =>
          new Promise((_, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason));
          }),
      }),
  );
  client = new AthenaClient(athena.options);
  await client.send(
    new UpdateWorkGroupCommand({
      WorkGroup: 'primary',
      ConfigurationUpdates: {
        ResultConfigurationUpdates: { OutputLocation: `s3://${BUCKET}/results/` },
      },
    }),
  );
});
afterEach(async () => {
  client.destroy();
  await athena.close();
});

const run = (sql: string, deadlineMs = 20_000, signal?: AbortSignal) =>
  runStatement(client, sql, {
    ...(signal === undefined ? {} : { signal }),
    workGroup: 'primary',
    deadlineMs,
    clock: systemClock,
    wait: setTimeout,
    random: () => 0,
  });

/** The only statement of the test is cancelled in Athena, too. */
async function expectCancelled(): Promise<void> {
  const { QueryExecutionIds: [id = ''] = [] } = await athena.client.send(new ListQueryExecutionsCommand({}));
  expect((await settle(athena.client, id)).Status?.State).toBe('CANCELLED');
}

describe('a statement', () => {
  it('returns rows, the scanned bytes and the location of the result', async () => {
    expect(await run('rows')).toEqual({
      columns: ['a', 'b'],
      types: ['varchar', 'varchar'],
      rows: [['1', null]],
      scannedBytes: 42,
      hasMore: false,
      location: expect.stringMatching(/^s3:\/\/.*\/results\/.*\.csv$/),
    });
  });

  it('says when a result has more rows than it reads', async () => {
    const outcome = await run('many');
    expect(outcome).toMatchObject({ hasMore: true });
    // The header is one of 10,000.
    expect('rows' in outcome && outcome.rows.length).toBe(9_999);
  });

  it('is stopped once it exceeds its deadline', async () => {
    expect(await run('hangs', 0)).toMatchObject({
      failed: 'The query took longer than 0 s and was stopped.',
      isStopped: true,
    });
    await expectCancelled();
  });

  it('is stopped when nobody waits for it any more, at once', async () => {
    const left = new AbortController();
    const options = {
      workGroup: 'primary',
      deadlineMs: 20_000,
      clock: systemClock,
      // No pause ends by itself.
      wait: () => {
        left.abort(new Error('left'));
        return new Promise(() => {});
      },
      random: () => 0,
      signal: left.signal,
    };
    await expect(runStatement(client, 'hangs', options)).rejects.toThrow('left');
    await expectCancelled();
  });

  it('is stopped when nobody waits for it from the beginning', async () => {
    await expect(run('hangs', 20_000, AbortSignal.abort(new Error('left')))).rejects.toThrow('left');
    await expectCancelled();
  });

  it('is stopped when it cannot be asked about', async () => {
    client.middlewareStack.add(
      (next, { commandName }) =>
        (args) =>
          commandName === 'GetQueryExecutionCommand' ? Promise.reject(new Error('away')) : next(args),
    );
    await expect(run('hangs')).rejects.toThrow('away');
    await expectCancelled();
  });

  it('fails with the error by which Athena rejects it', async () => {
    await expect(run('SELEC 1')).rejects.toMatchObject({ name: 'InvalidRequestException' });
  });
});

it('a query that can be neither asked about nor stopped fails with the first error', async () => {
  const answers = [{ QueryExecutionId: 'q' }, named('ThrottlingException'), named('InternalServerException')];
  const { client, asked } = answering(AthenaClient, ...answers);
  const clock = { now: () => 0 };
  const options = {
    clock,
    wait: async () => undefined,
    random: () => 0,
    workGroup: 'w',
    database: 'd',
    deadlineMs: 1_000,
  };
  await expect(runStatement(client, 'SELECT 1', options)).rejects.toMatchObject({
    name: 'ThrottlingException',
  });
  expect(asked[0]?.input).toMatchObject({
    QueryString: 'SELECT 1',
    WorkGroup: 'w',
    QueryExecutionContext: { Database: 'd' },
  });
  expect(asked.map(({ name }) => name)).toEqual([
    'StartQueryExecution',
    'GetQueryExecution',
    'StopQueryExecution',
  ]);
});
