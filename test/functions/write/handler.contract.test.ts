import { hash } from 'node:crypto';
import { DeleteObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import config from '#config';
import { handler as deployed, readEnvironment } from '../../../functions/write/handler.ts';
import { overflowBody } from '../../../lib/landing/adopt/overflow.ts';
import { noteKeyOf, readWriteNote } from '../../../lib/landing/write/writeNotes.ts';
import { WRITE_NOTES } from '../../../lib/tables/ledgerKeys.ts';
import { directRecordKey, LANDING_FOLDER, overflowKey } from '../../../lib/tables/objectKeys.ts';
import { parseTableKey } from '../../../lib/tables/tableFolders.ts';
import { MovableClock } from '../../../packages/local-aws/src/base/index.ts';
import { objectCreatedEvent } from '../../../packages/local-aws/src/events/index.ts';
import { Faults } from '../../../packages/local-aws/src/faults/index.ts';
import { ObjectStore, s3Service } from '../../../packages/local-aws/src/s3/index.ts';
import { startServices } from '../../../packages/local-aws/src/testing/index.ts';
import { lambdaInvoker } from '../../harness/lambdaInvoker.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';
import { recordFor, rowOf } from '../../lib/landing/write/startWriter.ts';

const TRIES = 3;
const MINUTE_MS = 60_000;
const directory = temporaryDirectory();
/** S3's: what is put while it is behind is old. */
const past = new MovableClock();
const faults = new Faults();
const environment = { ...process.env };
const lines: Record<string, unknown>[] = [];
let store: ObjectStore;
let services: Awaited<ReturnType<typeof startServices>>;
let s3: S3Client;

beforeAll(async () => {
  store = ObjectStore.open({ directory: `${directory.path}/s3`, clock: past });
  store.ensureBucket(config.bucket, { eventBridge: true });
  services = await startServices([s3Service({ store, clock: past })], faults);
  s3 = new S3Client(services.options);
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: services.options.endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1769',
    SLUICE_BUCKET: config.bucket,
    SLUICE_TRIES: String(TRIES),
  });
});
beforeEach(() => {
  lines.length = 0;
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    const line = JSON.parse(String(text));
    // Only before the first invocation, whichever test that is in.
    if (line.event !== 'start') lines.push(line);
    return true;
  });
});
afterEach(async () => {
  jest.restoreAllMocks();
  faults.clear();
  for (const key of await keys(''))
    await s3.send(new DeleteObjectCommand({ Bucket: config.bucket, Key: key }));
});
afterAll(async () => {
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  Object.assign(process.env, environment);
  s3.destroy();
  await services.close();
  store.close();
  directory.remove();
});

async function keys(prefix: string): Promise<string[]> {
  const { Contents = [] } = await s3.send(
    new ListObjectsV2Command({ Bucket: config.bucket, Prefix: prefix }),
  );
  return Contents.map(({ Key = '' }) => Key);
}
const tableFiles = async () => (await keys('')).filter((key) => 'kind' in parseTableKey(config, key));

/** @param minutes How long ago the object was put. */
async function put(key: string, body: Uint8Array | string, minutes = 0): Promise<string> {
  await past.set(Date.now() - minutes * MINUTE_MS);
  await s3.send(new PutObjectCommand({ Bucket: config.bucket, Key: key, Body: body }));
  await past.set(Date.now());
  return key;
}
const batchKey = (name: string) => `landing/2026/11/23/10/sluice-landing-${name}`;
const record = (id: string) => recordFor({ events: [rowOf('events', id, '2026-11-23')] }, id);
const putBatch = (name: string, minutes = 0) => put(batchKey(name), record(name), minutes);
const putDirect = (name: string) => put(directRecordKey(hash('sha256', record(name))), record(name));

const handler = lambdaInvoker(deployed);
const context = (remainingMs = 120_000) => ({ getRemainingTimeInMillis: () => remainingMs });
const event = (messageId: string, body: string, receives = 1) => ({
  messageId,
  body,
  eventSource: 'aws:sqs',
  attributes: { ApproximateReceiveCount: String(receives) },
});
const message = (key: string, receives = 1, bucket = config.bucket) =>
  event(
    key,
    JSON.stringify(
      objectCreatedEvent(
        { bucket, key, size: 1, etag: 'e', sequencer: '0', reason: 'PutObject', time: 0 },
        { region: 'us-east-1', account: '000000000000' },
      ),
    ),
    receives,
  );
const look = { sluice: 'look' };
const lookMessage = event('look', JSON.stringify(look));
const failing = (...messageIds: string[]) => ({
  batchItemFailures: messageIds.map((itemIdentifier) => ({ itemIdentifier })),
});
const failPuts = () =>
  faults.set({
    s3: [{ fault: 'failCalls', operations: ['PutObject'], code: 'AccessDenied', calls: 'all' }],
  });

