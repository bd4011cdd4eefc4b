import {
  CloudFormationClient,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  GetTemplateCommand,
  ListStackResourcesCommand,
  UpdateStackCommand,
  waitUntilStackUpdateComplete,
} from '@aws-sdk/client-cloudformation';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { bucket, queue, type Resources, UpdateFixture } from './UpdateFixture.ts';

describe('CloudFormation’s API of stack updates', () => {
  let fixture: UpdateFixture;
  let client: CloudFormationClient;
  const before = { Landing: bucket('landing'), Jobs: queue('jobs') };
  beforeEach(async () => {
    fixture = new UpdateFixture();
    await fixture.start(before);
    client = new CloudFormationClient(fixture.client);
  });
  afterEach(() => fixture.close());

  const StackName = 'shop';
  const update = (resources: Resources) =>
    client.send(
      new UpdateStackCommand({ StackName, TemplateBody: JSON.stringify({ Resources: resources }) }),
    );
  const wait = () =>
    waitUntilStackUpdateComplete({ client, maxWaitTime: 30, minDelay: 0.01, maxDelay: 0.05 }, { StackName });
  const describeStack = async () => (await client.send(new DescribeStacksCommand({ StackName }))).Stacks?.[0];

  it('updates the stack while the caller waits for its status', async () => {
    expect((await describeStack())?.LastUpdatedTime).toBeUndefined();
    const { StackId } = await update({
      ...before,
      Jobs: queue('jobs', { DelaySeconds: 5 }),
      Added: queue('added'),
    });
    await wait();
    const stack = await describeStack();
    expect(stack).toMatchObject({ StackId, StackStatus: 'UPDATE_COMPLETE' });
    expect(stack?.LastUpdatedTime?.getTime()).toBeGreaterThanOrEqual(
      stack?.CreationTime?.getTime() ?? Infinity,
    );
    const { StackResourceSummaries = [] } = await client.send(new ListStackResourcesCommand({ StackName }));
    expect(
      StackResourceSummaries.map(({ LogicalResourceId, ResourceStatus }) => [
        LogicalResourceId,
        ResourceStatus,
      ]),
    ).toEqual([
      ['Landing', 'CREATE_COMPLETE'],
      ['Jobs', 'UPDATE_COMPLETE'],
      ['Added', 'CREATE_COMPLETE'],
    ]);
    const { TemplateBody = '' } = await client.send(new GetTemplateCommand({ StackName }));
    expect(Object.keys(JSON.parse(TemplateBody).Resources)).toEqual(['Landing', 'Jobs', 'Added']);
  });

  it('takes a large template from S3', async () => {
    const Body = JSON.stringify({ Resources: { ...before, Added: queue('added') } });
    const s3 = new S3Client(fixture.client);
    await s3.send(new PutObjectCommand({ Bucket: 'landing', Key: 'a/template.json', Body }));
    const TemplateURL = 'https://landing.s3.us-east-1.amazonaws.com/a/template.json';
    await client.send(new UpdateStackCommand({ StackName, TemplateURL }));
    await wait();
    expect(fixture.aws.status().queues.map(({ name }) => name)).toEqual(['added', 'jobs']);
    const missing = 'https://s3.amazonaws.com/landing/none.json';
    await expect(
      client.send(new UpdateStackCommand({ StackName, TemplateURL: missing })),
    ).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  it('tells why an update was rolled back, event by event', async () => {
    await new SQSClient(fixture.client).send(new CreateQueueCommand({ QueueName: 'taken' }));
    await update({ ...before, Added: queue('added'), Taken: queue('taken') });
    await expect(wait()).rejects.toThrow();
    expect(await describeStack()).toMatchObject({
      StackStatus: 'UPDATE_ROLLBACK_COMPLETE',
      StackStatusReason: expect.stringContaining('The following resource(s) failed to create: [Taken].'),
    });
    const { StackEvents = [] } = await client.send(new DescribeStackEventsCommand({ StackName }));
    const update_ = StackEvents.toReversed().map(({ LogicalResourceId, ResourceStatus }) =>
      [LogicalResourceId, ResourceStatus].join(' '),
    );
    expect(update_.slice(update_.indexOf('shop UPDATE_IN_PROGRESS'))).toEqual([
      'shop UPDATE_IN_PROGRESS',
      'Added CREATE_IN_PROGRESS',
      'Added CREATE_COMPLETE',
      'Taken CREATE_IN_PROGRESS',
      'Taken CREATE_FAILED',
      'shop UPDATE_ROLLBACK_IN_PROGRESS',
      'Added DELETE_IN_PROGRESS',
      'Added DELETE_COMPLETE',
      'shop UPDATE_ROLLBACK_COMPLETE',
    ]);
    expect(StackEvents.find(({ ResourceStatus }) => ResourceStatus === 'CREATE_FAILED')).toMatchObject({
      ResourceStatusReason: expect.stringContaining('already exists'),
      ResourceType: 'AWS::SQS::Queue',
      Timestamp: expect.any(Date),
    });
  });

  it('tells EventBridge of the ends of a deployment, at the creation and after a rollback too', async () => {
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
              'status-details': {
                status: ['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE'],
              },
            },
          },
          Targets: [{ Id: 'told', Arn: { 'Fn::GetAtt': ['Told', 'Arn'] } }],
        },
      },
    };
    const created = new UpdateFixture();
    try {
      await created.start({ ...before, ...told });
      const cloudFormation = new CloudFormationClient(created.client);
      const { Stacks: [stack] = [] } = await cloudFormation.send(new DescribeStacksCommand({ StackName }));
      const sqs = new SQSClient(created.client);
      const QueueUrl = `${created.aws.endpoint}/000000000000/told`;
      const receive = async (): Promise<unknown[]> => {
        const { Messages = [] } = await sqs.send(
          new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
        );
        return Messages.map(({ Body = '' }) => JSON.parse(Body));
      };
      const [first] = await receive();
      expect(first).toMatchObject({
        version: '0',
        source: 'aws.cloudformation',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        region: 'us-east-1',
        resources: [stack?.StackId],
        detail: { 'stack-id': stack?.StackId, 'status-details': { status: 'CREATE_COMPLETE' } },
      });
      await created.update({ ...before, ...told, Added: queue('added') });
      await sqs.send(new CreateQueueCommand({ QueueName: 'taken' }));
      const failed = created.update({ ...before, ...told, Added: queue('added'), Taken: queue('taken') });
      await expect(failed).rejects.toThrow('already exists');
      // Equal templates are no update.
      await created.update({ ...before, ...told, Added: queue('added') });
      expect(await receive()).toEqual([
        expect.objectContaining({
          detail: expect.objectContaining({
            'status-details': { status: 'UPDATE_COMPLETE', 'status-reason': '' },
          }),
        }),
        expect.objectContaining({
          detail: expect.objectContaining({
            'status-details': {
              status: 'UPDATE_ROLLBACK_COMPLETE',
              'status-reason': expect.stringContaining('Taken'),
            },
          }),
        }),
      ]);
    } finally {
      await created.close();
    }
  });

  it('pages events', async () => {
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`Q${n}`, queue(`q${n}`)]));
    await update({ ...before, ...many });
    await wait();
    const first = await client.send(new DescribeStackEventsCommand({ StackName }));
    const { NextToken } = first;
    const second = await client.send(new DescribeStackEventsCommand({ StackName, NextToken }));
    expect([first.StackEvents?.length, second.NextToken]).toEqual([100, undefined]);
    const ids = [...(first.StackEvents ?? []), ...(second.StackEvents ?? [])].map(({ EventId }) => EventId);
    expect(new Set(ids).size).toBe(ids.length);
    await expect(
      client.send(new DescribeStackEventsCommand({ StackName, NextToken: 'none' })),
    ).rejects.toMatchObject({ name: 'ValidationError' });
  });

  it('refuses what CloudFormation refuses, with its own sentences', async () => {
    const refusal = (input: object) =>
      client.send(new UpdateStackCommand({ StackName, ...input })).then(
        () => 'accepted',
        (error: Error) => `${error.name}: ${error.message}`,
      );
    const body = (resources: Resources) => ({ TemplateBody: JSON.stringify({ Resources: resources }) });
    expect(await refusal(body(before))).toBe('ValidationError: No updates are to be performed.');
    expect(await refusal({})).toBe(
      'ValidationError: Either Template URL or Template Body must be specified.',
    );
    expect(await refusal({ TemplateBody: 'Resources:' })).toContain('Template format error');
    expect(await refusal({ ...body(before), StackName: 'other' })).toBe(
      'ValidationError: Stack with id other does not exist',
    );
    expect(await refusal(body({ ...before, Jobs: bucket('jobs') }))).toContain(
      'Update of resource type is not permitted.',
    );
    expect(await refusal(body({ ...before, Odd: { Type: 'AWS::DynamoDB::Table' } }))).toContain('Odd');
    expect(await refusal({ ...body(before), RoleARN: 'arn:aws:iam::000000000000:role/deploy' })).toContain(
      'UpdateStack member RoleARN',
    );
    const user = { Type: 'AWS::IAM::User', Properties: { UserName: 'reader' } };
    expect(await refusal(body({ ...before, User: user }))).toBe(
      'InsufficientCapabilitiesException: Requires capabilities : [CAPABILITY_NAMED_IAM]',
    );
    expect(await refusal(body({ ...before, User: { Type: 'AWS::IAM::User' } }))).toContain(
      '[CAPABILITY_IAM]',
    );
    expect(
      await refusal({ ...body({ ...before, User: user }), Capabilities: ['CAPABILITY_NAMED_IAM'] }),
    ).toBe('accepted');
  });
});
