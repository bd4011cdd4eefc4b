import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { routes } from '../../console/api/routes.ts';
import { type Console, type ConsoleOptions, openConsole } from '../../console/index.ts';
import { bundlePage } from '../../console/server/bundlePage.ts';
import { type ServeOptions, serveRequests } from '../../console/server/serveRequests.ts';
import { sum } from '../../lib/base/sum.ts';
import { VERSION } from '../../lib/base/version.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { listen } from '../harness/listen.ts';

/** A console of a deployment that no call of this suite reaches. */
const consoleOf = (options: Partial<ConsoleOptions>) =>
  openConsole({
    deployment: {
      config: defineConfig({
        bucket: 'sluice-experiments',
        database: 'rows',
        athena: { workgroup: 'queries' },
        allowAnyKey: true,
      }),
      stack: { service: 'sluice', stage: 'dev' },
      isLocal: false,
      aws: { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } },
    },
    notes: { read: () => undefined, write: () => undefined },
    log: () => undefined,
    port: 0,
    ...options,
  });

let open: Console;
let guarded: Console;
beforeAll(async () => {
  open = await consoleOf({ mayWrite: true, collector: 'https://collector.example' });
  guarded = await consoleOf({ token: 'the-token' });
});
afterAll(async () => {
  await open.close();
  await guarded.close();
});