describe('messages of objects', () => {
  it('have them written, with one log line', async () => {
    const [a, b] = [await putBatch('a'), await putBatch('b')];
    const response = await handler(
      {
        Records: [
          ...[message(a), message(b), message(b)],
          ...[message('query-results/x'), message('landing/'), message(batchKey('c'), 1, 'another-bucket')],
          message(batchKey('gone')),
        ],
      },
      context(),
    );
    expect(response).toEqual(failing());
    expect(await keys(LANDING_FOLDER)).toEqual([]);
    expect(await tableFiles()).toHaveLength(2);
    expect(lines).toEqual([
      {
        ...{ level: 'info', event: 'write', messages: 7, objects: { written: 2, ignored: 3, gone: 1 } },
        ...{ rows: 2, written: 2, quarantined: 0, damaged: 0, earlier: 0, files: 2 },
      },
    ]);
  });

  it('return while the bucket refuses the files, but not after the last try', async () => {
    const key = await putBatch('a');
    failPuts();
    expect(await handler({ Records: [message(key, TRIES - 1)] }, context())).toEqual(failing(key));
    expect(lines).toMatchObject([
      {
        ...{ level: 'error', event: 'write', objects: { failed: 1 } },
        failed: [
          { key, code: 'SLUICE_WRITE_BUCKET_FAILED', detail: expect.stringContaining('AccessDenied') },
        ],
      },
    ]);
    expect(await handler({ Records: [message(key, TRIES)] }, context())).toEqual(failing());
    expect(await keys(LANDING_FOLDER)).toEqual([key]);
  });

  it('that name no object end in the dead-letter queue', async () => {
    const response = await handler({ Records: [event('odd', '{}', TRIES)] }, context());
    expect(response).toEqual(failing('odd'));
    expect(lines).toMatchObject([{ level: 'error', invalid: [{ messageId: 'odd' }] }]);
  });

  it('have what is damaged parked, and told', async () => {
    const key = await put(batchKey('a'), Buffer.concat([record('a'), Buffer.from('rest')]));
    await handler({ Records: [message(key)] }, context());
    expect(await keys('parked/')).toEqual([`parked/${key}.${record('a').length}`]);
    expect(lines).toMatchObject([
      {
        ...{ level: 'error', event: 'write_parked', object: key, code: 'SLUICE_LANDING_NOT_A_RECORD' },
        key: `parked/${key}.${record('a').length}`,
      },
      { event: 'write', written: 1 },
    ]);
  });

  it('have records that the collector put itself gathered, and the list written', async () => {
    const direct = [await putDirect('a'), await putDirect('b')];
    await handler({ Records: direct.map((key) => message(key)) }, context());
    expect(lines).toMatchObject([{ event: 'write_gather', records: 2, lists: 1 }, { event: 'write' }]);
    const [list = ''] = await keys('landing/lists/');
    await handler({ Records: [message(list)] }, context());
    expect(await keys(LANDING_FOLDER)).toEqual([]);
    expect(await tableFiles()).toHaveLength(1);
  });

  it('gather again when the bucket did not list', async () => {
    const key = await putDirect('a');
    faults.set({ s3: [{ fault: 'failCalls', operations: ['ListObjectsV2'], calls: 'all' }] });
    expect(await handler({ Records: [message(key)] }, context())).toEqual(failing());
    expect(lines[0]).toMatchObject({
      ...{ level: 'error', event: 'write_gather', code: 'SLUICE_WRITE_BUCKET_FAILED' },
    });
    faults.clear();
    await handler(look, context());
    expect(await keys('landing/lists/')).toHaveLength(1);
  });
});

