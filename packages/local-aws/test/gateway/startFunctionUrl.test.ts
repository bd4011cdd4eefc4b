import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../src/base/index.ts';
import type { Listening } from '../../src/edge/listen.ts';
import type { FunctionUrl } from '../../src/gateway/FunctionUrl.ts';
import { startFunctionUrl } from '../../src/gateway/startFunctionUrl.ts';
import { FunctionError } from '../../src/lambda/ExecutionEnvironment.ts';

const collect: FunctionUrl = {
  urlId: 'abc',
  domainName: 'abc.lambda-url.eu-west-1.on.aws',
  functionName: 'collect',
  cors: {
    allowOrigins: ['*'],
    allowMethods: ['POST'],
    allowHeaders: ['*'],
    exposeHeaders: [],
    maxAgeSeconds: 600,
  },
  isPublic: true,
};
const trigger: FunctionUrl = {
  ...collect,
  urlId: 'def',
  domainName: 'def.lambda-url.eu-west-1.on.aws',
  functionName: 'trigger',
  cors: undefined,
};

/** The result of a function, as an object. */
type Invoke = (functionName: string, event: Record<string, unknown>) => Promise<unknown>;

let server: Listening | undefined;
let defects: unknown[];
let invoked: string[];
beforeEach(() => {
  defects = [];
  invoked = [];
});
afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** Serves both URLs, the one of `collect` at the address itself. @param changed Members of that URL. @returns The address. */
async function start(invoke: Invoke, changed: Partial<FunctionUrl> = {}): Promise<string> {
  server = await startFunctionUrl({
    urls: [{ ...collect, ...changed }, trigger],
    invoke: async (name, payload) => {
      invoked.push(name);
      return JSON.stringify(await invoke(name, JSON.parse(payload))) ?? 'null';
    },
    clock: new ManualClock(Date.UTC(2026, 10, 20, 7, 32)),
    port: 0,
    closeGraceMs: 50,
    onDefect: (error) => defects.push(error),
  });
  return server.url;
}

/** A function that answers with its event. */
const echo: Invoke = async (_, event) => ({
  statusCode: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(event),
});

