import { createHash } from 'node:crypto';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { readSender } from '../../../functions/pass-through/sendRead.ts';
import { systemClock } from '../../../lib/base/time.ts';
import { AnswerCache } from '../../../lib/passthrough/AnswerCache.ts';
import { MOST_ANSWER_BYTES, type PassThrough, passThrough } from '../../../lib/passthrough/passThrough.ts';
import { KeyCache } from '../../../lib/wire/keys/KeyCache.ts';
import { KeyGate } from '../../../lib/wire/keys/KeyGate.ts';
import type { HttpRequest } from '../../../lib/wire/sdkRequest.ts';
import { startUpstream, type Upstream } from './startUpstream.ts';

const SECRET = 'secret-of-the-server-0123';
const OTHER = 'secret-other-0123456789';
const CLIENT = 'client-of-the-page-0123';
const DROPS = 'secret-that-starts-ingests';
const sha256 = (key: string) => createHash('sha256').update(key).digest('hex');
const keyOf = (label: string, key: string, kinds: ('exposures' | 'events')[] = ['events']) => ({
  ...{ label, sha256: sha256(key), kinds },
});

const KEYS = [
  keyOf('server', SECRET),
  keyOf('other', OTHER),
  keyOf('page', CLIENT),
  keyOf('drops', DROPS, []),
];

let upstream: Upstream;
let logged: Record<string, unknown>[];
let now = Date.UTC(2026, 10, 20);
const clock = { now: () => now };

const json =
  (body: unknown): Upstream['answer'] =>
  (_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(body));
  };

beforeAll(async () => {
  upstream = await startUpstream(json({ feature_gates: [] }));
});
afterEach(() => {
  upstream.requests.length = 0;
  upstream.answer = json({ feature_gates: [] });
});
afterAll(() => upstream.close());

function makePorts(
  options: { cacheSeconds?: number; base?: string; configured?: typeof KEYS } = {},
): PassThrough {
  logged = [];
  const log = (fields: Record<string, unknown>) => void logged.push(fields);
  const base = options.base ?? upstream.url;
  return {
    hosts: { cdn: `${base}/cdn`, api: `${base}/api` },
    keys: new KeyGate({
      configured: options.configured ?? KEYS,
      cache: new KeyCache({ read: async () => '{"keys":[]}', clock, random: () => 0.5, log }),
      allowAnyKey: false,
      limit: { perSecond: 1_000, burst: 1_000 },
      clock,
    }),
    cache: new AnswerCache(options.cacheSeconds ?? 0, clock),
    send: readSender(systemClock),
    clock,
    log,
  };
}

interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
  readonly sourceIp?: string;
}

function httpRequest({ method = 'GET', path, query = '', headers = {}, body, sourceIp }: Sent): HttpRequest {
  return {
    rawPath: path,
    rawQueryString: query,
    headers: { ...headers },
    ...(body === undefined ? {} : { body: Buffer.from(body).toString('base64') }),
    isBase64Encoded: body !== undefined,
    requestContext: { http: { method, ...(sourceIp === undefined ? {} : { sourceIp }) } },
  };
}

async function read(sent: Sent, ports = makePorts(), withinMs = 5_000) {
  const answer = await passThrough(httpRequest(sent), ports, systemClock.now() + withinMs);
  const text = Buffer.from(answer.body).toString('utf8');
  const code = /"code":"(SLUICE_\w+)"/.exec(text)?.[1];
  return { ...answer, text, code };
}

const specs: Sent = { path: `/v2/download_config_specs/${SECRET}.json` };
const initialize: Sent = {
  ...{ method: 'POST', path: '/v1/initialize', query: `k=${CLIENT}&st=javascript-client&se=1` },
  body: '==QfiAjIgojI',
};

