import { describe, expect, it } from '@jest/globals';
import { resources } from '../../infra/resources.ts';
import { placeOf } from '../../lib/access/Place.ts';
import { printedPolicies } from '../../lib/access/printedPolicies.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { type ResolvedResource, resolveTemplate } from '../../local/template/resolveTemplate.ts';
import { parseTemplate } from '../../local/template/Template.ts';
import { type Call, decideCall } from '../lib/access/decideCall.ts';

const identity = {
  region: 'eu-west-1',
  account: '111122223333',
  partition: 'aws',
  stackName: 'acme-prod',
  endpoint: 'http://127.0.0.1:4566',
};
const config = defineConfig({
  bucket: 'acme-experiments',
  readers: [
    { kind: 'statsig', name: 'statsig', principal: '123456789012', externalId: 'project-7' },
    { kind: 'owox', name: 'owox', resultsBucket: 'acme-owox' },
    { kind: 'metabase', name: 'bi', as: 'role', principal: 'ec2', ownDatabase: 'models' },
  ],
});
const made = resources({ config, service: 'acme', stage: 'prod' });
const group = (name: string) => ({
  Type: 'AWS::Logs::LogGroup',
  Properties: { LogGroupName: `/aws/lambda/acme-prod-${name}` },
});
const { resources: all } = resolveTemplate(
  parseTemplate({
    Resources: {
      ...made.Resources,
      CollectLogGroup: group('collect'),
      RedriveLogGroup: group('redrive'),
      RegisterLogGroup: group('register'),
      HttpApi: { Type: 'AWS::ApiGatewayV2::Api' },
    },
    Outputs: made.Outputs,
  }),
  identity,
);
const place = placeOf(config, {
  ...identity,
  keyArn: all.find(({ type }) => type === 'AWS::KMS::Key')?.arn ?? '',
});
const policies = printedPolicies('deploy', config, {
  region: identity.region,
  account: identity.account,
  stack: identity.stackName,
}).map(({ document }) => document);

const inPlace = (service: string, name: string) => `arn:aws:${service}:eu-west-1:111122223333:${name}`;
const member = (resource: ResolvedResource, ...path: string[]) =>
  path.reduce<unknown>(
    (value, name) => (typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined),
    resource.properties,
  );

/** Calls by which CloudFormation makes and changes a resource: what its type's handler asks for. */
function callsFor(resource: ResolvedResource): Call[] {
  const { physicalId, arn = '' } = resource;
  const on = (target: string, ...actions: string[]) =>
    actions.map((action): Call => ({ action, resources: [target] }));
  switch (resource.type) {
    case 'AWS::S3::Bucket':
      return on(
        arn,
        's3:CreateBucket',
        's3:PutEncryptionConfiguration',
        's3:PutLifecycleConfiguration',
        's3:PutBucketOwnershipControls',
        's3:PutBucketPublicAccessBlock',
      );
    case 'AWS::S3::BucketPolicy':
      return on(`arn:aws:s3:::${physicalId}`, 's3:PutBucketPolicy', 's3:GetBucketPolicy');
    case 'AWS::KMS::Key':
      return [
        ...on('*', 'kms:CreateKey'),
        ...on(arn, 'kms:DescribeKey', 'kms:EnableKeyRotation'),
        {
          action: 'kms:PutKeyPolicy',
          resources: [arn],
          context: { 'kms:ResourceAliases': ['alias/acme-prod'] },
        },
      ];
    case 'AWS::KMS::Alias':
      return [{ action: 'kms:CreateAlias', resources: [inPlace('kms', 'alias/acme-prod'), place.keyArn] }];
    case 'AWS::Glue::Database':
      return [
        {
          action: 'glue:CreateDatabase',
          resources: [inPlace('glue', 'catalog'), inPlace('glue', `database/${physicalId}`)],
        },
      ];
    case 'AWS::Glue::Table': {
      const database = String(member(resource, 'DatabaseName'));
      const resources = ['catalog', `database/${database}`, `table/${database}/${physicalId}`];
      return ['glue:CreateTable', 'glue:UpdateTable'].map((action) => ({
        action,
        resources: resources.map((name) => inPlace('glue', name)),
      }));
    }
    case 'AWS::Athena::WorkGroup':
      return on(
        inPlace('athena', `workgroup/${physicalId}`),
        'athena:CreateWorkGroup',
        'athena:UpdateWorkGroup',
      );
    case 'AWS::KinesisFirehose::DeliveryStream':
      return on(arn, 'firehose:CreateDeliveryStream', 'firehose:UpdateDestination');
    case 'AWS::SQS::Queue':
      return on(arn, 'sqs:CreateQueue', 'sqs:SetQueueAttributes');
    case 'AWS::Events::Rule':
      return on(arn, 'events:PutRule', 'events:PutTargets');
    case 'AWS::Scheduler::Schedule':
      return on(arn, 'scheduler:CreateSchedule', 'scheduler:UpdateSchedule');
    case 'AWS::SecretsManager::Secret':
      return on(secretArn(resource), 'secretsmanager:CreateSecret', 'secretsmanager:UpdateSecret');
    case 'AWS::IAM::Role':
      return [
        ...on(
          arn,
          'iam:CreateRole',
          'iam:PutRolePolicy',
          'iam:AttachRolePolicy',
          'iam:UpdateAssumeRolePolicy',
        ),
        ...passed(resource),
      ];
    case 'AWS::IAM::User':
      return on(arn, 'iam:CreateUser', 'iam:AttachUserPolicy', 'iam:CreateAccessKey', 'iam:DeleteAccessKey');
    case 'AWS::IAM::ManagedPolicy':
      return on(physicalId, 'iam:CreatePolicy', 'iam:CreatePolicyVersion', 'iam:DeletePolicyVersion');
    case 'AWS::IAM::InstanceProfile':
      return on(arn, 'iam:CreateInstanceProfile', 'iam:AddRoleToInstanceProfile');
    case 'AWS::Logs::LogGroup':
      return on(inPlace('logs', `log-group:${physicalId}`), 'logs:CreateLogGroup', 'logs:PutRetentionPolicy');
    case 'AWS::Logs::LogStream': {
      const name = `log-group:${String(member(resource, 'LogGroupName'))}:log-stream:${physicalId}`;
      return on(inPlace('logs', name), 'logs:CreateLogStream');
    }
    case 'AWS::Logs::MetricFilter':
      return on(
        inPlace('logs', `log-group:${String(member(resource, 'LogGroupName'))}`),
        'logs:PutMetricFilter',
      );
    case 'AWS::CloudWatch::Alarm':
      return on(arn, 'cloudwatch:PutMetricAlarm');
    case 'AWS::CloudWatch::Dashboard':
      return on(`arn:aws:cloudwatch::111122223333:dashboard/${physicalId}`, 'cloudwatch:PutDashboard');
    // A queue's policy is one of its attributes, and a key one of its user's.
    case 'AWS::SQS::QueuePolicy':
    case 'AWS::IAM::AccessKey':
    // The simulator knows `apigateway` as that of REST APIs only.
    case 'AWS::ApiGatewayV2::Api':
      return [];
    default:
      throw new Error(`${resource.logicalId}: say which calls make a ${resource.type}`);
  }
}

