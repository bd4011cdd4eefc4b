import { FirehoseClient, ListDeliveryStreamsCommand, PutRecordCommand } from '@aws-sdk/client-firehose';
import { GetTableCommand, GlueClient, UpdateTableCommand } from '@aws-sdk/client-glue';
import { PutObjectCommand, type PutObjectCommandInput, S3Client } from '@aws-sdk/client-s3';
import { GetQueueUrlCommand, PurgeQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { GROUPS_FRESH_MS } from '../../lib/groups/GroupsCache.ts';
import { encodeLines, type LandedRows } from '../../lib/landing/store/encodeLines.ts';
import type { Config } from '../../lib/schema/config.ts';
import { tableKinds } from '../../lib/schema/kinds.ts';
import { LANDING_FOLDER } from '../../lib/tables/objectKeys.ts';
import { groupsKey } from '../../lib/tables/tableFolders.ts';
import type { Cloud } from '../../local/startCloud.ts';
import type { RecordedCall } from '../../packages/local-aws/src/iam/index.ts';
import { removeVersion } from '../harness/storyCloud.ts';
import { control, recordedCalls } from './deployed.ts';

/** Larger than any row: its body goes to quarantine-large/. */
const LARGE_BYTES = 1_100_000;
const MANY_EVENTS = 600;
const HOUR_MS = 3_600_000;

/**
 * Walks every path by which the deployed functions call AWS, including failures, and returns the recorded calls. Each
 * step drives the running cloud as users and AWS do: posts, faults, time, objects put by hand.
 */
export async function walks(
  cloud: Cloud,
  layout: Pick<Config, 'statsigFolder' | 'tables'>,
): Promise<readonly RecordedCall[]> {
  const place = {
    endpoint: cloud.edge,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  const s3 = new S3Client({ ...place, forcePathStyle: true });
  const firehose = new FirehoseClient(place);
  const glue = new GlueClient(place);
  const sqs = new SQSClient(place);
  try {
    await s3.send(new PutObjectCommand({ Bucket: cloud.bucket, Key: groupsKey(layout), Body: '\n' }));
    await collect(cloud);
    await readGroups(cloud, groupsKey(layout));
    await land(cloud, s3, firehose);
    await miss(cloud, s3, sqs);
    await register(cloud, layout.tables, glue);
    return await recordedCalls(cloud.edge);
  } finally {
    for (const client of [s3, firehose, glue, sqs]) client.destroy();
  }
}

/** Rows of every kind, a refused body larger than a row, and all of it while Firehose is away. */
async function collect(cloud: Cloud): Promise<void> {
  await post(cloud, batch(2), 202);
  await post(cloud, `no JSON ${'x'.repeat(LARGE_BYTES)}`, 400);
  await post(cloud, JSON.stringify({ events: [{ eventName: 5 }] }), 202);
  await faults(cloud, { firehose: [{ fault: 'failCalls', calls: 'all' }] });
  await post(cloud, batch(MANY_EVENTS), 202);
  await post(cloud, JSON.stringify({ events: [{ eventName: 6 }] }), 202);
  await clearFaults(cloud);
  await cloud.flush();
}

/** Posts until the collector has read the groups: its read gives up after half a second, which a cold start can take. */
async function readGroups(cloud: Cloud, key: string): Promise<void> {
  const isRead = ({ principal, permissions }: RecordedCall) =>
    principal.includes('CollectRole') &&
    permissions.some(({ action, resource }) => action === 's3:GetObject' && resource.endsWith(key));
  for (let attempt = 0; !(await recordedCalls(cloud.edge)).some(isRead); attempt += 1) {
    if (attempt === 20) throw new Error('The collector does not read the groups.');
    // The longest pause after a failed read.
    await control(cloud.edge, 'clock', 'POST', { advanceMs: GROUPS_FRESH_MS });
    await post(cloud, batch(2), 202);
  }
  await cloud.flush();
}

/**
 * Records of all tables by the stream, with rows that their tables do not take, one of them larger than a row; and an object that
 * is damaged, and first cannot be put aside, so that its files go again.
 */
async function land(cloud: Cloud, s3: S3Client, firehose: FirehoseClient): Promise<void> {
  const day = new Date().toISOString().slice(0, 10);
  const rows = (more: object): LandedRows =>
    Object.fromEntries(
      tableKinds.map((kind) => {
        const id = kind === 'quarantine' ? 'quarantine_id' : 'event_id';
        return [kind, [{ day, json: JSON.stringify({ [id]: 'landed', ...more }) }]];
      }),
    );
  const whole = encodeLines(rows({})) ?? Buffer.of();
  const refused = ['never', 'x'.repeat(LARGE_BYTES)].map((timestamp) => encodeLines(rows({ timestamp })));
  const { DeliveryStreamNames = [] } = await firehose.send(new ListDeliveryStreamsCommand({ Limit: 100 }));
  const DeliveryStreamName = DeliveryStreamNames.find((name) => name.includes('-LandingStream-'));
  for (const Data of [whole, ...refused])
    await firehose.send(new PutRecordCommand({ DeliveryStreamName, Record: { Data: Data ?? undefined } }));
  // Firehose says in its log what it could not deliver, and tries again.
  await faults(cloud, { firehose: [{ fault: 'failDeliveries', stream: DeliveryStreamName }] });
  await control(cloud.edge, 'flush', 'POST').catch(() => undefined);
  await clearFaults(cloud);
  await cloud.flush();

  await faults(cloud, {
    s3: [{ fault: 'failCalls', operations: ['PutObject'], key: `${cloud.bucket}/damaged/*`, calls: 'all' }],
  });
  await s3.send(
    new PutObjectCommand({
      ...{ Bucket: cloud.bucket, Key: `${LANDING_FOLDER}2026/11/20/13/torn` },
      Body: Buffer.concat([whole, Buffer.from('no record')]),
    }),
  );
  await cloud.flush();
  await clearFaults(cloud);
  await cloud.flush();

  // It is written, and noted as it can't be deleted: a look deletes both.
  await faults(cloud, { s3: [{ fault: 'failCalls', operations: ['DeleteObjects'], calls: 'all' }] });
  const Key = `${LANDING_FOLDER}2026/11/20/13/kept`;
  await s3.send(new PutObjectCommand({ Bucket: cloud.bucket, Key, Body: whole }));
  await cloud.flush();
  await clearFaults(cloud);
}

/** An object whose message is lost, so that a look finds it, and a message of an object that is gone. */
async function miss(cloud: Cloud, s3: S3Client, sqs: SQSClient): Promise<void> {
  const [lost, gone] = ['lost', 'gone'].map((name) => ({
    ...{ Bucket: cloud.bucket, Key: `${LANDING_FOLDER}2026/11/20/13/${name}` },
    Body: encodeLines({ events: [{ day: '2026-11-20', json: '{"event_id":"missed"}' }] }) ?? Buffer.of(),
  })) as [PutObjectCommandInput, PutObjectCommandInput];
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'sluice-local-write' }));
  await faults(cloud, {
    lambda: [{ fault: 'throttleInvocations', function: 'sluice-local-write', calls: 'all' }],
  });
  await s3.send(new PutObjectCommand(lost));
  await cloud.flush();
  await sqs.send(new PurgeQueueCommand({ QueueUrl }));
  await s3.send(new PutObjectCommand(gone));
  await removeVersion(s3, cloud.bucket, gone.Key ?? '');
  await clearFaults(cloud);
  await cloud.flush();
  await control(cloud.edge, 'clock', 'POST', { advanceMs: 5 * HOUR_MS });
  await cloud.flush();
}

