import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from '@jest/globals';
import { expectedGroups, expectedRows, runDriver } from '../../demo/story/runDriver.ts';
import { sum } from '../../lib/base/sum.ts';
import { forwardedKinds } from '../../lib/schema/kinds.ts';
import { recordingTarget } from '../harness/recordingTarget.ts';
import { legacySpecs } from '../harness/sdks/legacySpecs.ts';
import { storyCloud } from '../harness/storyCloud.ts';
import { textOf } from '../harness/textOf.ts';

const KEY = 'secret-one-address';
const TABLES = { exposures: 'statsig_forwarded_exposures', events: 'statsig_forwarded_events' } as const;
const config = { bucket: 'acme-data', experiments: ['checkout_button', 'homepage_hero'] };

let gateway: string;

// One story for the file: an SDK that has one address for everything, then a move from the gateway to a Function URL.
const statsig = await recordingTarget();
const text = textOf('demo', 'specs', 'specs.json');
const specs = JSON.stringify(legacySpecs(JSON.parse(text)));
statsig.behave((response, { url, headers }) => {
  response.setHeader('content-type', 'application/json');
  if (url.startsWith('/v1/get_id_lists')) return void response.end('{}');
  if (url.startsWith('/v1/initialize')) return void response.end('{"has_updates":false}');
  if (!String(headers['accept-encoding']).includes('gzip')) return void response.end(specs);
  response.setHeader('content-encoding', 'gzip');
  response.end(gzipSync(specs));
});
const story = await storyCloud({ ...config, passThrough: { url: statsig.url } });
gateway = story.cloud.collector;
const report = await runDriver('../../test/harness/sdks/driveStatsigNode.ts', {
  collector: gateway,
  key: KEY,
  users: 20,
  oneAddress: true,
});
await story.cloud.flush();
afterAll(async () => {
  await story.close();
  await statsig.close();
});

const get = (path: string, headers: Readonly<Record<string, string>> = {}) =>
  fetch(`${gateway}${path}`, { headers });
const url = () => story.cloud.status().functionUrls['sluice-local-collect'] ?? '';
const origin = { origin: 'https://shop.example' };
const post = (address: string, eventName: string) =>
  fetch(`${address}/v1/my-product-data?k=client-some-key-0123456789`, {
    method: 'POST',
    headers: origin,
    body: JSON.stringify({ events: [{ eventName, user: { userID: 'u1' }, time: Date.now() }] }),
  });

describe('an SDK with one address', () => {
  it('gets its rules and ID lists through Sluice, with its own key', () => {
    const reads = statsig.recorded.map((request) => `${request.method} ${request.url.replace(/\?.*/, '')}`);
    expect([...new Set(reads)].sort()).toEqual([
      `GET /v1/download_config_specs/${KEY}.json`,
      'POST /v1/get_id_lists',
    ]);
    for (const { headers } of statsig.recorded)
      expect(headers).toMatchObject({ 'statsig-api-key': KEY, 'statsig-sdk-type': 'statsig-node' });
  });

  it('logs every event to Sluice, by the groups of these rules', async () => {
    for (const kind of forwardedKinds) {
      const [row] = await story.query(`SELECT count(DISTINCT event_id) n FROM ${TABLES[kind]}`);
      const expected = sum(Object.values(expectedRows([report])[kind]));
      expect({ kind, rows: Number(row?.['n']) }).toEqual({ kind, rows: expected });
    }
    expect(Object.keys(expectedGroups([report])['checkout_button'] ?? {}).length).toBeGreaterThan(1);
  });
});

describe('reads through the gateway', () => {
  it('return a compressed body as Statsig sent it, to a browser of another site too', async () => {
    const answer = await get(`/v1/download_config_specs/${KEY}.json?sinceTime=1`, origin);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(await answer.json()).toMatchObject({ feature_gates: expect.any(Array) });
    const asked = await fetch(`${gateway}/v1/download_config_specs?k=client-x`, {
      method: 'OPTIONS',
      headers: { ...origin, 'access-control-request-method': 'GET' },
    });
    expect(asked.headers.get('access-control-allow-methods')).toContain('GET');
  });

  it('carry the user of an initialize, and the address of the caller', async () => {
    const before = statsig.recorded.length;
    const body = '{"user":{"userID":"ada"},"statsigMetadata":{"sdkType":"dart-client"}}';
    const headers = {
      'statsig-api-key': 'client-dart',
      'content-type': 'application/json',
      'user-agent': 'Dart/3.5',
    };
    const answer = await story.send({ path: '/v1/initialize', headers, body });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ has_updates: false });
    const forwarded = expect.stringContaining('for=127.0.0.1');
    expect(statsig.recorded.slice(before)).toMatchObject([
      { url: '/v1/initialize', headers: { ...headers, forwarded }, body: Buffer.from(body) },
    ]);
  });

  it('are no way for events: those are taken while Statsig is away', async () => {
    await statsig.goDown();
    expect((await get(`/v1/download_config_specs/${KEY}.json?sinceTime=3`)).status).toBe(503);
    expect((await post(gateway, 'while away')).status).toBe(202);
    await statsig.comeUp();
  });
});

