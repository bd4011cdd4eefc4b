import {
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  ListQueryExecutionsCommand,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StatementError } from '../../src/athena/engine/StatementError.ts';
import { DAY_MS } from '../../src/base/clock.ts';
import { chunks, ScriptedRunner } from '../../src/testing/ScriptedRunner.ts';
import { BUCKET, runToEnd, START, settle, startAthena, submit } from '../../src/testing/startAthena.ts';

const TOKEN = 'a-token-of-at-least-thirty-two-characters';

let runner: ScriptedRunner;
let athena: Awaited<ReturnType<typeof startAthena>>;
/** Lets the statements of the script `wait` go on. */
let go: () => void;

beforeEach(async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  go = resolve;
  athena = await startAthena(() => {
    runner = new ScriptedRunner({
      wait: ({ signal }) =>
        new Promise((done, fail) => {
          signal.addEventListener('abort', () => fail(signal.reason));
          promise.then(() => done({}));
        }),
      fail: () => {
        throw new StatementError("COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved", { type: 1006 });
      },
      break: () => {
        throw new TypeError('undefined is not a function');
      },
      late: () => ({
        rows: (async function* () {
          yield [['1']];
          throw new StatementError('DIVISION_BY_ZERO: / by zero', { type: 1302 });
        })(),
      }),
      scan: () => {
        let bytes = 0;
        const rows = (function* () {
          for (; bytes < 50_000_000; bytes += 1_000_000) yield [['x']];
        })();
        return { rows: chunks(rows), scannedBytes: () => bytes };
      },
    });
    return runner;
  });
});
afterEach(() => athena.close());

const get = async (id: string) =>
  (await athena.client.send(new GetQueryExecutionCommand({ QueryExecutionId: id }))).QueryExecution;
const state = async (id: string) => (await get(id))?.Status?.State;
const stop = (id: string) => athena.client.send(new StopQueryExecutionCommand({ QueryExecutionId: id }));
const results = (id: string) => athena.client.send(new GetQueryResultsCommand({ QueryExecutionId: id }));

