import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { DisableKeyCommand, EnableKeyCommand, KMSClient, ListAliasesCommand } from '@aws-sdk/client-kms';
import { GetBucketPolicyCommand, PutBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Cloud, startCloud } from '../../local/startCloud.ts';
import { MovableClock } from '../../packages/local-aws/src/base/index.ts';
import { runQuery } from '../../packages/local-aws/src/trino/index.ts';
import { callMain } from '../harness/callMain.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

let data: string;
let clock: MovableClock;
let cloud: Cloud;
let clients: { readonly kms: KMSClient; readonly s3: S3Client };
let sent: number;
/** Events that were answered 202. */
let accepted: number[];
beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'sluice-hold-'));
  clock = new MovableClock();
  await clock.set(Date.UTC(2026, 10, 20, 1));
  cloud = await startCloud({ port: 0, edgePort: 0, enforceIam: true, data, clock });
  const options = { endpoint: cloud.edge, region: 'us-east-1', credentials };
  clients = { kms: new KMSClient(options), s3: new S3Client({ ...options, forcePathStyle: true }) };
  [sent, accepted] = [0, []];
});
afterEach(async () => {
  for (const client of Object.values(clients)) client.destroy();
  await cloud.close();
  rmSync(data, { recursive: true, force: true });
});

/** Posts one event. */
async function post(): Promise<number> {
  sent += 1;
  const { status } = await fetch(`${cloud.collector}/v1/rgstr`, {
    method: 'POST',
    headers: { 'statsig-api-key': 'client-hold' },
    body: JSON.stringify({ events: [{ eventName: 'made', value: sent, time: clock.now() }] }),
  });
  if (status === 202) accepted.push(sent);
  return status;
}

/** Resolves when the check has done what its schedule has asked of it. */
async function checked(): Promise<void> {
  const waits = () => cloud.status().queues.find(({ name }) => name === 'sluice-local-hold')?.messages ?? 0;
  for (let i = 0; waits() > 0; i += 1) {
    if (i === 1_000) throw new Error('The check of the streams does not end.');
    await wait(20);
  }
}

/** Time passes by quarters of an hour, with one event in each. @returns The answers. */
async function pass(hours: number): Promise<number[]> {
  const answers: number[] = [];
  for (let quarter = 0; quarter < hours * 4; quarter += 1) {
    answers.push(await post());
    await clock.advance(15 * MINUTE);
    await checked();
  }
  return answers;
}

/** Moves the clock by jumps of an hour, with one event in each: each alarm that is due runs once. */
async function jump(hours: number): Promise<number[]> {
  const answers: number[] = [];
  for (let hour = 0; hour < hours; hour += 1) {
    answers.push(await post());
    await clock.set(clock.now() + HOUR);
    await checked();
  }
  return answers;
}