describe('reads that are passed on', () => {
  it.each<[string, Sent, string]>([
    ['rules by GET', specs, `/cdn${specs.path}`],
    [
      'rules of an older server SDK',
      { path: `/v1/download_config_specs/${SECRET}.json`, query: 'sinceTime=17' },
      `/cdn/v1/download_config_specs/${SECRET}.json?sinceTime=17`,
    ],
    [
      'rules of a browser',
      { path: '/v1/download_config_specs', query: `k=${CLIENT}&st=js` },
      `/cdn/v1/download_config_specs?k=${CLIENT}&st=js`,
    ],
    [
      'rules by POST',
      {
        method: 'POST',
        path: '/v1/download_config_specs',
        headers: { 'statsig-api-key': SECRET },
        body: '{}',
      },
      '/api/v1/download_config_specs',
    ],
    [
      'ID lists',
      { method: 'POST', path: '/v1/get_id_lists', headers: { 'statsig-api-key': SECRET }, body: '{}' },
      '/api/v1/get_id_lists',
    ],
    ['ID lists by GET', { path: `/v1/get_id_lists/${SECRET}.json` }, `/cdn/v1/get_id_lists/${SECRET}.json`],
    [
      'a part of an ID list',
      {
        path: '/v1/download_id_list_file/3wHgh0',
        query: 'range=10-',
        headers: { 'statsig-api-key': SECRET },
      },
      '/cdn/v1/download_id_list_file/3wHgh0?range=10-',
    ],
    ['values of a client', initialize, `/api/v1/initialize?${initialize.query}`],
    ...['check_gate', 'get_config', 'get_layer', 'get_ranked_list'].map((name): [string, Sent, string] => [
      `${name} of the HTTP API`,
      { method: 'POST', path: `/v1/${name}`, headers: { 'statsig-api-key': SECRET }, body: '{"user":{}}' },
      `/api/v1/${name}`,
    ]),
  ])('are %s', async (_, sent, target) => {
    const { status, text } = await read(sent);
    expect([status, text]).toEqual([200, '{"feature_gates":[]}']);
    expect(upstream.requests).toMatchObject([{ method: sent.method ?? 'GET', target }]);
    expect(upstream.requests[0]?.body).toEqual(Buffer.from(sent.body ?? ''));
  });

  it('carry the SDK’s headers and the caller’s address, and nothing else', async () => {
    const headers = {
      'statsig-api-key': CLIENT,
      'statsig-sdk-type': 'dart-client',
      'statsig-client-time': '1795158434657',
      'content-type': 'application/json',
      'content-encoding': 'gzip',
      'user-agent': 'Dart/3.5',
      'accept-encoding': 'gzip',
      ...{ cookie: 'session=1', authorization: 'Bearer x', host: 'collector.example', via: '1.1 x' },
      ...{ 'x-amzn-trace-id': 'Root=1', 'x-forwarded-host': 'evil.example', connection: 'upgrade' },
      ...{ 'transfer-encoding': 'chunked', 'content-length': '999', 'x-http-method-override': 'DELETE' },
    };
    const body = gzipSync('{"user":{}}');
    await read({ ...initialize, query: '', headers, body, sourceIp: '203.0.113.7' });
    const { host, connection, ...got } = upstream.requests[0]?.headers ?? {};
    expect(got).toEqual({
      'statsig-api-key': CLIENT,
      'statsig-sdk-type': 'dart-client',
      'statsig-client-time': '1795158434657',
      'content-type': 'application/json',
      'content-encoding': 'gzip',
      'user-agent': 'Dart/3.5',
      'accept-encoding': 'gzip',
      'x-forwarded-for': '203.0.113.7',
      'content-length': String(body.length),
    });
    expect(`http://${host}`).toBe(upstream.url);
    expect(connection).not.toBe('upgrade');
    expect(upstream.requests[0]?.body).toEqual(body);
  });

  it('return a compressed body as it came, with the headers that SDKs read and no others', async () => {
    const packed = gzipSync(JSON.stringify({ big: 'x'.repeat(10_000) }));
    upstream.answer = (_, response) => {
      response.writeHead(200, {
        ...{ 'content-type': 'application/octet-stream', 'content-encoding': 'statsig-br' },
        ...{
          'x-since-time': '1795158434657',
          etag: '"1"',
          'set-cookie': 'a=b',
          location: 'https://evil.example',
        },
        ...{ 'access-control-allow-origin': '*', 'strict-transport-security': 'max-age=1' },
      });
      response.end(packed);
    };
    const { status, headers, body } = await read(specs);
    expect(status).toBe(200);
    expect(Buffer.from(body)).toEqual(packed);
    expect(headers).toEqual({
      'content-type': 'application/octet-stream',
      'content-encoding': 'statsig-br',
      'x-since-time': '1795158434657',
      etag: '"1"',
      'x-content-type-options': 'nosniff',
    });
  });

  it.each([
    ['if-none-match', '"1"'],
    ['if-modified-since', 'Fri, 20 Nov 2026 00:00:00 GMT'],
    ['x-since-time', '1795158434657'],
  ])('ask by %s whether there is anything new, and return that there is not', async (name, value) => {
    upstream.answer = ({ headers }, response) => {
      if (headers[name] !== value) return json({ feature_gates: [] })({} as never, response);
      response.writeHead(304, { etag: '"1"', 'x-since-time': '17' }).end();
    };
    const ports = makePorts({ cacheSeconds: 5 });
    for (let i = 0; i < 2; i += 1) {
      const { status, headers, body } = await read({ ...specs, headers: { [name]: value } }, ports);
      expect([status, headers, body.length]).toEqual([
        304,
        { etag: '"1"', 'x-since-time': '17', 'x-content-type-options': 'nosniff' },
        0,
      ]);
    }
    expect((await read(specs, ports)).status).toBe(200);
    expect(upstream.requests).toHaveLength(2);
  });

  it('ask for compressed answers, and inflate them for callers who take none', async () => {
    const text = JSON.stringify({ big: 'x'.repeat(10_000) });
    const packed = gzipSync(text);
    upstream.answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
      response.end(packed);
    };
    const ask = async (accepted: string | undefined, ports = makePorts()) => {
      const headers: Record<string, string> = accepted === undefined ? {} : { 'accept-encoding': accepted };
      const answer = await read({ ...specs, headers }, ports);
      const asked = upstream.requests.at(-1)?.headers['accept-encoding'];
      return [asked, answer.headers['content-encoding'], answer.body.length];
    };
    for (const accepted of ['gzip', 'GZIP, br', 'br, gzip;q=0.5', '*'])
      expect(await ask(accepted)).toEqual([accepted, 'gzip', packed.length]);
    for (const [accepted, asked] of [
      [undefined, 'gzip'],
      ['identity', 'gzip'],
      ['identity;q=1, *;q=0', 'gzip'],
      ['gzip;q=0', 'gzip'],
      ['br', 'br, gzip'],
    ])
      expect(await ask(accepted)).toEqual([asked, undefined, text.length]);
    // Both have one entry of the cache, which is compressed.
    const ports = makePorts({ cacheSeconds: 5 });
    const before = upstream.requests.length;
    expect(await ask('gzip', ports)).toEqual(['gzip', 'gzip', packed.length]);
    expect(await ask(undefined, ports)).toEqual(['gzip', undefined, text.length]);
    expect(upstream.requests.length - before).toBe(1);
  });

  it('ask for a range in the coding of the caller', async () => {
    const part = {
      path: '/v1/download_id_list_file/a',
      headers: { 'statsig-api-key': SECRET, range: 'bytes=9-' },
    };
    await read(part);
    await read({ ...part, headers: { ...part.headers, 'accept-encoding': 'br' } });
    const asked = upstream.requests.map(({ headers }) => [headers.range, headers['accept-encoding']]);
    expect(asked).toEqual([
      ['bytes=9-', 'identity'],
      ['bytes=9-', 'br'],
    ]);
  });

  it('are answered at any time before the deadline, whatever a kept connection’s server says of its own', async () => {
    const slow =
      (ms: number): Upstream['answer'] =>
      (recorded, response) => {
        response.setHeader('keep-alive', 'timeout=2');
        setTimeout(() => json({})(recorded, response), ms);
      };
    const ports = makePorts();
    upstream.answer = slow(0);
    await read(specs, ports, 8_000);
    upstream.answer = slow(5_200);
    expect((await read(specs, ports, 8_000)).status).toBe(200);
  }, 20_000);

  it.each<[string, (socket: Socket) => void]>([
    ['gone', (socket) => socket.resetAndDestroy()],
    ['timed out', (socket) => socket.end('HTTP/1.1 408 Request Timeout\r\nconnection: close\r\n\r\n')],
  ])('are sent once more when the connections that were kept are %s', async (_, leave) => {
    const requests = new Map<Socket, number>();
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', () => {
        requests.set(socket, (requests.get(socket) ?? 0) + 1);
        // As after a freeze: the next request on a kept connection fails.
        if (requests.get(socket) !== 1) leave(socket);
        else if (requests.size !== 2) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}');
        else for (const one of requests.keys()) one.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const ports = makePorts({ base: `http://127.0.0.1:${port}` });
      const both = await Promise.all([read(specs, ports), read(initialize, ports)]);
      expect(both.map(({ status }) => status)).toEqual([200, 200]);
      expect((await read(initialize, ports)).status).toBe(200);
    } finally {
      server.close();
    }
  });

  it.each([204, 401, 404, 429, 500])('return the status %d of Statsig', async (status) => {
    upstream.answer = (_, response) => {
      response.writeHead(status, { 'retry-after': '30' });
      response.end(status === 204 ? undefined : 'no');
    };
    const answer = await read(specs);
    expect([answer.status, answer.headers['retry-after']]).toEqual([status, '30']);
  });
});

