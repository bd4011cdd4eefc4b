import { CreateDatabaseCommand, CreateTableCommand } from '@aws-sdk/client-glue';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, describe, expect, it } from '@jest/globals';
import config from '#config';
import { handler as deployed } from '../../../functions/curate-plan/handler.ts';
import { addDays, utcDay } from '../../../lib/base/time.ts';
import { dayLooksKey } from '../../../lib/tables/ledgerKeys.ts';
import { dayFolder, ingestedTableFolder } from '../../../lib/tables/tableFolders.ts';
import { invokedFunction, queueMessage } from '../../harness/lambdaInvoker.ts';
import { startAws } from '../../harness/startAws.ts';

const world = await startAws();
const QueueUrl = world.addQueue('curate');
const { lines, invoke } = invokedFunction(deployed, {
  AWS_ENDPOINT_URL: world.options.endpoint,
  SLUICE_BUCKET: config.bucket,
  SLUICE_TASK_QUEUE: QueueUrl,
  SLUICE_STAGE: 'test',
});
const Bucket = config.bucket;
await world.s3.send(new CreateBucketCommand({ Bucket }));
const DatabaseName = config.database;
await world.glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: DatabaseName } }));
for (const Name of Object.values(config.curatedTables)) {
  const Location = `s3://${Bucket}/${ingestedTableFolder(config, Name)}`;
  const StorageDescriptor = { Columns: [{ Name: 'event_id', Type: 'string' }], Location };
  const PartitionKeys = [{ Name: 'ds', Type: 'date' }];
  const TableInput = { Name, PartitionKeys, StorageDescriptor };
  await world.glue.send(new CreateTableCommand({ DatabaseName, TableInput }));
}
afterAll(() => world.close());

const day = addDays(utcDay(Date.now()), -20);
const land = async (name: string) => {
  const Key = `${dayFolder(config, 'events', day)}${name}.parquet`;
  await world.s3.send(new PutObjectCommand({ Bucket, Key, Body: 'rows' }));
};
const sent = async () => {
  const { Messages = [] } = await world.sqs.send(
    new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 0 }),
  );
  return Messages.map(({ Body = '' }) => JSON.parse(Body));
};
const night = { Records: [queueMessage('night', '{"sluice":"curate"}')] };

describe('the plan of curated days', () => {
  it('looks at no day, sends nothing and is delivered again when too little time is left to publish and to send', async () => {
    await land('a');
    expect(await invoke(night, 104_000)).toEqual({ batchItemFailures: [{ itemIdentifier: 'night' }] });
    expect(lines).toContainEqual(expect.objectContaining({ error: 'SLUICE_CURATE_OUT_OF_TIME' }));
    expect(await sent()).toEqual([]);
  });

  it('asks nothing of AWS once a call could outlast the function', async () => {
    // Each call would take longer than there is time.
    world.faults.set({
      s3: [{ fault: 'delayCalls', ms: 400, calls: 'all' }],
      glue: [{ fault: 'delayCalls', ms: 400, calls: 'all' }],
    });
    expect(await invoke(night, 44_000)).toEqual({ batchItemFailures: [{ itemIdentifier: 'night' }] });
    expect(world.faults.list().reduce((sum, { seen }) => sum + seen, 0)).toBe(0);
    world.faults.clear();
  });

  it('sends a task of each day to curate, and notes when it has looked', async () => {
    expect(await invoke(night, 300_000)).toEqual({ batchItemFailures: [] });
    expect(await sent()).toMatchObject([{ sluice: 'curate-day', kind: 'events', day, reason: 'new' }]);
    expect(lines).toContainEqual(
      expect.objectContaining({
        event: 'curate_plan',
        tables: [
          expect.objectContaining({ kind: 'exposures', looked: 0 }),
          expect.objectContaining({ kind: 'events', looked: 1, late: 0 }),
        ],
      }),
    );
    const { Body } = await world.s3.send(new GetObjectCommand({ Bucket, Key: dayLooksKey('events') }));
    expect(Object.keys(JSON.parse((await Body?.transformToString()) ?? ''))).toEqual([day]);
  });

  it('returns messages of others, and rejects other events', async () => {
    const poison = { Records: [queueMessage('poison', '{"sluice":"other"}')] };
    expect(await invoke(poison)).toEqual({ batchItemFailures: [{ itemIdentifier: 'poison' }] });
    expect(lines).toContainEqual(expect.objectContaining({ level: 'error' }));
    await expect(invoke({ sluice: 'curate' })).rejects.toMatchObject({
      code: 'SLUICE_LAMBDA_INVOCATION_UNKNOWN',
    });
  });
});
