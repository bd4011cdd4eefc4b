import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetTableCommand, GetTablesCommand, GlueClient, UpdateTableCommand } from '@aws-sdk/client-glue';
import {
  CreateMultipartUploadCommand,
  HeadBucketCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
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

const FIRST = {
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
};
const SECOND = {
  ...deploymentQueue,
  Landing: bucket('landing'),
  Database,
  Orders: table('orders', ['id', 'total']),
  Items: table('items', ['id']),
  Jobs: queue('jobs', 77),
  Keys: secret('keys', 'b'),
  Token: secret('token', 'a', 'other'),
};

/** A folder and all folders below it. */
const foldersIn = (root: string) => [
  root,
  ...readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name, parentPath }) => join(parentPath, name)),
];

describe('a local cloud that starts again with another template on the same data', () => {
  const directory = temporaryDirectory();
  let aws: LocalAws;
  let glue: GlueClient;
  let s3: S3Client;
  let secrets: SecretsManagerClient;
  let sqs: SQSClient;
  const stop = async () => {
    for (const client of [glue, s3, secrets, sqs]) client.destroy();
    await aws.close();
  };
  const start = async (Resources: object) => {
    const stack = { stackName: 'shop', template: { Resources } };
    aws = await startLocalAws({ stack, directory: directory.path });
    const options = {
      endpoint: aws.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    };
    glue = new GlueClient(options);
    s3 = new S3Client({ ...options, forcePathStyle: true });
    secrets = new SecretsManagerClient(options);
    sqs = new SQSClient(options);
  };
  const url = (name: string) => `${aws.endpoint}/000000000000/${name}`;
  const describedTable = async (Name: string) => {
    const { Table } = await glue.send(new GetTableCommand({ DatabaseName: 'shop', Name }));
    return [Table?.Description, Table?.StorageDescriptor?.Columns?.map((column) => column.Name)];
  };
  const received = async (name: string) => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: url(name), MaxNumberOfMessages: 10 }),
    );
    return Messages.map(({ Body = '' }) => Body);
  };
  const secretOf = async (SecretId: string) =>
    (await secrets.send(new GetSecretValueCommand({ SecretId }))).SecretString;

  beforeAll(async () => {
    await start(FIRST);
    for (const Name of ['orders', 'items']) {
      const TableInput = { Name, Description: 'by hand' };
      await glue.send(new UpdateTableCommand({ DatabaseName: 'shop', TableInput }));
    }
    await sqs.send(new SendMessageCommand({ QueueUrl: url('jobs'), MessageBody: 'work' }));
    await s3.send(new PutObjectCommand({ Bucket: 'full', Key: 'a', Body: 'x' }));
    await s3.send(new CreateMultipartUploadCommand({ Bucket: 'full', Key: 'large' }));
    await stop();
    for (const folder of foldersIn(directory.path)) writeFileSync(join(folder, '.DS_Store'), '');
    await start(SECOND);
  });
  afterAll(async () => {
    await stop();
    directory.remove();
  });

  it('removes a table that is no longer in the template', async () => {
    const { TableList = [] } = await glue.send(new GetTablesCommand({ DatabaseName: 'shop' }));
    expect(TableList.map(({ Name }) => Name)).toEqual(['items', 'orders']);
  });

  it('leaves a table as it was changed by hand if both templates have the same of it', async () => {
    expect(await describedTable('items')).toEqual(['by hand', undefined]);
  });

  it('replaces the whole table if the template has changed it', async () => {
    expect(await describedTable('orders')).toEqual([undefined, ['id', 'total']]);
  });

  it('keeps the messages of a queue whose settings change', async () => {
    expect(await received('jobs')).toEqual(['work']);
  });

  it('publishes the end of each deployment', async () => {
    const events = (await received('told')).map((body) => JSON.parse(body));
    const statuses = events.map(({ detail }) => detail['status-details'].status);
    expect(statuses.sort()).toEqual(['CREATE_COMPLETE', 'UPDATE_COMPLETE']);
  });

  it('gives a secret the value of the template', async () => {
    expect(await secretOf('keys')).toBe('b');
    expect(await secretOf('token')).toBe('a');
  });

  it('removes a secret that is no longer in the template', async () => {
    await expect(secretOf('old')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  it('keeps a bucket that has objects, with its uploads, although the template no longer has it', async () => {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'full' }));
    const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: 'full' }));
    expect([Contents, Uploads].map(([first]) => first?.Key)).toEqual(['a', 'large']);
  });

  it('removes an empty bucket that is no longer in the template', async () => {
    await expect(s3.send(new HeadBucketCommand({ Bucket: 'empty' }))).rejects.toMatchObject({
      name: 'NotFound',
    });
  });

  it('leaves files that another program has put beside the folders of databases, buckets and uploads', () => {
    const folders = ['', 'glue', 's3', 's3/.store', 's3/.store/full/uploads'];
    for (const folder of folders) expect(readdirSync(join(directory.path, folder))).toContain('.DS_Store');
  });
});