describe("a path of one's own", () => {
  const below = (sent: Sent, path: string) => ({ ...sent, path: `${path}${sent.path}` });

  it('has every read below it, and is not passed on; the usual paths stay', async () => {
    const ports = { ...makePorts(), path: '/sluice' };
    for (const sent of [specs, initialize, below(specs, '/sluice'), below(initialize, '/sluice')])
      expect((await read(sent, ports)).status).toBe(200);
    const targets = upstream.requests.map(({ target }) => target.replace(/\?.*/, ''));
    expect(targets.slice(2)).toEqual(targets.slice(0, 2));
  });

  it('is the configured one alone', async () => {
    const ports = { ...makePorts(), path: '/sluice' };
    const codes = [
      await read(below(specs, '/sluice')),
      await read(below(specs, '/other'), ports),
      await read(below(specs, '/sluice/sluice'), ports),
      await read(below(specs, '/sluicer'), ports),
    ].map(({ code }) => code);
    expect(codes).toEqual(Array(4).fill('SLUICE_PASS_THROUGH_NOT_READ'));
  });
});

describe('requests that are refused', () => {
  it.each<[string, Sent, number, string]>([
    ['a method that no SDK reads with', { ...specs, method: 'DELETE' }, 405, 'SLUICE_PASS_THROUGH_NOT_READ'],
    ['another path', { ...specs, path: '/v1/other' }, 405, 'SLUICE_PASS_THROUGH_NOT_READ'],
    [
      'a path above',
      { ...specs, path: `/v1/download_config_specs/..%2f${SECRET}` },
      405,
      'SLUICE_PASS_THROUGH_NOT_READ',
    ],
    ['the folder above', { path: '/v1/download_id_list_file/..' }, 405, 'SLUICE_PASS_THROUGH_NOT_READ'],
    [
      'a second path',
      { path: `/v1/download_config_specs/${SECRET}.json/x` },
      405,
      'SLUICE_PASS_THROUGH_NOT_READ',
    ],
    [
      'another host',
      { path: `/v1/download_config_specs/@evil.example` },
      405,
      'SLUICE_PASS_THROUGH_NOT_READ',
    ],
    ['no key', { path: '/v1/download_config_specs' }, 401, 'SLUICE_KEY_MISSING'],
    ['an unknown key', { path: '/v1/download_config_specs/secret-unknown.json' }, 401, 'SLUICE_KEY_UNKNOWN'],
    [
      'a key that only starts ingests',
      { path: `/v2/download_config_specs/${DROPS}.json` },
      401,
      'SLUICE_KEY_NOT_FOR_EVENTS',
    ],
    [
      'two keys in its query',
      { ...initialize, query: `k=${CLIENT}&k=client-other` },
      400,
      'SLUICE_PASS_THROUGH_KEYS_DIFFER',
    ],
    ['two keys', { ...specs, headers: { 'statsig-api-key': OTHER } }, 400, 'SLUICE_PASS_THROUGH_KEYS_DIFFER'],
    ['a query that is none', { ...specs, query: 'a=b c' }, 400, 'SLUICE_PASS_THROUGH_REQUEST_INVALID'],
    ['a very long query', { ...specs, query: 'x'.repeat(9_000) }, 400, 'SLUICE_PASS_THROUGH_REQUEST_INVALID'],
    [
      'a large body',
      { ...initialize, body: Buffer.alloc(1_100_000) },
      413,
      'SLUICE_PASS_THROUGH_REQUEST_TOO_LARGE',
    ],
  ])('are those with %s', async (_, sent, status, code) => {
    const answer = await read(sent);
    expect([answer.status, answer.code, upstream.requests]).toEqual([status, code, []]);
    expect(JSON.parse(answer.text).cure).toMatch(/\w+/);
  });

  it('never name a key, a path or a query in a log', async () => {
    const ports = makePorts();
    const lines = logged;
    for (const sent of [specs, { ...specs, method: 'PUT' }, initialize]) await read(sent, ports);
    await read({ path: '/v1/download_config_specs/secret-unknown.json' }, ports);
    await read(specs, { ...ports, hosts: { cdn: 'http://127.0.0.1:1', api: 'http://127.0.0.1:1' } });
    expect(lines).toHaveLength(5);
    expect(JSON.stringify(lines)).not.toMatch(/secret-|client-of|\/v[12]\/|=/);
  });
});

