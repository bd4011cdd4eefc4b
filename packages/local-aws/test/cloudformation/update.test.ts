import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { FirehoseClient, PutRecordCommand } from '@aws-sdk/client-firehose';
import {
  CreateTableCommand,
  GetTableCommand,
  GetTablesCommand,
  GlueClient,
  UpdateTableCommand,
} from '@aws-sdk/client-glue';
import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { HeadBucketCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  bucket,
  database,
  functionUrl,
  httpApi,
  lambda,
  queue,
  stream,
  table,
  UpdateFixture,
} from './UpdateFixture.ts';

describe('an update of the stack', () => {
  let fixture: UpdateFixture;
  const start = async (...args: Parameters<UpdateFixture['start']>) => {
    fixture = new UpdateFixture();
    await fixture.start(...args);
  };
  afterEach(() => fixture.close());

  const queues = async () => fixture.aws.status().queues.map(({ name }) => name);
  const hasBucket = (Bucket: string) =>
    new S3Client(fixture.client).send(new HeadBucketCommand({ Bucket })).then(
      () => true,
      () => false,
    );
  const put = (Bucket: string, Key: string) =>
    new S3Client(fixture.client).send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
  const tables = async () =>
    (
      await new GlueClient(fixture.client).send(new GetTablesCommand({ DatabaseName: 'shop' }))
    ).TableList?.map(({ Name }) => Name);

  describe('with changes in place', () => {
    it('delivers records that arrive later by the new settings, and loses none that is buffered', async () => {
      await start({ Landing: bucket('landing'), Stream: stream('old/') });
      const firehose = new FirehoseClient(fixture.client);
      const send = (text: string) =>
        firehose.send(
          new PutRecordCommand({ DeliveryStreamName: 'orders', Record: { Data: Buffer.from(text) } }),
        );
      await send('first');
      const { changes } = await fixture.update({ Landing: bucket('landing'), Stream: stream('new/') });
      expect(changes).toEqual([
        {
          action: 'Modify',
          logicalId: 'Stream',
          type: 'AWS::KinesisFirehose::DeliveryStream',
          physicalId: 'orders',
        },
      ]);
      await send('second');
      await fixture.aws.flush();
      const { Contents = [] } = await new S3Client(fixture.client).send(
        new ListObjectsV2Command({ Bucket: 'landing' }),
      );
      expect(Contents.map(({ Key = '', Size }) => [Key.split('/')[0], Size])).toEqual([
        ['new', 6],
        ['old', 5],
      ]);
    });

    it('replaces the whole input of a table, and leaves tables that are the same as they were changed', async () => {
      const before = {
        Database: database('shop'),
        Orders: table('orders', ['id']),
        Items: table('items', ['id']),
      };
      await start(before);
      const glue = new GlueClient(fixture.client);
      for (const Name of ['orders', 'items']) {
        await glue.send(
          new UpdateTableCommand({ DatabaseName: 'shop', TableInput: { Name, Description: 'by hand' } }),
        );
      }
      const describe = async (Name: string) => {
        const { Table } = await glue.send(new GetTableCommand({ DatabaseName: 'shop', Name }));
        return [Table?.Description, Table?.StorageDescriptor?.Columns?.map((column) => column.Name)];
      };
      await fixture.update({ ...before, Orders: table('orders', ['id', 'total']) });
      expect(await describe('orders')).toEqual([undefined, ['id', 'total']]);
      expect(await describe('items')).toEqual(['by hand', undefined]);
    });

    it('puts the value of a secret again only when the template has another one', async () => {
      const secret = (SecretString: string, Description: string) => ({
        Keys: {
          Type: 'AWS::SecretsManager::Secret',
          Properties: { Name: 'keys', SecretString, Description },
        },
      });
      await start(secret('a', 'one'));
      const value = async () =>
        (await new SecretsManagerClient(fixture.client).send(new GetSecretValueCommand({ SecretId: 'keys' })))
          .SecretString;
      await fixture.update(secret('a', 'two'));
      expect(await value()).toBe('a');
      await fixture.update(secret('b', 'two'));
      expect(await value()).toBe('b');
    });

    it('keeps the messages of a queue', async () => {
      await start({ Jobs: queue('jobs') });
      const sqs = new SQSClient(fixture.client);
      const QueueUrl = `${fixture.aws.endpoint}/000000000000/jobs`;
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'work' }));
      await fixture.update({ Jobs: queue('jobs', { VisibilityTimeout: 77 }) });
      const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
      expect(Messages?.map(({ Body }) => Body)).toEqual(['work']);
    });
  });

  describe('of functions', () => {
    const answering = (word: string) => ({
      api: `export const handler = async () => ({ statusCode: 200, body: '${word}' });`,
    });

    it('answers with the new code while invocations that have begun end with the old one', async () => {
      fixture = new UpdateFixture();
      const resources = { Function: lambda('api'), ...httpApi('Function') };
      // The old code waits until the test answers it.
      const waiting: ServerResponse[] = [];
      const gate = createServer((_, response) => void waiting.push(response));
      await once(gate.listen(0, '127.0.0.1'), 'listening');
      const address = gate.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const old = fixture.code('old', {
        api: `export const handler = async ({ rawPath }) => {
            if (rawPath === '/held') await fetch('http://127.0.0.1:${port}/');
            return { statusCode: 200, body: 'old' };
          };`,
      });
      await fixture.start(resources, { source: { codeDirectory: old } });
      const get = async (path: string) => (await fetch(`${fixture.aws.api}${path}`)).text();
      expect(await get('/')).toBe('old');
      const begun = once(gate, 'request');
      const held = get('/held');
      await begun;
      const { changes } = await fixture.update(resources, {
        codeDirectory: fixture.code('new', answering('new')),
      });
      expect(changes.map(({ logicalId }) => logicalId)).toEqual(['Function']);
      expect(await get('/')).toBe('new');
      for (const response of waiting) response.end();
      expect(await held).toBe('old');
      gate.close();
    });

    it('answers every request during updates', async () => {
      fixture = new UpdateFixture();
      const resources = { Function: lambda('api'), ...httpApi('Function') };
      const codes = ['a', 'b', 'c'].map((word) => fixture.code(word, answering(word)));
      await fixture.start(resources, { source: { codeDirectory: codes[0] ?? '' } });
      const answers: string[] = [];
      let done = false;
      const traffic = [1, 2, 3, 4].map(async () => {
        while (!done) {
          const answer = await fetch(fixture.aws.api ?? '');
          answers.push(`${answer.status} ${await answer.text()}`);
        }
      });
      for (const codeDirectory of codes.slice(1)) await fixture.update(resources, { codeDirectory });
      done = true;
      await Promise.all(traffic);
      expect([...new Set(answers.map((answer) => answer.slice(0, 3)))]).toEqual(['200']);
      expect(await (await fetch(fixture.aws.api ?? '')).text()).toBe('c');
    });

    it('refuses code that can not be loaded, and goes on with the old one', async () => {
      fixture = new UpdateFixture();
      const resources = { Function: lambda('api'), ...httpApi('Function') };
      const codeDirectory = fixture.code('good', answering('good'));
      await fixture.start(resources, { source: { codeDirectory } });
      const broken = fixture.code('broken', { api: 'throw new Error("no such table");' });
      await expect(fixture.update(resources, { codeDirectory: broken })).rejects.toMatchObject({
        code: 'LOCAL_AWS_STACK_UPDATE_FAILED',
        detail: expect.stringContaining('no such table'),
      });
      expect(await (await fetch(fixture.aws.api ?? '')).text()).toBe('good');
    });

    it('adds an HTTP API and takes it away', async () => {
      fixture = new UpdateFixture();
      const source = { codeDirectory: fixture.code('code', answering('here')) };
      await fixture.start({ Function: lambda('api') }, { source });
      expect(fixture.aws.api).toBeUndefined();
      await fixture.update({ Function: lambda('api'), ...httpApi('Function') }, source);
      expect(await (await fetch(fixture.aws.api ?? '')).text()).toBe('here');
      await fixture.update({ Function: lambda('api') }, source);
      expect(fixture.aws.api).toBeUndefined();
    });

    it('adds a Function URL, keeps its address, refuses it without a permission, and takes it away', async () => {
      fixture = new UpdateFixture();
      const source = { codeDirectory: fixture.code('code', answering('here')) };
      const withApi = { Function: lambda('api'), ...httpApi('Function') };
      await fixture.start(withApi, { source });
      expect(fixture.aws.functionUrls).toEqual({});
      const both = { ...withApi, ...functionUrl('Function') };
      await fixture.update(both, source);
      const url = fixture.aws.functionUrls['api'] ?? '';
      expect(url).not.toBe(fixture.aws.api);
      expect(await (await fetch(url)).text()).toBe('here');
      expect(await (await fetch(fixture.aws.api ?? '')).text()).toBe('here');
      const closed = Object.fromEntries(Object.entries(both).filter(([id]) => id !== 'MayInvoke'));
      await fixture.update(closed, source);
      expect(fixture.aws.functionUrls['api']).toBe(url);
      expect((await fetch(url)).status).toBe(403);
      await fixture.update(withApi, source);
      expect(fixture.aws.functionUrls).toEqual({});
    });

    it('throttles what goes beyond the reserved concurrency: 429 by a Function URL, 5xx by an HTTP API', async () => {
      fixture = new UpdateFixture();
      const waiting: ServerResponse[] = [];
      const gate = createServer((_, response) => void waiting.push(response));
      await once(gate.listen(0, '127.0.0.1'), 'listening');
      const address = gate.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const codeDirectory = fixture.code('code', {
        api: `export const handler = async () => {
            await fetch('http://127.0.0.1:${port}/');
            return { statusCode: 200, body: 'served' };
          };`,
      });
      const reserved = lambda('api', { ReservedConcurrentExecutions: 1 });
      const resources = { Function: reserved, ...httpApi('Function'), ...functionUrl('Function') };
      await fixture.start(resources, { source: { codeDirectory } });
      const url = fixture.aws.functionUrls['api'] ?? '';
      const begun = once(gate, 'request');
      const first = fetch(url);
      await begun;
      const second = await fetch(url, { headers: { origin: 'https://shop.example' } });
      expect([second.status, second.headers.get('access-control-allow-origin')]).toEqual([429, '*']);
      expect((await fetch(fixture.aws.api ?? '')).status).toBe(503);
      for (const response of waiting) response.end();
      expect(await (await first).text()).toBe('served');
      gate.close();
    });

    it('moves the mapping of a queue to another queue', async () => {
      fixture = new UpdateFixture();
      const worker = `import { appendFileSync } from 'node:fs';
        export const handler = async ({ Records }) => {
          for (const { body } of Records) appendFileSync(process.env.OUT, body);
        };`;
      const out = `${fixture.directory.path}/out`;
      const source = { codeDirectory: fixture.code('code', { worker }) };
      const resources = (id: string) => ({
        First: queue('first'),
        Second: queue('second'),
        Worker: lambda('worker', { Environment: { Variables: { OUT: out } } }),
        Mapping: {
          Type: 'AWS::Lambda::EventSourceMapping',
          Properties: {
            EventSourceArn: { 'Fn::GetAtt': [id, 'Arn'] },
            FunctionName: { 'Fn::GetAtt': ['Worker', 'Arn'] },
          },
        },
      });
      await fixture.start(resources('First'), { source });
      const { changes } = await fixture.update(resources('Second'), source);
      expect(changes).toMatchObject([{ action: 'Modify', logicalId: 'Mapping' }]);
      const sqs = new SQSClient(fixture.client);
      for (const name of ['first', 'second']) {
        const QueueUrl = `${fixture.aws.endpoint}/000000000000/${name}`;
        await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: name }));
      }
      await fixture.aws.flush();
      const { queues: waiting } = fixture.aws.status();
      expect(waiting).toEqual([
        { name: 'first', messages: 1 },
        { name: 'second', messages: 0 },
      ]);
    });
  });

  describe('that replaces or removes', () => {
    it('makes the new resource and deletes the old one', async () => {
      await start({ Jobs: queue('jobs') });
      const { changes, left } = await fixture.update({ Jobs: queue('jobs-2') });
      expect(changes).toMatchObject([
        { action: 'Add', logicalId: 'Jobs', physicalId: expect.stringContaining('jobs-2') },
        { action: 'Remove', logicalId: 'Jobs', physicalId: expect.stringMatching(/jobs$/) },
      ]);
      expect([left, await queues()]).toEqual([[], ['jobs-2']]);
    });

    it('leaves a bucket that is not empty, and is complete all the same', async () => {
      await start({ Landing: bucket('landing'), Empty: bucket('empty') });
      await put('landing', 'a');
      const { left } = await fixture.update({ Other: queue('other') });
      expect(left).toEqual([
        {
          logicalId: 'Landing',
          type: 'AWS::S3::Bucket',
          physicalId: 'landing',
          reason: 'The bucket you tried to delete is not empty',
        },
      ]);
      expect([await hasBucket('landing'), await hasBucket('empty')]).toEqual([true, false]);
    });

    it('keeps what its policies keep', async () => {
      const kept = (name: string) =>
        queue(name, {}, { DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' });
      await start({ Removed: kept('removed'), Replaced: kept('replaced'), Gone: queue('gone') });
      const { left } = await fixture.update({ Replaced: kept('replacement') });
      expect(left.map(({ logicalId, reason }) => [logicalId, reason])).toEqual([
        ['Replaced', undefined],
        ['Removed', undefined],
      ]);
      expect(await queues()).toEqual(['removed', 'replaced', 'replacement']);
    });

    it('removes tables with their partitions, secrets at once, and schedules the deletion of keys', async () => {
      const key = {
        Type: 'AWS::KMS::Key',
        Properties: { KeyPolicy: { Version: '2012-10-17', Statement: [] }, PendingWindowInDays: 7 },
      };
      const secret = { Type: 'AWS::SecretsManager::Secret', Properties: { Name: 'keys', SecretString: 'a' } };
      await start({ Database: database('shop'), Orders: table('orders', ['id']), Key: key, Keys: secret });
      const KeyId = (
        await fixture.update({
          Database: database('shop'),
          Orders: table('orders', ['id']),
          Key: { ...key, Properties: { ...key.Properties, Description: 'old' } },
          Keys: secret,
        })
      ).changes[0]?.physicalId;
      await fixture.update({ Database: database('shop') });
      expect(await tables()).toEqual([]);
      await expect(
        new SecretsManagerClient(fixture.client).send(new GetSecretValueCommand({ SecretId: 'keys' })),
      ).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
      const describe = async () =>
        (await new KMSClient(fixture.client).send(new DescribeKeyCommand({ KeyId }))).KeyMetadata;
      const metadata = await describe();
      expect(metadata).toMatchObject({ KeyState: 'PendingDeletion', Description: 'old', Enabled: false });
      expect(metadata?.DeletionDate?.getTime()).toBeGreaterThan(Date.now() + 6 * 86_400_000);
      await fixture.aws.clock.advance(8 * 86_400_000);
      await expect(describe()).rejects.toMatchObject({ name: 'NotFoundException' });
    });
  });

  describe('that fails', () => {
    it('keeps what was set before, and goes on with the next template', async () => {
      const before = { Kept: queue('kept', { DelaySeconds: 1 }), Gone: queue('gone') };
      await start(before);
      const failing = {
        Added: queue('added'),
        Kept: queue('kept', { DelaySeconds: 2 }),
        Policy: {
          Type: 'AWS::S3::BucketPolicy',
          DependsOn: ['Added', 'Kept'],
          Properties: { Bucket: 'nowhere', PolicyDocument: { Version: '2012-10-17', Statement: [] } },
        },
      };
      await expect(fixture.update(failing)).rejects.toMatchObject({
        code: 'LOCAL_AWS_STACK_UPDATE_FAILED',
        detail: 'Policy: The specified bucket does not exist',
      });
      const status = async () => {
        const { Stacks: [stack] = [] } = await new CloudFormationClient(fixture.client).send(
          new DescribeStacksCommand({ StackName: 'shop' }),
        );
        return [stack?.StackStatus, stack?.StackStatusReason];
      };
      expect(await status()).toEqual(['UPDATE_FAILED', 'Policy: The specified bucket does not exist']);
      expect(await queues()).toEqual(['added', 'gone', 'kept']);
      // Also what the failed template had added, and after another start.
      await fixture.start(before);
      expect([await queues(), await status()]).toEqual([
        ['gone', 'kept'],
        ['UPDATE_COMPLETE', undefined],
      ]);
      const { Attributes } = await new SQSClient(fixture.client).send(
        new GetQueueAttributesCommand({
          QueueUrl: `${fixture.aws.endpoint}/000000000000/kept`,
          AttributeNames: ['DelaySeconds'],
        }),
      );
      expect(Attributes).toEqual({ DelaySeconds: '1' });
      expect(await fixture.update(before)).toEqual({ changes: [], left: [] });
    });

    it('changes nothing when the template is not valid, or has a resource twice', async () => {
      await start({ Jobs: queue('jobs') });
      await expect(
        fixture.update({ Added: queue('added'), Jobs: queue('jobs', {}, { DeletionPolicy: 'Snapshot' }) }),
      ).rejects.toMatchObject({ code: 'LOCAL_AWS_TEMPLATE_INVALID' });
      await expect(
        fixture.update({ Added: queue('added'), Jobs: queue('jobs'), Again: queue('jobs') }),
      ).rejects.toMatchObject({
        detail: expect.stringMatching(/^Again: .*\/jobs is in the stack already\.$/),
      });
      expect(await queues()).toEqual(['jobs']);
    });

    it('waits for the one before', async () => {
      await start({ Jobs: queue('jobs') });
      const updates = [1, 2].map((DelaySeconds) => fixture.update({ Jobs: queue('jobs', { DelaySeconds }) }));
      expect((await Promise.all(updates)).map(({ changes }) => changes.length)).toEqual([1, 1]);
    });
  });

  it('is told to EventBridge, like the creation, unless nothing differs', async () => {
    const told = {
      Told: queue('told'),
      Rule: {
        Type: 'AWS::Events::Rule',
        Properties: {
          Name: 'deployed',
          State: 'ENABLED',
          EventPattern: {
            source: ['aws.cloudformation'],
            'detail-type': ['CloudFormation Stack Status Change'],
            detail: {
              'stack-id': [{ Ref: 'AWS::StackId' }],
              'status-details': { status: ['CREATE_COMPLETE', 'UPDATE_COMPLETE'] },
            },
          },
          Targets: [{ Id: 'told', Arn: { 'Fn::GetAtt': ['Told', 'Arn'] } }],
        },
      },
    };
    await start(told);
    const QueueUrl = `${fixture.aws.endpoint}/000000000000/told`;
    const receive = async (): Promise<unknown[]> => {
      const { Messages = [] } = await new SQSClient(fixture.client).send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
      );
      return Messages.map(({ Body = '' }) => JSON.parse(Body));
    };
    const stackArn = expect.stringMatching(/^arn:aws:cloudformation:us-east-1:000000000000:stack\/shop\//);
    expect(await receive()).toEqual([
      expect.objectContaining({
        version: '0',
        source: 'aws.cloudformation',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        region: 'us-east-1',
        resources: [stackArn],
        detail: {
          'stack-id': stackArn,
          'status-details': { status: 'CREATE_COMPLETE', 'status-reason': '' },
        },
      }),
    ]);
    await fixture.update({ ...told, Added: queue('added') });
    await fixture.update({ ...told, Added: queue('added') });
    expect(await receive()).toMatchObject([{ detail: { 'status-details': { status: 'UPDATE_COMPLETE' } } }]);
  });

  describe('at a start', () => {
    it('does not touch what the templates agree on, whatever was changed by hand', async () => {
      const resources = { Database: database('shop'), Orders: table('orders', ['id']) };
      await start(resources);
      const TableInput = { Name: 'orders', Description: 'by hand' };
      await new GlueClient(fixture.client).send(new UpdateTableCommand({ DatabaseName: 'shop', TableInput }));
      await fixture.start(resources);
      const { Table } = await new GlueClient(fixture.client).send(
        new GetTableCommand({ DatabaseName: 'shop', Name: 'orders' }),
      );
      expect(Table?.Description).toBe('by hand');
    });

    it('updates the stack that was deployed last', async () => {
      await start({
        Jobs: queue('jobs'),
        Gone: queue('gone'),
        Landing: bucket('landing'),
        Stream: stream('a/'),
      });
      await new FirehoseClient(fixture.client).send(
        new PutRecordCommand({ DeliveryStreamName: 'orders', Record: { Data: Buffer.from('a') } }),
      );
      await fixture.start({ Jobs: queue('jobs-2'), Landing: bucket('landing'), Stream: stream('b/') });
      expect(await queues()).toEqual(['jobs-2']);
    });

    it('takes over resources of a data directory in which no stack was stored', async () => {
      await start({ Database: database('shop') });
      await new GlueClient(fixture.client).send(
        new CreateTableCommand({
          DatabaseName: 'shop',
          TableInput: { Name: 'orders', Description: 'before' },
        }),
      );
      const other = { source: { stackName: 'other' } };
      await fixture.start({ Database: database('shop'), Orders: table('orders', ['id']) }, other);
      const { Table } = await new GlueClient(fixture.client).send(
        new GetTableCommand({ DatabaseName: 'shop', Name: 'orders' }),
      );
      expect([Table?.Description, Table?.StorageDescriptor?.Columns?.length]).toEqual([undefined, 1]);
    });

    it('keeps generated names over restarts and updates', async () => {
      const generated = (properties: object) => ({
        Policy: {
          Type: 'AWS::IAM::ManagedPolicy',
          Properties: { PolicyDocument: { Version: '2012-10-17', Statement: [] }, ...properties },
        },
      });
      await start(generated({ Description: 'a' }));
      const first = await fixture.update(generated({ Description: 'b' }));
      await fixture.start(generated({ Description: 'b' }));
      expect(await fixture.update(generated({ Description: 'b' }))).toEqual({ changes: [], left: [] });
      const second = await fixture.update(generated({ Description: 'c' }));
      expect(second.changes[0]?.physicalId).toBe(first.changes[0]?.physicalId);
    });
  });
});
