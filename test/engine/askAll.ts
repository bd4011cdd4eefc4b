import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { CreateDeliveryStreamCommand, FirehoseClient } from '@aws-sdk/client-firehose';
import { CreateDatabaseCommand, CreateTableCommand, GlueClient } from '@aws-sdk/client-glue';
import { PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { STSClient } from '@aws-sdk/client-sts';
import { startLocalAws } from '../../packages/local-aws/src/index.ts';
import type { Engine } from './Engine.ts';
import { type Asked, questions, type Witness } from './questions.ts';
import { until } from './Store.ts';

const STACK = 'asked';
/** Another account than the product's, whose resources are counted. */
const ASKED = '777788889999';
/** moto has one account, whoever asks. */
const MOTO = '123456789012';
const MADE_MS = 60_000;

/** A function that answers the messages `bad` as failed. */
const FAILS_BAD = `export const run = async ({ Records }) => ({
  batchItemFailures: Records.filter(({ body }) => body === 'bad').map(({ messageId }) => ({ itemIdentifier: messageId })),
});`;

/** What the questions are asked of. */
const template = {
  Resources: {
    Role: {
      Type: 'AWS::IAM::Role',
      Properties: {
        RoleName: 'asked',
        AssumeRolePolicyDocument: {
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }],
        },
      },
    },
    Bucket: {
      Type: 'AWS::S3::Bucket',
      Properties: {
        BucketName: 'asked-bucket',
        VersioningConfiguration: { Status: 'Enabled' },
        NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
      },
    },
    Dead: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'asked-dead' } },
    Queue: {
      Type: 'AWS::SQS::Queue',
      Properties: {
        QueueName: 'asked-queue',
        VisibilityTimeout: 30,
        RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': ['Dead', 'Arn'] }, maxReceiveCount: 2 },
      },
    },
    Partial: {
      Type: 'AWS::SQS::Queue',
      Properties: {
        QueueName: 'asked-partial',
        VisibilityTimeout: 3,
        RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': ['Dead', 'Arn'] }, maxReceiveCount: 2 },
      },
    },
    Function: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        FunctionName: 'asked-partial',
        Runtime: 'nodejs24.x',
        Handler: 'index.run',
        Timeout: 3,
        Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
        Code: { ZipFile: FAILS_BAD },
      },
    },
    Mapping: {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: {
        EventSourceArn: { 'Fn::GetAtt': ['Partial', 'Arn'] },
        FunctionName: { 'Fn::GetAtt': ['Function', 'Arn'] },
        FunctionResponseTypes: ['ReportBatchItemFailures'],
      },
    },
    Events: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'asked-events' } },
    Rule: {
      Type: 'AWS::Events::Rule',
      Properties: {
        Name: 'asked-rule',
        State: 'ENABLED',
        EventPattern: {
          source: ['aws.s3'],
          'detail-type': ['Object Created'],
          detail: { bucket: { name: ['asked-bucket'] }, object: { key: [{ prefix: 'events/' }] } },
        },
        Targets: [{ Id: 'queue', Arn: { 'Fn::GetAtt': ['Events', 'Arn'] } }],
      },
    },
    Database: {
      Type: 'AWS::Glue::Database',
      Properties: { CatalogId: { Ref: 'AWS::AccountId' }, DatabaseInput: { Name: 'asked' } },
    },
    Table: {
      Type: 'AWS::Glue::Table',
      Properties: {
        CatalogId: { Ref: 'AWS::AccountId' },
        DatabaseName: { Ref: 'Database' },
        TableInput: {
          Name: 'asked',
          TableType: 'EXTERNAL_TABLE',
          PartitionKeys: [{ Name: 'ds', Type: 'string' }],
          StorageDescriptor: {
            Columns: [{ Name: 'a', Type: 'string' }],
            Location: 's3://asked-bucket/table/',
          },
        },
      },
    },
    Stream: {
      Type: 'AWS::KinesisFirehose::DeliveryStream',
      Properties: {
        DeliveryStreamName: 'asked-stream',
        DeliveryStreamType: 'DirectPut',
        ExtendedS3DestinationConfiguration: {
          BucketARN: { 'Fn::GetAtt': ['Bucket', 'Arn'] },
          RoleARN: { 'Fn::GetAtt': ['Role', 'Arn'] },
          Prefix: 'stream/',
          FileExtension: '.end',
          BufferingHints: { IntervalInSeconds: 1, SizeInMBs: 1 },
        },
      },
    },
  },
};