describe('the cache', () => {
  it('answers the same request for the configured seconds, by key, path, query and body', async () => {
    const ports = makePorts({ cacheSeconds: 5 });
    const post = (body: string, query = initialize.query): Sent => ({
      ...initialize,
      query: query ?? '',
      body,
    });
    for (const sent of [specs, specs, post('a'), post('a'), post('b'), post('a', `k=${CLIENT}&t=2`)])
      expect((await read(sent, ports)).status).toBe(200);
    await read({ path: `/v2/download_config_specs/${OTHER}.json` }, ports);
    expect(upstream.requests).toHaveLength(5);
    now += 4_999;
    await read(specs, ports);
    expect(upstream.requests).toHaveLength(5);
    now += 1;
    await read(specs, ports);
    expect(upstream.requests).toHaveLength(6);
  });

  it('keeps values of one caller from another, and forms that an SDK does not read', async () => {
    const ports = makePorts({ cacheSeconds: 5 });
    const calls: Sent[] = [
      { ...initialize, sourceIp: '203.0.113.7' },
      { ...initialize, sourceIp: '203.0.113.8' },
      { ...initialize, sourceIp: '203.0.113.8', headers: { 'user-agent': 'Firefox' } },
      { ...specs, headers: { 'accept-encoding': 'gzip' } },
      { ...specs, headers: { 'accept-encoding': 'gzip, br' } },
      { ...specs, headers: { 'accept-encoding': 'gzip', 'statsig-supports-proto': 'true' } },
    ];
    for (const sent of calls) await read(sent, ports);
    expect(upstream.requests).toHaveLength(6);
    // Rules are the same for all callers.
    await read({ ...specs, headers: { 'accept-encoding': 'gzip' }, sourceIp: '203.0.113.9' }, ports);
    expect(upstream.requests).toHaveLength(6);
  });

  it('keeps no error, no part of a list and no read that logs an exposure', async () => {
    const ports = makePorts({ cacheSeconds: 5 });
    const gate = {
      method: 'POST',
      path: '/v1/check_gate',
      headers: { 'statsig-api-key': SECRET },
      body: '{}',
    };
    const part = { path: '/v1/download_id_list_file/a', headers: { 'statsig-api-key': SECRET } };
    for (const sent of [gate, gate, part, part]) await read(sent, ports);
    expect(upstream.requests).toHaveLength(4);
    upstream.answer = (_, response) => void response.writeHead(500).end();
    expect((await read(specs, ports)).status).toBe(500);
    upstream.answer = json({});
    expect((await read(specs, ports)).status).toBe(200);
  });

  it('admits the key of each request before it answers', async () => {
    const ports = makePorts({ cacheSeconds: 5 });
    await read(specs, ports);
    const { keys } = makePorts({ configured: [] });
    const answer = await read(specs, { ...ports, keys });
    expect([answer.status, answer.code]).toEqual([401, 'SLUICE_KEY_UNKNOWN']);
  });

  it('forgets the least recently asked answers beyond 32 MiB', async () => {
    const ports = makePorts({ cacheSeconds: 5 });
    upstream.answer = (_, response) => response.end(Buffer.alloc(4_500_000));
    const ask = (i: number) => read({ ...specs, query: `sinceTime=${i}` }, ports);
    for (let i = 0; i < 7; i += 1) await ask(i);
    await ask(0);
    await ask(7);
    expect(upstream.requests).toHaveLength(8);
    await ask(0);
    expect(upstream.requests).toHaveLength(8);
    await ask(1);
    expect(upstream.requests).toHaveLength(9);
  });
});

