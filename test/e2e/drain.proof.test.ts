import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DisableKeyCommand, EnableKeyCommand, KMSClient, ListAliasesCommand } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { type Cloud, startCloud } from '../../local/startCloud.ts';
import { openDeployment } from '../../observe/deployment.ts';
import { cancelDrain, lookAtDrain, startDrain } from '../../operate/drain.ts';
import { MovableClock } from '../../packages/local-aws/src/base/index.ts';
import { runQuery } from '../../packages/local-aws/src/trino/index.ts';
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

/** Begins a drain as a deployment's: `sluice drain` would wait for it. */
async function startDraining(): Promise<void> {
  const deployment = openDeployed();
  await startDrain(deployment).finally(() => deployment.close());
}

/** The local cloud as if it were a deployment on AWS: buffers cannot be read. */
const openDeployed = () =>
  openDeployment(
    {
      config: defineConfig({ bucket: cloud.bucket }),
      stack: { service: 'sluice', stage: 'local' },
      isLocal: false,
      now: clock.now(),
    },
    {
      endpoint: cloud.edge,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    },
  );

async function lookAtDeployed() {
  const deployment = openDeployed();
  const state = await lookAtDrain(deployment).finally(() => deployment.close());
  return { drained: state?.drained ?? null, waitsFor: state?.waitsFor.map(({ part }) => part) };
}

/** `serverless remove` of the local cloud's stack. */
const remove = () =>
  runServerless(join(folder, 'drain.config.ts'), ['remove', '--stage', 'local', '--region', 'us-east-1'], {
    env: { ...env, AWS_ENDPOINT_URL: cloud.edge },
  });

it('stops the intake, waits for what is under way, and marks the stack, which refuses to go before', async () => {
  expect(await post(1)).toBe(202);
  const look = await drain('--wait', '0');
  expect([look.code, look.answer.since]).toEqual([3, null]);
  expect((await remove()).said).toMatch(/SLUICE_CONFIG_NOT_DRAINED: .*It deletes .*Stream/s);

  await control('POST', { firehose: [{ fault: 'failCalls', calls: 'all' }] });
  expect(await post(2)).toBe(202);
  await control('DELETE');
  await startDraining();
  const first = await drain('--wait', '0');
  expect([first.code, waitsFor(first), first.answer.drained]).toEqual([
    3,
    ['intake', 'buffers', 'landing'],
    null,
  ]);
  // The flag is read within five minutes.
  await clock.advance(5 * MINUTE);
  await post(3);
  expect(await post(4)).toBe(503);

  await clock.advance(15 * MINUTE);
  for (let i = 0; waitsFor(await drain('--wait', '0')).includes('landing'); i += 1) {
    if (i === 200) throw new Error('The writer does not end.');
    await wait(50);
  }
  await clock.advance(10 * MINUTE);
  await cloud.flush();
  const last = await drain('--wait', '0');
  expect([last.code, last.answer.waitsFor]).toEqual([0, []]);
  expect(last.answer.drained).toEqual(expect.any(String));
  const rows = await landed();
  expect(rows.filter((n) => n !== 3)).toEqual([1, 2]);
  expect((await drain('--wait', '0')).answer.drained).toBe(last.answer.drained);
  expect((await drain()).code).toBe(0);
  expect((await remove()).said).not.toContain('SLUICE_CONFIG_NOT_DRAINED');

  await drain('--cancel');
  expect((await remove()).said).toContain('SLUICE_CONFIG_NOT_DRAINED');
  await clock.advance(16 * MINUTE);
  expect(await post(5)).toBe(202);
});

it('of a deployment takes a stream for empty only when its metrics have said so for long enough', async () => {
  const kms = new KMSClient({
    ...{ endpoint: cloud.edge, region: 'us-east-1' },
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const cloudFormation = new CloudFormationClient({
    ...{ endpoint: cloud.edge, region: 'us-east-1' },
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const isProtected = async () => {
    const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName: 'sluice-local' }));
    return Stacks?.[0]?.EnableTerminationProtection;
  };
  const pass = async (minutes: number) => {
    for (let minute = 0; minute < minutes; minute += 5) await clock.advance(5 * MINUTE);
  };
  try {
    await clock.advance(60 * MINUTE);
    await cloud.flush();
    const { Aliases = [] } = await kms.send(new ListAliasesCommand({}));
    const KeyId = Aliases.find(({ AliasName }) => AliasName?.includes('sluice'))?.TargetKeyId;
    expect(await post(10)).toBe(202);
    await kms.send(new DisableKeyCommand({ KeyId }));
    await startDraining();
    // Delivery is blocked, and nothing arrives: the stream holds the row all the same.
    for (let look = 0; look < 4; look += 1) {
      await pass(30);
      expect((await lookAtDeployed()).drained).toBeNull();
    }
    expect((await lookAtDeployed()).waitsFor).toContain('buffers');
    await kms.send(new EnableKeyCommand({ KeyId }));
    await pass(30);
    await cloud.flush();
    await pass(30);
    expect(await lookAtDeployed()).toEqual({ drained: null, waitsFor: ['metrics'] });
    await pass(30);
    expect((await lookAtDeployed()).drained).toBeNull();
    await pass(15);
    expect(await lookAtDeployed()).toEqual({ drained: expect.any(String), waitsFor: [] });
    expect(await isProtected()).toBe(false);
    expect(await landed()).toContain(10);
    const deployment = openDeployed();
    await cancelDrain(deployment).finally(() => deployment.close());
    expect(await isProtected()).toBe(true);
  } finally {
    kms.destroy();
    cloudFormation.destroy();
  }
});
