import { once } from 'node:events';
import { createServer, get, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../src/base/index.ts';
import { listen } from '../../src/edge/listen.ts';
import { type Gateway, startGateway } from '../../src/gateway/index.ts';
import { sendProxied } from '../../src/gateway/sendProxied.ts';

interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let server: { readonly url: string; close(): Promise<void> };
let received: Received[];
let answer: (response: ServerResponse) => void;
let gateway: Gateway;
let defects: unknown[];

function upstream(): Server {
  return createServer(async (request, response) => {
    const { method, url, headers } = request;
    received.push({ method, url, headers, body: await text(request) });
    answer(response);
  });
}

beforeEach(async () => {
  received = [];
  defects = [];
  answer = (response) => response.end('{}');
  server = await listen(upstream(), { port: 0, closeGraceMs: 50 });
  const proxy = { uri: server.url, method: undefined, path: '/base$request.path' };
  gateway = await startGateway({
    api: {
      apiId: 'local',
      routes: [
        { routeKey: 'GET /v1/rules/{key}', timeoutMs: 200, proxy },
        { routeKey: 'POST /v1/read', timeoutMs: 200, proxy: { ...proxy, path: undefined } },
        { routeKey: 'POST /{proxy+}', timeoutMs: 200, functionName: 'collect' },
      ],
      cors: {
        allowOrigins: ['*'],
        allowMethods: ['GET', 'POST'],
        allowHeaders: ['*'],
        exposeHeaders: [],
        maxAgeSeconds: 600,
      },
    },
    accountId: '000000000000',
    invoke: async () => '{"statusCode":202,"body":"collected"}',
    clock: new ManualClock(Date.UTC(2026, 10, 20)),
    port: 0,
    closeGraceMs: 50,
    onDefect: (error) => defects.push(error),
  });
});
afterEach(async () => {
  await gateway.close();
  await server.close();
});

describe('an HTTP_PROXY integration', () => {
  it('gets the request with its path and query, under its own host', async () => {
    const response = await fetch(`${gateway.url}/v1/rules/key.json?sinceTime=1`, {
      headers: { 'statsig-api-key': 'client-a', 'user-agent': 'Dart/3.5' },
    });
    expect(response.status).toBe(200);
    expect(received).toMatchObject([
      {
        method: 'GET',
        url: '/base/v1/rules/key.json?sinceTime=1',
        headers: {
          host: new URL(server.url).host,
          forwarded: expect.stringContaining('for=127.0.0.1'),
          'statsig-api-key': 'client-a',
          'user-agent': 'Dart/3.5',
        },
      },
    ]);
    expect(received[0]?.headers).not.toHaveProperty('x-forwarded-for');
  });

  it('gets the body, at the path of its address where no other is set', async () => {
    await fetch(`${gateway.url}/v1/read`, { method: 'POST', body: '{"user":{}}' });
    expect(received).toMatchObject([{ method: 'POST', url: '/', body: '{"user":{}}' }]);
  });

  it('answers as the server did, with the CORS headers of the API', async () => {
    answer = (response) => {
      response.writeHead(203, {
        'content-encoding': 'gzip',
        'access-control-allow-origin': 'https://other.example',
        etag: '"1"',
      });
      response.end(gzipSync('rules'));
    };
    const response = await fetch(`${gateway.url}/v1/rules/key`, {
      headers: { origin: 'https://shop.example' },
    });
    expect(response.status).toBe(203);
    expect(await response.text()).toBe('rules');
    expect(response.headers.get('etag')).toBe('"1"');
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
  });

  it('gets no preflight, which the gateway answers', async () => {
    const preflight = await fetch(`${gateway.url}/v1/rules/key`, {
      method: 'OPTIONS',
      headers: { origin: 'https://shop.example', 'access-control-request-method': 'GET' },
    });
    expect(preflight.status).toBe(204);
    expect(received).toEqual([]);
  });

  it('redirects the client, whom the gateway does not follow', async () => {
    answer = (response) => response.writeHead(302, { location: 'https://elsewhere.example' }).end();
    const moved = await fetch(`${gateway.url}/v1/rules/key`, { redirect: 'manual' });
    expect(moved.status).toBe(302);
    expect(moved.headers.get('location')).toBe('https://elsewhere.example');
  });

  it.each<{ readonly what: string; readonly act: (response: ServerResponse) => void }>([
    { what: 'fails', act: (response) => response.destroy() },
    { what: 'is late', act: () => {} },
  ])('is answered 503 when the server $what, and reports which', async ({ act }) => {
    answer = act;
    expect((await fetch(`${gateway.url}/v1/rules/key`)).status).toBe(503);
    expect(defects).toEqual([expect.stringContaining(server.url)]);
  });

  it('gets no header of the connection of the client, nor one that the client names as such', async () => {
    const headers = {
      connection: 'close, X-Hop',
      'x-hop': '1',
      'proxy-connection': 'keep-alive',
      'x-own': '2',
    };
    const request = get(`${gateway.url}/v1/rules/key`, { headers });
    await once(request, 'response');
    expect(Object.keys(received[0]?.headers ?? {}).sort()).toEqual([
      'connection',
      'forwarded',
      'host',
      'x-own',
    ]);
  });
});

describe('a request of a proxy', () => {
  /** Sends a request, and says what the server got. */
  async function sent(sourceIp: string, path: string, host = 'api.example'): Promise<Received | undefined> {
    const proxy = { uri: `${server.url}/rules?by=gateway`, method: undefined, path: undefined };
    const request = { method: 'GET', target: path, headers: { host }, body: Buffer.alloc(0), sourceIp };
    await sendProxied(proxy, request, { timeoutMs: 5_000, payloadBytes: 1_000 });
    return received[0];
  }

  it.each([
    { sourceIp: '127.0.0.1', host: 'api.example', forwarded: 'for=127.0.0.1;host=api.example;proto=https' },
    { sourceIp: '::1', host: '127.0.0.1:4700', forwarded: 'for="[::1]";host="127.0.0.1:4700";proto=https' },
  ])('from $sourceIp to $host says so in the form of RFC 7239', async ({ sourceIp, host, forwarded }) => {
    expect((await sent(sourceIp, '/', host))?.headers).toMatchObject({ forwarded });
  });

  it.each([
    { path: '/', url: '/rules?by=gateway' },
    { path: '/?sinceTime=1', url: '/rules?by=gateway&sinceTime=1' },
    { path: '/?a=1?2', url: '/rules?by=gateway&a=1?2' },
  ])('to $path keeps the query of the address: $url', async ({ path, url }) => {
    expect(await sent('127.0.0.1', path)).toMatchObject({ url });
  });

  it('takes an answer of as many bytes as it may have', async () => {
    answer = (response) => response.end('x'.repeat(1_000));
    expect(await sent('127.0.0.1', '/')).toMatchObject({ method: 'GET' });
  });

  it('is ended at once when the answer has too many bytes', async () => {
    const closed = new Promise<void>((resolve) => {
      answer = (response) => {
        response.once('close', resolve);
        // Never ended.
        response.write('x'.repeat(1_001));
      };
    });
    await expect(sent('127.0.0.1', '/')).rejects.toThrow('1000 bytes');
    await closed;
  });
});
