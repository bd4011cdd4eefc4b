import { FirehoseClient, PutRecordBatchCommand } from '@aws-sdk/client-firehose';
import { GetTableCommand, GlueClient, UpdateTableCommand } from '@aws-sdk/client-glue';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  PutSecretValueCommand,
  SecretsManagerClient,
  type SecretsManagerClientConfig,
} from '@aws-sdk/client-secrets-manager';
import { GetQueueUrlCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { GROUPS_FRESH_MS } from '../../lib/groups/GroupsCache.ts';
import { holdsText, NO_HOLDS, type StreamHolds, withHold } from '../../lib/landing/hold/StreamHolds.ts';
import { laneOf } from '../../lib/landing/redrive/redriveOverflow.ts';
import type { Config } from '../../lib/schema/config.ts';
import { tableKinds } from '../../lib/schema/kinds.ts';
import { claimKey } from '../../lib/tables/ledgerKeys.ts';
import { overflowKey } from '../../lib/tables/objectKeys.ts';
import { groupsKey } from '../../lib/tables/tableFolders.ts';
import type { Cloud } from '../../local/startCloud.ts';
import { objectCreatedEvent } from '../../packages/local-aws/src/events/index.ts';
import type { RecordedCall } from '../../packages/local-aws/src/iam/index.ts';

/** Larger than any row: its body goes to quarantine-large/. */
const LARGE_BYTES = 1_100_000;
/** More than one record holds, so that a part of what overflowed can be taken and a part not. */
const MANY_EVENTS = 600;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/**
 * Walks every path by which the deployed functions call AWS, those of failures included, and answers what was called.
 * Each step drives the running cloud by what users and AWS do to it: posts, faults, time, objects put by hand.
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
    await redrive(cloud, s3, firehose);
    await redriveAgain(cloud, sqs);
    await hold(cloud, place);
    await register(cloud, layout.tables, glue);
    return await recorded(cloud);
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
  // Tries what overflowed, in vain.
  await cloud.flush();
  // Of two records the second is taken: the first is written back.
  await faults(
    cloud,
    { firehose: [{ fault: 'failRecords', stream: '*', indexes: [0], calls: 'all' }] },
    true,
  );
  await cloud.flush();
  await clearFaults(cloud);
  await cloud.flush();
}

/** Posts until the collector has read the groups: its read gives up after half a second, which a cold start can take. */
async function readGroups(cloud: Cloud, key: string): Promise<void> {
  const isRead = ({ principal, permissions }: RecordedCall) =>
    principal.includes('CollectRole') &&
    permissions.some(({ action, resource }) => action === 's3:GetObject' && resource.endsWith(key));
  for (let attempt = 0; !(await recorded(cloud)).some(isRead); attempt += 1) {
    if (attempt === 20) throw new Error('The collector does not read the groups.');
    // The longest pause after a failed read.
    await control(cloud, 'clock', 'POST', { advanceMs: GROUPS_FRESH_MS });
    await post(cloud, batch(2), 202);
  }
  await cloud.flush();
}

async function recorded(cloud: Cloud): Promise<readonly RecordedCall[]> {
  const { calls, dropped }: { calls: RecordedCall[]; dropped: number } = await control(cloud, 'calls', 'GET');
  if (dropped > 0) throw new Error(`${dropped} calls were dropped: the record is not whole`);
  return calls;
}

/** What each stream can't deliver, what can't be read, claims of others, lost answers, and what lost its message. */
async function redrive(cloud: Cloud, s3: S3Client, firehose: FirehoseClient): Promise<void> {
  const put = (Key: string, Body: string) =>
    s3.send(new PutObjectCommand({ Bucket: cloud.bucket, Key, Body }));
  const misfits = (pad: string) =>
    tableKinds.map((kind) =>
      firehose.send(
        new PutRecordBatchCommand({
          DeliveryStreamName: `sluice-local-${kind}`,
          Records: [{ Data: Buffer.from(`{"event_id":"dayless","pad":"${pad}"}`) }],
        }),
      ),
    );
  await Promise.all(misfits(''));
  await cloud.flush();
  // What a record holds and a row doesn't, as each quote in it is escaped once more.
  await Promise.all(misfits(String.raw`\"`.repeat(LARGE_BYTES / 3)));
  await cloud.flush();
  // While quarantine's stream is away, its rows overflow.
  await faults(cloud, {
    firehose: [
      { fault: 'failCalls', operations: ['PutRecordBatch'], stream: 'sluice-local-quarantine', calls: 'all' },
    ],
  });
  await Promise.all(
    tableKinds
      .filter((kind) => kind !== 'quarantine')
      .map((kind) =>
        firehose.send(
          new PutRecordBatchCommand({
            DeliveryStreamName: `sluice-local-${kind}`,
            Records: [{ Data: Buffer.from('{"event_id":"away"}') }],
          }),
        ),
      ),
  );
  await cloud.flush();
  await clearFaults(cloud);

  const unreadable = tableKinds.map((kind, at) => overflowKey(kind, String(at).repeat(64)));
  for (const key of unreadable) await put(key, 'no gzip');
  const claimed = overflowKey('events', 'a'.repeat(64));
  // Objects are claimed a lane at a time. This claim runs out and is taken over.
  const lane = laneOf(claimed) ?? claimed;
  await put(claimKey(lane), JSON.stringify({ owner: 'another', until: Date.now() + HOUR_MS }));
  await put(claimed, 'no gzip');
  await faults(cloud, {
    s3: [{ fault: 'loseResponse', operations: ['PutObject'], key: `${cloud.bucket}/ledger/*`, every: 2 }],
  });
  await cloud.flush();
  await clearFaults(cloud);
  // Past the claim, and past the age of stragglers.
  await control(cloud, 'clock', 'POST', { advanceMs: 2 * HOUR_MS });
  await cloud.flush();
}

/** A message of an object that another one has redriven already: SQS delivers at least once. */
async function redriveAgain(cloud: Cloud, sqs: SQSClient): Promise<void> {
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'sluice-local-redrive' }));
  const event = objectCreatedEvent(
    {
      bucket: cloud.bucket,
      key: overflowKey('events', 'b'.repeat(64)),
      size: 1,
      etag: 'b'.repeat(32),
      sequencer: '00',
      time: Date.now(),
      reason: 'PutObject',
    },
    { region: 'us-east-1', account: '000000000000' },
  );
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(event) }));
  await cloud.flush();
}

