import {
  CloudFormationClient,
  DeleteStackCommand,
  DescribeStacksCommand,
  ListStackResourcesCommand,
} from '@aws-sdk/client-cloudformation';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { cloudFormationService, type DeployedStack } from '../../src/cloudformation/index.ts';
import { startServices } from '../../src/testing/startServices.ts';

const STACK: DeployedStack = {
  name: 'app-local',
  region: 'us-east-1',
  account: '000000000000',
  partition: 'aws',
  createdMs: Date.UTC(2026, 10, 20),
  resources: Array.from({ length: 130 }, (_, i) => ({
    logicalId: `Queue${i}`,
    physicalId: `http://127.0.0.1/q?a&b=${i}`,
    type: 'AWS::SQS::Queue',
  })),
  outputs: { DatabaseName: 'app', Odd: '<&>"' },
};

describe('the local CloudFormation', () => {
  let client: CloudFormationClient;
  let close: () => Promise<void>;
  let stack: DeployedStack | undefined;
  beforeAll(async () => {
    const served = await startServices([cloudFormationService({ stack: () => stack })]);
    client = new CloudFormationClient(served.options);
    close = served.close;
  });
  beforeEach(() => {
    stack = STACK;
  });
  afterAll(async () => {
    client.destroy();
    await close();
  });

  it('describes the stack by name and by ID', async () => {
    const { Stacks: [found] = [] } = await client.send(new DescribeStacksCommand({ StackName: 'app-local' }));
    expect(found).toMatchObject({
      StackStatus: 'CREATE_COMPLETE',
      CreationTime: new Date(STACK.createdMs),
      Outputs: [
        { OutputKey: 'DatabaseName', OutputValue: 'app' },
        { OutputKey: 'Odd', OutputValue: '<&>"' },
      ],
    });
    expect(found?.StackId).toMatch(/^arn:aws:cloudformation:us-east-1:000000000000:stack\/app-local\//);
    const again = await client.send(new DescribeStacksCommand({ StackName: found?.StackId }));
    expect(again.Stacks).toEqual([found]);
    expect((await client.send(new DescribeStacksCommand({}))).Stacks).toEqual([found]);
  });

  it('lists every resource in pages of a hundred', async () => {
    const input = { StackName: 'app-local' };
    const first = await client.send(new ListStackResourcesCommand(input));
    const { NextToken } = first;
    const second = await client.send(new ListStackResourcesCommand({ ...input, NextToken }));
    expect(first.StackResourceSummaries?.length).toBe(100);
    expect(second.NextToken).toBeUndefined();
    expect(
      [...(first.StackResourceSummaries ?? []), ...(second.StackResourceSummaries ?? [])].map(
        ({ LogicalResourceId, PhysicalResourceId, ResourceType }) => ({
          logicalId: LogicalResourceId,
          physicalId: PhysicalResourceId,
          type: ResourceType,
        }),
      ),
    ).toEqual(STACK.resources);
  });

  it('knows no other stack', async () => {
    await expect(client.send(new DescribeStacksCommand({ StackName: 'other' }))).rejects.toMatchObject({
      name: 'ValidationError',
      message: 'Stack with id other does not exist',
    });
  });

  it('rejects a token that it did not give', async () => {
    await expect(
      client.send(new ListStackResourcesCommand({ StackName: 'app-local', NextToken: 'x' })),
    ).rejects.toMatchObject({ name: 'ValidationError' });
  });

  it('refuses a member that is not emulated by name', async () => {
    await expect(
      client.send(new DescribeStacksCommand({ StackName: 'app-local', NextToken: 'x' })),
    ).rejects.toMatchObject({ name: 'NotImplemented', message: expect.stringContaining('NextToken') });
  });

  it('refuses an operation that is not emulated by name', async () => {
    await expect(client.send(new DeleteStackCommand({ StackName: 'app-local' }))).rejects.toMatchObject({
      name: 'NotImplemented',
      message: expect.stringContaining('cloudformation DeleteStack'),
    });
  });

  it('lists no stack while none is deployed', async () => {
    stack = undefined;
    expect((await client.send(new DescribeStacksCommand({}))).Stacks).toEqual([]);
    await expect(client.send(new DescribeStacksCommand({ StackName: 'app-local' }))).rejects.toMatchObject({
      name: 'ValidationError',
    });
  });
});
