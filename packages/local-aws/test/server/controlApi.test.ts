import { createServer } from 'node:http';
import { FirehoseClient, PutRecordCommand } from '@aws-sdk/client-firehose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { DAY_MS, HOUR_MS } from '../../src/base/clock.ts';
import { MovableClock } from '../../src/base/MovableClock.ts';
import { moveClock } from '../../src/control/clockCalls.ts';
import { controlApi } from '../../src/control/controlApi.ts';
import { listen } from '../../src/edge/listen.ts';
import { startTestAws, type TestAws } from '../../src/testing/index.ts';

const stream = 'events';
const template = {
  Resources: {
    Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'landing' } },
    Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'tasks' } },
    Stream: {
      Type: 'AWS::KinesisFirehose::DeliveryStream',
      Properties: {
        DeliveryStreamName: stream,
        DeliveryStreamType: 'DirectPut',
        ExtendedS3DestinationConfiguration: {
          BucketARN: 'arn:aws:s3:::landing',
          RoleARN: 'arn:aws:iam::000000000000:role/delivery',
          Prefix: 'rows/',
        },
      },
    },
  },
};

/** What the tests read of answers. */
const answerSchema = z.looseObject({
  now: z.string().optional(),
  offsetMs: z.number().optional(),
  message: z.string().optional(),
});

let cloud: TestAws;
let firehose: FirehoseClient;
beforeAll(async () => {
  cloud = await startTestAws({ stack: { template } });
  firehose = new FirehoseClient({ ...cloud.options, maxAttempts: 1 });
});
afterAll(async () => {
  firehose.destroy();
  await cloud.close();
});
beforeEach(() => call('DELETE', 'faults'));

/** Calls the control API. */
async function call(method: string, name: string, body?: unknown) {
  const sent = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(`${cloud.aws.endpoint}/_local/${name}`, {
    method,
    ...(body === undefined ? {} : { body: sent }),
  });
  return { status: response.status, answer: answerSchema.parse(await response.json()) };
}

/** Whether a fault strikes a record. */
async function isStruck(): Promise<boolean> {
  const Record = { Data: Buffer.from('{}') };
  try {
    await firehose.send(new PutRecordCommand({ DeliveryStreamName: stream, Record }));
    return false;
  } catch (error) {
    expect(error).toMatchObject({ name: 'ServiceUnavailableException' });
    return true;
  }
}

const refused = { status: 400, answer: { code: 'LOCAL_AWS_CONTROL_BODY', cure: expect.any(String) } };

describe('configured faults', () => {
  it('are listed with the number of affected calls, strike the same calls again, and are cleared', async () => {
    const wanted = { firehose: [{ fault: 'failCalls', stream, rate: 0.4, seed: 11, calls: 'all' }] };
    const struck = async () => {
      const failed: boolean[] = [];
      for (let i = 0; i < 30; i += 1) failed.push(await isStruck());
      return failed;
    };
    await call('POST', 'faults', wanted);
    const first = await struck();
    const count = first.filter(Boolean).length;
    expect((await call('GET', 'faults')).answer['faults']).toEqual([
      { ...wanted.firehose[0], service: 'firehose', afterwards: false, seen: 30, struck: count, left: 'all' },
    ]);
    await call('DELETE', 'faults');
    expect((await struck()).some(Boolean)).toBe(false);
    await call('POST', 'faults', wanted);
    expect(count).toBe(8);
    expect(await struck()).toEqual(first);
  });

  it.each([
    { what: 'a service that is not there', body: { dynamodb: [] }, words: 'dynamodb' },
    {
      what: 'a stream that is not there',
      body: { firehose: [{ fault: 'failCalls', stream: 'nope' }] },
      words: stream,
    },
    {
      what: 'a queue that is not there',
      body: { sqs: [{ fault: 'delayCalls', ms: 1, queue: 'nope' }] },
      words: 'tasks',
    },
    { what: 'what is no JSON', body: '{"s3":', words: 'JSON' },
    {
      what: 'a number of calls that is none',
      body: { s3: [{ fault: 'failCalls', calls: 'some' }] },
      words: '"all"',
    },
  ])('are rejected with the whole request: $what', async ({ body, words }) => {
    const good = { sqs: [{ fault: 'failCalls' }] };
    const answered = await call('POST', 'faults', typeof body === 'object' ? { ...good, ...body } : body);
    expect(answered).toMatchObject(refused);
    expect(answered.answer.message).toContain(words);
    expect((await call('GET', 'faults')).answer).toEqual({ faults: [] });
  });
});

describe('the clock of the control API', () => {
  it('is read, moved and set back', async () => {
    const moved = async (body: object) => (await call('POST', 'clock', body)).answer;
    const { now, offsetMs } = await moved({ now: '2031-03-01T00:00:00+01:00' });
    expect(now).toMatch('2031-02-28T23:00:0');
    expect((await call('GET', 'clock')).answer.offsetMs).toBe(offsetMs);
    expect((await moved({ advanceMs: HOUR_MS })).now).toMatch('2031-03-01T00:00:0');
    expect((await moved({ now: Date.UTC(2001, 0, 1) })).now).toMatch('2001-01-01T00:00:0');
    expect((await moved({ real: true })).offsetMs).toBe(0);
  });

  it.each([
    { body: {}, words: 'now, advanceMs and real' },
    { body: { real: true, advanceMs: 1 }, words: 'now, advanceMs and real' },
    { body: { now: 'tomorrow' }, words: 'ISO' },
    { body: { now: true }, words: 'at now' },
    { body: { advanceMs: '5' }, words: 'at advanceMs' },
    { body: { advanceMs: 32 * DAY_MS }, words: 'at advanceMs' },
    { body: { real: false }, words: 'at real' },
  ])('is not moved by $body, and the refusal says $words', async ({ body, words }) => {
    const answered = await call('POST', 'clock', body);
    expect(answered).toMatchObject(refused);
    expect(answered.answer.message).toContain(words);
    expect((await call('GET', 'clock')).answer.offsetMs).toBe(0);
  });

  it('ends before the year 10000, also for moves that wait for one another', async () => {
    const clock = new MovableClock();
    await moveClock(clock, { now: '9999-12-31T22:30:00Z' });
    const hour = { advanceMs: HOUR_MS };
    const moves = await Promise.allSettled([moveClock(clock, hour), moveClock(clock, hour)]);
    expect(moves).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { kind: 'CONTROL_BODY' } },
    ]);
  });

  it('takes no other call', async () => {
    expect(await call('PUT', 'clock')).toMatchObject({
      status: 404,
      answer: {
        code: 'LOCAL_AWS_CONTROL_UNKNOWN',
        message: expect.stringContaining('PUT /_local/clock'),
      },
    });
  });
});

describe('credentials of the control API', () => {
  it('are refused to an unknown principal, whose name the refusal does not repeat', async () => {
    const answered = await call('POST', 'credentials', { principal: 'my-secret' });
    expect(answered).toMatchObject(refused);
    expect(answered.answer.message).not.toContain('my-secret');
  });
});

it('a call that comes while the cloud starts is answered 503', async () => {
  const server = createServer(controlApi({ path: '/_local', controlled: () => undefined }));
  const { url, close } = await listen(server, { port: 0 });
  const response = await fetch(`${url}/_local/status`);
  expect(response.status).toBe(503);
  expect(await response.json()).toEqual(expect.objectContaining({ code: 'LOCAL_AWS_CONTROL_NOT_READY' }));
  await close();
});
