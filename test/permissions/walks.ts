import { createHash } from 'node:crypto';
import { FirehoseClient, ListDeliveryStreamsCommand, PutRecordCommand } from '@aws-sdk/client-firehose';
import { GetTableCommand, GlueClient, UpdateTableCommand } from '@aws-sdk/client-glue';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GROUPS_FRESH_MS } from '../../lib/groups/GroupsCache.ts';
import { overflowBody } from '../../lib/landing/adopt/overflow.ts';
import type { Config } from '../../lib/schema/config.ts';
import { type TableKind, tableKinds } from '../../lib/schema/kinds.ts';
import { claimKey } from '../../lib/tables/ledgerKeys.ts';
import { directRecordKey, LANDING_FOLDER, overflowKey, parkedKey } from '../../lib/tables/objectKeys.ts';
import { groupsKey } from '../../lib/tables/tableFolders.ts';
import type { Cloud } from '../../local/startCloud.ts';
import type { RecordedCall } from '../../packages/local-aws/src/iam/index.ts';
import { recordFor, rowOf } from '../lib/landing/write/startWriter.ts';

/** Larger than any row: its body goes to quarantine-large/. */
const LARGE_BYTES = 1_100_000;
const MANY_EVENTS = 600;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

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
  try {
    await s3.send(new PutObjectCommand({ Bucket: cloud.bucket, Key: groupsKey(layout), Body: '\n' }));
    await collect(cloud, s3);
    await readGroups(cloud, groupsKey(layout));
    await adopt(cloud, s3);
    await land(cloud, s3, firehose);
    await register(cloud, layout.tables, glue);
    return await recorded(cloud);
  } finally {
    for (const client of [s3, firehose, glue]) client.destroy();
  }
}