it('keeps a bounded number of answers, even if they are empty', () => {
  const cache = new AnswerCache(5, { now: () => 1_000 });
  const answer = { status: 200, headers: {}, body: Buffer.alloc(0) };
  for (let i = 0; i < 20_000; i += 1) cache.set(`key ${i}`, answer);
  expect(cache.get('key 0')).toBeUndefined();
  expect(cache.get('key 19999')).toEqual(answer);
});

describe('hostile and broken answers', () => {
  it.each([301, 302, 303, 304, 307, 308])('follows no redirect %d', async (status) => {
    for (const location of [`${upstream.url}/inside`, 'http://169.254.169.254/latest/meta-data/']) {
      upstream.answer = (_, response) => void response.writeHead(status, { location }).end();
      const answer = await read(specs);
      expect([answer.status, answer.code]).toEqual([503, 'SLUICE_PASS_THROUGH_REDIRECTED']);
      expect(answer.headers['location']).toBeUndefined();
    }
    expect(upstream.requests).toHaveLength(2);
  });

  it.each([
    ['says its length', true],
    ['says no length', false],
  ])('refuses an answer beyond Lambda’s limit that %s, and takes the largest below', async (_, says) => {
    const answerOf =
      (bytes: number): Upstream['answer'] =>
      (_recorded, response) => {
        if (says) response.setHeader('content-length', bytes);
        response.write(Buffer.alloc(bytes - 1));
        response.end('x');
      };
    upstream.answer = answerOf(MOST_ANSWER_BYTES);
    const largest = await read(specs);
    expect([largest.status, largest.body.length]).toEqual([200, MOST_ANSWER_BYTES]);
    // Lambda counts the JSON around the body.
    const payload = { statusCode: 200, headers: largest.headers, isBase64Encoded: true };
    const size = JSON.stringify({ ...payload, body: Buffer.from(largest.body).toString('base64') }).length;
    expect(size).toBeLessThanOrEqual(6 * 1024 * 1024);
    upstream.answer = answerOf(MOST_ANSWER_BYTES + 1);
    const refused = await read(specs);
    expect([refused.status, refused.code]).toEqual([413, 'SLUICE_PASS_THROUGH_ANSWER_TOO_LARGE']);
  });

  it('refuses what is no gzip, or more than Lambda takes, for a caller who takes no gzip', async () => {
    const answerOf =
      (body: Buffer): Upstream['answer'] =>
      (_, response) => {
        response.setHeader('content-encoding', 'gzip');
        response.end(body);
      };
    upstream.answer = answerOf(Buffer.from('no gzip'));
    expect(await read(specs)).toMatchObject({ status: 503, code: 'SLUICE_PASS_THROUGH_UNREACHABLE' });
    upstream.answer = answerOf(gzipSync(Buffer.alloc(MOST_ANSWER_BYTES + 1)));
    expect(await read(specs)).toMatchObject({ status: 413, code: 'SLUICE_PASS_THROUGH_ANSWER_TOO_LARGE' });
    expect((await read({ ...specs, headers: { 'accept-encoding': 'gzip' } })).status).toBe(200);
  });

  it('answers a page of another site as bytes that no browser shows', async () => {
    upstream.answer = (_, response) => {
      response.setHeader('content-type', 'text/html');
      response.end('<script>alert(1)</script>');
    };
    const { headers } = await read(specs);
    expect(headers).toEqual({
      'content-type': 'application/octet-stream',
      'x-content-type-options': 'nosniff',
    });
  });

  it('waits for no answer longer than its deadline, however it drips', async () => {
    upstream.answer = (_, response) => {
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
    };
    const begun = Date.now();
    const answer = await read(specs, makePorts(), 300);
    expect([answer.status, answer.code]).toEqual([503, 'SLUICE_PASS_THROUGH_UNREACHABLE']);
    expect(Date.now() - begun).toBeLessThan(2_000);
    expect(logged[0]).toMatchObject({ detail: 'It took too long.' });
  });

  it.each<[string, (socket: Socket) => void]>([
    ['resets', (socket) => socket.resetAndDestroy()],
    ['ends without an answer', (socket) => socket.end()],
    ['ends within the body', (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf')],
    [
      'switches to another protocol',
      (socket) =>
        socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: x\r\n\r\n'),
    ],
    ['answers no HTTP', (socket) => socket.end('SSH-2.0-OpenSSH_9\r\n')],
    [
      'answers endless headers',
      (socket) => socket.end(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`),
    ],
  ])('answers 503 when the server %s', async (_, act) => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => act(socket));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const answer = await read(specs, makePorts({ base: `http://127.0.0.1:${port}` }));
      expect([answer.status, answer.code]).toEqual([503, 'SLUICE_PASS_THROUGH_UNREACHABLE']);
      expect(logged[0]?.['detail']).toMatch(/^[A-Z_]+\.$/);
    } finally {
      server.close();
    }
  });
});
