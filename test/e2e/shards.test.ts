import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { requireStreamsKept } from '../../infra/serverless/deployedStack.ts';
import { HOLDS_STALE_MS } from '../../lib/landing/hold/HoldsCache.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { type LoadedTemplate, loadTemplate } from '../../local/loadTemplate.ts';
import { type Cloud, startCloud } from '../../local/startCloud.ts';
import { MovableClock } from '../../packages/local-aws/src/base/index.ts';
import { runQuery } from '../../packages/local-aws/src/trino/index.ts';
import { callMain } from '../harness/callMain.ts';

const MINUTE = 60_000;
const STREAM = 'sluice-local-events';
/** After so long every environment of the collector reads which streams are held before it stores anything. */
const READ_AGAIN = HOLDS_STALE_MS + MINUTE;

let folder: string;
let data: string;
let clock: MovableClock;
let cloud: Cloud;
let one: LoadedTemplate;
let three: LoadedTemplate;
/** Three, of which one is in rotation: between one and three, in both directions. */
let between: LoadedTemplate;

const fileOf = (name: string) => join(folder, `${name}.config.ts`);
/** The configuration of the commands. */
let configured: string;

/** Packages a configuration of events' streams. */
async function packaged(name: string, streams: object): Promise<LoadedTemplate> {
  const file = fileOf(name);
  const defineConfig = JSON.stringify(join(repositoryRoot, 'lib', 'config', 'defineConfig.ts'));
  const input = JSON.stringify({ bucket: 'acme-shards', streams: { events: streams } });
  writeFileSync(
    file,
    `import { defineConfig } from ${defineConfig};\nexport default defineConfig(${input});\n`,
  );
  const cacheDirectory = join(repositoryRoot, '.sluice', 'template');
  return loadTemplate({ root: repositoryRoot, cacheDirectory, env: { SLUICE_CONFIG: file } });
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-shards-'));
  data = join(folder, 'data');
  one = await packaged('one', { shards: 1 });
  three = await packaged('three', { shards: 3 });
  between = await packaged('between', { shards: 3, inRotation: 1 });
  clock = new MovableClock();
  await clock.set(Date.UTC(2026, 10, 20, 1));
  cloud = await startCloud({ port: 0, edgePort: 0, enforceIam: true, data, clock, load: async () => one });
}, 300_000);
afterAll(async () => {
  await cloud?.close();
  rmSync(folder, { recursive: true, force: true });
});

let sent = 0;

/** Posts requests of one event each, as an SDK does: one that a slow machine had no time for is sent again. */
async function post(requests: number): Promise<void> {
  for (let n = 0; n < requests; n += 1) {
    sent += 1;
    const request = {
      method: 'POST',
      headers: { 'statsig-api-key': 'client-shards' },
      body: JSON.stringify({ events: [{ eventName: 'made', value: sent, time: clock.now() }] }),
    };
    let status = 503;
    for (let tries = 0; tries < 5 && status === 503; tries += 1)
      ({ status } = await fetch(`${cloud.collector}/v1/rgstr`, request));
    expect(status).toBe(202);
  }
}

/** Rows in the buffer of each stream. */
function buffered(): readonly number[] {
  const { pending } = cloud.status();
  return [STREAM, `${STREAM}-2`, `${STREAM}-3`].map(
    (name) => pending.find(({ stream }) => stream === name)?.documents ?? 0,
  );
}

const faults = (method: string, body?: object) =>
  fetch(`${cloud.edge}/_sluice/faults`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
async function sluice(...args: string[]) {
  const { code, stdout } = await callMain([...args, '--local', '--endpoint-url', cloud.edge, '--json'], {
    env: { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', SLUICE_CONFIG: configured },
  });
  return { code, answer: JSON.parse(stdout) };
}
const overflow = async () => (await sluice('status')).answer.waiting.overflow.count;

/** What `serverless deploy` asks before it deploys a package. */
const asked = ({ template }: LoadedTemplate) =>
  requireStreamsKept(
    { endpoint: cloud.edge, region: 'us-east-1', credentials },
    'sluice-local',
    template,
    clock.now(),
  );

it('three streams of a table share its rows; one that fails or is held loses none, and they go one by one', async () => {
  await post(3);
  expect(buffered()).toEqual([3, 0, 0]);
  await expect(asked(three)).rejects.toMatchObject({
    code: 'SLUICE_CONFIG_SHARD_IN_ROTATION',
    detail: 'It adds sluice-local-events-2, sluice-local-events-3.',
  });
  await asked(between);
  await cloud.update(between);
  await asked(three);
  await cloud.update(three);
  configured = fileOf('three');

  await post(30);
  const shared = buffered();
  // Several environments may have answered, each in its own turn.
  for (const rows of shared) expect(rows).toBeGreaterThanOrEqual(5);
  expect(shared.reduce((sum, rows) => sum + rows, 0)).toBe(33);

  await faults('POST', { firehose: [{ fault: 'failCalls', stream: `${STREAM}-2`, calls: 'all' }] });
  await post(12);
  expect(buffered()[1]).toBe(shared[1]);
  expect(await overflow()).toBe(0);
  expect((await sluice('hold', 'events-3')).answer).toEqual({ 'events-3': expect.anything() });
  await clock.advance(READ_AGAIN);
  const before = buffered();
  await post(8);
  expect(buffered()).toEqual([(before[0] ?? 0) + 8, before[1], before[2]]);
  expect(await overflow()).toBe(0);
  await faults('DELETE');

  const held = await sluice('hold', 'events', '--why', 'A test.');
  expect(Object.keys(held.answer).toSorted()).toEqual(['events', 'events-2', 'events-3']);
  await clock.advance(READ_AGAIN);
  const untouched = buffered();
  await post(3);
  expect([buffered(), await overflow()]).toEqual([untouched, 3]);
  expect((await sluice('hold', '--release')).answer).toEqual({});
  await clock.advance(READ_AGAIN);
  await cloud.flush();
  await post(12);
  for (const rows of buffered()) expect(rows).toBeGreaterThan(0);

  await expect(asked(one)).rejects.toMatchObject({
    code: 'SLUICE_CONFIG_SHARD_NOT_DRAINED',
    detail: expect.stringMatching(/^sluice-local-events-2 gets rows: /),
  });
  await asked(between);
  await cloud.update(between);
  await clock.advance(20 * MINUTE);
  await cloud.flush();
  await post(10);
  expect(buffered()).toEqual([10, 0, 0]);
  // Nothing is in them, but Firehose's metrics are late.
  await expect(asked(one)).rejects.toMatchObject({
    code: 'SLUICE_CONFIG_SHARD_NOT_DRAINED',
    detail: expect.stringMatching(/^sluice-local-events-2 got records lately/),
  });
  await clock.advance(60 * MINUTE);
  await asked(one);
  await cloud.update(one);
  configured = fileOf('one');
  await post(2);
  await cloud.flush();
  await cloud.flush();
  expect(await overflow()).toBe(0);
  const landed = await runQuery(
    data,
    'SELECT CAST(event_value AS INT) AS n FROM statsig_forwarded_events ORDER BY n',
  );
  expect(landed.map(({ n }) => Number(n))).toEqual(Array.from({ length: sent }, (_, i) => i + 1));
  const { answer } = await sluice('doctor');
  expect(JSON.stringify(answer)).not.toContain('SLUICE_DOCTOR_STREAM');
}, 300_000);