describe('a query', () => {
  it('runs in the background and reports all its details', async () => {
    const id = await submit(athena.client, 'wait here', {
      QueryExecutionContext: { Database: 'App' },
      ExecutionParameters: ["'a'", '1'],
    });
    expect(await state(id)).toBe('RUNNING');
    await expect(results(id)).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: 'Query has not yet finished. Current state: RUNNING',
    });
    athena.clock.advance(1_500);
    go();
    const location = `s3://${BUCKET}/out/${id}.csv`;
    expect(await settle(athena.client, id)).toEqual({
      QueryExecutionId: id,
      Query: 'wait here',
      StatementType: 'DML',
      SubstatementType: 'SELECT',
      ResultConfiguration: { OutputLocation: location },
      ResultReuseConfiguration: { ResultReuseByAgeConfiguration: { Enabled: false } },
      QueryExecutionContext: { Database: 'app', Catalog: 'awsdatacatalog' },
      Status: {
        State: 'SUCCEEDED',
        SubmissionDateTime: new Date(START),
        CompletionDateTime: new Date(START + 1_500),
      },
      Statistics: {
        EngineExecutionTimeInMillis: 1_500,
        TotalExecutionTimeInMillis: 1_500,
        QueryQueueTimeInMillis: 0,
        ServicePreProcessingTimeInMillis: 0,
        QueryPlanningTimeInMillis: 0,
        ServiceProcessingTimeInMillis: 0,
        DataScannedInBytes: 0,
        ResultReuseInformation: { ReusedPreviousResult: false },
      },
      WorkGroup: 'primary',
      EngineVersion: {
        SelectedEngineVersion: 'AUTO',
        EffectiveEngineVersion: 'Athena engine version 3',
      },
      ExecutionParameters: ["'a'", '1'],
    });
    expect(runner.ran[0]?.context).toMatchObject({
      catalog: 'AwsDataCatalog',
      database: 'App',
      parameters: ["'a'", '1'],
      executionId: id,
      outputLocation: `s3://${BUCKET}/out/`,
      workGroup: 'primary',
    });
  });

  it('that asks for an earlier result runs all the same, and says so', async () => {
    const reuse = { ResultReuseByAgeConfiguration: { Enabled: true } };
    const input = { ResultReuseConfiguration: reuse };
    await runToEnd(athena.client, 'SELECT 1', input);
    expect(await runToEnd(athena.client, 'SELECT 1', input)).toMatchObject({
      ResultReuseConfiguration: { ResultReuseByAgeConfiguration: { Enabled: true, MaxAgeInMinutes: 60 } },
      Statistics: { ResultReuseInformation: { ReusedPreviousResult: false } },
    });
    expect(runner.ran).toHaveLength(2);
  });

  it('runs once per token, and is rejected when the token is reused for another query', async () => {
    const send = (sql: string) => submit(athena.client, sql, { ClientRequestToken: TOKEN });
    const id = await send('q1');
    expect(await send('q1')).toBe(id);
    await settle(athena.client, id);
    await athena.restart();
    expect(await send('q1')).toBe(id);
    await expect(send('q2')).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: 'Idempotent parameters do not match',
    });
  });

  it('that cannot be parsed is rejected at once, with the position', async () => {
    await expect(submit(athena.client, 'SELEC 1')).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: "line 1:1: mismatched input 'SELEC'",
      AthenaErrorCode: 'MALFORMED_QUERY',
    });
    expect(await athena.client.send(new ListQueryExecutionsCommand({}))).toMatchObject({
      QueryExecutionIds: [],
    });
  });

  it.each([
    {
      sql: 'fail',
      message: "COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved",
      category: 2,
      type: 1006,
      defects: 0,
    },
    { sql: 'late', message: 'DIVISION_BY_ZERO: / by zero', category: 2, type: 1302, defects: 0 },
    {
      sql: 'break',
      message: 'GENERIC_INTERNAL_ERROR: undefined is not a function',
      category: 1,
      type: 100,
      defects: 1,
    },
  ])('that fails reports the reason: $sql', async ({ sql, message, category, type, defects }) => {
    const execution = await runToEnd(athena.client, sql);
    expect(execution.Status).toMatchObject({
      State: 'FAILED',
      StateChangeReason: message,
      AthenaError: { ErrorCategory: category, ErrorType: type, Retryable: false, ErrorMessage: message },
    });
    expect(athena.store.list(BUCKET, { limit: 10 }).entries).toEqual([]);
    await expect(results(execution.QueryExecutionId ?? '')).rejects.toMatchObject({
      message: 'Query did not finish successfully. Final query state: FAILED',
    });
    expect(athena.defects).toHaveLength(defects);
  });

  it('can be cancelled, and leaves no result', async () => {
    const id = await submit(athena.client, 'wait');
    await stop(id);
    const cancelled = await get(id);
    expect(cancelled?.Status).toMatchObject({
      State: 'CANCELLED',
      StateChangeReason: 'Query cancelled by user',
    });
    expect(runner.ran[0]?.context.signal.aborted).toBe(true);
    go();
    await runToEnd(athena.client, 'fail');
    expect(await get(id)).toEqual(cancelled);
    expect(athena.store.list(BUCKET, { limit: 10 }).entries).toEqual([]);
  });

  it.each(['q', 'wait'])('that has ended stays as it is when it is stopped: %s', async (sql) => {
    const id = await submit(athena.client, sql);
    await (sql === 'wait' ? stop(id) : settle(athena.client, id));
    const ended = await get(id);
    athena.clock.advance(1_000);
    await stop(id);
    expect(await get(id)).toEqual(ended);
  });

  it('that is unknown cannot be stopped', async () => {
    await expect(stop('nope')).rejects.toMatchObject({ message: 'QueryExecution nope was not found' });
  });

  it('that scans more than its workgroup allows is cancelled', async () => {
    athena.athena.ensureWorkGroup('frugal', {
      Name: 'frugal',
      WorkGroupConfiguration: {
        BytesScannedCutoffPerQuery: 10_000_000,
        ResultConfiguration: { OutputLocation: `s3://${BUCKET}/` },
      },
    });
    const frugal = await runToEnd(athena.client, 'scan', { WorkGroup: 'frugal' });
    expect(frugal).toMatchObject({
      Status: { State: 'CANCELLED', StateChangeReason: 'Bytes scanned limit was exceeded' },
      Statistics: { DataScannedInBytes: 11_000_000 },
    });
    const free = await runToEnd(athena.client, 'scan');
    expect(free).toMatchObject({
      Status: { State: 'SUCCEEDED' },
      Statistics: { DataScannedInBytes: 50_000_000 },
    });
  });
});