/** A daily run over tables that have other columns than their partitions, and days without a partition. */
async function register(cloud: Cloud, tables: Config['tables'], glue: GlueClient): Promise<void> {
  for (const kind of tableKinds) {
    const Name = tables[kind];
    const { Table } = await glue.send(new GetTableCommand({ DatabaseName: cloud.database, Name }));
    const { PartitionKeys, Parameters, TableType, StorageDescriptor } = Table ?? {};
    const Columns = [...(StorageDescriptor?.Columns ?? []), { Name: 'later', Type: 'string' }];
    const TableInput = {
      ...{ Name, TableType, Parameters, PartitionKeys },
      StorageDescriptor: { ...StorageDescriptor, Columns },
    };
    await glue.send(new UpdateTableCommand({ DatabaseName: cloud.database, TableInput }));
  }
  await control(cloud.edge, 'clock', 'POST', { advanceMs: 24 * HOUR_MS });
  await cloud.flush();
}

function batch(events: number): string {
  const time = Date.now();
  return JSON.stringify({
    events: Array.from({ length: events }, (_, i) => [
      { eventName: 'made', value: i, user: { userID: `u${i}` }, time },
      {
        eventName: 'statsig::gate_exposure',
        user: { userID: `u${i}` },
        time,
        metadata: { gate: `g${i}`, gateValue: 'true', ruleID: 'r' },
      },
    ]).flat(),
  });
}

async function post(cloud: Cloud, body: string, expected: number): Promise<void> {
  const { status } = await fetch(`${cloud.collector}/v1/rgstr`, {
    method: 'POST',
    headers: { 'statsig-api-key': 'client-proof' },
    body,
  });
  if (status !== expected) throw new Error(`The collector answered ${status}, not ${expected}.`);
}

async function faults(cloud: Cloud, wanted: object): Promise<void> {
  await control(cloud.edge, 'faults', 'POST', wanted);
}

async function clearFaults(cloud: Cloud): Promise<void> {
  await control(cloud.edge, 'faults', 'DELETE');
}
