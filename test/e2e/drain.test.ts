import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { type Cloud, startCloud } from '../../local/startCloud.ts';
import { MovableClock, runQuery } from '../../packages/local-aws/src/index.ts';
import { callMain } from '../harness/callMain.ts';
import { runServerless } from '../infra/runServerless.ts';

const MINUTE = 60_000;

let folder: string;
let data: string;
let clock: MovableClock;
let cloud: Cloud;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-drain-'));
  data = join(folder, 'data');
  const defineConfig = JSON.stringify(join(repositoryRoot, 'lib', 'config', 'defineConfig.ts'));
  writeFileSync(
    join(folder, 'drain.config.ts'),
    `import { defineConfig } from ${defineConfig};\nexport default defineConfig({ bucket: 'acme-drain' });\n`,
  );
  clock = new MovableClock();
  await clock.set(Date.UTC(2026, 10, 20, 1));
  cloud = await startCloud({ port: 0, edgePort: 0, enforceIam: true, data, clock });
});
afterAll(async () => {
  await cloud.close();
  rmSync(folder, { recursive: true, force: true });
});

const env = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };

async function post(value: number): Promise<number> {
  const { status } = await fetch(`${cloud.collector}/v1/rgstr`, {
    method: 'POST',
    headers: { 'statsig-api-key': 'client-drain' },
    body: JSON.stringify({ events: [{ eventName: 'made', value, time: clock.now() }] }),
  });
  return status;
}

const control = (method: string, body?: object) =>
  fetch(`${cloud.edge}/_sluice/faults`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

async function drain(...args: string[]) {
  const { code, stdout } = await callMain(
    ['drain', ...args, '--local', '--endpoint-url', cloud.edge, '--json'],
    { env },
  );
  return { code, answer: JSON.parse(stdout) };
}
const waitsFor = ({ answer }: Awaited<ReturnType<typeof drain>>) =>
  answer.waitsFor.map(({ part }: { part: string }) => part);

async function landed(): Promise<number[]> {
  const rows = await runQuery(
    data,
    'SELECT CAST(event_value AS INT) AS n FROM statsig_forwarded_events ORDER BY n',
  );
  return rows.map(({ n }) => Number(n));
}

/** `serverless remove` of the local cloud's stack. */
const remove = () =>
  runServerless(join(folder, 'drain.config.ts'), ['remove', '--stage', 'local', '--region', 'us-east-1'], {
    env: { ...env, AWS_ENDPOINT_URL: cloud.edge },
  });

it('stops the intake, waits for what is under way, and marks the stack, which refuses to go before', async () => {
  expect(await post(1)).toBe(202);
  expect((await remove()).said).toMatch(/SLUICE_CONFIG_NOT_DRAINED: .*It deletes .*Stream/s);

  await control('POST', { firehose: [{ fault: 'failCalls', calls: 'all' }] });
  expect(await post(2)).toBe(202);
  await control('DELETE');
  const first = await drain('--wait', '0');
  expect([first.code, waitsFor(first), first.answer.drained]).toEqual([
    3,
    ['intake', 'overflow', 'buffers'],
    null,
  ]);
  // The flag is read within five minutes.
  await clock.advance(5 * MINUTE);
  await post(3);
  expect(await post(4)).toBe(503);

  await clock.advance(15 * MINUTE);
  for (let i = 0; waitsFor(await drain('--wait', '0')).includes('overflow'); i += 1) {
    if (i === 200) throw new Error('Redrive does not end.');
  }
  await clock.advance(10 * MINUTE);
  await cloud.flush();
  const last = await drain('--wait', '0');
  expect([last.code, last.answer.waitsFor]).toEqual([0, []]);
  expect(last.answer.drained).toEqual(expect.any(String));
  const rows = await landed();
  expect(rows.filter((n) => n !== 3)).toEqual([1, 2]);
  expect((await drain('--wait', '0')).answer.drained).toBe(last.answer.drained);
  expect((await remove()).said).not.toContain('SLUICE_CONFIG_NOT_DRAINED');

  await drain('--cancel');
  expect((await remove()).said).toContain('SLUICE_CONFIG_NOT_DRAINED');
  await clock.advance(16 * MINUTE);
  expect(await post(5)).toBe(202);
});
