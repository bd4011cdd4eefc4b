import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { routes } from '../../console/api/routes.ts';
import { openConsole } from '../../console/index.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { listen } from '../harness/listen.ts';

/** A call of the local cloud. */
interface Asked {
  /** A method and a control path, or an operation of AWS. */
  readonly what: string;
  readonly body: string;
}

/** The calls of the local cloud, but those that ask for its time. */
let asked: Asked[];
/** Its answer to the next calls. Undefined: the usual one. */
let refusal: { readonly status: number; readonly body: string } | undefined;
const edge = createServer(async (request, response) => {
  const { url = '', headers, method } = request;
  const operation = String(headers['x-amz-target'] ?? '')
    .split('.')
    .at(-1);
  const what = operation || `${method} ${url}`;
  if (url === '/_sluice/clock' && method === 'GET') {
    response.end(JSON.stringify({ now: '2026-11-20T12:00:00Z' }));
    return;
  }
  asked.push({ what, body: await text(request) });
  if (refusal !== undefined) {
    response.writeHead(refusal.status).end(refusal.body);
    return;
  }
  const QueryExecution = {
    Status: { State: 'CANCELLED' },
    Statistics: { DataScannedInBytes: 7, TotalExecutionTimeInMillis: 8 },
  };
  response.end(JSON.stringify(what === 'GetQueryExecution' ? { QueryExecution } : { answered: what }));
});
const endpoint = await listen(edge);
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const open = await openConsole({
  deployment: {
    config: defineConfig({ bucket: 'acme' }),
    stack: { service: 'sluice', stage: 'local' },
    isLocal: true,
    aws: { endpoint, region: 'us-east-1', credentials },
  },
  notes: { read: () => undefined, write: () => undefined },
  log: () => undefined,
  port: 0,
  mayWrite: true,
});
beforeEach(() => {
  asked = [];
  refusal = undefined;
});
afterAll(async () => {
  await open.close();
  edge.closeAllConnections();
  edge.close();
});

/** Calls the console, by POST if there is a body. @returns The status, and the JSON of the answer. */
async function call(path: string, body?: object) {
  const sent = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
  const answer = await fetch(new URL(path, open.address), body === undefined ? {} : sent);
  return { status: answer.status, answer: JSON.parse(await answer.text()) };
}

describe('a route of the local cloud', () => {
  it.each([
    { path: '/api/local/flush', body: {}, what: 'POST /_sluice/flush', sent: '' },
    {
      path: '/api/local/clock',
      body: { advanceMs: 7 },
      what: 'POST /_sluice/clock',
      sent: '{"advanceMs":7}',
    },
  ])('$path passes on what was asked and answered', async ({ path, body, what, sent }) => {
    expect(await call(path, body)).toEqual({ status: 200, answer: { answered: what } });
    expect(asked).toEqual([{ what, body: sent }]);
  });

  it('has the state of clock, faults and buffers', async () => {
    const { answer } = await call('/api/local');
    expect(answer).toMatchObject({
      clock: { now: '2026-11-20T12:00:00Z' },
      faults: { answered: 'GET /_sluice/faults' },
      status: { answered: 'GET /_sluice/status' },
    });
  });

  it.each([
    { what: 'by its message', body: '{"message":"no such clock"}', says: 'no such clock' },
    { what: 'by its status if it has no message', body: '{}', says: '409' },
  ])('says why the local cloud refused, $what', async ({ body, says }) => {
    refusal = { status: 409, body };
    const { status, answer } = await call('/api/local/clock', {});
    expect(status).toBe(400);
    expect(answer.error).toMatchObject({
      code: 'SLUICE_CONSOLE_REQUEST',
      message: expect.stringContaining(says),
    });
  });

  it('tells an answer that is no JSON as one of the local cloud, and as no defect', async () => {
    refusal = { status: 502, body: '<html>Bad gateway</html>' };
    for (const path of ['/api/local', '/api/local/clock']) {
      const { status, answer } = await call(path, path === '/api/local' ? undefined : {});
      expect({ status, error: answer.error }).toEqual({
        status: 400,
        error: expect.objectContaining({
          code: 'SLUICE_OBSERVE_LOCAL_UNREADABLE',
          message: expect.stringMatching(/http:\/\/127\.0\.0\.1:\d+\/_sluice\/\w+\.$/),
        }),
      });
    }
  });
});

it('a query is stopped, and then looked at', async () => {
  const { answer } = await call('/api/sql/cancel', { id: 'q1' });
  expect(answer).toMatchObject({ id: 'q1', state: 'cancelled', scannedBytes: 7, elapsedMs: 8 });
  const body = '{"QueryExecutionId":"q1"}';
  expect(asked).toEqual([
    { what: 'StopQueryExecution', body },
    { what: 'GetQueryExecution', body },
  ]);
});

it('what AWS refuses is its failure, and no defect', async () => {
  refusal = { status: 400, body: '{"__type":"AccessDeniedException","message":"denied"}' };
  expect(await call('/api/sql/run?id=q1')).toMatchObject({
    status: 400,
    answer: { error: { code: 'SLUICE_AWS_FAILED' } },
  });
});

it.each([
  {
    path: '/api/trace',
    what: 'a day',
    query: { id: 'a', since: '2026-11-20' },
    times: { since: Date.UTC(2026, 10, 20) },
  },
  {
    path: '/api/trace',
    what: 'a time of another zone',
    query: { id: 'a', since: '2026-11-20T01:00:00+01:00' },
    times: { since: Date.UTC(2026, 10, 20) },
  },
  {
    path: '/api/quarantine/rows',
    what: 'times of UTC',
    query: { from: '2026-11-20T00:00:00Z', to: '2026-11-20T00:00:01Z' },
    times: { from: Date.UTC(2026, 10, 20), to: Date.UTC(2026, 10, 20, 0, 0, 1) },
  },
])('$path reads $what as epoch milliseconds', ({ path, query, times }) => {
  expect(routes.find((route) => route.path === path)?.query.parse(query)).toMatchObject(times);
});

it.each([
  {
    path: '/api/quarantine/redrive',
    what: 'a reason that there is none of',
    body: { reason: 'SLUICE_NO', from: '2026-11-20', to: '2026-11-20' },
  },
  {
    path: '/api/quarantine/redrive',
    what: 'a first day without a last',
    body: { reason: 'SLUICE_EVENT_NO_NAME', from: '2026-11-20' },
  },
  {
    path: '/api/drops/backfill',
    what: 'a day that does not exist',
    body: { source: 'a', dataset: 'b', from: '2026-02-30' },
  },
  { path: '/api/exports/run', what: 'a day of the year 9999', body: { export: 'a', from: '9999-01-01' } },
  {
    path: '/api/curate/rebuild',
    what: 'a table that is not curated',
    body: { kind: 'quarantine', from: '2026-11-20' },
  },
  { path: '/api/sql/start', what: 'an empty statement', body: { sql: '' } },
])('$path refuses $what', async ({ path, body }) => {
  const { status, answer } = await call(path, body);
  expect([status, answer.error.code]).toEqual([400, 'SLUICE_CONSOLE_REQUEST']);
  expect(asked).toEqual([]);
});
