import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FRESH_MS, STALE_MS, UNKNOWN_KEY_PAUSE_MS } from '../../lib/wire/keys/KeyCache.ts';
import { type Cloud, startCloud } from '../../local/startCloud.ts';
import { runQuery } from '../../packages/local-aws/src/trino/index.ts';
import { sluiceKeys } from '../harness/sluiceKeys.ts';

const OLD = 'client-old-0123456789';
const NEW = 'client-new-0123456789';
const SERVER = 'secret-server-0123456789';
const STRANGER = 'client-stranger-0123456789';

let data: string;
let cloud: Cloud;
const start = () => startCloud({ port: 0, edgePort: 0, enforceIam: true, data, checkKeys: true });
beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'sluice-keys-'));
  cloud = await start();
});
afterAll(async () => {
  await cloud.close();
  rmSync(data, { recursive: true, force: true });
});

/** One event in a request; the answer's status, with the code of a refusal. */
async function post(key: string, eventName = 'seen', metadata?: object) {
  const response = await fetch(`${cloud.collector}/v1/my-product-data?k=${key}`, {
    method: 'POST',
    body: JSON.stringify({ events: [{ eventName, user: { userID: 'u1' }, time: Date.now(), metadata }] }),
  });
  const { code }: { code?: string } = JSON.parse(await response.text());
  return code === undefined ? response.status : `${response.status} ${code}`;
}

async function control(path: string, body?: object) {
  const method = body === undefined ? 'DELETE' : 'POST';
  const response = await fetch(`${cloud.edge}/_sluice/${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(response.status).toBe(200);
}
const pass = (advanceMs: number) => control('clock', { advanceMs });
const breakSecrets = () =>
  control('faults', { secretsmanager: [{ fault: 'failCalls', code: 'InternalServiceError', calls: 'all' }] });
const mendSecrets = () => control('faults');

async function keys(args: readonly string[], stdin = '') {
  const result = await sluiceKeys(cloud.edge, [...args, '--stage', 'local'], stdin);
  expect(result).toMatchObject({ code: 0 });
}

describe('keys of a running collector', () => {
  it('are added, rotated and removed without a deployment', async () => {
    expect(await post(OLD)).toBe('401 SLUICE_KEY_UNKNOWN');
    await keys(['add', 'web'], OLD);
    await pass(UNKNOWN_KEY_PAUSE_MS);
    expect(await post(OLD)).toBe(202);

    await keys(['add', 'web'], NEW);
    await keys(['add', 'backend', '--environment', 'staging', '--kinds', 'exposures'], SERVER);
    await pass(UNKNOWN_KEY_PAUSE_MS);
    expect([await post(NEW), await post(OLD), await post(STRANGER)]).toEqual([
      202,
      202,
      '401 SLUICE_KEY_UNKNOWN',
    ]);

    await keys(['remove', 'web', '--sha256', await prefixOf(OLD)]);
    await pass(FRESH_MS);
    // The request that finds the keys no longer fresh is still answered from them, and renews them.
    await post(OLD);
    expect([await post(OLD), await post(NEW)]).toEqual(['401 SLUICE_KEY_UNKNOWN', 202]);
  });

  it('limit what can be sent with them, and set the environment of events without one', async () => {
    const exposure = { gate: 'g', gateValue: 'true', ruleID: 'r1', reason: 'Network:Recognized' };
    expect(await post(SERVER, 'statsig::gate_exposure', exposure)).toBe(202);
    await cloud.flush();
    const exposures = await runQuery(data, 'SELECT environment FROM statsig_forwarded_exposures');
    expect(exposures).toEqual([{ environment: 'staging' }]);
    const events = await runQuery(
      data,
      'SELECT DISTINCT event_name, environment FROM statsig_forwarded_events',
    );
    expect(events).toEqual([{ event_name: 'seen', environment: 'production' }]);
    expect(await post(SERVER, 'not for this key')).toBe(202);
    const line = await logged('"refused":{"SLUICE_EVENT_KIND_NOT_ALLOWED":1}');
    expect(line).toContain('"events_landed":0');
  });

  it('stay valid while Secrets Manager is down, and a key that cannot be looked up gets 503', async () => {
    await breakSecrets();
    await pass(STALE_MS);
    expect([await post(NEW), await post(STRANGER)]).toEqual([202, '503 SLUICE_KEYS_UNAVAILABLE']);
    await mendSecrets();
    await pass(2 * 60_000);
    expect([await post(NEW), await post(STRANGER)]).toEqual([202, '401 SLUICE_KEY_UNKNOWN']);
  });

  it('are kept over a restart, and get 503, never 401, at a cold start without Secrets Manager', async () => {
    await cloud.close();
    cloud = await start();
    await breakSecrets();
    expect([await post(NEW), await post(STRANGER)]).toEqual([
      '503 SLUICE_KEYS_UNAVAILABLE',
      '503 SLUICE_KEYS_UNAVAILABLE',
    ]);
    await mendSecrets();
    await pass(2 * 60_000);
    expect(await post(NEW)).toBe(202);
  });

  it('can post events and do nothing else', async () => {
    const answers = [];
    for (const [method, path] of [
      ['GET', '/v1/my-product-data'],
      ['PUT', '/v1/my-product-data'],
      ['DELETE', '/v1/my-product-data'],
      ['POST', '/v1/initialize'],
      ['POST', '/v1/download_config_specs'],
      ['POST', '/v1/get_id_lists'],
    ] as const) {
      const { status } = await fetch(`${cloud.collector}${path}?k=${NEW}`, { method });
      answers.push(status);
    }
    // The collector takes POST alone, and names Statsig's paths.
    expect(answers).toEqual([405, 405, 405, 404, 404, 404]);
  });

  it('are never written to a log, a row, a secret or a queue', async () => {
    // Whatever is still on its way to a file is there then.
    await cloud.close();
    const texts = filesUnder(data);
    expect(texts.length).toBeGreaterThan(10);
    expect(texts.some((text) => text.includes('"key":"web"'))).toBe(true);
    for (const key of [OLD, NEW, SERVER, STRANGER]) {
      expect(texts.filter((text) => text.includes(key))).toEqual([]);
    }
  });
});

async function prefixOf(key: string): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(key)))
    .toString('hex')
    .slice(0, 10);
}

/** The line of a function's log that holds a text; logs reach their files behind the answers. */
async function logged(text: string): Promise<string> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const lines = filesUnder(join(data, 'logs')).flatMap((content) => content.split('\n'));
    const found = lines.find((line) => line.includes(text));
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`No log line has ${text}.`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function filesUnder(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
}
