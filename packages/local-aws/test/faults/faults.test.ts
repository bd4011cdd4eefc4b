import { setImmediate } from 'node:timers/promises';
import { FirehoseClient, PutRecordCommand } from '@aws-sdk/client-firehose';
import { CreateDatabaseCommand, GetDatabasesCommand, GlueClient } from '@aws-sdk/client-glue';
import {
  HeadObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
} from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { realClock } from '../../src/base/clock.ts';
import { Faults } from '../../src/faults/Faults.ts';
import type { CallFault, FaultsInput } from '../../src/faults/faultsSchema.ts';
import { openFirehose } from '../../src/firehose/index.ts';
import { Catalog, glueService } from '../../src/glue/index.ts';
import { s3Service } from '../../src/s3/index.ts';
import { ObjectStore } from '../../src/s3/model/ObjectStore.ts';
import { secretsManagerService } from '../../src/secretsmanager/index.ts';
import { Secrets } from '../../src/secretsmanager/Secrets.ts';
import { sqsService } from '../../src/sqs/index.ts';
import { Queues } from '../../src/sqs/Queues.ts';
import { queueProperties } from '../../src/sqs/queueSettings.ts';
import { type ClientOptions, startServices } from '../../src/testing/startServices.ts';
import { temporaryDirectory } from '../../src/testing/temporaryDirectory.ts';

const ACCOUNT = { region: 'us-east-1', account: '000000000000', partition: 'aws' } as const;
const clock = realClock;
const faults = new Faults();
const closing: (() => unknown)[] = [];
let store: ObjectStore;
let options: ClientOptions;
let s3: S3Client;
/** As {@link s3}, with the SDK's own three attempts. */
let persistent: S3Client;
let glue: GlueClient;
let sqs: SQSClient;
let QueueUrl: string;

beforeAll(async () => {
  const { path, remove } = temporaryDirectory();
  closing.push(remove);
  store = ObjectStore.open({ directory: `${path}/s3`, clock });
  for (const bucket of ['bucket', 'other']) store.ensureBucket(bucket, { eventBridge: false });
  const catalog = Catalog.open({ directory: `${path}/glue`, clock });
  const queues = Queues.open({ directory: `${path}/sqs`, clock, ...ACCOUNT });
  queues.ensure('queue', queueProperties({}).settings);
  const firehose = await openFirehose({
    directory: `${path}/firehose`,
    clock,
    sink: { put: async () => undefined },
    ...ACCOUNT,
    faults,
  });
  const secrets = Secrets.open({ directory: `${path}/secrets`, clock, ...ACCOUNT });
  const services = [
    s3Service({ store }),
    glueService({ catalog, clock, account: ACCOUNT.account, faults }),
    sqsService({ queues, clock, account: ACCOUNT.account }),
    secretsManagerService({ secrets }),
    firehose.service,
  ];
  const running = await startServices(services, faults);
  options = running.options;
  s3 = new S3Client(options);
  persistent = new S3Client({ ...options, maxAttempts: 3 });
  glue = new GlueClient(options);
  sqs = new SQSClient(options);
  QueueUrl = queues.urlOf('queue', options.endpoint);
  closing.push(
    () => store.close(),
    () => queues.close(),
    () => firehose.close(),
    running.close,
    () => [s3, persistent, glue, sqs].map((client) => client.destroy()),
  );
});
afterAll(async () => {
  for (const step of closing.reverse()) await step();
});
beforeEach(() => faults.clear());

const put = (Key: string, more: Partial<PutObjectCommandInput> = {}, client = s3) =>
  client.send(new PutObjectCommand({ Bucket: 'bucket', Key, Body: 'text', ...more }));
const exists = (Key: string) =>
  s3.send(new HeadObjectCommand({ Bucket: 'bucket', Key })).then(
    () => true,
    () => false,
  );
/** Whether each of so many calls was struck. */
async function struck(count: number, call: () => Promise<unknown>): Promise<boolean[]> {
  const outcomes: boolean[] = [];
  for (let i = 0; i < count; i += 1) {
    outcomes.push(
      await call().then(
        () => false,
        () => true,
      ),
    );
  }
  return outcomes;
}
const listBuckets = () => s3.send(new ListBucketsCommand({}));