describe('many queries', () => {
  it('run twenty at a time; queued ones wait, or are stopped before they start', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 23; n += 1) ids.push(await submit(athena.client, `wait ${n}`));
    expect(athena.athena.pending()).toEqual({ queued: 3, running: 20 });
    const [last = ''] = ids.slice(-1);
    expect(await state(last)).toBe('QUEUED');
    await stop(ids[20] ?? '');
    expect(athena.athena.pending()).toEqual({ queued: 2, running: 20 });
    go();
    expect((await settle(athena.client, last)).Status?.State).toBe('SUCCEEDED');
    expect(runner.ran.map(({ sql }) => sql)).not.toContain('wait 20');
  });

  it('are listed in pages, newest first', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) ids.push((await runToEnd(athena.client, 'q')).QueryExecutionId ?? '');
    const list = async (NextToken?: string) =>
      athena.client.send(
        new ListQueryExecutionsCommand({ MaxResults: 3, ...(NextToken ? { NextToken } : {}) }),
      );
    const first = await list();
    const second = await list(first.NextToken);
    expect([...(first.QueryExecutionIds ?? []), ...(second.QueryExecutionIds ?? [])]).toEqual(
      ids.toReversed(),
    );
    expect(second.NextToken).toBeUndefined();
  });

  it('are kept over a restart, by which running ones have failed', async () => {
    const done = await runToEnd(athena.client, 'q');
    const running = await submit(athena.client, 'wait');
    await athena.restart();
    expect(await get(done.QueryExecutionId ?? '')).toEqual(done);
    expect(await results(done.QueryExecutionId ?? '')).toMatchObject({ UpdateCount: 0 });
    expect((await get(running))?.Status).toMatchObject({
      State: 'FAILED',
      StateChangeReason: expect.stringContaining('stopped'),
      AthenaError: { ErrorCategory: 1, Retryable: true },
    });
  });

  it('are kept for 45 days', async () => {
    const { QueryExecutionId: id = '' } = await runToEnd(athena.client, 'q');
    athena.clock.advance(45 * DAY_MS);
    await athena.restart();
    expect(await state(id)).toBe('SUCCEEDED');
    athena.clock.advance(1);
    await athena.restart();
    await expect(get(id)).rejects.toMatchObject({ message: `QueryExecution ${id} was not found` });
  });
});