/** Rows of every kind, a refused body larger than a row, and all of it while Firehose is away; what 0.2 left in overflow. */
async function collect(cloud: Cloud, s3: S3Client): Promise<void> {
  await post(cloud, batch(2), 202);
  await post(cloud, `no JSON ${'x'.repeat(LARGE_BYTES)}`, 400);
  await post(cloud, JSON.stringify({ events: [{ eventName: 5 }] }), 202);
  await faults(cloud, { firehose: [{ fault: 'failCalls', calls: 'all' }] });
  await post(cloud, batch(MANY_EVENTS), 202);
  await post(cloud, JSON.stringify({ events: [{ eventName: 6 }] }), 202);
  const rows = (kind: TableKind, count: number) =>
    Array.from({ length: count }, (_, i) => rowOf(kind, `${kind}-${i}`, '2026-11-23').json);
  for (const kind of tableKinds) {
    const Body = await overflowBody(rows(kind, MANY_EVENTS));
    await s3.send(
      new PutObjectCommand({ Bucket: cloud.bucket, Key: overflowKey(kind, '9'.repeat(64)), Body }),
    );
  }
  await clearFaults(cloud);
  await passLooks(cloud);
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

/** Tests the data of 0.2: undelivered records, leftovers, unreadable objects, claims of others, and lost answers. */
async function adopt(cloud: Cloud, s3: S3Client): Promise<void> {
  const put = (Key: string, Body: Uint8Array | string) =>
    s3.send(new PutObjectCommand({ Bucket: cloud.bucket, Key, Body }));
  const misfits = (name: string, pad: string) =>
    tableKinds.map((kind) => {
      const rawData = Buffer.from(`{"event_id":"dayless","pad":"${pad}"}`).toString('base64');
      return put(`errors/${kind}/format-conversion-failed/${name}`, `${JSON.stringify({ rawData })}\n`);
    });
  await Promise.all(misfits('small', ''));
  // Fits into a record but not into a row, because each quote is escaped once more.
  await Promise.all(misfits('large', String.raw`\"`.repeat(LARGE_BYTES / 3)));
  await passLooks(cloud);

  for (const [at, kind] of tableKinds.entries())
    await put(overflowKey(kind, String(at).repeat(64)), 'no gzip');
  const row = rowOf('events', 'parked', '2026-11-23').json;
  await put(parkedKey(overflowKey('events', 'b'.repeat(64))), await overflowBody([row]));
  await put(parkedKey('errors/events/format-conversion-failed/x'), '{"rawData":"e30="}\n');
  const claimed = overflowKey('events', 'a'.repeat(64));
  // 0.2 claims objects a lane at a time. This claim runs out and is taken over.
  const lane = claimed.slice(0, -'a'.repeat(63).length - '.ndjson.gz'.length);
  await put(claimKey(lane), JSON.stringify({ owner: 'another', until: Date.now() + HOUR_MS }));
  await put(claimed, 'no gzip');
  await faults(cloud, {
    s3: [{ fault: 'loseResponse', operations: ['PutObject'], key: `${cloud.bucket}/ledger/*`, every: 2 }],
  });
  await passLooks(cloud);
  await clearFaults(cloud);
  // Past the claim.
  await control(cloud, 'clock', 'POST', { advanceMs: 2 * HOUR_MS });
  await passLooks(cloud);
}

/** Two looks of the writer, and what they cause. */
async function passLooks(cloud: Cloud): Promise<void> {
  for (let look = 0; look < 2; look += 1) {
    await control(cloud, 'clock', 'POST', { advanceMs: 6 * MINUTE_MS });
    await cloud.flush();
  }
}

/**
 * Records of all tables by the stream, with rows that their tables do not take, one of them larger than a row; an object that
 * is no record; records that the collector put itself; a claim of another; and objects that fail, and are found by a look.
 */
async function land(cloud: Cloud, s3: S3Client, firehose: FirehoseClient): Promise<void> {
  const put = (Key: string, Body: Uint8Array | string) =>
    s3.send(new PutObjectCommand({ Bucket: cloud.bucket, Key, Body }));
  const day = new Date().toISOString().slice(0, 10);
  const refused = (pad: string) => ({
    day,
    json: `{"event_id":"refused","timestamp":"${pad}","ds":"${day}"}`,
  });
  const { DeliveryStreamNames = [] } = await firehose.send(new ListDeliveryStreamsCommand({ Limit: 100 }));
  const DeliveryStreamName = DeliveryStreamNames.find((name) => name.includes('-LandingStream-'));
  const records = [
    recordFor(Object.fromEntries(tableKinds.map((kind) => [kind, [rowOf(kind, 'landed', day)]])), 'a'),
    recordFor({ events: [refused('never'), refused('x'.repeat(LARGE_BYTES))] }, 'b'),
  ];
  for (const Data of records)
    await firehose.send(new PutRecordCommand({ DeliveryStreamName, Record: { Data } }));
  await put(`${LANDING_FOLDER}2026/11/20/13/torn`, 'no record');
  // Firehose says in its log what it could not deliver, and tries again.
  await faults(cloud, { firehose: [{ fault: 'failDeliveries', stream: DeliveryStreamName }] });
  await control(cloud, 'flush', 'POST').catch(() => undefined);
  await clearFaults(cloud);
  await cloud.flush();

  const claimed = `${LANDING_FOLDER}2026/11/20/13/claimed`;
  // This claim runs out and is taken over.
  await put(claimKey(claimed), JSON.stringify({ owner: 'another', until: Date.now() + HOUR_MS }));
  await put(claimed, recordFor({ events: [rowOf('events', 'claimed', day)] }, 'c'));
  for (const id of ['d', 'e']) {
    const record = recordFor({ exposures: [rowOf('exposures', id, day)] }, id);
    await put(directRecordKey(createHash('sha256').update(record).digest('hex')), record);
  }
  await faults(cloud, {
    s3: [
      { fault: 'failCalls', operations: ['GetObject'], key: `${cloud.bucket}/landing/2026/*`, calls: 'all' },
    ],
  });
  await put(`${LANDING_FOLDER}2026/11/20/13/failed`, recordFor({ events: [rowOf('events', 'f', day)] }, 'f'));
  await cloud.flush();
  await clearFaults(cloud);
  // Past the claim, and past the age at which the look goes on with an object.
  await control(cloud, 'clock', 'POST', { advanceMs: 2 * HOUR_MS });
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