/** A stream that is held and has nothing to deliver: the check asks for a probe. */
async function hold(cloud: Cloud, place: SecretsManagerClientConfig): Promise<void> {
  const secrets = new SecretsManagerClient(place);
  const write = (holds: StreamHolds) =>
    secrets.send(
      new PutSecretValueCommand({ SecretId: 'sluice-local-holds', SecretString: holdsText(holds) }),
    );
  const since = new Date().toISOString();
  const late = { since, by: 'check', why: 'Late.', until: 'delivery', probe: false } as const;
  try {
    await write(withHold(NO_HOLDS, 'quarantine', late));
    await control(cloud, 'clock', 'POST', { advanceMs: 15 * MINUTE_MS });
    await cloud.flush();
    await write(NO_HOLDS);
    await control(cloud, 'clock', 'POST', { advanceMs: 15 * MINUTE_MS });
    await cloud.flush();
  } finally {
    secrets.destroy();
  }
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
  await control(cloud, 'clock', 'POST', { advanceMs: 24 * HOUR_MS });
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

async function faults(cloud: Cloud, wanted: object, instead = false): Promise<void> {
  if (instead) await clearFaults(cloud);
  await control(cloud, 'faults', 'POST', wanted);
}

async function clearFaults(cloud: Cloud): Promise<void> {
  await control(cloud, 'faults', 'DELETE');
}

async function control(cloud: Cloud, path: string, method: string, body?: object) {
  const answer = await fetch(`${cloud.edge}/_sluice/${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`${method} ${path}: ${text}`);
  return JSON.parse(text);
}
