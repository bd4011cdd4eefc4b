import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  AthenaClient,
  CreateWorkGroupCommand,
  DeleteWorkGroupCommand,
  GetQueryExecutionCommand,
  ListWorkGroupsCommand,
} from '@aws-sdk/client-athena';
import { CloudWatchClient, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { FirehoseClient, PutRecordCommand } from '@aws-sdk/client-firehose';
import { CreateRoleCommand, GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import {
  CreateKeyCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  GetKeyPolicyCommand,
  KMSClient,
  PutKeyPolicyCommand,
} from '@aws-sdk/client-kms';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect } from '@jest/globals';
import { BUCKET, settle, submit } from '../../src/testing/startAthena.ts';
import { failureOf } from '../../src/testing/startS3.ts';
import { temporaryDirectory } from '../../src/testing/temporaryDirectory.ts';
import { plainStream } from '../firehose/FirehoseFixture.ts';
import { CloudProcess, itOnLinux } from './CloudProcess.ts';

const template = { Resources: { Results: { Type: 'AWS::S3::Bucket', Properties: { BucketName: BUCKET } } } };
const streamTemplate = {
  Resources: {
    ...template.Resources,
    Stream: {
      Type: 'AWS::KinesisFirehose::DeliveryStream',
      Properties: {
        DeliveryStreamName: 'events',
        ...plainStream({ BucketARN: `arn:aws:s3:::${BUCKET}` }),
      },
    },
  },
};
const SENTENCE = /^LOCAL_AWS_DISK_FULL: [^\n]*\n$/;
const FULL = { status: 503, message: expect.stringContaining('LOCAL_AWS_DISK_FULL: The disk is full') };

let directory: ReturnType<typeof temporaryDirectory>;
let cloud: CloudProcess;
beforeEach(async () => {
  directory = temporaryDirectory();
  cloud = await CloudProcess.start(directory.path, template);
});
afterEach(async () => {
  await cloud.stop();
  directory.remove();
});
const flush = () => fetch(`${cloud.endpoint}/_local/flush`, { method: 'POST' });
const inData = (path: string) => join(directory.path, 'data', path);
async function restart() {
  await cloud.stop();
  cloud = await CloudProcess.start(directory.path, template);
}

describe('a query that the disk has no room for', () => {
  /** Long enough for its lines to be what fills the disk. */
  const sql = `SELECT 1 -- ${'x'.repeat(50_000)}`;
  const ClientRequestToken = 'a-token-of-at-least-thirty-two-characters';

  itOnLinux.each([
    ['begins', 1.5],
    ['ends', 2.5],
  ])('ends all the same when the room ends as it %s, and its end is stored later', async (_, lines) => {
    const athena = new AthenaClient(cloud.clientOptions);
    const history = inData('athena/executions.ndjson');
    cloud.limit(statSync(history).size + lines * sql.length);
    const id = await submit(athena, sql, { ClientRequestToken });
    expect(await settle(athena, id)).toMatchObject({ Status: { State: 'SUCCEEDED' } });
    expect(await submit(athena, sql, { ClientRequestToken })).toBe(id);

    expect(await failureOf(submit(athena, sql))).toMatchObject(FULL);
    cloud.limit(undefined);
    const next = await submit(athena, 'SELECT 2');
    await settle(athena, next);
    athena.destroy();
    await restart();
    const again = new AthenaClient(cloud.clientOptions);
    const { QueryExecution } = await again.send(new GetQueryExecutionCommand({ QueryExecutionId: id }));
    expect(QueryExecution?.Status?.State).toBe('SUCCEEDED');
    again.destroy();
    expect(cloud.told).toBe('');
  });
});

describe('a call of the control API', () => {
  itOnLinux('is answered 503, with a sentence, when nothing can be written', async () => {
    await cloud.stop();
    // Nobody can write there.
    cloud = await CloudProcess.start(directory.path, streamTemplate, { env: { TMPDIR: '/sys' } });
    const body = JSON.stringify({ sql: 'SELECT 1' });
    const answer = await fetch(`${cloud.endpoint}/_local/query`, { method: 'POST', body });
    expect([answer.status, await answer.json()]).toEqual([
      503,
      expect.objectContaining({ code: 'LOCAL_AWS_DISK_NOT_WRITABLE' }),
    ]);
    expect(cloud.told).toBe('');
  });
});

describe('what a full disk refuses', () => {
  itOnLinux('is not done: workgroups, roles and keys', async () => {
    const athena = new AthenaClient(cloud.clientOptions);
    const iam = new IAMClient(cloud.clientOptions);
    const kms = new KMSClient(cloud.clientOptions);
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
    const KeyId = KeyMetadata?.KeyId ?? '';
    const before = await kms.send(new GetKeyPolicyCommand({ KeyId }));
    await athena.send(new CreateWorkGroupCommand({ Name: 'kept' }));
    const trust = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }],
    };
    const AssumeRolePolicyDocument = JSON.stringify(trust);

    cloud.limit(1);
    const refused = [
      athena.send(new CreateWorkGroupCommand({ Name: 'new' })),
      athena.send(new DeleteWorkGroupCommand({ WorkGroup: 'kept' })),
      iam.send(new CreateRoleCommand({ RoleName: 'new', AssumeRolePolicyDocument })),
      kms.send(new CreateKeyCommand({ Description: 'new' })),
      kms.send(new DisableKeyCommand({ KeyId })),
      kms.send(new PutKeyPolicyCommand({ KeyId, Policy: before.Policy?.replace('kms:*', 'kms:Describe*') })),
    ];
    for (const one of refused) expect(await failureOf(one)).toMatchObject(FULL);

    const { WorkGroups = [] } = await athena.send(new ListWorkGroupsCommand({}));
    expect(WorkGroups.map(({ Name }) => Name)).toEqual(['kept', 'primary']);
    const role = iam.send(new GetRoleCommand({ RoleName: 'new' }));
    expect(await failureOf(role)).toMatchObject({ name: 'NoSuchEntityException' });
    expect((await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata?.KeyState).toBe('Enabled');
    expect((await kms.send(new GetKeyPolicyCommand({ KeyId }))).Policy).toBe(before.Policy);
    for (const client of [athena, iam, kms]) client.destroy();
  });
});

