import { FirehoseClient, ListDeliveryStreamsCommand, PutRecordCommand } from '@aws-sdk/client-firehose';
import { GetTableCommand, GlueClient } from '@aws-sdk/client-glue';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Cloud, startCloud } from '../../local/startCloud.ts';
import { ManualClock } from '../../packages/local-aws/src/base/index.ts';
import type { Call, RecordedCall } from '../../packages/local-aws/src/iam/index.ts';
import { CallRecorder } from '../../packages/local-aws/src/record/CallRecorder.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';

const root = 'arn:aws:iam::000000000000:root';
const made = (operation: string): Call => ({
  ...{ principal: root, service: 's3', operation, permissions: [], basis: 'seen' },
});

describe('the recorder', () => {
  it('counts equal calls with the times of the first and the last', () => {
    const clock = new ManualClock(Date.UTC(2026, 10, 20));
    const recorder = new CallRecorder(clock);
    recorder.record(made('GetObject'));
    clock.advance(1000);
    recorder.record(made('GetObject'));
    expect(recorder.list()).toEqual([
      {
        ...made('GetObject'),
        count: 2,
        firstAt: '2026-11-20T00:00:00.000Z',
        lastAt: '2026-11-20T00:00:01.000Z',
      },
    ]);
  });

  it('discards the least recently seen calls when there are too many, and reports it', () => {
    const recorder = new CallRecorder(new ManualClock(0), 2);
    for (const name of ['A', 'B', 'A', 'C']) recorder.record(made(name));
    expect(recorder.list().map(({ operation }) => operation)).toEqual(['A', 'C']);
    expect(recorder.dropped).toBe(1);
  });
});

