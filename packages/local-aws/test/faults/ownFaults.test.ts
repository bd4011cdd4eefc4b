import { fileURLToPath } from 'node:url';
import {
  AthenaClient,
  type EncryptionOption,
  GetQueryExecutionCommand,
  type QueryExecutionStatus,
  StartQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import { FirehoseClient, PutRecordCommand } from '@aws-sdk/client-firehose';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HOUR_MS } from '../../src/base/clock.ts';
import { MovableClock } from '../../src/base/index.ts';
import type { LocalAws } from '../../src/server/index.ts';
import { startTestAws } from '../../src/testing/index.ts';
import { until } from '../harness/until.ts';

const att = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });
const template = {
  Outputs: { KeyId: { Value: { Ref: 'Key' } } },
  Resources: {
    Key: { Type: 'AWS::KMS::Key', Properties: { KeyPolicy: { Version: '2012-10-17', Statement: [] } } },
    Alias: {
      Type: 'AWS::KMS::Alias',
      Properties: { AliasName: 'alias/landing', TargetKeyId: { Ref: 'Key' } },
    },
    Bucket: {
      Type: 'AWS::S3::Bucket',
      Properties: {
        BucketName: 'landing',
        NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [
            { ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: att('Key') } },
          ],
        },
      },
    },
    Plain: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'plain' } },
    Stream: {
      Type: 'AWS::KinesisFirehose::DeliveryStream',
      Properties: {
        DeliveryStreamName: 'rows',
        DeliveryStreamType: 'DirectPut',
        ExtendedS3DestinationConfiguration: {
          BucketARN: 'arn:aws:s3:::landing',
          RoleARN: 'arn:aws:iam::000000000000:role/delivery',
          Prefix: 'rows/',
        },
      },
    },
    Files: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'files' } },
    Rule: {
      Type: 'AWS::Events::Rule',
      Properties: {
        Name: 'new-files',
        EventPattern: { source: ['aws.s3'], detail: { object: { key: [{ prefix: 'files/' }] } } },
        Targets: [{ Id: 'queue', Arn: att('Files') }],
      },
    },
    Work: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'work', VisibilityTimeout: 60 } },
    Function: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        FunctionName: 'worker',
        Handler: 'picky.handler',
        Runtime: 'nodejs24.x',
        Role: 'arn:aws:iam::000000000000:role/worker',
        LoggingConfig: { LogFormat: 'JSON', SystemLogLevel: 'WARN' },
        Code: { S3Bucket: 'b', S3Key: 'k' },
      },
    },
    Mapping: {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: { EventSourceArn: att('Work'), FunctionName: { Ref: 'Function' }, BatchSize: 1 },
    },
    Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'api', ProtocolType: 'HTTP' } },
    Integration: {
      Type: 'AWS::ApiGatewayV2::Integration',
      Properties: {
        ApiId: { Ref: 'Api' },
        IntegrationType: 'AWS_PROXY',
        IntegrationUri: att('Function'),
        PayloadFormatVersion: '2.0',
      },
    },
    Route: {
      Type: 'AWS::ApiGatewayV2::Route',
      Properties: {
        ApiId: { Ref: 'Api' },
        RouteKey: 'POST /',
        Target: { 'Fn::Join': ['/', ['integrations', { Ref: 'Integration' }]] },
      },
    },
  },
};

let clock: MovableClock;
let aws: LocalAws;
let close: () => Promise<void>;
let clients: {
  readonly athena: AthenaClient;
  readonly s3: S3Client;
  readonly sqs: SQSClient;
  readonly firehose: FirehoseClient;
};
beforeEach(async () => {
  clock = new MovableClock();
  const codeDirectory = fileURLToPath(new URL('../fixtures/functions', import.meta.url));
  const cloud = await startTestAws({ stack: { template, codeDirectory }, clock });
  ({ aws, close } = cloud);
  const { options } = cloud;
  clients = {
    athena: new AthenaClient(options),
    s3: new S3Client(options),
    sqs: new SQSClient(options),
    firehose: new FirehoseClient(options),
  };
});
afterEach(async () => {
  for (const client of Object.values(clients)) client.destroy();
  await close();
});

