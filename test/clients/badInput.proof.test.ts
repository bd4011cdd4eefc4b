import {
  GetQueryResultsCommand,
  ListQueryExecutionsCommand,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ended, page, run, start } from '../harness/answer.ts';
import { openReaders, type ReaderClients, type Readers } from './openReaders.ts';

let readers: Readers;
let clients: ReaderClients;
beforeAll(async () => {
  readers = await openReaders();
  // The errors come from the statements, whoever submits them.
  clients = await readers.clientsOf('root');
}, 120_000);
afterAll(() => readers.close());

const inWorkgroup = (QueryString: string) => ({
  ...{ QueryString, WorkGroup: 'sluice' },
  QueryExecutionContext: { Database: 'sluice' },
});

/** How a statement failed, as a client reads it. */
async function failure(sql: string) {
  const { Status } = (await ended(clients.athena, await start(clients.athena, inWorkgroup(sql)))) ?? {};
  const { State, StateChangeReason, AthenaError } = Status ?? {};
  expect(AthenaError?.ErrorMessage).toBe(StateChangeReason);
  return {
    state: State,
    category: AthenaError?.ErrorCategory,
    type: AthenaError?.ErrorType,
    retryable: AthenaError?.Retryable,
    reason: StateChangeReason,
  };
}

// Category 2 is the user's own. https://docs.aws.amazon.com/athena/latest/ug/error-reference.html
const byUser = (type: number, reason: string | RegExp) => ({
  ...{ state: 'FAILED', category: 2, type, retryable: false },
  reason: typeof reason === 'string' ? reason : expect.stringMatching(reason),
});

describe('a statement that cannot run', () => {
  it.each([
    [
      'an unknown table',
      'SELECT *\nFROM nothing',
      byUser(1301, "TABLE_NOT_FOUND: line 2:6: Table 'awsdatacatalog.sluice.nothing' does not exist"),
    ],
    [
      'an unknown database',
      'SELECT * FROM nowhere.events',
      byUser(1301, "SCHEMA_NOT_FOUND: line 1:15: Schema 'nowhere' does not exist"),
    ],
    [
      'an unknown column',
      'SELECT event_name,\n  nothing\nFROM product_events',
      byUser(
        1006,
        "COLUMN_NOT_FOUND: line 2:3: Column 'nothing' cannot be resolved or requester is not authorized to access requested resources",
      ),
    ],
    [
      'a column that another view has',
      'SELECT p.experiment_id FROM product_events AS p',
      byUser(1006, /^COLUMN_NOT_FOUND: line 1:8: Column 'p.experiment_id' cannot be resolved/),
    ],
    [
      'an unknown function',
      'SELECT nothing(event_name) FROM product_events',
      byUser(1303, /^FUNCTION_NOT_FOUND: line 1:8: Function 'nothing' not registered/),
    ],
    [
      'a function with arguments of other types',
      'SELECT date_trunc(1, event_name) FROM product_events',
      byUser(1303, /^FUNCTION_NOT_FOUND: Unexpected parameters \(.*\) for function date_trunc/),
    ],
    [
      'a column that is not grouped by',
      'SELECT event_name, count(*) FROM product_events',
      byUser(1006, /^EXPRESSION_NOT_AGGREGATE: line 1:8: 'event_name' must be an aggregate expression/),
    ],
    [
      'a date held against a text',
      "SELECT * FROM product_events WHERE ds >= '2026-11-18'",
      byUser(1006, /^TYPE_MISMATCH: line 1:39: Cannot apply operator: date (?:>=|<=) varchar/),
    ],
    [
      'a text that is no number',
      'SELECT CAST(event_name AS bigint) FROM product_events',
      byUser(1106, /^INVALID_CAST_ARGUMENT: Cannot cast '\w+' to/),
    ],
    [
      'a division by zero',
      'SELECT 1 / (count(*) - count(*)) FROM product_events',
      byUser(1000, /^DIVISION_BY_ZERO: /),
    ],
  ])('is FAILED with the position and the cause: %s', async (_, sql, expected) => {
    expect(await failure(sql)).toEqual(expected);
  });
});