describe('GET /_sluice/calls', () => {
  const directory = temporaryDirectory();
  let cloud: Cloud;
  let s3: S3Client;

  beforeAll(async () => {
    cloud = await startCloud({ port: 0, edgePort: 0, data: directory.path });
    s3 = new S3Client({ ...place(), forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket: 'recorded' }));
  });
  afterAll(async () => {
    s3.destroy();
    await cloud.close();
    directory.remove();
  });
  beforeEach(async () => {
    await fetch(`${cloud.edge}/_sluice/calls`, { method: 'DELETE' });
  });

  const place = (accessKeyId = 'test', secretAccessKey = 'test') => ({
    endpoint: cloud.edge,
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey },
  });

  async function needed(operation: string): Promise<Pick<RecordedCall, 'principal' | 'permissions'>[]> {
    const answer = await fetch(`${cloud.edge}/_sluice/calls`);
    const { calls, dropped }: { calls: RecordedCall[]; dropped: number } = JSON.parse(await answer.text());
    expect(dropped).toBe(0);
    return calls
      .filter((call) => call.basis === 'seen' && call.operation === operation)
      .map(({ principal, permissions }) => ({ principal, permissions }));
  }
  const on = (action: string, resource: string, context = {}) => ({ action, resource, context });

  it("names IAM's action if it differs from the operation, and the listed prefix", async () => {
    await s3.send(new PutObjectCommand({ Bucket: 'recorded', Key: 'a/b', Body: 'x' }));
    await s3.send(new HeadObjectCommand({ Bucket: 'recorded', Key: 'a/b' }));
    await s3.send(new ListObjectsV2Command({ Bucket: 'recorded', Prefix: 'a/', Delimiter: '/' }));
    expect(await needed('PutObject')).toEqual([
      { principal: root, permissions: [on('s3:PutObject', 'arn:aws:s3:::recorded/a/b')] },
    ]);
    expect(await needed('HeadObject')).toEqual([
      { principal: root, permissions: [on('s3:GetObject', 'arn:aws:s3:::recorded/a/b')] },
    ]);
    const context = { 's3:prefix': 'a/', 's3:delimiter': '/' };
    expect(await needed('ListObjectsV2')).toEqual([
      { principal: root, permissions: [on('s3:ListBucket', 'arn:aws:s3:::recorded', context)] },
    ]);
  });

  it('includes the list permission for missing objects, and the read permission for comparisons and copies', async () => {
    await s3.send(new GetObjectCommand({ Bucket: 'recorded', Key: 'gone' })).catch(() => undefined);
    expect(await needed('GetObject')).toEqual([
      {
        principal: root,
        permissions: [
          on('s3:GetObject', 'arn:aws:s3:::recorded/gone'),
          on('s3:ListBucket', 'arn:aws:s3:::recorded'),
        ],
      },
    ]);
    const { ETag } = await s3.send(new PutObjectCommand({ Bucket: 'recorded', Key: 'c', Body: 'x' }));
    await s3.send(new PutObjectCommand({ Bucket: 'recorded', Key: 'c', Body: 'y', IfMatch: ETag }));
    const object = 'arn:aws:s3:::recorded/c';
    expect((await needed('PutObject')).map(({ permissions }) => permissions)).toEqual([
      [on('s3:PutObject', object)],
      [on('s3:PutObject', object), on('s3:GetObject', object)],
    ]);
    await s3.send(new CopyObjectCommand({ Bucket: 'recorded', Key: 'd', CopySource: 'recorded/c' }));
    expect((await needed('CopyObject'))[0]?.permissions).toEqual([
      on('s3:GetObject', object),
      on('s3:PutObject', 'arn:aws:s3:::recorded/d'),
    ]);
  });

  it('names every object of DeleteObjects from the request body', async () => {
    const Objects = [{ Key: 'e' }, { Key: 'f/g' }, { Key: 'h?versionId=1' }, { Key: 'i', VersionId: 'null' }];
    await s3.send(new DeleteObjectsCommand({ Bucket: 'recorded', Delete: { Objects } }));
    expect((await needed('DeleteObjects'))[0]?.permissions).toEqual([
      on('s3:DeleteObject', 'arn:aws:s3:::recorded/e'),
      on('s3:DeleteObject', 'arn:aws:s3:::recorded/f/g'),
      on('s3:DeleteObject', 'arn:aws:s3:::recorded/h?versionId=1'),
      on('s3:DeleteObjectVersion', 'arn:aws:s3:::recorded/i'),
    ]);
  });

  it('names catalog, database and table of Glue calls, including failed ones', async () => {
    const glue = new GlueClient(place());
    await glue.send(new GetTableCommand({ DatabaseName: 'nowhere', Name: 'none' })).catch(() => undefined);
    glue.destroy();
    const arn = (rest: string) => on('glue:GetTable', `arn:aws:glue:us-east-1:000000000000:${rest}`);
    expect((await needed('GetTable'))[0]?.permissions).toEqual(
      ['catalog', 'database/nowhere', 'table/nowhere/none'].map(arn),
    );
  });

  it('attributes calls with issued credentials to their role or user', async () => {
    const issue = async (name: string) => {
      const body = JSON.stringify({ principal: name });
      const answer = await fetch(`${cloud.edge}/_sluice/credentials`, { method: 'POST', body });
      return { status: answer.status, ...JSON.parse(await answer.text()) };
    };
    const { principal, accessKeyId, secretAccessKey } = await issue('RegisterRole');
    expect(principal).toMatch(/^arn:aws:iam::000000000000:role\/sluice-local-RegisterRole-/);
    expect(await issue(principal)).toEqual({ status: 200, principal, accessKeyId, secretAccessKey });

    const firehose = new FirehoseClient(place(accessKeyId, secretAccessKey));
    const Record = { Data: Buffer.from('{}') };
    const { DeliveryStreamNames = [] } = await firehose.send(new ListDeliveryStreamsCommand({}));
    const [stream = ''] = DeliveryStreamNames;
    await firehose.send(new PutRecordCommand({ DeliveryStreamName: stream, Record }));
    firehose.destroy();
    expect(await needed('PutRecord')).toEqual([
      {
        principal,
        permissions: [
          on('firehose:PutRecord', `arn:aws:firehose:us-east-1:000000000000:deliverystream/${stream}`),
        ],
      },
    ]);
    const message = expect.stringContaining('CollectRole');
    expect(await issue('NobodysRole')).toMatchObject({ status: 400, code: 'SLUICE_CONTROL_BODY', message });
  });
});
