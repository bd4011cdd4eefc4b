import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import { startLocalAws } from '../../src/server/index.ts';
import { temporaryDirectory } from '../../src/testing/temporaryDirectory.ts';
import { closedAfterEach } from '../harness/closedAfterEach.ts';

const template = {
  Resources: { Landing: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'landing' } } },
};

describe('startLocalAws', () => {
  const directory = temporaryDirectory();
  const opened = closedAfterEach();
  afterEach(() => directory.remove());
  const start = async (options: Partial<Parameters<typeof startLocalAws>[0]> = {}) =>
    opened(await startLocalAws({ stack: { template }, directory: directory.path, ...options }), (aws) =>
      aws.close(),
    );

  it('serves its control API under /_local', async () => {
    const { endpoint } = await start();
    const status = await fetch(`${endpoint}/_local/status`);
    expect(status.status).toBe(200);
    expect(await status.json()).toEqual({
      endpoint,
      functionUrls: {},
      directory: directory.path,
      pid: process.pid,
      startedAt: expect.any(String),
      pending: [],
      expired: [],
      queues: [],
      queries: { queued: 0, running: 0 },
    });
  });

  it('serves the control API under another path, with answers of another form', async () => {
    const { endpoint } = await start({
      controlPath: '/_shop',
      presentation: { flush: ({ undrained }) => ({ left: undrained }) },
    });
    const flushed = await fetch(`${endpoint}/_shop/flush`, { method: 'POST' });
    expect(await flushed.json()).toEqual({ left: 0 });
    expect((await fetch(`${endpoint}/_local/status`)).status).toBe(403);
  });

  it('answers a call of the control API 503, with a sentence, when the disk is damaged', async () => {
    const { endpoint } = await start();
    const file = `${directory.path}/glue/db/database.json`;
    mkdirSync(`${directory.path}/glue/db`, { recursive: true });
    writeFileSync(file, '{}');
    const body = JSON.stringify({ sql: 'SELECT 1' });
    const answer = await fetch(`${endpoint}/_local/query`, { method: 'POST', body });
    expect(answer.status).toBe(503);
    expect(await answer.json()).toEqual(
      expect.objectContaining({
        code: 'LOCAL_AWS_DISK_DAMAGED',
        message: expect.stringContaining(file),
      }),
    );
  });

  it('refuses a rule on a bucket of the template whose events are not switched on', async () => {
    const EventPattern = { detail: { bucket: { name: [{ Ref: 'Landing' }] } } };
    const Rule = { Type: 'AWS::Events::Rule', Properties: { EventPattern } };
    const resources = { ...template.Resources, Rule };
    await expect(start({ stack: { template: { Resources: resources } } })).rejects.toMatchObject({
      code: 'LOCAL_AWS_STACK_UPDATE_FAILED',
      detail: expect.stringContaining('detail.bucket.name ["landing"]'),
    });
  });

  it('refuses a policy of a bucket that S3 would refuse', async () => {
    const Statement = {
      Effect: 'Allow',
      Principal: '*',
      Action: 's3:Get',
      Resource: 'arn:aws:s3:::landing/*',
    };
    const Properties = { Bucket: { Ref: 'Landing' }, PolicyDocument: { Statement } };
    const resources = { ...template.Resources, Policy: { Type: 'AWS::S3::BucketPolicy', Properties } };
    await expect(start({ stack: { template: { Resources: resources } } })).rejects.toMatchObject({
      code: 'LOCAL_AWS_STACK_UPDATE_FAILED',
      detail: 'Policy: Policy has invalid action',
    });
  });

  /** A stack with a queue and a function of 60 seconds that is invoked for its messages. */
  const withMapping = (VisibilityTimeout: number) => {
    const Queue = { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'work', VisibilityTimeout } };
    const Worker = {
      Type: 'AWS::Lambda::Function',
      Properties: {
        FunctionName: 'work',
        Handler: 'handler.handler',
        Runtime: 'nodejs24.x',
        Timeout: 60,
        Role: 'arn:aws:iam::000000000000:role/work',
        Code: {},
      },
    };
    const Mapping = {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: { EventSourceArn: { 'Fn::GetAtt': ['Queue', 'Arn'] }, FunctionName: { Ref: 'Worker' } },
    };
    const codeDirectory = fileURLToPath(new URL('../fixtures/functions', import.meta.url));
    return { template: { Resources: { Queue, Worker, Mapping } }, codeDirectory };
  };

  it('takes a mapping of a queue that hands out a message again when the function has ended', async () => {
    await expect(start({ stack: withMapping(60) })).resolves.toBeDefined();
  });

  it('refuses a mapping of a queue that hands out a message again before the function has ended', async () => {
    await expect(start({ stack: withMapping(59) })).rejects.toMatchObject({
      code: 'InvalidParameterValueException',
      message: 'Queue visibility timeout: 59 seconds is less than Function timeout: 60 seconds',
    });
  });

  it('releases the data directory when it cannot start', async () => {
    const Table = { Type: 'AWS::DynamoDB::Table' };
    await expect(start({ stack: { template: { Resources: { Table } } } })).rejects.toMatchObject({
      code: 'LOCAL_AWS_TEMPLATE_RESOURCE_UNSUPPORTED',
    });
    const blocker = opened(createServer(), (server) => server.close());
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
    const address = blocker.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(start({ port })).rejects.toMatchObject({
      code: 'LOCAL_AWS_LOCAL_PORT_IN_USE',
      detail: `Port ${port}: EADDRINUSE.`,
    });
    expect((await start()).api).toBeUndefined();
  });

  it('closes, and can be opened again, if close is called twice at once', async () => {
    const aws = await start();
    await Promise.all([aws.close(), aws.close()]);
    expect((await start()).directory).toBe(directory.path);
  });
});