describe('a call that fails', () => {
  const failing: {
    readonly service: keyof FaultsInput;
    readonly name: string;
    readonly status: number;
    readonly call: () => Promise<unknown>;
  }[] = [
    { service: 's3', name: 'SlowDown', status: 503, call: () => put('slow') },
    {
      service: 'glue',
      name: 'ThrottlingException',
      status: 400,
      call: () => glue.send(new GetDatabasesCommand({})),
    },
    {
      service: 'sqs',
      name: 'RequestThrottled',
      status: 400,
      call: () => sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' })),
    },
    {
      service: 'secretsmanager',
      name: 'ThrottlingException',
      status: 400,
      call: () => new SecretsManagerClient(options).send(new GetSecretValueCommand({ SecretId: 's' })),
    },
    {
      service: 'firehose',
      name: 'ServiceUnavailableException',
      status: 500,
      call: () =>
        new FirehoseClient(options).send(
          new PutRecordCommand({ DeliveryStreamName: 's', Record: { Data: Buffer.from('x') } }),
        ),
    },
  ];
  it.each(failing)(
    'of $service is throttled as the service words it: $name',
    async ({ service, name, status, call }) => {
      faults.set({ [service]: [{ fault: 'failCalls' }] });
      const failure = { name, $metadata: { httpStatusCode: status, attempts: 1 } };
      await expect(call()).rejects.toMatchObject(failure);
    },
  );

  it('has no effect', async () => {
    faults.set({ s3: [{ fault: 'failCalls', code: 'InternalError', operations: ['PutObject'] }] });
    await expect(put('before')).rejects.toMatchObject({ name: 'InternalError' });
    expect(await exists('before')).toBe(false);
  });

  it('has its effect when it fails after the work', async () => {
    faults.set({ glue: [{ fault: 'failCalls', code: 'InternalServiceException', afterwards: true }] });
    const create = glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: 'made' } }));
    await expect(create).rejects.toMatchObject({
      name: 'InternalServiceException',
      message: 'An internal service error occurred.',
      $metadata: { httpStatusCode: 500 },
    });
    const { DatabaseList = [] } = await glue.send(new GetDatabasesCommand({}));
    expect(DatabaseList.map(({ Name }) => Name)).toEqual(['made']);
  });

  it.each(['SomethingNew', 'constructor'])('can have any error code with a status: %s', async (code) => {
    faults.set({ sqs: [{ fault: 'failCalls', code, status: 418 }] });
    await expect(sqs.send(new ReceiveMessageCommand({ QueueUrl }))).rejects.toMatchObject({
      name: code,
      $metadata: { httpStatusCode: 418 },
    });
  });
});

it.each(['SomethingNew', 'constructor'])('a fault needs a status for the error code %s', (code) => {
  expect(() => faults.set({ sqs: [{ fault: 'failCalls', code }] })).toThrow('give a status too');
});

describe('a connection that is cut', () => {
  it('has no effect when it is cut before the work', async () => {
    faults.set({ s3: [{ fault: 'resetConnection', operations: ['PutObject'] }] });
    await expect(put('reset')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await exists('reset')).toBe(false);
  });

  it('is retried by the SDK', async () => {
    faults.set({ s3: [{ fault: 'resetConnection', calls: 2 }] });
    const { $metadata } = await put('again', {}, persistent);
    expect($metadata.attempts).toBe(3);
  });

  it('loses only the response when it is cut after the work: a retried conditional write conflicts with itself', async () => {
    faults.set({ s3: [{ fault: 'loseResponse', operations: ['PutObject'] }] });
    await expect(put('mine', { IfNoneMatch: '*' }, persistent)).rejects.toMatchObject({
      name: 'PreconditionFailed',
    });
    expect(await exists('mine')).toBe(true);
  });
});