/** Gets a path under another `Host` than the address: `fetch` sets that header itself. */
function getAs(url: string, host: string): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/v1/x`, { headers: { host } }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode, body }));
    });
    sent.on('error', reject).end();
  });
}

/** The header of an answer by which a browser gives it to a page. */
const allowedOrigin = ({ headers }: Response) => headers.get('access-control-allow-origin');

describe('the event that a function receives through its URL', () => {
  it('has payload format 2.0 with the host of the URL on AWS and the time of the clock', async () => {
    const url = await start(echo);
    const response = await fetch(`${url}/v1/data`, { method: 'POST' });
    const event = await response.json();
    expect(event).toMatchObject({
      version: '2.0',
      routeKey: '$default',
      rawPath: '/v1/data',
      requestContext: {
        accountId: 'anonymous',
        apiId: 'abc',
        domainName: 'abc.lambda-url.eu-west-1.on.aws',
        domainPrefix: 'abc',
        stage: '$default',
        time: '20/Nov/2026:07:32:00 +0000',
        timeEpoch: 1_795_159_920_000,
      },
    });
    expect(event).not.toHaveProperty('pathParameters');
  });

  it('has the request ID that the answer has', async () => {
    const url = await start(echo);
    const response = await fetch(url);
    const requestId = response.headers.get('x-amzn-requestid');
    expect(requestId).toMatch(/^[\w-]{36}$/);
    expect(await response.json()).toMatchObject({ requestContext: { requestId } });
  });

  it.each([
    { host: 'abc.lambda-url.eu-west-1.on.aws', apiId: 'abc', functionName: 'collect' },
    { host: 'def.lambda-url.eu-west-1.on.aws', apiId: 'def', functionName: 'trigger' },
    { host: 'def.lambda-url.eu-west-1.on.aws:8080', apiId: 'def', functionName: 'trigger' },
  ])('is of the URL that the Host names: $host', async ({ host, apiId, functionName }) => {
    const url = await start(echo);
    const { body } = await getAs(url, host);
    expect(invoked).toEqual([functionName]);
    const domainName = `${apiId}.lambda-url.eu-west-1.on.aws`;
    expect(JSON.parse(body)).toMatchObject({ requestContext: { apiId, domainName } });
  });

  it('is not sent for the Host of a URL that there is not: a 403', async () => {
    const url = await start(echo);
    expect(await getAs(url, 'ghi.lambda-url.eu-west-1.on.aws')).toMatchObject({ status: 403 });
    expect(invoked).toEqual([]);
  });
});

describe('CORS of a Function URL', () => {
  const origin = { origin: 'https://shop.example' };
  const preflight = { ...origin, 'access-control-request-method': 'POST' };

  it.each([{ isPublic: true }, { isPublic: false }])(
    'answers a preflight without invoking the function; the URL is public: $isPublic',
    async ({ isPublic }) => {
      const url = await start(echo, { isPublic });
      const { status, headers } = await fetch(`${url}/v1/rgstr?k=a`, {
        method: 'OPTIONS',
        headers: preflight,
      });
      expect(status).toBe(200);
      expect(Object.fromEntries(headers)).toMatchObject({
        'access-control-allow-origin': '*',
        'access-control-allow-methods': 'POST',
        'access-control-allow-headers': '*',
        'access-control-max-age': '600',
      });
      expect(invoked).toEqual([]);
    },
  );

  it.each([
    { path: '/', headers: origin, sent: '*', title: 'is added to an answer' },
    { path: '/own', headers: origin, sent: '*, *', title: 'is doubled where the function sets it' },
    { path: '/', headers: {}, sent: null, title: 'is left out without Origin' },
  ])('has a header that $title', async ({ path, headers, sent }) => {
    const url = await start(async (_, { rawPath }) => ({
      statusCode: 202,
      headers: rawPath === '/own' ? { 'Access-Control-Allow-Origin': '*' } : {},
    }));
    expect(allowedOrigin(await fetch(`${url}${path}`, { method: 'POST', headers }))).toBe(sent);
  });

  it.each([
    { title: 'a preflight where none is set', changed: { cors: undefined }, headers: preflight },
    { title: 'OPTIONS that is no preflight', changed: {}, headers: origin },
  ])('leaves to the function $title', async ({ changed, headers }) => {
    const url = await start(async () => ({ statusCode: 205 }), changed);
    expect((await fetch(url, { method: 'OPTIONS', headers })).status).toBe(205);
  });
});

describe('what a Function URL answers by itself', () => {
  const post = (url: string, body = Buffer.alloc(0)) =>
    fetch(url, { method: 'POST', headers: { origin: 'https://shop.example' }, body });

  it.each([
    { errorType: 'TooManyRequestsException', status: 429, message: 'Rate Exceeded.' },
    {
      errorType: 'RequestEntityTooLargeException',
      status: 413,
      message: 'Request must be smaller than 6291456 bytes.',
    },
    { errorType: 'Sandbox.Timedout', status: 502, message: 'Internal Server Error' },
    { errorType: 'TypeError', status: 502, message: 'Internal Server Error' },
  ])(
    'is a $status with a CORS header for an invocation that fails with $errorType',
    async ({ errorType, status, message }) => {
      const url = await start(async () => {
        throw new FunctionError(errorType, 'It failed.');
      });
      const response = await post(url);
      expect(response.status).toBe(status);
      expect(allowedOrigin(response)).toBe('*');
      expect(await response.json()).toEqual({ Message: message });
      expect(defects).toEqual([]);
    },
  );

  it('is a 413 for a body above 6 MiB, before the function is invoked', async () => {
    const url = await start(async () => ({ statusCode: 202 }));
    const most = 6 * 1024 * 1024;
    expect((await post(url, Buffer.alloc(most))).status).toBe(202);
    expect(invoked).toEqual(['collect']);
    const { status } = await post(url, Buffer.alloc(most + 1));
    expect(status).toBe(413);
    expect(invoked).toEqual(['collect']);
  });

  it('is a 502 for a result that is no answer, and its reason is reported', async () => {
    const url = await start(async () => ({ statusCode: 'many' }));
    expect((await post(url)).status).toBe(502);
    expect(defects).toEqual([
      expect.objectContaining({ issues: [expect.objectContaining({ path: ['statusCode'] })] }),
    ]);
  });

  it('is a 403 with a CORS header for a URL that is not public', async () => {
    const url = await start(echo, { isPublic: false });
    const response = await post(url);
    expect(response.status).toBe(403);
    expect(allowedOrigin(response)).toBe('*');
    expect(await response.json()).toEqual({
      Message:
        'Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html',
    });
    expect(invoked).toEqual([]);
  });
});