/** A request to a console. */
interface Sent {
  /** Default: `/api/deployment`. */
  readonly path?: string;
  /** Request target, sent unchanged in place of a path. */
  readonly target?: string;
  /** Default: GET. */
  readonly method?: string;
  /** Headers besides those that Node sends; one of the same name is sent in its place. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The answer of a console. */
interface Received {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
}

/** Sends a request with any headers, which `fetch` does not allow. */
function send(address: string, options: Sent): Promise<Received> {
  const { path = '/api/deployment', target, method = 'GET', headers = {}, body } = options;
  return new Promise((resolve, reject) => {
    const sent = request(
      new URL(path, address),
      { method, headers, ...(target === undefined ? {} : { path: target }) },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (part: string) => {
          text += part;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

/** The status of an answer and the code of its error; undefined without one. */
const codeOf = ({ status, text }: Received): readonly [status: number, code?: string] => [
  status,
  JSON.parse(text).error?.code,
];

describe('the server of the console', () => {
  it('says which deployment it serves', async () => {
    const { status, headers, text } = await send(open.address, {});
    expect(status).toBe(200);
    expect(headers['cache-control']).toBe('no-store');
    expect(JSON.parse(text)).toEqual({
      version: VERSION,
      stage: 'dev',
      region: 'us-east-1',
      isLocal: false,
      mayWrite: true,
      bucket: 'sluice-experiments',
      database: 'rows',
      workgroup: 'queries',
      collector: 'https://collector.example',
      now: expect.stringMatching(/^20\d\d-.*Z$/),
    });
  });

  /** What a browser says of a link from another site that somebody has followed. */
  const FOLLOWED = {
    'sec-fetch-site': 'cross-site',
    'sec-fetch-mode': 'navigate',
    'sec-fetch-dest': 'document',
  };

  it.each<{ readonly what: string; readonly headers: Readonly<Record<string, string>> }>([
    { what: 'another name', headers: { host: 'evil.example' } },
    { what: 'another name with the port', headers: { host: 'evil.example:PORT' } },
    { what: 'another port', headers: { host: '127.0.0.1:1' } },
    { what: 'the port 80, which an address without one has', headers: { host: '127.0.0.1' } },
    { what: 'a name that begins like an address', headers: { host: '127.0.0.1.evil.example:PORT' } },
    { what: 'a name below localhost', headers: { host: 'a.localhost:PORT' } },
    { what: 'the origin of another site', headers: { origin: 'https://evil.example' } },
    { what: 'the origin of another local server', headers: { origin: 'http://127.0.0.1:1' } },
    {
      what: 'an origin that begins like its own',
      headers: { host: 'localhost:PORT', origin: 'http://localhost:PORT.evil.example' },
    },
    { what: 'the origin null', headers: { origin: 'null' } },
    {
      what: 'an image of another site',
      headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
    },
    { what: 'a document that another site reads', headers: { ...FOLLOWED, 'sec-fetch-mode': 'no-cors' } },
    { what: 'a frame of another site', headers: { ...FOLLOWED, 'sec-fetch-dest': 'iframe' } },
    {
      what: 'an image of another local server',
      headers: { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' },
    },
  ])('refuses $what, for the page, for reading and for writing', async ({ headers }) => {
    const { port } = new URL(open.address);
    const sent = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, value.replace('PORT', port)]),
    );
    const requests: readonly Sent[] = [
      { path: '/' },
      { path: '/docs/operate.md' },
      { path: '/api/deployment' },
      { path: '/assets/main.js' },
      { method: 'POST', path: '/api/local/flush' },
    ];
    for (const request of requests)
      expect(codeOf(await send(open.address, { ...request, headers: sent }))).toEqual([
        403,
        'SLUICE_CONSOLE_FOREIGN',
      ]);
  });

  it.each(['localhost', '127.0.0.1', '[::1]', 'LOCALHOST'])('admits %s, with its origin', async (name) => {
    const host = `${name}:${new URL(open.address).port}`;
    const headers = { host, origin: `http://${host.toLowerCase()}` };
    expect((await send(open.address, { headers })).status).toBe(200);
  });

  it.each<{ readonly what: string; readonly headers: Readonly<Record<string, string>> }>([
    { what: 'a link of another site', headers: FOLLOWED },
    // A browser says `none` of an address that somebody has typed.
    { what: 'an address that was typed', headers: { 'sec-fetch-site': 'none' } },
    { what: 'a request of the page itself', headers: { 'sec-fetch-site': 'same-origin' } },
  ])('admits $what', async ({ headers }) => {
    expect((await send(open.address, { path: '/', headers })).status).toBe(200);
  });

  it('refuses a form of another site', async () => {
    const form = { method: 'POST', path: '/api/local/flush', headers: FOLLOWED };
    expect(codeOf(await send(open.address, form))).toEqual([403, 'SLUICE_CONSOLE_FOREIGN']);
  });

  describe('of which names are allowed', () => {
    let shared: Console;
    beforeAll(async () => {
      shared = await consoleOf({ allowedHosts: ['app.test', '.shop.test'] });
    });
    afterAll(() => shared.close());

    it.each([
      { host: 'app.test', status: 200 },
      { host: 'APP.test:8443', status: 200 },
      { host: 'a.shop.test', status: 200 },
      { host: 'notapp.test', status: 403 },
      { host: 'notshop.test', status: 403 },
      { host: 'a.app.test', status: 403 },
      { host: 'a.shop.test.evil.example', status: 403 },
    ])('answers a request to $host with $status', async ({ host, status }) => {
      expect((await send(shared.address, { headers: { host } })).status).toBe(status);
    });
  });

  it('takes numbers of an address within their bounds', () => {
    const numbers = routes.flatMap(({ path, query }) =>
      Object.entries(query.shape).flatMap(([name, schema]) => {
        const isTaken = (text: string) => z.safeParse(schema, text).success;
        if (isTaken('text') || !isTaken('1')) return [];
        const isNumber = (number: number) => isTaken(String(number));
        // The bound lies between a number that is taken and the next, which is not.
        let most = 1;
        for (let step = 2 ** 20; step >= 1; step /= 2) if (isNumber(most + step)) most += step;
        return [{ path, name, usual: z.parse(schema, undefined), least: isNumber(0) ? 0 : 1, most }];
      }),
    );
    expect(numbers).toEqual([
      { path: '/api/over-time', name: 'days', usual: 1, least: 1, most: 7 },
      { path: '/api/live', name: 'last', usual: 0, least: 0, most: 1_000 },
      { path: '/api/live', name: 'waitMs', usual: 0, least: 0, most: 25_000 },
      { path: '/api/tables/days', name: 'limit', usual: 60, least: 1, most: 400 },
      { path: '/api/sql/rows', name: 'limit', usual: 100, least: 1, most: 999 },
      { path: '/api/days', name: 'days', usual: 14, least: 1, most: 92 },
      { path: '/api/drops/refused', name: 'limit', usual: 20, least: 1, most: 500 },
      { path: '/api/quarantine', name: 'hours', usual: 24, least: 1, most: 2_160 },
      { path: '/api/quarantine/rows', name: 'limit', usual: 20, least: 1, most: 500 },
    ]);
  });

  it('requires the token for every call of the API, and not in its address', async () => {
    expect(guarded.address).toMatch(/\/\?token=the-token$/);
    for (const { method, path } of routes) {
      const refusal = codeOf(await send(guarded.address, { method, path }));
      expect({ path, refusal }).toEqual({ path, refusal: [401, 'SLUICE_CONSOLE_TOKEN'] });
    }
    for (const authorization of [
      'Bearer other',
      'Basic the-token',
      'Basic Bearer the-token',
      'Bearer the-token,other',
    ])
      expect(codeOf(await send(guarded.address, { headers: { authorization } }))).toEqual([
        401,
        'SLUICE_CONSOLE_TOKEN',
      ]);
    expect(codeOf(await send(guarded.address, { path: '/api/deployment?token=the-token' }))).toEqual([
      401,
      'SLUICE_CONSOLE_TOKEN',
    ]);
    const headers = { authorization: 'Bearer the-token' };
    expect((await send(guarded.address, { headers })).status).toBe(200);
  });

  it('refuses every action when it is read-only, and those of the local cloud elsewhere', async () => {
    const headers = { authorization: 'Bearer the-token', 'content-type': 'application/json' };
    const actions = routes.filter(({ writes }) => writes);
    expect(actions).toHaveLength(6);
    for (const { method, path, localOnly } of actions) {
      const answer = await send(guarded.address, { method, path, headers, body: '{"dryRun":false}' });
      const code = localOnly ? 'SLUICE_CONSOLE_LOCAL_ONLY' : 'SLUICE_CONSOLE_READ_ONLY';
      expect({ path, refusal: codeOf(answer) }).toEqual({ path, refusal: [403, code] });
    }
  });

  it('says that its port is taken', async () => {
    const port = Number(new URL(open.address).port);
    await expect(consoleOf({ port })).rejects.toMatchObject({ code: 'SLUICE_CONSOLE_PORT_IN_USE' });
  });

  describe('in which something unexpected happens', () => {
    const server = createServer();
    const logged: string[] = [];
    /** The address of the server. */
    let address: string;
    /** What a call of the API does. */
    let openRequest: ServeOptions['openRequest'];
    beforeAll(async () => {
      address = await listen(server);
      const rules = { port: Number(new URL(address).port), token: undefined, allowedHosts: [] };
      const log = (text: string) => void logged.push(text);
      server.on(
        'request',
        serveRequests({ target: [], rules, log, openRequest: (signal) => openRequest(signal) }),
      );
    });
    beforeEach(() => {
      logged.length = 0;
    });
    afterAll(() => {
      server.close();
    });

    it('answers a defect with its name, and logs its stack', async () => {
      openRequest = () => Promise.reject(new TypeError('x is not a function'));
      const answered = await send(address, {});
      expect(codeOf(answered)).toEqual([500, 'SLUICE_CONSOLE_DEFECT']);
      expect(answered.text).not.toContain('    at ');
      expect(logged).toEqual([
        expect.stringMatching(/^GET \/api\/deployment: TypeError: x is not a function\n {4}at [\s\S]*\n$/),
      ]);
    });

    it('logs nothing of a call that its caller has left', async () => {
      const opened = Promise.withResolvers<AbortSignal>();
      openRequest = (signal) => {
        opened.resolve(signal);
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      };
      const caller = new AbortController();
      const call = fetch(new URL('/api/deployment', address), { signal: caller.signal });
      const signal = await opened.promise;
      caller.abort();
      await expect(call).rejects.toThrow();
      if (!signal.aborted) await once(signal, 'abort');
      // What the call logs it has logged before the next one is answered.
      openRequest = () => Promise.reject(new TypeError('x is not a function'));
      await send(address, {});
      expect(logged).toHaveLength(1);
    });
  });

  // What a form of another site can send.
  it.each([
    'text/plain',
    'text/plain; charset=application/json',
    'multipart/form-data',
    'application/x-www-form-urlencoded',
  ])('refuses a body that is %s', async (type) => {
    const headers = { 'content-type': type };
    const sent = { method: 'POST', path: '/api/sql/start', headers, body: '{"sql":"SELECT 1"}' };
    const answered = await send(open.address, sent);
    expect(codeOf(answered)).toEqual([400, 'SLUICE_CONSOLE_REQUEST']);
    expect(answered.text).toContain('content-type');
  });

  it.each<{ readonly what: string; readonly headers: Readonly<Record<string, string>> }>([
    { what: 'more than 1 MiB', headers: { 'content-length': '1048577' } },
    { what: 'a length that is not said', headers: { 'transfer-encoding': 'chunked' } },
  ])('refuses a body of $what', async ({ headers }) => {
    const { status, text } = await send(open.address, {
      method: 'POST',
      path: '/api/sql/start',
      headers: { 'content-type': 'application/json', ...headers },
      body: '"'.padEnd(1_048_577, 'x'),
    });
    expect(status).toBe(400);
    expect(text).toContain('1048576 bytes');
  });

  it('reads a body of 1 MiB', async () => {
    const headers = { 'content-type': 'application/json', 'content-length': '1048576' };
    const sent = { method: 'POST', path: '/api/sql/start', headers, body: '"'.padEnd(1_048_576, 'x') };
    expect((await send(open.address, sent)).text).toContain('The body is not JSON.');
  });

  it('compresses the page, and does not send it again', async () => {
    const path = '/assets/main.js';
    const { headers } = await send(open.address, { path, headers: { 'accept-encoding': 'gzip' } });
    expect(headers).toMatchObject({
      'content-encoding': 'gzip',
      'content-type': expect.stringContaining('javascript'),
    });
    const again = { 'accept-encoding': 'gzip', 'if-none-match': String(headers['etag']) };
    expect(await send(open.address, { path, headers: again })).toMatchObject({ status: 304, text: '' });
  });

  it.each<{ readonly what: string; readonly sent: Sent }>([
    { what: 'another path', sent: { path: '/api/nothing' } },
    { what: 'a path above its own', sent: { path: '/../package.json' } },
    { what: 'a path out of docs/', sent: { path: '/docs/..%2fpackage.json' } },
    { what: 'a page out of docs/', sent: { path: '/docs/..%2fREADME.md' } },
    { what: 'a page that docs/ lacks', sent: { path: '/docs/none.md' } },
    { what: 'another method', sent: { method: 'DELETE' } },
    // Read as an address, it has a port that does not exist.
    { what: 'a path that reads as an address', sent: { target: '//console:99999/' } },
  ])('does not know $what', async ({ sent }) => {
    expect(codeOf(await send(open.address, sent))).toEqual([404, 'SLUICE_CONSOLE_UNKNOWN']);
  });

  it.each([
    '/api/deployment?other=1',
    '/api/days?until=0000-01-02',
    '/api/trace?id=ada&since=0000-01-01',
    '/api/quarantine/rows?from=0000-01-01T00:00:00Z&to=2026-11-20T00:00:00Z',
  ])('refuses a parameter that it does not take: %s', async (path) => {
    expect(codeOf(await send(open.address, { path }))).toEqual([400, 'SLUICE_CONSOLE_REQUEST']);
  });

  it('takes the longest cursor of Live with the headers of a browser, and refuses a longer one by name', async () => {
    const path = `/api/live?after=${'a'.repeat(8_000)}`;
    const headers = { cookie: 'c'.repeat(4_096), 'user-agent': 'u'.repeat(2_000) };
    expect(codeOf(await send(open.address, { path, headers }))).toEqual([
      400,
      'SLUICE_OBSERVE_CURSOR_UNKNOWN',
    ]);
    expect(codeOf(await send(open.address, { path: `${path}a`, headers }))).toEqual([
      400,
      'SLUICE_CONSOLE_REQUEST',
    ]);
  });

  it('serves a page that loads nothing from elsewhere and runs no script but its own', async () => {
    const { headers, text } = await send(open.address, { path: '/' });
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(text).not.toMatch(/https?:\/\//);
  });

  it('has a page of docs/ as text', async () => {
    const { status, headers, text } = await send(open.address, { path: '/docs/operate.md' });
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(text).toMatch(/^# /);
  });

  it('has a page of 70 KB at most, compressed', async () => {
    const assets = await bundlePage();
    expect([...assets.keys()].sort()).toEqual(['index.html', 'main.css', 'main.js']);
    const bytes = sum([...assets.values()].map(({ contents }) => gzipSync(contents).length));
    expect(bytes).toBeLessThanOrEqual(70_000);
  });
});
