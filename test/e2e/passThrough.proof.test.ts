import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { legacySpecs } from '../../demo/sdks/startSpecsServer.ts';
import { type DriverReport, expectedGroups, expectedRows, runDriver } from '../../demo/story/runDriver.ts';
import { forwardedKinds } from '../../lib/schema/kinds.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { loadTemplate } from '../../local/loadTemplate.ts';
import { type Cloud, startCloud } from '../../local/startCloud.ts';
import { runQuery } from '../../packages/local-aws/src/trino/index.ts';
import { startUpstream, type Upstream } from '../harness/startUpstream.ts';

const KEY = 'secret-one-address';
const TABLES = { exposures: 'statsig_forwarded_exposures', events: 'statsig_forwarded_events' } as const;

let scratch: string;
let upstream: Upstream;
let cloud: Cloud;
let report: DriverReport;

/** The package of a deployment that passes reads on, or does not. */
function load(passThrough: object | null) {
  const file = join(scratch, `${passThrough === null ? 'without' : 'with'}.config.ts`);
  const defineConfig = JSON.stringify(join(repositoryRoot, 'lib', 'config', 'defineConfig.ts'));
  const config = { bucket: 'acme-data', experiments: ['checkout_button', 'homepage_hero'], passThrough };
  writeFileSync(
    file,
    `import { defineConfig } from ${defineConfig};\nexport default defineConfig(${JSON.stringify(config)});\n`,
  );
  return loadTemplate({
    root: repositoryRoot,
    cacheDirectory: join(scratch, 'template'),
    env: { ...process.env, SLUICE_CONFIG: file },
  });
}

// One story for the file: an SDK that has one address for everything runs against the local cloud.
beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'sluice-pass-'));
  const text = readFileSync(join(repositoryRoot, 'demo', 'specs', 'specs.json'), 'utf8');
  const specs = JSON.stringify(legacySpecs(JSON.parse(text)));
  upstream = await startUpstream(({ target, headers }, response) => {
    response.setHeader('content-type', 'application/json');
    if (target.startsWith('/v1/get_id_lists')) return void response.end('{}');
    if (target.startsWith('/v1/initialize')) return void response.end('{"has_updates":false}');
    if (!String(headers['accept-encoding']).includes('gzip')) return void response.end(specs);
    response.setHeader('content-encoding', 'gzip');
    response.end(gzipSync(specs));
  });
  cloud = await startCloud({
    ...{ port: 0, edgePort: 0, enforceIam: true, data: join(scratch, 'data') },
    load: () => load({ url: upstream.url }),
  });
  report = await runDriver('../../test/harness/sdks/driveStatsigNode.ts', {
    collector: cloud.collector,
    key: KEY,
    users: 20,
    oneAddress: true,
  });
  await cloud.flush();
}, 240_000);
afterAll(async () => {
  await cloud?.close();
  await upstream?.close();
  rmSync(scratch, { recursive: true, force: true });
});

const get = (path: string, headers: Readonly<Record<string, string>> = {}) =>
  fetch(`${cloud.collector}${path}`, { headers });

describe('an SDK with one address', () => {
  it('gets its rules and ID lists through Sluice, with its own key', () => {
    const reads = upstream.requests.map(({ method, target }) => `${method} ${target.replace(/\?.*/, '')}`);
    expect([...new Set(reads)].sort()).toEqual([
      `GET /v1/download_config_specs/${KEY}.json`,
      'POST /v1/get_id_lists',
    ]);
    for (const { headers } of upstream.requests)
      expect(headers).toMatchObject({ 'statsig-api-key': KEY, 'statsig-sdk-type': 'statsig-node' });
  });

  it('logs every event to Sluice, by the groups of these rules', async () => {
    for (const kind of forwardedKinds) {
      const [row] = await runQuery(cloud.data, `SELECT count(DISTINCT event_id) n FROM ${TABLES[kind]}`);
      const expected = Object.values(expectedRows([report])[kind]).reduce((sum, n) => sum + n, 0);
      expect([kind, Number(row?.['n'])]).toEqual([kind, expected]);
    }
    const groups = expectedGroups([report]);
    expect(Object.keys(groups['checkout_button'] ?? {}).length).toBeGreaterThan(1);
  });

  it('arrives with the deployed policies: no service was refused a call', () => {
    expect(cloud.status().refusals).toEqual([]);
  });
});

