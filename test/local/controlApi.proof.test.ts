import { chmodSync, lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { FirehoseClient, PutRecordCommand } from '@aws-sdk/client-firehose';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { startCloud } from '../../local/startCloud.ts';

const data = mkdtempSync(join(tmpdir(), 'sluice-control-'));
chmodSync(data, 0o755);
const cloud = await startCloud({ port: 0, edgePort: 0, data });
const options = {
  endpoint: cloud.edge,
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  maxAttempts: 1,
};
const firehose = new FirehoseClient(options);
const s3 = new S3Client(options);
const stacks = new CloudFormationClient(options);
const { Stacks: [{ Outputs = [] } = {}] = [] } = await stacks.send(new DescribeStacksCommand({}));
stacks.destroy();
const stream = Outputs.find(({ OutputKey }) => OutputKey === 'LandingStreamName')?.OutputValue ?? '';
afterAll(async () => {
  firehose.destroy();
  s3.destroy();
  await cloud.close();
  rmSync(data, { recursive: true, force: true });
});
beforeEach(() => call('DELETE', 'faults'));

async function call(method: string, name: string, body?: unknown) {
  const response = await fetch(`${cloud.edge}/_sluice/${name}`, {
    method,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, answer: await response.json() };
}

function put(text: string) {
  const Record = { Data: Buffer.from(text) };
  return firehose.send(new PutRecordCommand({ DeliveryStreamName: stream, Record }));
}

/** Puts records, one after the other. @returns Of each whether it failed. */
async function failedRecords(count: number): Promise<boolean[]> {
  const failed: boolean[] = [];
  for (let i = 0; i < count; i += 1) {
    const hasFailed = await put('{}').then(
      () => false,
      () => true,
    );
    failed.push(hasFailed);
  }
  return failed;
}

it('the local cloud writes files that only their owner can read', async () => {
  await s3.send(new PutObjectCommand({ Bucket: 'sluice-experiments', Key: 'a/b/private.txt', Body: 'rows' }));
  const paths = readdirSync(data, { recursive: true, encoding: 'utf8' });
  expect(paths).toContainEqual(join('s3', 'sluice-experiments', 'a', 'b', 'private.txt'));
  const open = ['', ...paths].filter((path) => (lstatSync(join(data, path)).mode & 0o077) !== 0);
  expect(open).toEqual([]);
});

it('the local cloud rejects requests under the name of another machine, on both ports', async () => {
  const ask = async (url: string, path: string) => {
    const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
    get(new URL(path, url), { headers: { host: 'rebound.example.com' } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject);
    return promise;
  };
  expect(await ask(cloud.edge, '/_sluice/status')).toBe(403);
  expect(await ask(cloud.edge, '/sluice-experiments/a/b/private.txt')).toBe(403);
  expect(await ask(cloud.collector, '/v1/rgstr')).toBe(403);
});

describe('a search in the buffers', () => {
  it('finds what streams have not delivered yet, also while they cannot, and nothing once they have', async () => {
    const search = (contains: string, most?: number) => call('POST', 'buffers', { contains, most });
    const documents = [1, 2, 3].map((n) => ({ event_id: `sought-${n}`, ds: '2026-11-20' }));
    await put(documents.map((one) => JSON.stringify(one)).join('\n'));
    const found = (n: number) => ({
      stream,
      arrivedAt: expect.stringMatching(/^20\d\d-.*Z$/),
      document: expect.stringContaining(`sought-${n}`),
    });
    expect((await search('sought-2')).answer).toEqual({ documents: [found(2)], more: false });
    expect((await search('sought-', 2)).answer).toEqual({ documents: [found(1), found(2)], more: true });
    await call('POST', 'flush');
    expect((await search('sought-')).answer).toEqual({ documents: [], more: false });
    expect(await search('')).toMatchObject({ status: 400, answer: { code: 'SLUICE_CONTROL_BODY' } });
  });
});

describe('configured faults', () => {
  it('are listed with the number of affected calls, until they are cleared', async () => {
    const wanted = {
      firehose: [{ fault: 'failCalls', stream, rate: 0.4, seed: 11, calls: 'all' }],
      s3: [{ fault: 'failCalls', code: 'SlowDown', operations: ['PutObject'], key: 'x/*' }],
    };
    expect(await call('POST', 'faults', wanted)).toMatchObject({ status: 200 });
    const failed = await failedRecords(50);
    expect(await call('GET', 'faults')).toEqual({
      status: 200,
      answer: {
        faults: [
          {
            service: 's3',
            fault: 'failCalls',
            code: 'SlowDown',
            operations: ['PutObject'],
            key: 'x/*',
            afterwards: false,
            seed: 1,
            seen: 0,
            struck: 0,
            left: 1,
          },
          {
            service: 'firehose',
            fault: 'failCalls',
            afterwards: false,
            stream,
            rate: 0.4,
            seed: 11,
            calls: 'all',
            seen: 50,
            struck: failed.filter(Boolean).length,
            left: 'all',
          },
        ],
      },
    });
    await call('DELETE', 'faults');
    expect(await call('GET', 'faults')).toEqual({ status: 200, answer: { faults: [] } });
    expect((await failedRecords(50)).some(Boolean)).toBe(false);

    // The same seed again fails the same records.
    await call('POST', 'faults', wanted);
    expect(await failedRecords(50)).toEqual(failed);
  });

  it.each([
    ['a service that is not there', { dynamodb: [] }, 'dynamodb'],
    ['a fault that is none', { sqs: [{ fault: 'explode' }] }, 'fault'],
    ['a stream that is not there', { firehose: [{ fault: 'failCalls', stream: 'nope' }] }, '-LandingStream-'],
    ['a table', { glue: [{ fault: 'failCalls', table: 'nope' }] }, 'statsig_forwarded_events'],
    ['a queue', { sqs: [{ fault: 'delayCalls', ms: 1, queue: 'nope' }] }, 'sluice-local-'],
    ['what is no JSON', '{"s3":', 'JSON'],
  ])('are rejected with the whole request: %s', async (_, body, words) => {
    const good = { sqs: [{ fault: 'failCalls' }] };
    const sent = typeof body === 'object' ? { ...good, ...body } : body;
    expect(await call('POST', 'faults', sent)).toMatchObject({
      status: 400,
      answer: {
        code: 'SLUICE_CONTROL_BODY',
        message: expect.stringContaining(words),
        cure: expect.any(String),
      },
    });
    expect((await call('GET', 'faults')).answer).toEqual({ faults: [] });
  });
});

describe('the clock of the control API', () => {
  const clock = async (body?: object) => {
    const { answer } = await call(body === undefined ? 'GET' : 'POST', 'clock', body);
    return z.strictObject({ now: z.string(), offsetMs: z.number() }).parse(answer);
  };

  it('is read, moved and set back', async () => {
    const { now, offsetMs } = await clock({ now: '2031-03-01T00:00:00+01:00' });
    expect(now).toMatch('2031-02-28T23:00:0');
    expect((await clock()).offsetMs).toBe(offsetMs);
    expect((await clock({ advanceMs: 3_600_000 })).now).toMatch('2031-03-01T00:00:0');
    expect((await clock({ now: Date.UTC(2001, 0, 1) })).now).toMatch('2001-01-01T00:00:0');
    expect((await clock({ real: true })).offsetMs).toBe(0);
  });

  it.each([
    [{}],
    [{ now: 'tomorrow' }],
    [{ now: '2026-11-20' }],
    [{ now: -1 }],
    [{ now: 253_402_300_800_000 }],
    [{ advanceMs: -1 }],
    [{ advanceMs: 32 * 86_400_000 }],
    [{ real: false }],
    [{ real: true, advanceMs: 1 }],
  ])('is not moved by %j', async (body) => {
    expect(await call('POST', 'clock', body)).toMatchObject({
      status: 400,
      answer: { code: 'SLUICE_CONTROL_BODY' },
    });
    expect((await clock()).offsetMs).toBe(0);
  });
});

describe('any other control call', () => {
  it('is rejected by name', async () => {
    expect(await call('PUT', 'clock')).toMatchObject({
      status: 404,
      answer: { code: 'SLUICE_CONTROL_UNKNOWN', message: expect.stringContaining('PUT /_sluice/clock') },
    });
  });
});
