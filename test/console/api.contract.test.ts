import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { MOST_CURSOR } from '../../console/api/live.ts';
import { routes } from '../../console/api/routes.ts';
import { type ConsoleOptions, openConsole } from '../../console/index.ts';
import { bundlePage } from '../../console/server/bundlePage.ts';
import { serveRequests } from '../../console/server/serveRequests.ts';
import { sum } from '../../lib/base/sum.ts';
import { VERSION } from '../../lib/base/version.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';

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
    port: 0,
    ...options,
  });

const open = await consoleOf({ mayWrite: true, collector: 'https://collector.example' });
const guarded = await consoleOf({ token: 'the-token' });
afterAll(async () => {
  await open.close();
  await guarded.close();
});

/** Sends a request with any headers, which `fetch` does not allow. */
function send(
  address: string,
  options: {
    readonly path?: string;
    /** Request target, sent unchanged in place of a path. */
    readonly target?: string;
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
  },
): Promise<{
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
}> {
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

const codeOf = ({ status, text }: { readonly status: number; readonly text: string }) => [
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

  it.each([
    ['another name', { host: 'evil.example' }],
    ['another name with the port', { host: 'evil.example:PORT' }],
    ['another port', { host: '127.0.0.1:1' }],
    ['a name that begins like an address', { host: '127.0.0.1.evil.example:PORT' }],
    ['a name below localhost', { host: 'a.localhost:PORT' }],
    ['the origin of another site', { origin: 'https://evil.example' }],
    ['the origin of another local server', { origin: 'http://127.0.0.1:1' }],
    ['the origin null', { origin: 'null' }],
    ['an image of another site', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }],
    [
      'a frame of another site',
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
    ],
    ['an image of another local server', { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' }],
  ])('refuses %s, for the page, for reading and for writing', async (_, headers: Record<string, string>) => {
    const { port } = new URL(open.address);
    const sent = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, value.replace('PORT', port)]),
    );
    for (const [method, path] of [
      ['GET', '/'],
      ['GET', '/docs/operate.md'],
      ['GET', '/api/deployment'],
      ['GET', '/assets/main.js'],
      ['POST', '/api/local/flush'],
    ] as const)
      expect(codeOf(await send(open.address, { method, path, headers: sent }))).toEqual([
        403,
        'SLUICE_CONSOLE_FOREIGN',
      ]);
  });

  it('admits loopback by each name, a link from another site, and an address that was typed', async () => {
    const { port } = new URL(open.address);
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, `LOCALHOST:${port}`])
      expect(
        (await send(open.address, { headers: { host, origin: `http://${host.toLowerCase()}` } })).status,
      ).toBe(200);
    const followed = {
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    };
    // A browser says `none` of an address that somebody has typed.
    for (const headers of [followed, { 'sec-fetch-site': 'none' }, { 'sec-fetch-site': 'same-origin' }])
      expect((await send(open.address, { path: '/', headers })).status).toBe(200);
    // A form that another site sends is no link.
    const form = { method: 'POST', path: '/api/local/flush', headers: followed };
    expect(codeOf(await send(open.address, form))).toEqual([403, 'SLUICE_CONSOLE_FOREIGN']);
  });

  it('admits the names that it is given, and names below one that begins with a dot', async () => {
    const shared = await consoleOf({ allowedHosts: ['app.test', '.shop.test'] });
    const statuses: Record<string, number> = {};
    for (const host of [
      'app.test',
      'APP.test:8443',
      'a.shop.test',
      'notapp.test',
      'notshop.test',
      'a.app.test',
    ])
      statuses[host] = (await send(shared.address, { headers: { host } })).status;
    await shared.close();
    expect(statuses).toEqual({
      'app.test': 200,
      'APP.test:8443': 200,
      'a.shop.test': 200,
      'notapp.test': 403,
      'notshop.test': 403,
      'a.app.test': 403,
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
    for (const headers of [{ authorization: 'Bearer other' }, { authorization: 'Basic the-token' }])
      expect(codeOf(await send(guarded.address, { headers }))).toEqual([401, 'SLUICE_CONSOLE_TOKEN']);
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
    expect(actions.length).toBeGreaterThan(3);
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

  it('answers a defect with its name', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const openRequest = () => Promise.reject(new TypeError('x is not a function'));
    server.on(
      'request',
      serveRequests({ target: [], rules: { port, token: undefined, allowedHosts: [] }, openRequest }),
    );
    const answered = await send(`http://127.0.0.1:${port}/`, {}).finally(() => server.close());
    expect(codeOf(answered)).toEqual([500, 'SLUICE_CONSOLE_DEFECT']);
  });

  it('takes JSON alone, which no form of another site can send', async () => {
    for (const type of ['text/plain', 'multipart/form-data', 'application/x-www-form-urlencoded']) {
      const headers = { 'content-type': type };
      const sent = { method: 'POST', path: '/api/sql/start', headers, body: '{}' };
      expect(codeOf(await send(open.address, sent))).toEqual([400, 'SLUICE_CONSOLE_REQUEST']);
    }
  });

  it.each([{ 'content-length': '1048577' }, { 'transfer-encoding': 'chunked' }])(
    'refuses a body of more than 1 MiB, or of a length that is not said: %j',
    async (length) => {
      const headers = { 'content-type': 'application/json', ...length } as Record<string, string>;
      const body = '"'.padEnd(1_048_577, 'x');
      const { status, text } = await send(open.address, {
        method: 'POST',
        path: '/api/sql/start',
        headers,
        body,
      });
      expect(status).toBe(400);
      expect(text).toContain('1048576 bytes');
    },
  );

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

  it.each([
    { path: '/api/nothing' },
    { path: '/../package.json' },
    { path: '/docs/..%2fpackage.json' },
    { path: '/docs/none.md' },
    { method: 'DELETE' },
    // Read as an address, it has a port that does not exist.
    { target: '//console:99999/' },
  ])('does not know %j', async (sent) => {
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
    const path = `/api/live?after=${'a'.repeat(MOST_CURSOR)}`;
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
