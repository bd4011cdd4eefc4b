import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectedRows, runDriver } from '../../demo/story/runDriver.ts';
import type { EndpointKind } from '../../lib/schema/endpoint.ts';
import { forwardedKinds } from '../../lib/schema/kinds.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { loadTemplate } from '../../local/loadTemplate.ts';
import { type Cloud, startCloud } from '../../local/startCloud.ts';
import { runQuery } from '../../packages/local-aws/src/trino/index.ts';

const TABLES = { exposures: 'statsig_forwarded_exposures', events: 'statsig_forwarded_events' } as const;

let scratch: string;
let cloud: Cloud;
let gateway: string;

/** The package of a deployment with an endpoint. Node keeps a module that it has imported, so each has a file. */
function load(kind: EndpointKind) {
  const file = join(scratch, `${kind}.config.ts`);
  const defineConfig = JSON.stringify(join(repositoryRoot, 'lib', 'config', 'defineConfig.ts'));
  writeFileSync(
    file,
    `import { defineConfig } from ${defineConfig};
export default defineConfig({ bucket: 'acme-data', endpoint: { kind: '${kind}' } });
`,
  );
  return loadTemplate({
    root: repositoryRoot,
    cacheDirectory: join(scratch, 'template'),
    env: { ...process.env, SLUICE_CONFIG: file },
  });
}

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'sluice-url-'));
  cloud = await startCloud({
    ...{ port: 0, edgePort: 0, enforceIam: true, data: join(scratch, 'data') },
    load: () => load('http-api'),
  });
  gateway = cloud.collector;
}, 180_000);
afterAll(async () => {
  await cloud?.close();
  rmSync(scratch, { recursive: true, force: true });
});

const url = () => cloud.status().functionUrls['sluice-local-collect'] ?? '';
const origin = { origin: 'https://shop.example' };

function post(address: string, eventName: string, headers: Readonly<Record<string, string>> = {}) {
  return fetch(`${address}/v1/my-product-data?k=client-some-key-0123456789`, {
    method: 'POST',
    headers: { ...origin, ...headers },
    body: JSON.stringify({ events: [{ eventName, user: { userID: 'u1' }, time: Date.now() }] }),
  });
}

describe('the move from the gateway to a Function URL', () => {
  it('keeps the gateway while both take events', async () => {
    expect((await post(gateway, 'before')).status).toBe(202);
    expect(url()).toBe('');
    await cloud.update(await load('both'));
    expect(url()).not.toBe('');
    expect((await post(gateway, 'both, gateway')).status).toBe(202);
    expect((await post(url(), 'both, url')).status).toBe(202);
  }, 180_000);

  it('keeps the address of the Function URL when the gateway goes', async () => {
    const address = url();
    await cloud.update(await load('function-url'));
    expect(url()).toBe(address);
    expect((await post(address, 'after')).status).toBe(202);
    await expect(post(gateway, 'too late')).rejects.toThrow();
  }, 180_000);
});

describe('a Function URL', () => {
  it('sets CORS headers once, and answers a preflight without the collector', async () => {
    const accepted = await post(url(), 'cors');
    expect(accepted.headers.get('access-control-allow-origin')).toBe('*');
    expect(await accepted.json()).toEqual({ success: true });
    const refused = await fetch(`${url()}/v1/rgstr`, { method: 'POST', headers: origin, body: '{}' });
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, '*']);
    const preflight = await fetch(`${url()}/v1/rgstr`, {
      method: 'OPTIONS',
      headers: { ...origin, 'access-control-request-method': 'POST' },
    });
    expect(preflight.status).toBe(200);
    expect(preflight.headers.get('access-control-allow-methods')).toBe('POST');
    expect(preflight.headers.get('access-control-max-age')).toBe('86400');
  });

  it('takes every event of real SDKs once', async () => {
    const reports = await Promise.all([
      runDriver('driveNodeCore.ts', {
        ...{ collector: url(), key: 'secret-e2e', users: 20, environment: 'staging' },
      }),
      runDriver('driveJsClient.ts', {
        ...{ collector: url(), path: '/v1/my-product-data', key: 'client-e2e', users: 5 },
        ...{ userPrefix: 'visitor', days: [Date.now() - 60_000], compress: true },
      }),
    ]);
    expect(await cloud.flush()).toMatchObject({ unregistered: 0 });
    const total = (byDay: Readonly<Record<string, number>>) =>
      Object.values(byDay).reduce((sum, count) => sum + count, 0);
    const expected = expectedRows(reports);
    for (const kind of forwardedKinds) {
      const [row] = await runQuery(
        cloud.data,
        `SELECT CAST(count(*) AS INT) n, CAST(count(DISTINCT event_id) AS INT) ids FROM ${TABLES[kind]} WHERE user_id <> 'u1'`,
      );
      const count = total(expected[kind]);
      expect(count).toBeGreaterThan(0);
      expect(row).toEqual({ n: count, ids: count });
    }
    expect(
      await runQuery(
        cloud.data,
        `SELECT event_name FROM ${TABLES.events} WHERE user_id = 'u1' ORDER BY event_name`,
      ),
    ).toEqual(
      ['after', 'before', 'both, gateway', 'both, url', 'cors'].map((event_name) => ({ event_name })),
    );
  }, 180_000);
});
