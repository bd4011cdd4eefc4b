import { DeleteObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import config from '#config';
import { handler as deployed, readEnvironment } from '../../../functions/redrive/handler.ts';
import { holdsText, NO_HOLDS } from '../../../lib/landing/hold/StreamHolds.ts';
import { overflowKey } from '../../../lib/tables/objectKeys.ts';
import { MovableClock, realClock } from '../../../packages/local-aws/src/base/index.ts';
import { objectCreatedEvent } from '../../../packages/local-aws/src/events/index.ts';
import { Faults } from '../../../packages/local-aws/src/faults/index.ts';
import { openFirehose } from '../../../packages/local-aws/src/firehose/index.ts';
import { ObjectStore, s3Service } from '../../../packages/local-aws/src/s3/index.ts';
import { Secrets, secretsManagerService } from '../../../packages/local-aws/src/secretsmanager/index.ts';
import { startServices } from '../../../packages/local-aws/test/harness/startServices.ts';
import { lambdaInvoker } from '../../harness/lambdaInvoker.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';
import { overflowBody } from '../../lib/landing/redrive/startRedrive.ts';

const TRIES = 3;
const HOUR_MS = 3_600_000;
const directory = temporaryDirectory();
/** S3's, so that objects can be old. */
const past = new MovableClock();
const faults = new Faults();
const environment = { ...process.env };
const lines: Record<string, unknown>[] = [];
let store: ObjectStore;
let firehose: Awaited<ReturnType<typeof openFirehose>>;
let secrets: Secrets;
let services: Awaited<ReturnType<typeof startServices>>;
let s3: S3Client;

beforeAll(async () => {
  store = ObjectStore.open({ directory: `${directory.path}/s3`, clock: past });
  store.ensureBucket(config.bucket, { eventBridge: true });
  firehose = await openFirehose({
    directory: `${directory.path}/firehose`,
    clock: realClock,
    sink: { put: async () => undefined },
    schemaSource: async () => undefined,
    region: 'us-east-1',
    account: '000000000000',
    faults,
  });
  for (const name of ['exposures', 'events', 'quarantine']) {
    await firehose.createStream(name, {
      DeliveryStreamName: name,
      DeliveryStreamType: 'DirectPut',
      ExtendedS3DestinationConfiguration: {
        BucketARN: `arn:aws:s3:::${config.bucket}`,
        RoleARN: 'arn:aws:iam::000000000000:role/x',
      },
    });
  }
  const place = { partition: 'aws', region: 'us-east-1', account: '000000000000' };
  secrets = Secrets.open({ directory: `${directory.path}/secrets`, clock: realClock, ...place });
  secrets.ensure('holds', { Name: 'holds', SecretString: holdsText(NO_HOLDS) });
  services = await startServices(
    [s3Service({ store, clock: past }), firehose.service, secretsManagerService({ secrets })],
    faults,
  );
  s3 = new S3Client(services.options);
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: services.options.endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    SLUICE_BUCKET: config.bucket,
    SLUICE_EXPOSURES_STREAM: 'exposures',
    SLUICE_EVENTS_STREAM: 'events',
    SLUICE_QUARANTINE_STREAM: 'quarantine',
    SLUICE_HOLDS_SECRET: 'holds',
    SLUICE_TRIES: String(TRIES),
  });
});
beforeEach(() => {
  lines.length = 0;
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    const line = JSON.parse(String(text));
    // Only before the first invocation, whichever test that is in.
    if (line.event !== 'start' && line.event !== 'stream_breaker') lines.push(line);
    return true;
  });
});
afterEach(async () => {
  jest.restoreAllMocks();
  faults.clear();
  for (const { key } of await objects(''))
    await s3.send(new DeleteObjectCommand({ Bucket: config.bucket, Key: key }));
});
afterAll(async () => {
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  Object.assign(process.env, environment);
  s3.destroy();
  await services.close();
  await firehose.close();
  store.close();
  directory.remove();
});

async function objects(prefix: string): Promise<{ key: string }[]> {
  const { Contents = [] } = await s3.send(
    new ListObjectsV2Command({ Bucket: config.bucket, Prefix: prefix }),
  );
  return Contents.map(({ Key = '' }) => ({ key: Key }));
}