/** Puts the questions to LocalStack, to moto and to the local cloud, and tells who answers otherwise than AWS's pages. */
export async function askAll(
  engine: Engine,
  folder: string,
  tell: (what: string, wrong: string) => void,
): Promise<void> {
  const directory = join(folder, 'local-aws');
  mkdirSync(directory);
  writeFileSync(join(folder, 'index.mjs'), FAILS_BAD);
  const own = await startLocalAws({
    stack: { template, stackName: STACK, codeDirectory: folder },
    directory,
  });
  try {
    const makers = { LocalStack: engine.edge, moto: engine.moto };
    await createStack(engine.client({ endpoint: makers.LocalStack, account: ASKED }), template);
    // Its functions would need containers.
    const { Function: _function, Mapping: _mapping, ...Resources } = template.Resources;
    await createStack(engine.client({ endpoint: makers.moto, account: MOTO }), { Resources });
    await askOne('LocalStack', engine.client({ endpoint: makers.LocalStack, account: ASKED }), tell);
    await makeByApi(engine.client({ endpoint: makers.moto, account: MOTO }));
    await askOne('moto', engine.client({ endpoint: makers.moto, account: MOTO }), tell);
    const root = { accessKeyId: 'test', secretAccessKey: 'test' };
    const client = { ...engine.client({ endpoint: own.endpoint }), region: 'us-east-1', credentials: root };
    await askOne('local-aws', client, tell);
  } finally {
    await own.close();
  }
}

/** Creates the stack of the questions, and waits until it is there. */
async function createStack(client: ReturnType<Engine['client']>, body: object): Promise<void> {
  const cloudformation = new CloudFormationClient(client);
  const about = { StackName: STACK, Capabilities: ['CAPABILITY_NAMED_IAM' as const] };
  await cloudformation.send(new CreateStackCommand({ ...about, TemplateBody: JSON.stringify(body) }));
  const status = await until(
    async () =>
      (await cloudformation.send(new DescribeStacksCommand({ StackName: STACK }))).Stacks?.[0]?.StackStatus,
    (found) => found !== 'CREATE_IN_PROGRESS',
    MADE_MS,
  );
  cloudformation.destroy();
  if (status !== 'CREATE_COMPLETE') throw new Error(`The stack of the questions is ${status}.`);
}

/** What moto's CloudFormation leaves out. */
async function makeByApi(client: ReturnType<Engine['client']>): Promise<void> {
  const { Bucket, Database, Table, Stream } = template.Resources;
  const s3 = new S3Client(client);
  const glue = new GlueClient(client);
  const firehose = new FirehoseClient(client);
  await s3.send(
    new PutBucketVersioningCommand({
      Bucket: Bucket.Properties.BucketName,
      VersioningConfiguration: { Status: 'Enabled' },
    }),
  );
  const { DatabaseInput } = Database.Properties;
  await glue.send(new CreateDatabaseCommand({ DatabaseInput }));
  const { TableInput } = Table.Properties;
  await glue.send(new CreateTableCommand({ DatabaseName: DatabaseInput.Name, TableInput }));
  const { DeliveryStreamName, ExtendedS3DestinationConfiguration } = Stream.Properties;
  await firehose.send(
    new CreateDeliveryStreamCommand({
      DeliveryStreamName,
      ExtendedS3DestinationConfiguration: {
        ...ExtendedS3DestinationConfiguration,
        BucketARN: `arn:aws:s3:::${Bucket.Properties.BucketName}`,
        RoleARN: `arn:aws:iam::${MOTO}:role/asked`,
      },
    }),
  );
  for (const opened of [s3, glue, firehose]) opened.destroy();
}

/** Puts the questions to one AWS, whose stack is there, and tells each answer. */
async function askOne(
  witness: Witness,
  client: Omit<ReturnType<Engine['client']>, 'region'> & { readonly region: string },
  tell: (what: string, wrong: string) => void,
): Promise<void> {
  const s3 = new S3Client(client);
  const sqs = new SQSClient(client);
  const account = client.credentials.accessKeyId === 'test' ? '000000000000' : client.credentials.accessKeyId;
  const url = async (QueueName: string) =>
    (await sqs.send(new GetQueueUrlCommand({ QueueName }))).QueueUrl ?? '';
  const asked: Asked = {
    s3,
    sqs,
    glue: new GlueClient(client),
    firehose: new FirehoseClient(client),
    secrets: new SecretsManagerClient(client),
    sts: new STSClient(client),
    bucket: 'asked-bucket',
    queue: await url('asked-queue'),
    dead: {
      url: await url('asked-dead'),
      arn: `arn:aws:sqs:${client.region}:${account}:asked-dead`,
      source: `arn:aws:sqs:${client.region}:${account}:asked-queue`,
    },
    partial: witness === 'moto' ? '' : await url('asked-partial'),
    events: await url('asked-events'),
    database: 'asked',
    table: 'asked',
    stream: 'asked-stream',
    roleArn: `arn:aws:iam::${account}:role/asked`,
  };
  for (const { asks, answer, otherwise = {}, ask } of questions) {
    const found = await ask(asked).catch(
      (error: unknown) => `it fails: ${error instanceof Error ? error.name : error}`,
    );
    const known = otherwise[witness];
    const expected = known ?? answer;
    tell(
      `${witness}: ${asks}${known === undefined ? '' : ', otherwise than AWS as is known'}`,
      found === expected ? '' : `it answers ${found}, expected ${expected}`,
    );
  }
}
