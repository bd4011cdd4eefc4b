import { GetTableCommand, GetTablesCommand, GlueClient, UpdateTableCommand } from '@aws-sdk/client-glue';
import { HeadBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, expect, it } from '@jest/globals';
import { type LocalAws, startLocalAws } from '../../src/server/index.ts';
import { temporaryDirectory } from '../../src/testing/temporaryDirectory.ts';

const bucket = (BucketName: string) => ({ Type: 'AWS::S3::Bucket', Properties: { BucketName } });
const queue = (QueueName: string, VisibilityTimeout: number) => ({
  Type: 'AWS::SQS::Queue',
  Properties: { QueueName, VisibilityTimeout },
});
const secret = (Name: string, SecretString: string, Description = '') => ({
  Type: 'AWS::SecretsManager::Secret',
  Properties: { Name, SecretString, Description },
});
const table = (Name: string, columns: readonly string[]) => ({
  Type: 'AWS::Glue::Table',
  DependsOn: 'Database',
  Properties: {
    CatalogId: '000000000000',
    DatabaseName: 'shop',
    TableInput: {
      Name,
      StorageDescriptor: {
        Columns: columns.map((column) => ({ Name: column, Type: 'string' })),
        Location: `s3://landing/${Name}/`,
      },
    },
  },
});
const Database = {
  Type: 'AWS::Glue::Database',
  Properties: { CatalogId: '000000000000', DatabaseInput: { Name: 'shop' } },
};
/** A queue that hears of deployments. */
const deploymentQueue = {
  Told: queue('told', 30),
  Rule: {
    Type: 'AWS::Events::Rule',
    Properties: {
      Name: 'deployed',
      EventPattern: {
        'detail-type': ['CloudFormation Stack Status Change'],
        detail: { 'stack-id': [{ Ref: 'AWS::StackId' }] },
      },
      Targets: [{ Id: 'told', Arn: { 'Fn::GetAtt': ['Told', 'Arn'] } }],
    },
  },
};

const directory = temporaryDirectory();
let aws: LocalAws;
const start = async (Resources: object) => {
  const stack = { stackName: 'shop', template: { Resources } };
  aws = await startLocalAws({ stack, directory: directory.path });
  return {
    endpoint: aws.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    forcePathStyle: true,
  };
};
afterEach(async () => {
  await aws.close();
  directory.remove();
});

it('starts again with another template on the same data', async () => {
  let options = await start({
    ...deploymentQueue,
    Landing: bucket('landing'),
    Full: bucket('full'),
    Empty: bucket('empty'),
    Database,
    Orders: table('orders', ['id']),
    Items: table('items', ['id']),
    Gone: table('gone', ['id']),
    Jobs: queue('jobs', 30),
    Keys: secret('keys', 'a'),
    Token: secret('token', 'a'),
    Old: secret('old', 'a'),
  });
  const glue = () => new GlueClient(options);
  const sqs = () => new SQSClient(options);
  const url = (name: string) => `${aws.endpoint}/000000000000/${name}`;
  for (const Name of ['orders', 'items']) {
    const TableInput = { Name, Description: 'by hand' };
    await glue().send(new UpdateTableCommand({ DatabaseName: 'shop', TableInput }));
  }
  await sqs().send(new SendMessageCommand({ QueueUrl: url('jobs'), MessageBody: 'work' }));
  await new S3Client(options).send(new PutObjectCommand({ Bucket: 'full', Key: 'a', Body: 'x' }));
  await aws.close();
  options = await start({
    ...deploymentQueue,
    Landing: bucket('landing'),
    Database,
    Orders: table('orders', ['id', 'total']),
    Items: table('items', ['id']),
    Jobs: queue('jobs', 77),
    Keys: secret('keys', 'b'),
    Token: secret('token', 'a', 'other'),
  });

  const { TableList = [] } = await glue().send(new GetTablesCommand({ DatabaseName: 'shop' }));
  expect(TableList.map(({ Name }) => Name)).toEqual(['items', 'orders']);
  const described = async (Name: string) => {
    const { Table } = await glue().send(new GetTableCommand({ DatabaseName: 'shop', Name }));
    return [Table?.Description, Table?.StorageDescriptor?.Columns?.map((column) => column.Name)];
  };
  // What is the same in both templates stays as it was changed by hand; the rest is replaced as a whole.
  expect(await described('items')).toEqual(['by hand', undefined]);
  expect(await described('orders')).toEqual([undefined, ['id', 'total']]);
  const received = async (name: string) => {
    const { Messages = [] } = await sqs().send(
      new ReceiveMessageCommand({ QueueUrl: url(name), MaxNumberOfMessages: 10 }),
    );
    return Messages.map(({ Body = '' }) => Body);
  };
  expect(await received('jobs')).toEqual(['work']);
  const events = (await received('told')).map((body) => JSON.parse(body));
  const statuses = events.map(({ detail }) => detail['status-details'].status);
  expect(statuses.sort()).toEqual(['CREATE_COMPLETE', 'UPDATE_COMPLETE']);
  const value = async (SecretId: string) =>
    (await new SecretsManagerClient(options).send(new GetSecretValueCommand({ SecretId }))).SecretString;
  expect([await value('keys'), await value('token')]).toEqual(['b', 'a']);
  await expect(value('old')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  const s3 = new S3Client(options);
  await s3.send(new HeadBucketCommand({ Bucket: 'full' }));
  await expect(s3.send(new HeadBucketCommand({ Bucket: 'empty' }))).rejects.toMatchObject({
    name: 'NotFound',
  });
});