const put = async (key: string, body: Uint8Array | string) => {
  await s3.send(new PutObjectCommand({ Bucket: config.bucket, Key: key, Body: body }));
};
const keyOf = (digit: string) => overflowKey('events', digit.repeat(64));
async function spill(digit: string, rows = ['{"event_id":"a"}']): Promise<string> {
  await put(keyOf(digit), overflowBody(rows));
  return keyOf(digit);
}
const down = () => faults.set({ firehose: [{ fault: 'failCalls', calls: 'all' }] });

const handler = lambdaInvoker(deployed);
const context = (remainingMs = 60_000) => ({ getRemainingTimeInMillis: () => remainingMs });
const record = (messageId: string, body: string, receives = 1) => ({
  messageId,
  body,
  eventSource: 'aws:sqs',
  attributes: { ApproximateReceiveCount: String(receives) },
});
const message = (messageId: string, key: string, receives = 1, bucket = config.bucket) =>
  record(
    messageId,
    JSON.stringify(
      objectCreatedEvent(
        { bucket, key, size: 1, etag: 'e', sequencer: '0', reason: 'PutObject', time: 0 },
        { region: 'us-east-1', account: '000000000000' },
      ),
    ),
    receives,
  );

describe('queue messages', () => {
  it('put their objects on the stream, with one log line', async () => {
    const keys = [await spill('a'), await spill('b', ['{"event_id":"b"}', '{"event_id":"c"}'])];
    const response = await handler(
      {
        Records: [
          ...keys.map((key) => message(key, key)),
          message('again', keys[0] ?? ''),
          message('other', 'query-results/x'),
          message('elsewhere', keyOf('c'), 1, 'another-bucket'),
        ],
      },
      context(),
    );
    expect(response).toEqual({ batchItemFailures: [] });
    expect(await objects('')).toEqual([]);
    expect(lines).toEqual([
      {
        level: 'info',
        event: 'redrive',
        messages: 5,
        objects: { delivered: 2, ignored: 2 },
        documents: 3,
      },
    ]);
  });

  it('are retried while the stream is down, and after the last try their object stays for the run', async () => {
    // Of a stream of its own, for the function remembers that it was away.
    const key = overflowKey('quarantine', 'a'.repeat(64));
    await put(key, overflowBody(['{"quarantine_id":"a"}']));
    down();
    const response = await handler({ Records: [message('m', key, TRIES - 1)] }, context(16_000));
    expect(response).toEqual({ batchItemFailures: [{ itemIdentifier: 'm' }] });
    expect(lines).toEqual([
      expect.objectContaining({
        level: 'error',
        event: 'redrive',
        objects: { kept: 1 },
        kept: { 'SLUICE_REDRIVE_NOT_DELIVERED ServiceUnavailableException': 1 },
      }),
    ]);
    const last = await handler({ Records: [message('m', key, TRIES)] }, context(16_000));
    expect(last).toEqual({ batchItemFailures: [] });
    expect(await objects('')).toEqual([{ key }]);
  });

  it('of many objects are processed with one claim and one removal for a lane', async () => {
    const keys = Array.from({ length: 40 }, (_, i) =>
      overflowKey('events', `a${String(i).padStart(63, '0')}`),
    );
    for (const [i, key] of keys.entries()) await put(key, overflowBody([`{"event_id":"e${i}"}`]));
    faults.clear();
    expect(await handler({ Records: keys.map((key) => message(key, key)) }, context())).toEqual({
      batchItemFailures: [],
    });
    expect(lines).toMatchObject([{ objects: { delivered: 40 }, documents: 40 }]);
    expect(await objects('')).toEqual([]);
  });

  it.each([
    ['no JSON', '{'],
    ['another event', '{"source":"aws.s3","detail-type":"Object Deleted"}'],
  ])('that are %s are returned to the queue and end in the dead-letter queue', async (_what, body) => {
    expect(await handler({ Records: [record('bad', body)] }, context())).toEqual({
      batchItemFailures: [{ itemIdentifier: 'bad' }],
    });
    expect(lines).toMatchObject([{ invalid: [{ code: 'SLUICE_REDRIVE_MESSAGE_INVALID' }] }]);
  });
});

