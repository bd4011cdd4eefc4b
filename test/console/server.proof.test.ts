import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { routes } from '../../console/api/routes.ts';
import type { Console } from '../../console/index.ts';
import { bundlePage } from '../../console/server/bundlePage.ts';
import { startObserved } from '../observe/startObserved.ts';
import { openLocalConsole } from './openPage.ts';

let observed: Awaited<ReturnType<typeof startObserved>>;
let open: Console;
let guarded: Console;

beforeAll(async () => {
  observed = await startObserved(Date.parse('2026-11-20T10:00:00Z'));
  open = await openLocalConsole(observed.cloud);
  guarded = await openLocalConsole(observed.cloud, { token: 'the-token', mayWrite: false });
}, 120_000);
afterAll(async () => {
  await open.close();
  await guarded.close();
  await observed.close();
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
  const url = new URL(options.path ?? '/api/place', address);
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method: options.method ?? 'GET',
        headers: options.headers ?? {},
        ...(options.target === undefined ? {} : { path: options.target }),
      },
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
    sent.end(options.body);
  });
}

const codeOf = ({ status, text }: { readonly status: number; readonly text: string }) => [
  status,
  JSON.parse(text).error?.code,
];

describe('the server of the console', () => {
  it('says which deployment it serves', async () => {
    const { status, text } = await send(open.address, {});
    expect([status, JSON.parse(text)]).toEqual([
      200,
      expect.objectContaining({
        stage: 'local',
        isLocal: true,
        mayWrite: true,
        bucket: 'sluice-experiments',
        collector: observed.cloud.collector,
        now: expect.stringMatching(/^2026-11-20T10:/),
      }),
    ]);
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
    ['an image of another local server', { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' }],
  ])('refuses %s, for the page, for reading and for writing', async (_, headers: Record<string, string>) => {
    const { port } = new URL(open.address);
    const sent = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, value.replace('PORT', port)]),
    );
    for (const [method, path] of [
      ['GET', '/'],
      ['GET', '/api/place'],
      ['GET', '/assets/main.js'],
      ['POST', '/api/local/flush'],
    ] as const)
      expect(codeOf(await send(open.address, { method, path, headers: sent }))).toEqual([
        403,
        'SLUICE_CONSOLE_FOREIGN',
      ]);
  });

  it('admits loopback by each name, and a link from another site', async () => {
    const { port } = new URL(open.address);
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `LOCALHOST:${port}`])
      expect(
        (await send(open.address, { headers: { host, origin: `http://${host.toLowerCase()}` } })).status,
      ).toBe(200);
    const followed = {
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    };
    expect((await send(open.address, { path: '/', headers: followed })).status).toBe(200);
  });

  it('requires the token for every call of the API, and not in its address', async () => {
    const authorization = 'Bearer the-token';
    expect(guarded.address).toMatch(/\/\?token=the-token$/);
    for (const headers of [{}, { authorization: 'Bearer other' }, { authorization: 'Basic the-token' }])
      expect(codeOf(await send(guarded.address, { headers }))).toEqual([401, 'SLUICE_CONSOLE_TOKEN']);
    expect(codeOf(await send(guarded.address, { path: '/api/place?token=the-token' }))).toEqual([
      401,
      'SLUICE_CONSOLE_TOKEN',
    ]);
    expect((await send(guarded.address, { headers: { authorization } })).status).toBe(200);
  });

  it('refuses every action when it is read-only', async () => {
    const headers = { authorization: 'Bearer the-token', 'content-type': 'application/json' };
    const actions = routes.filter(({ writes }) => writes);
    expect(actions.length).toBeGreaterThan(3);
    for (const { method, path } of actions)
      expect([
        path,
        ...codeOf(await send(guarded.address, { method, path, headers, body: '{"dryRun":false}' })),
      ]).toEqual([path, 403, 'SLUICE_CONSOLE_READ_ONLY']);
  });

  it('takes JSON alone, which no form of another site can send', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded'])
      expect(
        codeOf(
          await send(open.address, {
            method: 'POST',
            path: '/api/local/flush',
            headers: { 'content-type': type },
            body: '{}',
          }),
        ),
      ).toEqual([400, 'SLUICE_CONSOLE_REQUEST']);
  });

  it('names unknown paths, methods and parameters', async () => {
    expect(codeOf(await send(open.address, { path: '/api/nothing' }))).toEqual([
      404,
      'SLUICE_CONSOLE_UNKNOWN',
    ]);
    expect(codeOf(await send(open.address, { path: '/../package.json' }))).toEqual([
      404,
      'SLUICE_CONSOLE_UNKNOWN',
    ]);
    // Read as an address, it has a port that does not exist.
    expect(codeOf(await send(open.address, { target: '//console:99999/' }))).toEqual([
      404,
      'SLUICE_CONSOLE_UNKNOWN',
    ]);
    expect(codeOf(await send(open.address, { method: 'DELETE' }))).toEqual([404, 'SLUICE_CONSOLE_UNKNOWN']);
    const wrong = await send(open.address, { path: '/api/place?other=1' });
    expect([...codeOf(wrong), wrong.text]).toEqual([
      400,
      'SLUICE_CONSOLE_REQUEST',
      expect.stringContaining('other'),
    ]);
  });

  it.each([
    '/api/drops?until=0000-01-02',
    '/api/tables/files?table=statsig_forwarded_events&day=9999-12-31',
    '/api/trace?id=ada&since=0000-01-01',
    '/api/quarantine/rows?from=0000-01-01T00:00:00Z&to=2026-11-20T00:00:00Z',
  ])('refuses a day whose neighbours have no name: %s', async (path) => {
    expect(codeOf(await send(open.address, { path }))).toEqual([400, 'SLUICE_CONSOLE_REQUEST']);
  });

  it('serves a page that loads nothing from elsewhere and runs no script but its own', async () => {
    const { headers, text } = await send(open.address, { path: '/' });
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(text).not.toMatch(/https?:\/\//);
  });

  it('has a page of 400 KB at most, compressed', async () => {
    const assets = await bundlePage();
    expect([...assets.keys()]).toEqual(expect.arrayContaining(['main.js', 'main.css']));
    const bytes = [...assets.values()].reduce((sum, { contents }) => sum + gzipSync(contents).length, 0);
    expect(bytes).toBeLessThanOrEqual(400_000);
  });
});