describe('the move from the gateway to a Function URL', () => {
  it('keeps the gateway while both take events; without the option reads are refused, by every method', async () => {
    expect(url()).toBe('');
    await story.restart({ ...config, endpoint: { kind: 'both' } });
    gateway = story.cloud.collector;
    expect((await post(gateway, 'both, gateway')).status).toBe(202);
    expect((await post(url(), 'both, url')).status).toBe(202);
    const before = statsig.recorded.length;
    for (const [method, path] of [
      ...['/v1/initialize', '/v1/get_config'].map((path) => ['POST', path] as const),
      ...['GET', 'PUT', 'DELETE'].map((method) => [method, '/v1/download_config_specs/x.json'] as const),
    ]) {
      const answer = await fetch(`${gateway}${path}`, {
        method,
        ...(method === 'GET' ? {} : { body: '{}' }),
      });
      const { code, cure }: { code: string; cure: string } = JSON.parse(await answer.text());
      expect(answer.status).toBe(404);
      expect(code).toBe('SLUICE_PATH_RESERVED');
      expect(cure).toContain('passThrough');
    }
    expect(statsig.recorded.length).toBe(before);
  });

  it('loses no event when the gateway goes', async () => {
    await story.restart({ ...config, endpoint: { kind: 'function-url' } });
    const address = url();
    expect((await post(address, 'after')).status).toBe(202);
    await expect(post(gateway, 'too late')).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    const reports = await Promise.all([
      runDriver('driveNodeCore.ts', { collector: address, key: 'secret-e2e', users: 20, userPrefix: 'core' }),
      runDriver('driveJsClient.ts', {
        collector: address,
        path: '/v1/my-product-data',
        key: 'client-e2e',
        users: 5,
        userPrefix: 'visitor',
        days: [Date.now() - 60_000],
        compress: true,
      }),
    ]);
    expect(await story.cloud.flush()).toMatchObject({ unregistered: 0 });
    for (const kind of forwardedKinds) {
      const count = sum(Object.values(expectedRows(reports)[kind]));
      const sql = `SELECT CAST(count(*) AS INT) n, CAST(count(DISTINCT event_id) AS INT) ids FROM ${TABLES[kind]}`;
      const rows = await story.query(`${sql} WHERE regexp_full_match(user_id, '(core|visitor)-.*')`);
      expect(rows).toEqual([{ n: count, ids: count }]);
    }
    const own = `SELECT event_name FROM ${TABLES.events} WHERE user_id = 'u1' ORDER BY event_name`;
    expect((await story.query(own)).map(({ event_name }) => event_name)).toEqual([
      'after',
      'both, gateway',
      'both, url',
      'while away',
    ]);
    expect(story.refusals).toEqual([]);
  });

  it('sets CORS headers once, and answers a preflight without the collector', async () => {
    const accepted = await post(url(), 'cors');
    expect(accepted.headers.get('access-control-allow-origin')).toBe('*');
    expect(await accepted.json()).toEqual({ success: true });
    const refused = await fetch(`${url()}/v1/rgstr`, { method: 'POST', headers: origin, body: '{}' });
    expect(refused.status).toBe(401);
    expect(refused.headers.get('access-control-allow-origin')).toBe('*');
    const headers = { ...origin, 'access-control-request-method': 'POST' };
    const preflight = await fetch(`${url()}/v1/rgstr`, { method: 'OPTIONS', headers });
    expect(preflight.status).toBe(200);
    expect(preflight.headers.get('access-control-allow-methods')).toBe('POST');
    expect(preflight.headers.get('access-control-max-age')).toBe('86400');
  });
});