describe('the output location', () => {
  const group = (Name: string, enforced: boolean, OutputLocation?: string) =>
    athena.athena.ensureWorkGroup(Name, {
      Name,
      WorkGroupConfiguration: {
        EnforceWorkGroupConfiguration: enforced,
        ...(OutputLocation === undefined ? {} : { ResultConfiguration: { OutputLocation } }),
      },
    });
  const start = (WorkGroup: string | undefined, OutputLocation?: string) =>
    athena.client.send(
      new StartQueryExecutionCommand({
        QueryString: 'q',
        ...(WorkGroup === undefined ? {} : { WorkGroup }),
        ...(OutputLocation === undefined ? {} : { ResultConfiguration: { OutputLocation } }),
      }),
    );

  it('is the client’s, or else the workgroup’s, which may enforce its own', async () => {
    await group('open', false, `s3://${BUCKET}/open`);
    await group('strict', true, `s3://${BUCKET}/strict/`);
    const place = async (name: string, location?: string) => {
      const { QueryExecutionId: id = '' } = await start(name, location);
      return (await get(id))?.ResultConfiguration?.OutputLocation?.replace(id, 'ID');
    };
    expect(await place('open')).toBe(`s3://${BUCKET}/open/ID.csv`);
    expect(await place('open', `s3://${BUCKET}`)).toBe(`s3://${BUCKET}/ID.csv`);
    expect(await place('strict', `s3://${BUCKET}/mine`)).toBe(`s3://${BUCKET}/strict/ID.csv`);
  });

  it('must be writable', async () => {
    await group('nowhere', true);
    const refused = (name: string | undefined, location: string | undefined, message: string) =>
      expect(start(name, location)).rejects.toMatchObject({ name: 'InvalidRequestException', message });
    const none =
      'No output location provided. An output location is required either through the Workgroup result configuration setting or as an API input.';
    await refused(undefined, undefined, none);
    await refused('nowhere', `s3://${BUCKET}/x/`, none);
    await refused(undefined, '/tmp/out', 'outputLocation is not a valid S3 path.');
    await refused(undefined, 's3://absent/x/', 'Unable to verify/create output bucket absent');
    await refused('absent', `s3://${BUCKET}/`, 'WorkGroup is not found.');
  });

  it('may be denied: then the query fails and reports the location', async () => {
    athena.faults.set({ s3: [{ fault: 'failCalls', code: 'AccessDenied', key: `${BUCKET}/out/*` }] });
    const { Status } = await runToEnd(athena.client, 'q');
    expect(Status).toMatchObject({
      State: 'FAILED',
      StateChangeReason: expect.stringMatching(
        /^Access denied when writing output to url: s3:\/\/results\/out\/[-0-9a-f]{36}\.csv/,
      ),
      AthenaError: { ErrorCategory: 2, ErrorType: 401 },
    });
    expect((await runToEnd(athena.client, 'q')).Status?.State).toBe('SUCCEEDED');
  });
});

describe('calls to S3', () => {
  it('are reported with the access key of the caller who submits the query or reads its result', async () => {
    const id = await submit(athena.client, 'q');
    await settle(athena.client, id);
    const put = { accessKeyId: 'test', service: 's3', operation: 'PutObject', bucket: BUCKET };
    expect(athena.takeCalls()).toEqual([
      { ...put, operation: 'GetBucketLocation', key: '' },
      { ...put, key: `out/${id}.csv` },
      { ...put, key: `out/${id}.csv.metadata` },
    ]);
    await results(id);
    expect(athena.takeCalls()).toMatchObject([
      { ...put, operation: 'GetObject', key: `out/${id}.csv`, isResult: true },
    ]);
  });
});

describe('a fault', () => {
  it('applies to calls about the queries of its workgroup, and of no other', async () => {
    const id = await submit(athena.client, 'q');
    athena.faults.set({
      athena: [{ fault: 'failCalls', workgroup: 'primary', operations: ['GetQueryExecution'] }],
    });
    await expect(get(id)).rejects.toMatchObject({
      name: 'TooManyRequestsException',
      message: 'Rate exceeded',
    });
    athena.faults.set({ athena: [{ fault: 'failCalls', workgroup: 'another' }] });
    expect(await get(id)).toMatchObject({ QueryExecutionId: id });
  });
});

describe('features of Athena that are not emulated', () => {
  it.each([
    {
      what: 'a member',
      input: { EngineConfiguration: { MaxConcurrentDpus: 4 } },
      words: 'EngineConfiguration',
    },
    {
      what: 'encryption by the client',
      input: {
        ResultConfiguration: {
          OutputLocation: `s3://${BUCKET}/`,
          EncryptionConfiguration: { EncryptionOption: 'CSE_KMS' as const },
        },
      },
      words: 'CSE_KMS',
    },
    {
      what: 'another catalog',
      input: { QueryExecutionContext: { Catalog: 'lambda' } },
      words: 'data catalog lambda',
    },
  ])('are rejected by name: $what', async ({ input, words }) => {
    await expect(submit(athena.client, 'q', input)).rejects.toMatchObject({
      name: 'NotImplemented',
      message: expect.stringContaining(words),
    });
  });
});