describe('the switches of the local cloud', () => {
  const post = async (path: string, body: object) => {
    const { status, text } = await send(open.address, {
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return [status, JSON.parse(text)];
  };

  it('deliver, move the clock, set and clear faults', async () => {
    await observed.send({ events: [{ eventName: 'seen', user: { userID: 'ada' } }] });
    const before = JSON.parse((await send(open.address, { path: '/api/local' })).text);
    expect(before.status.pending).toEqual([expect.objectContaining({ documents: 1 })]);
    expect(await post('/api/local/flush', {})).toEqual([
      200,
      expect.objectContaining({ delivered: [expect.objectContaining({ documents: 1 })] }),
    ]);
    const fault = { firehose: [{ fault: 'failRecords', every: 2, calls: 'all' }] };
    expect(await post('/api/local/faults', fault)).toEqual([200, { faults: [expect.anything()] }]);
    expect(await post('/api/local/faults/clear', {})).toEqual([200, { faults: [] }]);
    expect(await post('/api/local/faults', { firehose: [{ fault: 'no such' }] })).toEqual([
      400,
      { error: expect.objectContaining({ code: 'SLUICE_CONSOLE_REQUEST' }) },
    ]);
    expect(await post('/api/local/clock', { advanceMs: 3_600_000 })).toEqual([
      200,
      expect.objectContaining({ now: expect.stringMatching(/^2026-11-20T11:/) }),
    ]);
  });
});