describe('an Athena request', () => {
  const refusal = (input: ConstructorParameters<typeof StartQueryExecutionCommand>[0]) =>
    clients.athena.send(new StartQueryExecutionCommand(input)).then(
      () => undefined,
      (error: unknown) => error,
    );

  it.each([
    [
      'a syntax error',
      'SELECT event_name\nFORM product_events',
      /^line 2:6: mismatched input 'product_events'/,
    ],
    ['a statement that ends too soon', 'SELECT event_name FROM', /^line 1:23: mismatched input '<EOF>'/],
    ['no statement at all', 'please', /^line 1:1: mismatched input 'please'/],
  ])('is rejected when it has %s', async (_, sql, message) => {
    expect(await refusal(inWorkgroup(sql))).toMatchObject({
      ...{ name: 'InvalidRequestException', AthenaErrorCode: 'MALFORMED_QUERY' },
      message: expect.stringMatching(message),
    });
  });

  it('is rejected by name when the local Athena does not emulate it', async () => {
    expect(await refusal(inWorkgroup('ANALYZE product_events'))).toMatchObject({
      ...{ name: 'InvalidRequestException' },
      message: 'NOT_SUPPORTED: ANALYZE is not emulated by the local Athena: try it in Trino or on AWS',
    });
  });

  it('is rejected for a workgroup that does not exist', async () => {
    expect(await refusal({ QueryString: 'SELECT 1', WorkGroup: 'nothing' })).toMatchObject({
      ...{ name: 'InvalidRequestException', message: 'WorkGroup is not found.' },
    });
  });

  it('is rejected without a result location, with an invalid one, and with a bucket that does not exist', async () => {
    const into = (OutputLocation?: string) =>
      refusal({
        ...{ QueryString: 'SELECT 1', WorkGroup: 'primary' },
        ...(OutputLocation === undefined ? {} : { ResultConfiguration: { OutputLocation } }),
      });
    expect(await into()).toMatchObject({ message: expect.stringMatching(/^No output location provided\./) });
    expect(await into('results/')).toMatchObject({ message: 'outputLocation is not a valid S3 path.' });
    expect(await into('s3://nothing-of-ours/')).toMatchObject({
      message: 'Unable to verify/create output bucket nothing-of-ours',
    });
  });
});

describe('a query result', () => {
  it('that cannot be written makes the query FAILED, with the location', async () => {
    const key = `${readers.config.bucket}/query-results/*`;
    await readers.control('faults', 'POST', { s3: [{ fault: 'failCalls', code: 'AccessDenied', key }] });
    try {
      expect(await failure('SELECT 1')).toEqual({
        ...{ state: 'FAILED', category: 2, type: expect.any(Number), retryable: false },
        reason: expect.stringMatching(/denied .*s3:\/\/sluice-experiments\/query-results\//i),
      });
    } finally {
      await readers.control('faults', 'DELETE');
    }
    expect((await run(clients.athena, inWorkgroup('SELECT 1'))).Status?.State).toBe('SUCCEEDED');
  });

  it('of a cancelled query is not available', async () => {
    const many =
      'SELECT count(*) FROM UNNEST(sequence(1, 100000)) AS a(x) CROSS JOIN UNNEST(sequence(1, 1000000)) AS b(y) WHERE x * y % 7 = 3';
    const id = await start(clients.athena, inWorkgroup(many));
    await clients.athena.send(new StopQueryExecutionCommand({ QueryExecutionId: id }));
    const { Status } = (await ended(clients.athena, id)) ?? {};
    expect(Status).toMatchObject({ State: 'CANCELLED', StateChangeReason: expect.stringMatching(/cancel/i) });
    const asked = clients.athena.send(new GetQueryResultsCommand({ QueryExecutionId: id }));
    await expect(asked).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: 'Query did not finish successfully. Final query state: CANCELLED',
    });
    const { QueryExecutionIds } = await clients.athena.send(
      new ListQueryExecutionsCommand({ WorkGroup: 'sluice' }),
    );
    expect(QueryExecutionIds).toContain(id);
  });

  it('of a million rows is returned in pages, and as one file in S3', async () => {
    const sql =
      'SELECT x AS a, y AS b FROM UNNEST(sequence(1, 1000)) AS a(x) CROSS JOIN UNNEST(sequence(1, 1000)) AS b(y)';
    const { QueryExecutionId: id = '', ResultConfiguration } = await run(clients.athena, inWorkgroup(sql));
    const first = await page(clients.athena, id);
    expect(first.rows).toHaveLength(1_000);
    expect(first.rows[0]).toEqual(['a', 'b']);
    const second = await page(clients.athena, id, 1_000, first.next);
    expect(second.rows).toHaveLength(1_000);
    expect(second.next).toBeDefined();
    const seen = new Set([...first.rows, ...second.rows].map((row) => row.join()));
    expect(seen.size).toBe(2_000);
    const [, Bucket, Key] = /^s3:\/\/([^/]+)\/(.*)$/.exec(ResultConfiguration?.OutputLocation ?? '') ?? [];
    const { Body } = await clients.s3.send(new GetObjectCommand({ Bucket, Key }));
    const text = (await Body?.transformToString()) ?? '';
    expect(text.match(/\n/g)).toHaveLength(1_000_001);
    expect(text.endsWith('\n')).toBe(true);
  });
});
