import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { callMain } from '../harness/callMain.ts';
import { listen } from '../harness/listen.ts';

/** Rows of a page of results at most, the header among them: https://docs.aws.amazon.com/athena/latest/APIReference/API_GetQueryResults.html */
const PAGE = 1_000;

/** What Athena answers to the statement. */
interface Made {
  /** Its state. */
  readonly state: 'SUCCEEDED' | 'FAILED';
  /** Names and types of columns. */
  readonly columns: readonly (readonly [name: string, type: string])[];
  /** Values of its rows; undefined of NULL. */
  readonly rows: readonly (readonly (string | undefined)[])[];
}
const TWO: Made = {
  state: 'SUCCEEDED',
  columns: [
    ['name', 'varchar'],
    ['n', 'bigint'],
  ],
  rows: [
    ['a', '7'],
    [undefined, '8'],
  ],
};
let made: Made;
/** What Athena answers in place of that; undefined if it refuses nothing. */
let refusal: object | undefined;
/** The statements that were begun. */
let statements: readonly unknown[];
const edge = createServer(async (request, response) => {
  if (request.method === 'GET') {
    response.end(JSON.stringify({ now: '2026-11-20T12:00:00Z' }));
    return;
  }
  const body = Object(await json(request));
  if (refusal !== undefined) {
    response.writeHead(400).end(JSON.stringify(refusal));
    return;
  }
  response.end(JSON.stringify(answerTo(String(request.headers['x-amz-target']), body)));
});
const endpoint = await listen(edge);
afterAll(() => {
  edge.closeAllConnections();
  edge.close();
});
beforeEach(() => {
  made = TWO;
  refusal = undefined;
  statements = [];
});

function answerTo(target: string, body: Record<string, unknown>): object {
  if (target.endsWith('.StartQueryExecution')) {
    statements = [...statements, body['QueryString']];
    return { QueryExecutionId: 'q1' };
  }
  if (target.endsWith('.GetQueryExecution'))
    return {
      QueryExecution: {
        Status: { State: made.state, StateChangeReason: 'line 1:8: no such column' },
        Statistics: { DataScannedInBytes: 7 },
        ResultConfiguration: { OutputLocation: 's3://acme/query-results/q1.csv' },
      },
    };
  const lines = [made.columns.map(([name]) => name), ...made.rows];
  const start = Number(body['NextToken'] ?? 0);
  const shown = lines.slice(start, start + PAGE);
  const end = start + shown.length;
  return {
    ResultSet: {
      Rows: shown.map((values) => ({ Data: values.map((VarCharValue) => ({ VarCharValue })) })),
      ResultSetMetadata: { ColumnInfo: made.columns.map(([Name, Type]) => ({ Name, Type })) },
    },
    ...(end < lines.length ? { NextToken: String(end) } : {}),
  };
}

const query = (...args: readonly string[]) =>
  callMain(['query', ...args, '--endpoint-url', endpoint, '--stage', 'prod'], {
    env: { SLUICE_CONFIG: 'test/fixtures/config/prod.config.ts' },
  });
const many = (count: number): Made => ({
  ...TWO,
  columns: [['n', 'bigint']],
  rows: Array.from({ length: count }, (_, i) => [String(i)]),
});

describe('sluice query of Athena', () => {
  it.each([
    { option: '--json', stdout: '[{"name":"a","n":7},{"name":null,"n":8}]\n' },
    { option: '--csv', stdout: 'name,n\na,7\n,8\n' },
    { option: '--athena', stdout: 'name  n\n----  -\na     7\n      8\n' },
  ])('prints its rows with $option, and what it read', async ({ option, stdout }) => {
    const answer = await query('SELECT 1', option);
    expect(answer).toMatchObject({ code: 0, stdout, stderr: expect.stringContaining(' 7 bytes') });
    expect(statements).toEqual(['SELECT 1']);
  });

  it('gives a program the values of CSV as they are', async () => {
    made = { ...TWO, columns: [['name', 'varchar']], rows: [['a\tb'], ['c\u200bd'], ['e\rf']] };
    expect(await query('SELECT 1', '--csv')).toMatchObject({
      code: 0,
      stdout: 'name\na\tb\nc\u200bd\n"e\rf"\n',
    });
  });

  it('reads the statement from stdin for -', async () => {
    const args = ['query', '-', '--endpoint-url', endpoint, '--stage', 'local', '--json'];
    expect((await callMain(args, { stdin: 'SELECT 2' })).code).toBe(0);
    expect(statements).toEqual(['SELECT 2']);
  });

  it('names its place once, for a statement that may change something and returns no row', async () => {
    made = { ...TWO, rows: [] };
    const args = ['query', '-', '--endpoint-url', endpoint, '--local'];
    const { stderr } = await callMain(args, { stdin: 'SELECT 2' });
    expect(stderr.match(/^The local cloud on .*$/gm)).toEqual([`The local cloud on ${endpoint}.`]);
  });

  it('gives programs all rows or none, and people the first', async () => {
    made = many(10_000);
    for (const option of ['--csv', '--json']) {
      const { code, stderr } = await query('SELECT 1', option);
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringMatching(/SLUICE_QUERY_TOO_MANY_ROWS: .*s3:\/\/acme\/query-results\/q1\.csv/),
      });
    }
    const table = await query('SELECT 1');
    expect(table).toMatchObject({ code: 0, stderr: expect.stringMatching(/ 9999 .*s3:\/\/acme/) });
    expect(table.stdout.split('\n')).toHaveLength(10_002);
    made = many(9_999);
    expect(JSON.parse((await query('SELECT 1', '--json')).stdout)).toHaveLength(9_999);
  });

  it('prints no table of a statement without columns', async () => {
    made = { ...TWO, columns: [], rows: [] };
    expect((await query('MSCK')).stdout).not.toContain('(no rows)');
    expect((await query('MSCK', '--json')).stdout).toBe('[]\n');
  });

  it.each<{
    readonly what: string;
    /** Default: it succeeds. */
    readonly state?: Made['state'];
    readonly refused?: object;
    readonly says: string;
  }>([
    { what: 'fails', state: 'FAILED', says: 'no such column' },
    {
      what: 'is not begun',
      refused: { __type: 'InvalidRequestException', message: 'mismatched input' },
      says: 'mismatched input',
    },
  ])('names why a statement $what', async ({ state = 'SUCCEEDED', refused, says }) => {
    made = { ...TWO, state };
    refusal = refused;
    const { code, stderr } = await query('SELECT 1');
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`SLUICE_QUERY_ATHENA_FAILED: .*${says}`));
  });

  it('is refused with --json and --csv', async () => {
    expect((await query('SELECT 1', '--json', '--csv')).code).toBe(2);
    expect(statements).toEqual([]);
  });
});

describe('sluice check', () => {
  it('is of the experiment and the unit that are named', async () => {
    made = { ...TWO, columns: [], rows: [] };
    const check = (...args: string[]) => callMain(['check', ...args, '--endpoint-url', endpoint, '--json']);
    expect(JSON.parse((await check()).stdout)).toMatchObject({ unit: 'user_id' });
    const { stderr } = await check('button', '--unit', 'stable_id');
    expect(stderr).toMatch(/SLUICE_CHECK_UNKNOWN_EXPERIMENT: .* button, by stable_id\./);
  });

  it('refuses a unit without a name, as of a variable that is not set', async () => {
    const { code, stderr } = await callMain(['check', '--unit', '', '--endpoint-url', endpoint]);
    expect(code).toBe(1);
    expect(stderr).toContain('SLUICE_CHECK_UNKNOWN_UNIT');
  });
});