/** CloudFormation names a secret that has no name by its logical ID; the local cloud puts the stack's in front. */
function secretArn(resource: ResolvedResource): string {
  return member(resource, 'Name') === undefined
    ? inPlace('secretsmanager', `secret:${resource.logicalId}-x7Gk2hQ9vLpA-a1b2c3`)
    : resource.physicalId;
}

/** A role that a service assumes is passed to that service. */
function passed(role: ResolvedResource): Call[] {
  const service = /"Service":"([\w.-]+)"/.exec(JSON.stringify(role.properties))?.[1];
  if (service === undefined) return [];
  return [
    { action: 'iam:PassRole', resources: [role.arn ?? ''], context: { 'iam:PassedToService': service } },
  ];
}

const keyPolicy = {
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'IamOfThisAccount',
      Effect: 'Allow',
      Principal: { AWS: 'arn:aws:iam::111122223333:root' },
      Action: ['kms:*'],
      Resource: ['*'],
    },
  ],
} as const;

function decide(call: Call) {
  const atKey = call.action.startsWith('kms:') && call.resources[0] !== '*';
  return decideCall(
    {
      principal: 'arn:aws:iam::111122223333:role/ci',
      policies,
      resourcePolicy: atKey ? keyPolicy : undefined,
    },
    call,
  );
}

describe('the policy of whoever deploys', () => {
  it('makes and changes every resource of the template, with every kind of reader', async () => {
    const calls = all.flatMap(callsFor);
    expect(calls.length).toBeGreaterThan(100);
    for (const call of calls) expect([call, await decide(call)]).toEqual([call, 'Allowed']);
  });

  it.each<[string, Call]>([
    ['reads no event', { action: 's3:GetObject', resources: ['arn:aws:s3:::acme-experiments/statsig/x'] }],
    [
      'deletes no event',
      { action: 's3:DeleteObject', resources: ['arn:aws:s3:::acme-experiments/statsig/x'] },
    ],
    [
      'deletes no bucket of data',
      { action: 's3:DeleteBucket', resources: ['arn:aws:s3:::acme-experiments'] },
    ],
    [
      "reads no reader's keys",
      {
        action: 'secretsmanager:GetSecretValue',
        resources: [inPlace('secretsmanager', 'secret:ReaderOwoxSecret-x-a1b2c3')],
      },
    ],
    ['deletes no key', { action: 'kms:ScheduleKeyDeletion', resources: [place.keyArn] }],
    [
      "changes no other key's policy",
      {
        action: 'kms:PutKeyPolicy',
        resources: [place.keyArn],
        context: { 'kms:ResourceAliases': ['alias/payroll'] },
      },
    ],
    [
      "drops no table of another's",
      { action: 'glue:UpdateTable', resources: [inPlace('glue', 'table/billing/invoices')] },
    ],
    [
      'passes its roles to no other service',
      {
        action: 'iam:PassRole',
        resources: ['arn:aws:iam::111122223333:role/acme-prod-CollectRole-1'],
        context: { 'iam:PassedToService': 'glue.amazonaws.com' },
      },
    ],
    [
      "passes nobody else's role",
      {
        action: 'iam:PassRole',
        resources: ['arn:aws:iam::111122223333:role/admin'],
        context: { 'iam:PassedToService': 'lambda.amazonaws.com' },
      },
    ],
    [
      'changes no other stack',
      { action: 'cloudformation:UpdateStack', resources: [inPlace('cloudformation', 'stack/payroll/1')] },
    ],
  ])('%s', async (_, call) => {
    expect(await decide(call)).toBe('ImplicitlyDenied');
  });
});