/** Sets faults by HTTP. @returns The status, and what is said of a refusal. */
async function set(faults: object): Promise<{ status: number; message?: string }> {
  const answer = await fetch(`${aws.endpoint}/_local/faults`, {
    method: 'POST',
    body: JSON.stringify(faults),
  });
  const refused: { message?: string } = answer.ok ? {} : JSON.parse(await answer.text());
  return { status: answer.status, ...(refused.message === undefined ? {} : { message: refused.message }) };
}
const clear = () => fetch(`${aws.endpoint}/_local/faults`, { method: 'DELETE' });
const post = async (body = '') => {
  const answer = await fetch(`${aws.api}/`, { method: 'POST', body });
  return { status: answer.status, text: await answer.text() };
};
const putFile = (Key: string) => clients.s3.send(new PutObjectCommand({ Bucket: 'landing', Key, Body: 'x' }));
const putRow = (text: string) =>
  clients.firehose.send(
    new PutRecordCommand({ DeliveryStreamName: 'rows', Record: { Data: Buffer.from(`${text}\n`) } }),
  );

async function keys(Prefix: string): Promise<string[]> {
  const { Contents = [] } = await clients.s3.send(new ListObjectsV2Command({ Bucket: 'landing', Prefix }));
  return Contents.map(({ Key = '' }) => Key);
}

/** The keys in the messages of the rule's queue. */
async function announced(): Promise<string[]> {
  const { QueueUrl } = await clients.sqs.send(new GetQueueUrlCommand({ QueueName: 'files' }));
  const found: string[] = [];
  for (;;) {
    const { Messages = [] } = await clients.sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
    );
    if (Messages.length === 0) return found.sort();
    found.push(...Messages.map(({ Body = '{}' }) => JSON.parse(Body).detail.object.key));
  }
}

/**
 * The status in which a query ends whose result is written to a bucket.
 *
 * @param EncryptionOption What the query's configuration says; `SSE_KMS` is with the key of the template.
 */
async function queryEnd(
  bucket: string,
  EncryptionOption: EncryptionOption | undefined,
): Promise<QueryExecutionStatus | undefined> {
  const { athena } = clients;
  const KmsKey = EncryptionOption === 'SSE_KMS' ? aws.outputs['KeyId'] : undefined;
  const EncryptionConfiguration = EncryptionOption && { EncryptionOption, KmsKey };
  const started = await athena.send(
    new StartQueryExecutionCommand({
      QueryString: 'SELECT 1',
      ResultConfiguration: { OutputLocation: `s3://${bucket}/results/`, EncryptionConfiguration },
    }),
  );
  await aws.flush();
  const { QueryExecutionId } = started;
  const { QueryExecution } = await athena.send(new GetQueryExecutionCommand({ QueryExecutionId }));
  return QueryExecution?.Status;
}

const struck = (fault: string) => aws.faults.list().find((listed) => listed.fault === fault)?.struck;
const pending = () => aws.status().pending.reduce((sum, { documents }) => sum + documents, 0);

describe('the gateway', () => {
  it('answers 500 when the function is killed or times out, and 503 when it is throttled, never 429', async () => {
    const invocation = { function: 'worker' };
    await set({
      lambda: [
        { fault: 'killInvocations', ...invocation },
        { fault: 'timeOutInvocations', afterMs: 50, nth: 2, ...invocation },
      ],
    });
    const failed = { status: 500, text: '{"message":"Internal Server Error"}' };
    expect(await post()).toEqual(failed);
    expect(await post()).toEqual(failed);
    await set({ lambda: [{ fault: 'throttleInvocations', ...invocation }] });
    expect(await post()).toEqual({ status: 503, text: '{"message":"Service Unavailable"}' });
    expect((await post()).status).toBe(204);
  });
});

describe('EventBridge', () => {
  it('loses events', async () => {
    await set({ events: [{ fault: 'loseEvents', rule: 'new-files', every: 2 }] });
    for (const key of ['files/1', 'files/2', 'files/3']) await putFile(key);
    expect(await announced()).toEqual(['files/1', 'files/3']);
  });

  it('delivers events twice', async () => {
    await set({ events: [{ fault: 'repeatEvents' }] });
    for (const key of ['files/1', 'files/2']) await putFile(key);
    expect(await announced()).toEqual(['files/1', 'files/1', 'files/2']);
  });

  it("delivers events late, by the local cloud's clock", async () => {
    await set({ events: [{ fault: 'delayEvents', ms: HOUR_MS }] });
    for (const key of ['files/1', 'files/2']) await putFile(key);
    expect(await announced()).toEqual(['files/2']);
    await clock.advance(HOUR_MS);
    expect(await announced()).toContain('files/1');
  });
});