describe('a look', () => {
  it('counts what waits and what is parked, once for several messages', async () => {
    await putBatch('a', 3);
    await putDirect('b');
    await put(`parked/${batchKey('c')}`, 'x');
    await put('landing/', Buffer.alloc(0));
    const response = await handler({ Records: [lookMessage, { ...lookMessage, messageId: '2' }] }, context());
    expect(response).toEqual(failing());
    expect(lines).toEqual([
      expect.objectContaining({ event: 'write_look', waiting: 2, parked: 1, codes: {} }),
      expect.objectContaining({ event: 'write_gather', lists: 1 }),
    ]);
    expect(lines[0]?.['oldest_seconds']).toBeGreaterThanOrEqual(180);
    expect(lines[0]?.['oldest_seconds']).toBeLessThan(240);
  });

  it('writes what is older than ten minutes', async () => {
    const young = await putBatch('a', 9);
    await putBatch('b', 11);
    await handler(look, context());
    expect(await keys(LANDING_FOLDER)).toEqual([young]);
    expect(lines).toMatchObject([
      { event: 'write_look', waiting: 2 },
      { event: 'write', messages: 0, objects: { written: 1 } },
    ]);
    expect(await keys(WRITE_NOTES)).toEqual([]);
  });

  it('adopts what release 0.2 left, and gathers the records that it made of it', async () => {
    const rows = ['{"event_id":"a","ds":"2026-11-23"}', '{"event_id":"b","ds":"2026-11-23"}'];
    await put(overflowKey('events', 'a'.repeat(64)), await overflowBody(rows));
    await put('errors/events/format-conversion-failed/x', '{"rawData":"e30="}\n');
    await put('overflow/notes.txt', 'x');
    await handler(look, context());
    expect(lines).toMatchObject([
      { event: 'write_look', waiting: 2, parked: 0 },
      { level: 'info', event: 'write_adopt', left: 2, objects: 2, rows: 3 },
      { event: 'write_gather', records: 2, lists: 1 },
    ]);
    expect([await keys('overflow/'), await keys('errors/')]).toEqual([['overflow/notes.txt'], []]);
  });

  it('tells why objects wait, and begins with those that were never tried', async () => {
    const bad = await putBatch('a', 30);
    failPuts();
    await handler({ Records: [message(bad)] }, context());
    // Notes can't be put either.
    expect(await keys(WRITE_NOTES)).toEqual([]);
    faults.clear();
    faults.set({
      s3: [
        {
          fault: 'failCalls',
          operations: ['GetObject'],
          key: `${config.bucket}/${bad}`,
          code: 'AccessDenied',
          calls: 'all',
        },
      ],
    });
    await handler(look, context());
    expect(await keys(WRITE_NOTES)).toEqual([noteKeyOf(bad)]);
    const good = await putBatch('b', 11);
    lines.length = 0;
    await handler(look, context());
    expect(lines).toMatchObject([
      { event: 'write_look', waiting: 2, codes: { SLUICE_WRITE_BUCKET_FAILED: 1 } },
      { event: 'write', objects: { written: 1, failed: 1 }, failed: [{ key: bad }] },
    ]);
    expect(await keys(LANDING_FOLDER)).toEqual([bad]);
    expect(await keys(LANDING_FOLDER)).not.toContain(good);
    faults.clear();
    await handler(look, context());
    await handler(look, context());
    expect(await keys(LANDING_FOLDER)).toEqual([]);
    expect(await keys(WRITE_NOTES)).toEqual([]);
  });

  it('notes an attempt before it is made, and forgets notes on what is gone', async () => {
    const gone = noteKeyOf(batchKey('gone'));
    await put(gone, '{}');
    const key = await putBatch('a', 11);
    // Too little time for anything but the note.
    const target = `${config.bucket}/${key}`;
    faults.set({ s3: [{ fault: 'delayCalls', operations: ['GetObject'], key: target, ms: 3_000 }] });
    await handler(look, context(31_000));
    expect(await keys(WRITE_NOTES)).toEqual([noteKeyOf(key)]);
    faults.clear();
    expect(await keys(LANDING_FOLDER)).toEqual([key]);
    lines.length = 0;
    await handler(look, context());
    expect(lines[0]).toMatchObject({ event: 'write_look', codes: { SLUICE_WRITE_CUT_SHORT: 1 } });
    expect(await keys(LANDING_FOLDER)).toEqual([]);
  });

  it('says so when the bucket can not be listed', async () => {
    faults.set({ s3: [{ fault: 'failCalls', operations: ['ListObjectsV2'], calls: 'all' }] });
    expect(await handler(look, context())).toBeNull();
    expect(lines).toMatchObject([
      { level: 'error', event: 'write_look', code: 'SLUICE_WRITE_BUCKET_FAILED' },
    ]);
  });
});

it('reads no note that it did not write', () => {
  expect(readWriteNote('{}')).toBeNull();
  expect(readWriteNote('x')).toBeNull();
});

it('refuses other events and environments by name', async () => {
  await expect(handler({ sluice: 'stragglers' }, context())).rejects.toMatchObject({
    code: 'SLUICE_WRITE_INVOCATION_UNKNOWN',
  });
  expect(() => readEnvironment({ SLUICE_BUCKET: 'b' })).toThrow(
    expect.objectContaining({
      code: 'SLUICE_WRITE_ENVIRONMENT_INVALID',
      detail: expect.stringContaining('SLUICE_TRIES'),
    }),
  );
});
