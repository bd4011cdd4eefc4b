import { GetObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import config from '#config';
import { handler as deployed } from '../../../functions/curate-plan/handler.ts';
import { sum } from '../../../lib/base/sum.ts';
import { addDays, utcDay } from '../../../lib/base/time.ts';
import { dayLooksKey } from '../../../lib/tables/ledgerKeys.ts';
import { dayFolder, ingestedTableFolder } from '../../../lib/tables/tableFolders.ts';
import { emptyBucket } from '../../harness/emptyBucket.ts';
import { invokedFunction, queueMessage } from '../../harness/lambdaInvoker.ts';
import { ensureTables, startAws } from '../../harness/startAws.ts';

const world = await startAws();
const { lines, invoke } = invokedFunction(deployed, {
  AWS_ENDPOINT_URL: world.options.endpoint,
  SLUICE_BUCKET: config.bucket,
  SLUICE_TASK_QUEUE: world.addQueue('curate'),
  SLUICE_STAGE: 'test',
});
const Bucket = config.bucket;
world.store.createBucket(Bucket);
ensureTables(
  world.catalog,
  config,
  Object.values(config.curatedTables).map((name) => ({ name, folder: ingestedTableFolder(config, name) })),
);
afterEach(() => world.faults.clear());
afterAll(() => world.close());

const day = addDays(utcDay(Date.now()), -20);
/** Takes the tasks that were sent. */
function takeTasks(): readonly unknown[] {
  const queue = world.queues.byName('curate');
  return queue.receive(10).map(({ body, receipt }): unknown => {
    queue.delete(receipt);
    return JSON.parse(body);
  });
}
const night = { Records: [queueMessage('night', '{"sluice":"curate"}')] };

describe('the plan of curated days', () => {
  beforeEach(async () => {
    await emptyBucket(world.s3, Bucket);
    await world.store.put(Bucket, `${dayFolder(config, 'events', day)}a.parquet`, 'rows');
  });

  it('sends nothing and is delivered again when too little time is left to publish and to send', async () => {
    // A minute to publish, and 45 seconds in which no call begins.
    expect(await invoke(night, 104_000)).toEqual({ batchItemFailures: [{ itemIdentifier: 'night' }] });
    expect(lines).toContainEqual(expect.objectContaining({ error: 'SLUICE_CURATE_OUT_OF_TIME' }));
    expect(takeTasks()).toEqual([]);
  });

  it('asks nothing of AWS once a call could outlast the function', async () => {
    // The faults count the calls.
    world.faults.set({
      s3: [{ fault: 'delayCalls', ms: 1, calls: 'all' }],
      glue: [{ fault: 'delayCalls', ms: 1, calls: 'all' }],
    });
    expect(await invoke(night, 44_000)).toEqual({ batchItemFailures: [{ itemIdentifier: 'night' }] });
    expect(sum(world.faults.list().map(({ seen }) => seen))).toBe(0);
  });

  it('sends a task of a day to curate, and notes that it has looked at the day', async () => {
    expect(await invoke(night, 300_000)).toEqual({ batchItemFailures: [] });
    expect(takeTasks()).toMatchObject([{ sluice: 'curate-day', kind: 'events', day, reason: 'new' }]);
    expect(lines).toContainEqual(
      expect.objectContaining({
        event: 'curate_plan',
        tables: [
          expect.objectContaining({ kind: 'exposures', looked: 0 }),
          expect.objectContaining({ kind: 'events', looked: 1, late: 0 }),
        ],
      }),
    );
    expect(lines).toContainEqual(expect.objectContaining({ function: 'curate-plan', stage: 'test' }));
    const { Body } = await world.s3.send(new GetObjectCommand({ Bucket, Key: dayLooksKey('events') }));
    expect(Object.keys(JSON.parse((await Body?.transformToString()) ?? ''))).toEqual([day]);
  });
});