async function sluice(...args: string[]) {
  const { code, stdout } = await callMain([...args, '--local', '--endpoint-url', cloud.edge, '--json'], {
    env: { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
  });
  return { code, answer: JSON.parse(stdout) };
}
const held = async () => Object.keys((await sluice('hold')).answer);
const findings = async () => {
  const { answer } = await sluice('status');
  return answer.problems.map(({ code, detail }: { code: string; detail: string }) => ({ code, detail }));
};

const alarmsOn = async () => {
  const { answer } = await sluice('status');
  return answer.alarms.flatMap(({ name, state }: { name: string; state: string }) =>
    state === 'ALARM' ? [name] : [],
  );
};

/** Events that queries read. */
async function landed(): Promise<number[]> {
  const rows = await runQuery(
    data,
    'SELECT DISTINCT CAST(event_value AS INT) AS n FROM statsig_forwarded_events ORDER BY n',
  );
  return rows.map(({ n }) => Number(n));
}

/** Time passes until no stream is held any more, and what waited is delivered. */
async function recover(): Promise<void> {
  for (let quarter = 0; (await held()).length > 0; quarter += 1) {
    if (quarter === 8) throw new Error('The stream is not released within two hours.');
    await pass(0.25);
  }
  await clock.advance(30 * MINUTE);
  await cloud.flush();
  await cloud.flush();
}

/** Disables the bucket's key. @returns A function that enables it. */
async function disableKey(): Promise<() => Promise<unknown>> {
  const { Aliases = [] } = await clients.kms.send(new ListAliasesCommand({}));
  const KeyId = Aliases.find(({ AliasName }) => AliasName?.includes('sluice'))?.TargetKeyId;
  await clients.kms.send(new DisableKeyCommand({ KeyId }));
  return () => clients.kms.send(new EnableKeyCommand({ KeyId }));
}

describe("the bucket's key is off", () => {
  it('for 20 hours: no event is lost, and each is answered 202, as the stream drops nothing within four hours', async () => {
    const enableKey = await disableKey();
    const first = await pass(2.75);
    expect(first.slice(0, 8)).toEqual(Array(8).fill(202));
    expect(await held()).toEqual(['landing']);
    expect(await alarmsOn()).toEqual(
      expect.arrayContaining(['sluice-local-landing-late', 'sluice-local-streams-held']),
    );
    // The bucket takes no object either: the stream does, as it drops nothing before the key is back.
    expect(new Set(await jump(9))).toEqual(new Set([202]));
    expect((await findings()).map(({ code }: { code: string }) => code)).toEqual(
      expect.arrayContaining(['SLUICE_STATUS_STREAM_LATE', 'SLUICE_STATUS_STREAM_HELD']),
    );
    await jump(8);
    expect(await findings()).toContainEqual({
      code: 'SLUICE_STATUS_STREAM_EXPIRING',
      detail: expect.stringMatching(
        /^sluice-local-landing: its oldest record has waited 19\.\d hours; Firehose drops it in 4\.\d hours\. \d+ requests wait\.$/,
      ),
    });
    await enableKey();
    await recover();
    expect(await post()).toBe(202);
    await cloud.flush();
    expect(await landed()).toEqual(accepted);
    expect(cloud.status().expired).toEqual([]);
  }, 240_000);

  it('for 30 hours: only what was acknowledged a day before is gone, status had said so from hour 12, and others are answered 503', async () => {
    const enableKey = await disableKey();
    await pass(2.75);
    expect(await held()).toEqual(['landing']);
    const codes = async () => (await findings()).map(({ code }: { code: string }) => code);
    const answers = await jump(9);
    expect(await codes()).not.toContain('SLUICE_STATUS_STREAM_EXPIRING');
    answers.push(...(await jump(1)));
    expect(await codes()).toContain('SLUICE_STATUS_STREAM_EXPIRING');
    answers.push(...(await jump(9)));
    expect(answers.at(-1)).toBe(503);
    const after = await jump(2);
    // A check every five minutes, as on AWS, while Firehose drops what is a day old.
    for (let check = 0; check < 12; check += 1) {
      await clock.advance(5 * MINUTE);
      await checked();
    }
    after.push(...(await jump(5)));
    // The oldest record is 20 hours old.
    expect(answers.indexOf(503)).toBeGreaterThan(15);
    expect(new Set(after)).toEqual(new Set([503]));
    expect(await codes()).toContain('SLUICE_STATUS_STREAM_DROPPED');
    await enableKey();
    await recover();
    expect(await post()).toBe(202);
    await cloud.flush();
    const there = new Set(await landed());
    const gone = accepted.filter((n) => !there.has(n));
    expect(gone.length).toBeGreaterThan(0);
    // The first ones.
    expect(accepted.slice(0, gone.length)).toEqual(gone);
    expect(cloud.status().expired).toEqual([
      { stream: expect.stringMatching(/LandingStream/), documents: gone.length },
    ]);
  }, 240_000);
});

describe('a stream does not deliver for 30 hours', () => {
  it('only what it got before it was held is gone, and status had said so from hour 12', async () => {
    const Bucket = cloud.bucket;
    const { Policy = '' } = await clients.s3.send(new GetBucketPolicyCommand({ Bucket }));
    const policy = JSON.parse(Policy);
    const Statement = [
      ...policy.Statement,
      {
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:PutObject',
        // Where Firehose writes, and not where the collector does.
        Resource: `arn:aws:s3:::${Bucket}/landing/2026/*`,
      },
    ];
    await clients.s3.send(
      new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify({ ...policy, Statement }) }),
    );
    await pass(2.75);
    expect(await held()).toEqual(['landing']);
    const before = [...accepted];
    const answers = await jump(9);
    expect((await findings()).map(({ code }: { code: string }) => code)).not.toContain(
      'SLUICE_STATUS_STREAM_EXPIRING',
    );
    answers.push(...(await jump(1)));
    expect((await findings()).map(({ code }: { code: string }) => code)).toEqual(
      expect.arrayContaining(['SLUICE_STATUS_STREAM_EXPIRING', 'SLUICE_STATUS_STREAM_HELD']),
    );
    answers.push(...(await jump(17)));
    // The bucket takes what the stream may drop.
    expect(new Set(answers)).toEqual(new Set([202]));

    await clients.s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    await recover();
    expect(await post()).toBe(202);
    await cloud.flush();
    const there = new Set(await landed());
    const gone = accepted.filter((n) => !there.has(n));
    expect(gone.length).toBeGreaterThan(0);
    expect(before).toEqual(expect.arrayContaining(gone));
    expect(cloud.status().expired).toEqual([
      { stream: expect.stringMatching(/LandingStream/), documents: gone.length },
    ]);
    expect((await sluice('status')).answer.waiting).toMatchObject({
      landing: { count: 0 },
      parked: { count: 0 },
    });
  }, 240_000);
});

describe('a stream that a person holds', () => {
  it('gets nothing until it is released by hand, and status says who holds it', async () => {
    expect(await post()).toBe(202);
    const { code, answer } = await sluice('hold', 'landing', '--why', 'The role is being replaced.');
    expect([code, answer]).toMatchObject([0, { landing: { by: 'hand', until: 'release' } }]);
    await pass(0.5);
    expect(await held()).toEqual(['landing']);
    expect(await findings()).toContainEqual({
      code: 'SLUICE_STATUS_STREAM_HELD',
      detail: expect.stringMatching(
        /^sluice-local-landing: held by hand since .*\. The role is being replaced\.$/,
      ),
    });
    expect(cloud.status().pending).toEqual([]);
    expect((await landed()).length).toBeGreaterThan(1);
    await sluice('hold', '--release');
    await clock.advance(20 * MINUTE);
    await cloud.flush();
    await cloud.flush();
    expect(await landed()).toEqual(accepted);
    expect((await sluice('status')).answer.waiting.landing.count).toBe(0);
  });
});
