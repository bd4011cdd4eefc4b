import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../src/base/index.ts';
import type { Listening } from '../../src/edge/listen.ts';
import type { FunctionUrl } from '../../src/gateway/FunctionUrl.ts';
import { startFunctionUrl } from '../../src/gateway/startFunctionUrl.ts';
import { FunctionError } from '../../src/lambda/ExecutionEnvironment.ts';

const cors = {
  allowOrigins: ['*'],
  allowMethods: ['POST'],
  allowHeaders: ['*'],
  exposeHeaders: [],
  maxAgeSeconds: 600,
};
const collect: FunctionUrl = {
  urlId: 'abc',
  domainName: 'abc.lambda-url.eu-west-1.on.aws',
  functionName: 'collect',
  cors,
  isPublic: true,
};
const trigger: FunctionUrl = {
  ...collect,
  urlId: 'def',
  domainName: 'def.lambda-url.eu-west-1.on.aws',
  functionName: 'trigger',
  cors: undefined,
};

let server: Listening | undefined;
let defects: unknown[];
beforeEach(() => {
  defects = [];
});
afterEach(async () => {
  await server?.close();
});

async function start(
  invoke: (functionName: string, event: Record<string, unknown>) => Promise<unknown>,
  first: Partial<FunctionUrl> = {},
) {
  server = await startFunctionUrl({
    urls: [{ ...collect, ...first }, trigger],
    invoke: async (name, payload) => JSON.stringify(await invoke(name, JSON.parse(payload))) ?? 'null',
    clock: new ManualClock(Date.UTC(2026, 10, 20, 7, 32)),
    port: 0,
    closeGraceMs: 50,
    onDefect: (error) => defects.push(error),
  });
  return server.url;
}

const echo = async (name: string, event: Record<string, unknown>) => ({
  statusCode: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ name, event }),
});

/** `fetch` sets `Host` itself. */
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

describe('the event that a function receives through its URL', () => {
  it('has payload format 2.0 with the host of the URL on AWS', async () => {
    const url = await start(echo);
    const response = await fetch(`${url}/v1/data`, { method: 'POST' });
    expect(response.headers.get('x-amzn-requestid')).toMatch(/^[\w-]{36}$/);
    const { event } = JSON.parse(await response.text());
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
      },
    });
    expect(event).not.toHaveProperty('pathParameters');
  });

  it("is the other URL's when the Host names it, with a port or without", async () => {
    const url = await start(echo);
    for (const host of [trigger.domainName, `${trigger.domainName}:8080`])
      expect(JSON.parse((await getAs(url, host)).body)).toMatchObject({ name: 'trigger' });
    expect(JSON.parse((await getAs(url, collect.domainName)).body)).toMatchObject({ name: 'collect' });
    expect(await getAs(url, 'ghi.lambda-url.eu-west-1.on.aws')).toMatchObject({ status: 403 });
  });
});

describe('CORS of a Function URL', () => {
  const origin = { origin: 'https://shop.example' };
  const never = async () => {
    throw new Error('invoked');
  };

  it('answers a preflight without invoking the function', async () => {
    const url = await start(never);
    const response = await fetch(`${url}/v1/rgstr?k=a`, {
      method: 'OPTIONS',
      headers: { ...origin, 'access-control-request-method': 'POST' },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('access-control-allow-methods')).toBe('POST');
  });

  it('adds its header to an answer, and doubles one that the function sets', async () => {
    const url = await start(async (_, { rawPath }) => ({
      statusCode: 202,
      headers: rawPath === '/own' ? { 'Access-Control-Allow-Origin': '*' } : {},
    }));
    const post = (path: string) => fetch(`${url}${path}`, { method: 'POST', headers: origin });
    expect((await post('/')).headers.get('access-control-allow-origin')).toBe('*');
    expect((await post('/own')).headers.get('access-control-allow-origin')).toBe('*, *');
    expect((await fetch(url)).headers.get('access-control-allow-origin')).toBeNull();
  });

  it.each([
    ['a preflight where none is set', { cors: undefined }, { 'access-control-request-method': 'POST' }],
    ['OPTIONS that is no preflight', {}, {}],
  ])('leaves to the function %s', async (_, settings, asked) => {
    const url = await start(async () => ({ statusCode: 205 }), settings);
    expect((await fetch(url, { method: 'OPTIONS', headers: { ...origin, ...asked } })).status).toBe(205);
  });
});

describe('what a Function URL answers by itself', () => {
  it.each([
    ['TooManyRequestsException', 429],
    ['RequestEntityTooLargeException', 413],
    ['Sandbox.Timedout', 502],
    ['TypeError', 502],
  ])('%s is a %i', async (errorType, status) => {
    const url = await start(async () => {
      throw new FunctionError(errorType, 'It failed.');
    });
    const response = await fetch(url, { method: 'POST', headers: { origin: 'https://shop.example' } });
    expect(response.status).toBe(status);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(await response.json()).toEqual({ Message: expect.any(String) });
    expect(defects).toEqual([]);
  });

  it('is a 413 for a body above 6 MiB', async () => {
    const url = await start(async () => ({ statusCode: 202 }));
    const statusOf = async (bytes: number) =>
      (await fetch(url, { method: 'POST', body: Buffer.alloc(bytes) })).status;
    expect(await statusOf(6 * 1024 * 1024)).toBe(202);
    expect(await statusOf(6 * 1024 * 1024 + 1)).toBe(413);
  });

  it('is a 502 for a result that is no answer, which is reported', async () => {
    const url = await start(async () => ({ statusCode: 'many' }));
    expect((await fetch(url, { method: 'POST' })).status).toBe(502);
    expect(defects).toEqual([expect.any(Error)]);
  });

  it('is a 403 without both permissions', async () => {
    const url = await start(echo, { isPublic: false });
    expect((await fetch(url, { method: 'POST' })).status).toBe(403);
  });
});
