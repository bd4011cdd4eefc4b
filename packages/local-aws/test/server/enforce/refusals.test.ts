import { AthenaClient, StartQueryExecutionCommand } from '@aws-sdk/client-athena';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { FirehoseClient, PutRecordCommand } from '@aws-sdk/client-firehose';
import { DeleteTableCommand, GetTableCommand, GlueClient } from '@aws-sdk/client-glue';
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { KMSClient, ListAliasesCommand } from '@aws-sdk/client-kms';
import { DeleteObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PurgeQueueCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { failureOf } from '../../../src/testing/startS3.ts';
import {
  ACCOUNT,
  denied,
  type Enforced,
  type Principal,
  READER,
  startEnforced,
} from '../../harness/startEnforced.ts';

const QueueUrl = `http://127.0.0.1/${ACCOUNT}/work`;
const arn = (service: string, resource: string) => `arn:aws:${service}:us-east-1:${ACCOUNT}:${resource}`;

/** A call that the reader's policy does not allow. */
interface RefusedCall {
  readonly service: string;
  /** Name and status of the error, as the service's SDK reports them. */
  readonly error: { readonly name: string; readonly status: number };
  /** The error's message, or a regular expression of it. */
  readonly message: string | RegExp;
  /** The error that the root gets; undefined for none. */
  readonly ofRoot?: string;
  /** Makes the call as a role or user, or as the root. */
  readonly call: (stack: Enforced, principal?: Principal) => Promise<unknown>;
}

const CALLS: readonly RefusedCall[] = [
  {
    service: 'S3',
    error: { name: 'AccessDenied', status: 403 },
    message: denied(READER, 's3:DeleteObject', '"arn:aws:s3:::landing/rows/none"'),
    call: async (stack, principal) =>
      (await stack.client(S3Client, principal)).send(
        new DeleteObjectCommand({ Bucket: 'landing', Key: 'rows/none' }),
      ),
  },
  {
    service: 'Firehose',
    error: { name: 'AccessDeniedException', status: 400 },
    message: denied(READER, 'firehose:PutRecord', arn('firehose', 'deliverystream/events')),
    call: async (stack, principal) =>
      (await stack.client(FirehoseClient, principal)).send(
        new PutRecordCommand({ DeliveryStreamName: 'events', Record: { Data: Buffer.from('{}') } }),
      ),
  },
  {
    service: 'SQS',
    error: { name: 'AccessDenied', status: 400 },
    message: denied(READER, 'sqs:sendmessage', arn('sqs', 'work')),
    call: async (stack, principal) =>
      (await stack.client(SQSClient, principal)).send(
        new SendMessageCommand({ QueueUrl, MessageBody: '{}' }),
      ),
  },
  {
    service: 'Secrets Manager',
    error: { name: 'AccessDeniedException', status: 400 },
    message:
      /perform: secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:\S+:secret:shop-\w{6} because no identity-based policy/,
    call: async (stack, principal) =>
      (await stack.client(SecretsManagerClient, principal)).send(
        new GetSecretValueCommand({ SecretId: 'shop' }),
      ),
  },
  {
    service: 'CloudWatch Logs',
    error: { name: 'AccessDeniedException', status: 400 },
    ofRoot: 'ResourceNotFoundException',
    message: denied(READER, 'logs:FilterLogEvents', arn('logs', 'log-group:/aws/lambda/shop:log-stream:')),
    call: async (stack, principal) =>
      (await stack.client(CloudWatchLogsClient, principal)).send(
        new FilterLogEventsCommand({ logGroupName: '/aws/lambda/shop' }),
      ),
  },
  {
    service: 'KMS',
    error: { name: 'AccessDeniedException', status: 400 },
    message: denied(READER, 'kms:ListAliases', '*'),
    call: async (stack, principal) =>
      (await stack.client(KMSClient, principal)).send(new ListAliasesCommand({})),
  },
  {
    service: 'CloudFormation',
    error: { name: 'AccessDenied', status: 403 },
    message: denied(READER, 'cloudformation:DescribeStacks', arn('cloudformation', 'stack/local/*')),
    call: async (stack, principal) =>
      (await stack.client(CloudFormationClient, principal)).send(
        new DescribeStacksCommand({ StackName: 'local' }),
      ),
  },
  {
    service: 'IAM',
    error: { name: 'AccessDenied', status: 403 },
    message: denied(READER, 'iam:CreateRole', `arn:aws:iam::${ACCOUNT}:role/mine`),
    call: async (stack, principal) => {
      const trust = { Effect: 'Allow', Principal: { AWS: ACCOUNT }, Action: 'sts:AssumeRole' };
      return (await stack.client(IAMClient, principal)).send(
        new CreateRoleCommand({
          RoleName: 'mine',
          AssumeRolePolicyDocument: JSON.stringify({ Statement: [trust] }),
        }),
      );
    },
  },
  {
    service: 'Athena',
    error: { name: 'AccessDeniedException', status: 400 },
    message:
      'You are not authorized to perform: athena:StartQueryExecution on the resource. After your AWS administrator or you have updated your permissions, please try again.',
    call: async (stack, principal) =>
      (await stack.client(AthenaClient, principal)).send(
        new StartQueryExecutionCommand({
          QueryString: 'SELECT 1',
          WorkGroup: 'primary',
          ResultConfiguration: { OutputLocation: 's3://landing/results/' },
        }),
      ),
  },
  {
    service: 'Glue',
    error: { name: 'AccessDeniedException', status: 400 },
    ofRoot: 'EntityNotFoundException',
    message: denied(READER, 'glue:DeleteTable', arn('glue', 'catalog')),
    call: async (stack, principal) =>
      (await stack.client(GlueClient, principal)).send(
        new DeleteTableCommand({ DatabaseName: 'lake', Name: 'none' }),
      ),
  },
];

describe('a user of the template whose policies are enforced', () => {
  let stack: Enforced;
  beforeAll(async () => {
    stack = await startEnforced();
  });
  afterAll(() => stack.close());

  it.each(CALLS)("is refused by $service in the service's own words", async ({ error, message, call }) => {
    const text: unknown = typeof message === 'string' ? message : expect.stringMatching(message);
    expect(await failureOf(call(stack, 'Reader'))).toEqual({ ...error, message: text });
  });

  it.each(CALLS)('is refused by $service what the root is not', async ({ call, ofRoot }) => {
    const answer = await call(stack).then(
      () => undefined,
      (error: Error) => error.name,
    );
    expect(answer).toBe(ofRoot);
  });

  it('may do what its policy allows', async () => {
    const glue = await stack.client(GlueClient, 'Reader');
    const { Table } = await glue.send(new GetTableCommand({ DatabaseName: 'lake', Name: 'rows' }));
    expect(Table?.Name).toBe('rows');
  });

  it.each([
    { who: READER, principal: 'Reader' },
    { who: `arn:aws:iam::${ACCOUNT}:root`, principal: undefined },
  ] as const)("is refused by a queue's own policy, as everybody is: $who", async ({ who, principal }) => {
    const sqs = await stack.client(SQSClient, principal);
    const { message } = await failureOf(sqs.send(new PurgeQueueCommand({ QueueUrl })));
    expect(message).toBe(
      denied(who, 'sqs:purgequeue', arn('sqs', 'work'), 'with an explicit deny in a resource-based policy'),
    );
  });
});