describe('reads through the gateway', () => {
  it('return a compressed body as Statsig sent it, to a browser of another site too', async () => {
    const answer = await get(`/v1/download_config_specs/${KEY}.json?sinceTime=1`, {
      origin: 'https://shop.example',
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    const specs = await answer.json();
    expect(specs).toMatchObject({ feature_gates: expect.any(Array) });
    const asked = await fetch(`${cloud.collector}/v1/download_config_specs?k=client-x`, {
      method: 'OPTIONS',
      headers: { origin: 'https://shop.example', 'access-control-request-method': 'GET' },
    });
    expect(asked.headers.get('access-control-allow-methods')).toContain('GET');
  });

  it('carry the user of an initialize, and the address of the caller', async () => {
    const before = upstream.requests.length;
    const body = '{"user":{"userID":"ada"},"statsigMetadata":{"sdkType":"dart-client"}}';
    const answer = await fetch(`${cloud.collector}/v1/initialize`, {
      method: 'POST',
      headers: {
        'statsig-api-key': 'client-dart',
        'content-type': 'application/json',
        'user-agent': 'Dart/3.5',
      },
      body,
    });
    expect([answer.status, await answer.json()]).toEqual([200, { has_updates: false }]);
    expect(upstream.requests.slice(before)).toMatchObject([
      {
        target: '/v1/initialize',
        headers: {
          'user-agent': 'Dart/3.5',
          forwarded: expect.stringContaining('for=127.0.0.1'),
          'statsig-api-key': 'client-dart',
        },
      },
    ]);
    expect(upstream.requests[before]?.body.toString()).toBe(body);
  });

  it('are no way for events: those are taken while Statsig is away', async () => {
    const { answer } = upstream;
    upstream.answer = (_, response) => void response.destroy();
    const read = await get(`/v1/download_config_specs/${KEY}.json?sinceTime=3`);
    expect(read.status).toBe(503);
    const event = await fetch(`${cloud.collector}/v1/log_event`, {
      method: 'POST',
      headers: { 'statsig-api-key': KEY },
      body: JSON.stringify({ events: [{ eventName: 'taken', user: { userID: 'u1' }, time: Date.now() }] }),
    });
    expect(event.status).toBe(202);
    upstream.answer = answer;
  });

  it('are refused by the collector once the option is taken away, by every method', async () => {
    await cloud.update(await load(null));
    const before = upstream.requests.length;
    const refused = async (method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string) => {
      const sent = method === 'GET' ? {} : { body: '{}' };
      const answer = await fetch(`${cloud.collector}${path}`, { method, ...sent });
      const { code, cure }: { code: string; cure: string } = JSON.parse(await answer.text());
      return [answer.status, code, cure.includes('passThrough')];
    };
    for (const path of ['/v1/initialize', '/v2/download_config_specs', '/v1/get_id_lists', '/v1/get_config'])
      expect([path, ...(await refused('POST', path))]).toEqual([path, 404, 'SLUICE_PATH_RESERVED', true]);
    for (const path of [
      '/v1/download_config_specs/x.json',
      '/v2/download_config_specs',
      '/v1/get_id_lists/x.json',
    ])
      for (const method of ['GET', 'PUT', 'DELETE'] as const)
        expect([path, ...(await refused(method, path))]).toEqual([path, 404, 'SLUICE_PATH_RESERVED', true]);
    expect(upstream.requests.length).toBe(before);
  }, 120_000);
});
