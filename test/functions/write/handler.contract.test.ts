import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import config from '#config';
import { handler as deployed } from '../../../functions/write/handler.ts';
import { HOUR_MS } from '../../../lib/base/time.ts';
import { encodeLines } from '../../../lib/landing/store/encodeLines.ts';
import { directRecordKey, LANDING_FOLDER } from '../../../lib/tables/objectKeys.ts';
import { parseTableKey } from '../../../lib/tables/tableFolders.ts';
import { MovableClock } from '../../../packages/local-aws/src/base/index.ts';
import { invokedFunction, queueMessage } from '../../harness/lambdaInvoker.ts';
import { objectMessage, startAws } from '../../harness/startAws.ts';

/** The clock of S3. An object that is put while it is behind is old. */
const past = new MovableClock();
const aws = await startAws({ clock: past });
const { store, queues, faults } = aws;
store.ensureBucket(config.bucket, { eventBridge: true });
const { lines, invoke } = invokedFunction(deployed, {
  AWS_ENDPOINT_URL: aws.options.endpoint,
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1769',
  SLUICE_STAGE: 'test',
  SLUICE_WRITE_QUEUE: aws.addQueue('write'),
});
afterEach(() => {
  faults.clear();
  for (const key of keys('')) store.delete(config.bucket, key);
});
afterAll(() => aws.close());

const keys = (prefix: string) => aws.keys(config.bucket, prefix);
const tableFiles = () => keys('').filter((key) => 'kind' in parseTableKey(config, key));

/** @param hours How long ago the object was put. */
async function put(key: string, body: Uint8Array, hours = 0): Promise<string> {
  await past.set(Date.now() - hours * HOUR_MS);
  await store.put(config.bucket, key, body);
  await past.set(Date.now());
  return key;
}
const batchKey = (name: string) => `landing/2026/11/23/10/sluice-landing-${name}.ndjson.gz`;
const record = (id: string) =>
  encodeLines({ events: [{ day: '2026-11-23', json: `{"event_id":"${id}","event_name":"made"}` }] }) ??
  Buffer.of();
const putBatch = (name: string, hours = 0) => put(batchKey(name), record(name), hours);

const message = (key: string, receives = 1, bucket = config.bucket) =>
  objectMessage(key, bucket, key, receives);
const lookMessage = queueMessage('look', '{"sluice":"look"}');
const failing = (...messageIds: string[]) => ({
  batchItemFailures: messageIds.map((itemIdentifier) => ({ itemIdentifier })),
});

describe('messages of objects', () => {
  it('have them written, with one log line', async () => {
    const a = await putBatch('a');
    const b = await put(directRecordKey('2026-11-23', 'b'.repeat(64)), record('b'));
    const response = await invoke({
      Records: [
        message(a),
        message(b),
        message(b),
        message('query-results/x'),
        message('landing/'),
        message(batchKey('c'), 1, 'another-bucket'),
        message(batchKey('gone')),
      ],
    });
    expect(response).toEqual(failing());
    expect(keys(LANDING_FOLDER)).toEqual([]);
    expect(tableFiles()).toHaveLength(1);
    // Nothing of them is left on the function's disk.
    const left = readdirSync(tmpdir()).filter((name) => name.startsWith(`sluice-load-${process.pid}-`));
    expect(left).toEqual([]);
    expect(lines).toEqual([
      {
        level: 'info',
        event: 'write',
        messages: 7,
        written: 2,
        gone: 1,
        damaged: 0,
        ignored: 3,
        undeleted: 0,
        rows: 2,
        refused: 0,
        files: 1,
        rounds: 1,
        failed: 0,
        invalid: [],
      },
    ]);
  });

  it('that name no object are dropped, as text, JSON or nothing, and have the others written', async () => {
    const key = await putBatch('a');
    const odd = ['hello', '{}', '{"sluice":"daily"}', ''].map((body, i) => queueMessage(`odd-${i}`, body));
    expect(await invoke({ Records: [...odd, message(key)] })).toEqual(failing());
    const noEvent = 'Wrong: source, detail-type, detail.';
    const details = ['It is not JSON.', noEvent, noEvent, 'It is not JSON.'];
    const invalid = details.map((detail, i) => ({ messageId: `odd-${i}`, detail }));
    expect(lines).toMatchObject([{ level: 'warn', event: 'write', written: 1, invalid }]);
  });

  it('are not begun when there is no time for a round', async () => {
    const key = await putBatch('a');
    const Records = [message(key), { ...message(key), messageId: 'again' }];
    // A round takes three minutes, and half a minute is for the rest.
    expect(await invoke({ Records }, 209_000)).toEqual(failing(key, 'again'));
    expect(lines[0]).toMatchObject({ event: 'write_failed', code: 'SLUICE_WRITE_OUT_OF_TIME' });
    expect(keys('')).toEqual([key]);
  });

  it('of objects that were received often have them written each alone', async () => {
    const receives = [1, 4, 5, 5];
    const keysOfAll = await Promise.all(receives.map((_, i) => putBatch(`${i}`)));
    const Records = keysOfAll.map((key, i) => message(key, receives[i]));
    expect(await invoke({ Records })).toEqual(failing());
    expect(lines).toMatchObject([{ event: 'write', written: 4, rounds: 3, files: 3 }]);
  });
});

describe('a look', () => {
  it('sends messages of objects that are older than three hours', async () => {
    await putBatch('young', 2);
    const old = await putBatch('old', 4);
    expect(await invoke({ Records: [lookMessage] })).toEqual(failing());
    expect(lines).toMatchObject([
      { event: 'write', messages: 1 },
      { event: 'write_look', told: 1, skipped: null },
    ]);
    const messages = queues.byName('write').receive(10);
    for (const { receipt } of messages) queues.byName('write').delete(receipt);
    expect(await invoke({ Records: messages.map(({ id, body }) => queueMessage(id, body)) })).toEqual(
      failing(),
    );
    expect(keys(LANDING_FOLDER)).not.toContain(old);
    expect(tableFiles()).toHaveLength(1);
  });

  it('that fails comes again, and what was written beside it does not', async () => {
    const key = await putBatch('a');
    faults.set({ sqs: [{ fault: 'failCalls', calls: 'all' }] });
    expect(await invoke({ Records: [message(key), lookMessage] })).toEqual(failing('look'));
    expect(lines).toMatchObject([{ event: 'write', written: 1, failed: 0 }, { event: 'write_look_failed' }]);
    expect(keys(LANDING_FOLDER)).toEqual([]);
  });

  it('comes again if there is no time for it', async () => {
    // Half a minute is for what comes after work has stopped.
    expect(await invoke({ Records: [lookMessage] }, 29_000)).toEqual(failing('look'));
  });
});