describe('a delivery stream', () => {
  const put = async (record: string) => {
    const firehose = new FirehoseClient(cloud.clientOptions);
    const Record = { Data: Buffer.from(record) };
    await firehose.send(new PutRecordCommand({ DeliveryStreamName: 'events', Record }));
    firehose.destroy();
  };
  const keys = async () => {
    const s3 = new S3Client({ ...cloud.clientOptions, forcePathStyle: true });
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET }));
    s3.destroy();
    return Contents.map(({ Key }) => Key);
  };

  itOnLinux('delivers what it accepted once there is room, however often there was none', async () => {
    await cloud.stop();
    cloud = await CloudProcess.start(directory.path, streamTemplate);
    await put('x'.repeat(100_000));
    // No second copy of the record fits.
    cloud.limit(50_000);
    for (let attempt = 0; attempt < 4; attempt += 1) expect(await flush()).toMatchObject({ status: 503 });
    cloud.limit(undefined);
    expect(await flush()).toMatchObject({ status: 200 });
    expect(await keys()).toEqual([expect.stringMatching(/^data\//)]);
    expect(cloud.told).toMatch(SENTENCE);
  });

  itOnLinux('has its metrics while there is no room, and afterwards', async () => {
    await cloud.stop();
    cloud = await CloudProcess.start(directory.path, streamTemplate);
    const cloudwatch = new CloudWatchClient(cloud.clientOptions);
    const accepted = async () => {
      const MetricStat = {
        Metric: {
          Namespace: 'AWS/Firehose',
          MetricName: 'IncomingRecords',
          Dimensions: [{ Name: 'DeliveryStreamName', Value: 'events' }],
        },
        Period: 60,
        Stat: 'Sum',
      };
      const { MetricDataResults = [] } = await cloudwatch.send(
        new GetMetricDataCommand({
          MetricDataQueries: [{ Id: 'm', MetricStat }],
          StartTime: new Date(Date.now() - 3_600_000),
          EndTime: new Date(Date.now() + 3_600_000),
        }),
      );
      return MetricDataResults[0]?.Values?.reduce((sum, value) => sum + value, 0);
    };
    await put('{"n":1}');
    cloud.limit(1);
    const body = JSON.stringify({ advanceMs: 60_000 });
    expect((await fetch(`${cloud.endpoint}/_local/clock`, { method: 'POST', body })).status).toBe(200);
    expect(await accepted()).toBe(1);
    cloud.limit(undefined);
    expect(await accepted()).toBe(1);
    cloudwatch.destroy();
    await cloud.stop();
    const written = readdirSync(inData('cloudwatch')).map((name) =>
      readFileSync(inData(`cloudwatch/${name}`)),
    );
    expect(Buffer.concat(written).includes('IncomingRecords')).toBe(true);
  });

  itOnLinux(
    'keeps what it accepted when there is no room to start, which is told in a sentence',
    async () => {
      await cloud.stop();
      cloud = await CloudProcess.start(directory.path, streamTemplate);
      await put('{"n":1}');
      await cloud.stop();
      const failed = await CloudProcess.start(directory.path, streamTemplate, { fileBytes: 10 });
      expect(failed.endpoint).toBe('');
      expect(failed.told).toMatch(SENTENCE);
      cloud = await CloudProcess.start(directory.path, streamTemplate);
      expect((await flush()).status).toBe(200);
      expect(await keys()).toEqual([expect.stringMatching(/^data\//)]);
    },
  );
});