describe('a call that is slow', () => {
  /** Puts an object, and gives up as soon as the fault has struck and `isTime` answers true. */
  async function giveUp(Key: string, isTime: () => Promise<boolean>): Promise<unknown> {
    const client = new AbortController();
    const answer = s3
      .send(new PutObjectCommand({ Bucket: 'bucket', Key, Body: 'text' }), { abortSignal: client.signal })
      .catch((error: unknown) => error);
    while (faults.list().at(-1)?.struck !== 1) await setImmediate();
    while (!(await isTime())) await setImmediate();
    client.abort();
    return answer;
  }

  it('takes the configured time, and several delays add up', async () => {
    faults.set({
      s3: [
        { fault: 'delayCalls', ms: 60 },
        { fault: 'delayCalls', ms: 60, afterwards: true },
      ],
    });
    const before = performance.now();
    await put('late');
    expect(performance.now() - before).toBeGreaterThanOrEqual(115);
  });

  it('has no effect when its client gives up first, but takes effect when only the response is slow', async () => {
    faults.set({ s3: [{ fault: 'delayCalls', ms: 60_000 }] });
    expect(await giveUp('given-up', async () => true)).toMatchObject({ name: 'AbortError' });
    expect(await exists('given-up')).toBe(false);
    faults.set({ s3: [{ fault: 'delayCalls', ms: 60_000, afterwards: true }] });
    const isStored = () => exists('unanswered');
    expect(await giveUp('unanswered', isStored)).toMatchObject({ name: 'AbortError' });
  });
});

describe('the selection of the calls that a fault affects', () => {
  it.each<{
    readonly what: string;
    readonly selection: Pick<CallFault, 'nth' | 'every' | 'calls'>;
    readonly marks: string;
  }>([
    { what: 'the first by default', selection: {}, marks: 'x--' },
    { what: 'so many from the nth on', selection: { nth: 3, calls: 2 }, marks: '--xx--' },
    { what: 'every third', selection: { every: 3 }, marks: '--x--x-' },
    { what: 'all', selection: { calls: 'all' }, marks: 'xxxx' },
  ])('is $what', async ({ selection, marks }) => {
    faults.set({ s3: [{ fault: 'failCalls', ...selection }] });
    expect(await struck(marks.length, listBuckets)).toEqual([...marks].map((mark) => mark === 'x'));
  });

  it('can be limited to operations and to their resources', async () => {
    faults.set({ s3: [{ fault: 'failCalls', operations: ['HeadObject', 'PutObject'], key: 'bucket/a/*' }] });
    await listBuckets();
    await put('b/1');
    await expect(put('a/1')).rejects.toMatchObject({ name: 'SlowDown' });
    faults.set({ sqs: [{ fault: 'failCalls', queue: 'another' }] });
    await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    faults.set({ sqs: [{ fault: 'failCalls', queue: 'queue' }] });
    await expect(sqs.send(new ReceiveMessageCommand({ QueueUrl }))).rejects.toMatchObject({
      name: 'RequestThrottled',
    });
    expect(faults.list().map(({ seen, struck: hits, left }) => [seen, hits, left])).toEqual([
      [1, 1, 0],
      [0, 0, 1],
      [1, 1, 0],
    ]);
  });

  it('applies only the first of several faults: the call does not count for the others', async () => {
    faults.set({
      s3: [
        { fault: 'failCalls', code: 'InternalError' },
        { fault: 'failCalls', code: 'AccessDenied', nth: 2 },
      ],
    });
    const names: string[] = [];
    for (let i = 0; i < 4; i += 1) {
      names.push(
        await listBuckets().then(
          () => 'done',
          (error: Error) => error.name,
        ),
      );
    }
    expect(names).toEqual(['InternalError', 'done', 'AccessDenied', 'done']);
  });

  it('depends on a seed: the same seed selects the same calls, in about the requested share', async () => {
    const strikes = (seed: number, rate: number) => {
      const seeded = new Faults();
      seeded.set({ s3: [{ fault: 'failCalls', rate, seed }] });
      return Array.from({ length: 400 }, () => {
        const { end } = seeded.takeCall({ service: 's3', operation: 'GetObject' }).before;
        return end !== undefined;
      });
    };
    fc.assert(
      fc.property(fc.integer(), fc.double({ min: 0, max: 1, noNaN: true }), (seed, rate) => {
        const first = strikes(seed, rate);
        expect(strikes(seed, rate)).toEqual(first);
        const share = first.filter(Boolean).length / first.length;
        expect(Math.abs(share - rate)).toBeLessThan(0.15);
      }),
    );
    expect(strikes(1, 0.5)).not.toEqual(strikes(2, 0.5));
  });
});
