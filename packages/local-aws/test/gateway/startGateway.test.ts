import { once } from 'node:events';
import { get, request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../src/base/index.ts';
import type { HttpApi } from '../../src/gateway/HttpApi.ts';
import { type Gateway, startGateway } from '../../src/gateway/index.ts';
import { FunctionError } from '../../src/lambda/ExecutionEnvironment.ts';

const api: HttpApi = {
  apiId: 'local',
  routes: [
    { routeKey: 'POST /{proxy+}', functionName: 'collect', timeoutMs: 30_000 },
    { routeKey: 'GET /health', functionName: 'health', timeoutMs: 50 },
  ],
  cors: {
    allowOrigins: ['*'],
    allowMethods: ['POST'],
    allowHeaders: ['*'],
    exposeHeaders: [],
    maxAgeSeconds: 600,
  },
};

let gateway: Gateway | undefined;
let defects: unknown[];
beforeEach(() => {
  defects = [];
});
afterEach(async () => {
  await gateway?.close();
});

async function start(
  invoke: (functionName: string, event: Record<string, unknown>) => Promise<unknown>,
  more: Partial<HttpApi> = {},
) {
  gateway = await startGateway({
    api: { ...api, ...more },
    accountId: '000000000000',
    invoke: async (name, payload) => JSON.stringify(await invoke(name, JSON.parse(payload))) ?? 'null',
    mayInvoke: (name) => name !== 'denied',
    onDefect: (error) => defects.push(error),
    clock: new ManualClock(Date.UTC(2026, 10, 20, 7, 32)),
    port: 0,
    closeGraceMs: 50,
  });
  return gateway.url;
}

const echo = async (_: string, event: Record<string, unknown>) => ({
  statusCode: 200,
  body: JSON.stringify(event),
});

describe('the event that a function receives', () => {
  it('has payload format 2.0', async () => {
    const url = await start(echo);
    const response = await fetch(`${url}/v1/my%20data?k=client-a&a=1&a=2`, {
      method: 'POST',
      body: '{"a":"é"}',
      headers: { 'content-type': 'application/json', 'Statsig-Api-Key': 'client-b', cookie: 'x=1; y=2' },
    });
    expect(await response.json()).toMatchObject({
      version: '2.0',
      routeKey: 'POST /{proxy+}',
      rawPath: '/v1/my%20data',
      rawQueryString: 'k=client-a&a=1&a=2',
      cookies: ['x=1', 'y=2'],
      headers: { 'statsig-api-key': 'client-b', 'content-type': 'application/json' },
      queryStringParameters: { k: 'client-a', a: '1,2' },
      pathParameters: { proxy: 'v1/my data' },
      requestContext: {
        http: { method: 'POST', path: '/v1/my%20data', sourceIp: '127.0.0.1' },
        time: '20/Nov/2026:07:32:00 +0000',
        timeEpoch: Date.UTC(2026, 10, 20, 7, 32),
        stage: '$default',
      },
      body: '{"a":"é"}',
      isBase64Encoded: false,
    });
  });

  it.each([
    { type: 'text/plain;charset=UTF-8', base64: false },
    { type: 'application/json; charset=UTF-8', base64: false },
    { type: 'application/octet-stream', base64: true },
    { type: 'application/x-www-form-urlencoded', base64: true },
    { type: '', base64: true },
  ])('has a body of $type as base64: $base64', async ({ type, base64 }) => {
    const url = await start(echo);
    const body = new Blob([Buffer.from('hello')], { type });
    const event = await (await fetch(`${url}/v1/rgstr`, { method: 'POST', body })).json();
    expect(event).toMatchObject({ isBase64Encoded: base64, body: base64 ? 'aGVsbG8=' : 'hello' });
  });
});

describe('a compressed body', () => {
  it.each(['gzip', 'zstd'])('of %s is passed on as base64 whatever its type', async (encoding) => {
    const url = await start(echo);
    const headers = { 'content-type': 'application/json', 'content-encoding': encoding };
    const body = Buffer.from([0x1f, 0x8b, 0xff]);
    const event = await (await fetch(`${url}/v1/log_event`, { method: 'POST', body, headers })).json();
    expect(event).toMatchObject({ isBase64Encoded: true, body: body.toString('base64') });
  });
});

describe('CORS', () => {
  const preflight = {
    method: 'OPTIONS',
    headers: { origin: 'https://shop.example', 'access-control-request-method': 'POST' },
  };
  const preflightHeaders = {
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'POST',
    'access-control-allow-headers': '*',
    'access-control-max-age': '600',
  };

  it('is answered without invoking the function where no route matches OPTIONS', async () => {
    const url = await start(async () => {
      throw new Error('invoked');
    });
    for (const path of ['/v1/rgstr', '/health', '/']) {
      const response = await fetch(`${url}${path}`, preflight);
      expect(response.status).toBe(204);
      expect(Object.fromEntries(response.headers)).toMatchObject(preflightHeaders);
    }
  });

  it.each(['ANY /{proxy+}', 'ANY /v1/rgstr', 'OPTIONS /v1/{path}', '$default'])(
    'leaves a preflight to the function of a route that matches it, and adds its headers: %s',
    async (routeKey) => {
      const routes = [...api.routes, { routeKey, functionName: 'other', timeoutMs: 50 }];
      const refuse = async (name: string, event: Record<string, unknown>) => ({
        statusCode: 405,
        headers: { 'access-control-allow-methods': 'PUT' },
        body: `${name} ${event['routeKey']}`,
      });
      const response = await fetch(`${await start(refuse, { routes })}/v1/rgstr`, preflight);
      expect(response.status).toBe(405);
      expect(await response.text()).toBe(`other ${routeKey}`);
      expect(Object.fromEntries(response.headers)).toMatchObject(preflightHeaders);
    },
  );

  it('has no headers for OPTIONS that is no preflight', async () => {
    const asked = { method: 'OPTIONS', headers: { origin: 'https://shop.example' } };
    const response = await fetch(`${await start(echo)}/v1/rgstr`, asked);
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBe(null);
  });

  it('is not answered where none is configured', async () => {
    expect((await fetch(`${await start(echo, { cors: undefined })}/v1/rgstr`, preflight)).status).toBe(404);
  });

  it('sets headers on every response, including errors, and replaces the function’s own', async () => {
    const url = await start(async () => ({
      statusCode: 503,
      headers: { 'Access-Control-Allow-Origin': 'https://other.example' },
      body: 'x',
    }));
    const headers = { origin: 'https://shop.example' };
    const answers = [
      await fetch(`${url}/v1/rgstr`, { method: 'POST', headers, body: 'x' }),
      await fetch(`${url}/nowhere`, { method: 'PUT', headers, body: 'x' }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([503, 404]);
    for (const answer of answers) expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  });
});

describe('the gateway’s own error', () => {
  it.each([
    {
      name: 'a handler that throws',
      error: new FunctionError('Error', 'boom'),
      status: 500,
      message: 'Internal Server Error',
    },
    {
      name: 'a payload too large for Lambda',
      error: new FunctionError('RequestEntityTooLargeException', 'x'),
      status: 413,
      message: 'Request Entity Too Large',
    },
    {
      name: 'a function that Lambda throttles',
      error: new FunctionError('TooManyRequestsException', 'Rate Exceeded.'),
      status: 503,
      message: 'Service Unavailable',
    },
  ])('is returned for $name', async ({ error, status, message }) => {
    const url = await start(async () => {
      throw error;
    });
    const response = await fetch(`${url}/v1/rgstr`, { method: 'POST', body: 'x' });
    expect(response.status).toEqual(status);
    expect(await response.json()).toEqual({ message });
    expect(defects).toEqual([]);
  });

  it.each([
    {
      name: 'a function that may not be invoked',
      functionName: 'denied',
      result: {},
      reason: 'denied may not be invoked for GET /.',
    },
    {
      name: 'a result that is no answer',
      functionName: 'collect',
      result: { statusCode: 7 },
      reason: 'statusCode',
    },
  ])('is 500 for $name, whose reason is reported', async ({ functionName, result, reason }) => {
    const routes = [{ routeKey: 'GET /', functionName, timeoutMs: 50 }];
    const url = await start(async () => result, { routes });
    expect((await fetch(url)).status).toBe(500);
    expect(defects.map(String)).toEqual([expect.stringContaining(reason)]);
  });

  it.each([
    { bytes: 10_240, length: 10_205, status: 404 },
    { bytes: 10_241, length: 10_206, status: 431 },
  ])('is $status for $bytes bytes of the request line and values of headers', async ({ length, status }) => {
    const url = await start(echo);
    // The line is `GET /nowhere HTTP/1.1`.
    const headers = { host: 'localhost', connection: 'close', long: 'é'.repeat(length) };
    const [answer] = await once(get(`${url}/nowhere`, { headers }), 'response');
    expect(answer.resume().statusCode).toBe(status);
  });

  it('is returned for a body over 10 MB that does not say its length', async () => {
    const url = await start(echo);
    const huge = Buffer.alloc(10 * 1024 * 1024 + 1);
    const chunked = request(`${url}/v1/rgstr`, { method: 'POST' });
    chunked.write(huge.subarray(0, 1024));
    chunked.end(huge.subarray(1024));
    const [answer] = await once(chunked, 'response');
    expect(answer.resume().statusCode).toBe(413);
    const largest = await fetch(`${url}/v1/rgstr`, { method: 'POST', body: huge.subarray(1) });
    expect(largest.status).toBe(200);
  });

  it('is returned for an integration that times out', async () => {
    let release: (() => void) | undefined;
    const url = await start(() => new Promise<void>((resolve) => (release = resolve)));
    const response = await fetch(`${url}/health`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ message: 'Service Unavailable' });
    release?.();
  });

  it('is returned for an unknown route', async () => {
    const url = await start(echo);
    expect((await fetch(`${url}/v1/rgstr`)).status).toBe(404);
    expect((await fetch(url, { method: 'POST', body: 'x' })).status).toBe(404);
  });
});

describe('closing the gateway', () => {
  it('ends a request that never completes', async () => {
    const url = await start(echo);
    const hanging = request(`${url}/v1/rgstr`, { method: 'POST', headers: { 'content-length': '10' } });
    const cut = new Promise((resolve) => hanging.on('error', resolve));
    await new Promise<void>((resolve) => hanging.write('half', () => resolve()));
    await gateway?.close();
    gateway = undefined;
    expect(await cut).toMatchObject({ code: 'ECONNRESET' });
  });
});

describe('a function’s answer', () => {
  it('without statusCode becomes the body of a 200 response', async () => {
    const url = await start(async () => ({ ok: true }));
    const response = await fetch(`${url}/v1/rgstr`, { method: 'POST', body: 'x' });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual({ ok: true });
  });

  it('has headers of any scalar, and a header for each cookie', async () => {
    const url = await start(async () => ({
      statusCode: 202,
      headers: { 'X-Count': 3, 'X-Is-New': true, 'Content-Length': 900 },
      cookies: ['x=1', 'y=2; Secure'],
      body: 'taken',
    }));
    const response = await fetch(`${url}/v1/rgstr`, { method: 'POST', body: 'x' });
    expect(response.status).toBe(202);
    expect(response.headers.getSetCookie()).toEqual(['x=1', 'y=2; Secure']);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'x-count': '3',
      'x-is-new': 'true',
      'content-length': '5',
    });
    expect(await response.text()).toBe('taken');
  });

  it('can be base64', async () => {
    const url = await start(async () => ({
      statusCode: 200,
      body: Buffer.from([0, 255]).toString('base64'),
      isBase64Encoded: true,
    }));
    const response = await fetch(`${url}/v1/rgstr`, { method: 'POST', body: 'x' });
    expect(Buffer.from(await response.arrayBuffer())).toEqual(Buffer.from([0, 255]));
  });
});