describe('a queue of a function', () => {
  const send = async (MessageBody: string) => {
    const { QueueUrl } = await clients.sqs.send(new GetQueueUrlCommand({ QueueName: 'work' }));
    await clients.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
  };
  const messages = () => aws.status().queues.find(({ name }) => name === 'work')?.messages;

  it.each([
    { what: 'while the function works on it', afterwards: false },
    { what: 'after the function has succeeded', afterwards: true },
  ])('hands out a message again $what', async ({ afterwards }) => {
    await set({
      sqs: [{ fault: 'repeatMessages', queue: 'work', afterwards }],
      // Counts invocations: it strikes each of them.
      lambda: [{ fault: 'startCold', calls: 'all' }],
    });
    await send('a');
    await until('startCold strikes 2 times', () => struck('startCold') === 2);
    await until('no message is left', () => messages() === 0);
    await send('b');
    await until('startCold strikes 3 times', () => struck('startCold') === 3);
    await until('no message is left', () => messages() === 0);
    expect(struck('repeatMessages')).toBe(1);
  });

  it('keeps a message while the function is throttled', async () => {
    await set({ lambda: [{ fault: 'throttleInvocations' }] });
    await send('a');
    await until('throttleInvocations strikes 1 times', () => struck('throttleInvocations') === 1);
    expect(messages()).toBe(1);
    await clock.advance(60_000);
    await until('no message is left', () => messages() === 0);
  });
});

describe("Firehose's delivery", () => {
  it('fails and is tried again', async () => {
    await set({ firehose: [{ fault: 'failDeliveries', stream: 'rows', calls: 3 }] });
    await putRow('1');
    await clock.advance(600_000);
    await until('all is delivered', () => pending() === 0);
    expect(struck('failDeliveries')).toBe(3);
    expect(await keys('rows/')).toHaveLength(1);
    expect(aws.status().expired).toEqual([]);
  });

  it('writes an object twice when its end was not seen', async () => {
    await set({ firehose: [{ fault: 'failDeliveries', afterwards: true }] });
    await putRow('1');
    await clock.advance(600_000);
    await until('all is delivered', () => pending() === 0);
    expect(await keys('rows/')).toHaveLength(2);
  });

  it('drops what would be 24 hours old, counts it, and goes on', async () => {
    await set({ firehose: [{ fault: 'expireDeliveries' }] });
    await putRow('1');
    await aws.flush();
    expect(aws.status().expired).toEqual([{ stream: 'rows', documents: 1 }]);
    await putRow('2');
    await aws.flush();
    expect(await keys('rows/')).toHaveLength(1);
  });
});

describe('a key that is off', () => {
  const disabled = { name: 'KMS.DisabledException', $metadata: { httpStatusCode: 400 } };
  const read = () => clients.s3.send(new GetObjectCommand({ Bucket: 'landing', Key: 'files/1' }));
  beforeEach(async () => {
    await putFile('files/1');
    await set({ kms: [{ fault: 'disableKey', keyId: 'alias/landing' }] });
  });

  it('refuses reads and writes until the fault is removed', async () => {
    await expect(putFile('files/2')).rejects.toMatchObject(disabled);
    await expect(read()).rejects.toMatchObject(disabled);
    await clear();
    await read();
    await putFile('files/2');
  });

  it('keeps the records of a stream until the fault is removed', async () => {
    await putRow('1');
    await expect(aws.flush()).rejects.toMatchObject({ code: 'LOCAL_AWS_FIREHOSE_UNDELIVERED' });
    await clear();
    await aws.flush();
    expect(await keys('rows/')).toHaveLength(1);
  });

  it.each([
    { what: 'the key of its bucket', bucket: 'landing', encryption: undefined },
    { what: 'the key of its configuration', bucket: 'plain', encryption: 'SSE_KMS' },
  ] as const)('fails a query whose result would have $what', async ({ bucket, encryption }) => {
    expect(await queryEnd(bucket, encryption)).toMatchObject({
      State: 'FAILED',
      StateChangeReason: expect.stringContaining('Error Code: KMS.DisabledException'),
    });
  });

  it.each([
    { what: "S3's own keys in a bucket without a key", bucket: 'plain', encryption: undefined },
    { what: "S3's own keys in the bucket of the key", bucket: 'landing', encryption: 'SSE_S3' },
  ] as const)('fails no query whose result has $what', async ({ bucket, encryption }) => {
    expect(await queryEnd(bucket, encryption)).toMatchObject({ State: 'SUCCEEDED' });
  });
});

describe('a fault for what is not there', () => {
  it.each([
    {
      faults: { lambda: [{ fault: 'startCold', function: 'nope' }] },
      message: 'There is no function nope here. There are: worker.',
    },
    {
      faults: { events: [{ fault: 'loseEvents', rule: 'nope' }] },
      message: 'There is no rule nope here. There are: new-files.',
    },
    {
      faults: { kms: [{ fault: 'disableKey', keyId: 'alias/nope' }] },
      message: 'There is no keyId alias/nope here.',
    },
  ])('is refused: $message', async ({ faults, message }) => {
    expect(await set(faults)).toEqual({ status: 400, message: expect.stringContaining(message) });
  });
});