describe('the run for stragglers', () => {
  const run = () => handler({ sluice: 'stragglers' }, context(30_000));

  it('redrives old overflow and error objects, and leaves recent ones to their messages', async () => {
    await past.set(Date.now() - HOUR_MS);
    await spill('a');
    await put('errors/exposures/format-conversion-failed/x', '{"rawData":"e30="}\n');
    await past.setReal();
    const young = await spill('b');
    expect(await run()).toMatchObject({
      level: 'info',
      objects: { delivered: 1, quarantined: 1 },
      documents: 2,
    });
    expect(await objects('')).toEqual([{ key: young }]);
  });

  it('starts from a message of the queue, after the objects of its batch', async () => {
    await past.set(Date.now() - HOUR_MS);
    await spill('a');
    await past.setReal();
    const key = await spill('b');
    const response = await handler(
      {
        Records: [
          record('run', '{"sluice":"stragglers"}'),
          message('object', key),
          record('x', '{"sluice":"x"}'),
        ],
      },
      context(30_000),
    );
    expect(response).toEqual({ batchItemFailures: [{ itemIdentifier: 'x' }] });
    expect(lines.map(({ event }) => event)).toEqual(['redrive', 'redrive_stragglers']);
    expect(await objects('')).toEqual([]);
  });

  it('continues when one object fails, and parks objects that have waited for a day', async () => {
    await past.set(Date.now() - HOUR_MS);
    const hour = overflowKey('exposures', 'a'.repeat(64));
    await put(hour, overflowBody(['{"event_id":"a"}']));
    await past.set(Date.now() - 25 * HOUR_MS);
    const day = await spill('b');
    await past.setReal();
    down();
    expect(await handler({ sluice: 'stragglers' }, context(45_000))).toMatchObject({
      level: 'error',
      objects: { kept: 1, parked: 1 },
    });
    expect((await objects('')).map(({ key }) => key)).toEqual([hour, `parked/${day}`]);
    expect(lines).toMatchObject([
      { code: 'SLUICE_REDRIVE_PARKED', key: day },
      { event: 'redrive_stragglers', parked: 1 },
    ]);
  });

  it('reports a failed listing', async () => {
    faults.set({
      s3: [{ fault: 'failCalls', code: 'AccessDenied', operations: ['ListObjectsV2'], calls: 'all' }],
    });
    expect(await run()).toMatchObject({
      level: 'error',
      code: 'SLUICE_REDRIVE_BUCKET_FAILED',
      detail: 'AccessDenied',
    });
  });
});

describe('the redrive function', () => {
  it('rejects any other event with its code', async () => {
    for (const event of [{}, { sluice: 'daily' }, { Records: [{ eventSource: 'aws:s3' }] }, null]) {
      await expect(handler(event, context())).rejects.toMatchObject({
        code: 'SLUICE_REDRIVE_INVOCATION_UNKNOWN',
      });
    }
  });

  it('names the missing environment variables', () => {
    expect(() => readEnvironment({ SLUICE_BUCKET: 'b', SLUICE_TRIES: '0' })).toThrow(
      expect.objectContaining({
        code: 'SLUICE_REDRIVE_ENVIRONMENT_INVALID',
        detail:
          'SLUICE_EXPOSURES_STREAM, SLUICE_EVENTS_STREAM, SLUICE_QUARANTINE_STREAM, SLUICE_HOLDS_SECRET, SLUICE_TRIES',
      }),
    );
  });
});

describe('an environment that cannot read which streams are held', () => {
  it('puts nothing on streams until it has read it', async () => {
    jest.resetModules();
    const { handler: cold } = await import('../../../functions/redrive/handler.ts');
    const key = await spill('a');
    faults.set({ secretsmanager: [{ fault: 'failCalls', calls: 'all', code: 'InternalServiceError' }] });
    expect(await lambdaInvoker(cold)({ Records: [message('m', key)] }, context())).toEqual({
      batchItemFailures: [{ itemIdentifier: 'm' }],
    });
    expect(lines).toContainEqual(
      expect.objectContaining({ event: 'redrive', kept: { SLUICE_HOLD_UNAVAILABLE: 1 }, documents: 0 }),
    );
    expect(await objects('')).toEqual([{ key }]);
  });
});
