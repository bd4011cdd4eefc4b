import { beforeAll, describe, expect, it } from '@jest/globals';
import { trialConfig } from '../../cli/trial/Trial.ts';
import { type PolicyTarget, printedPolicies } from '../../lib/access/printedPolicies.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';
import {
  parseTemplate,
  type ResolvedResource,
  resolveTemplate,
} from '../../packages/local-aws/src/template/index.ts';
import { keyPolicy } from '../lib/access/calls.ts';
import { type Call, decideCall, isAllowedBy } from '../lib/access/decideCall.ts';
import { readPolicies } from '../permissions/Policies.ts';
import { packageTemplate } from './packageTemplate.ts';
import { templateConfigurations } from './templateConfigurations.ts';

const ACCOUNT = '111122223333';
const REGION = 'eu-west-1';
const STACK = 'sluice-prod';
const here = (service: string, name: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${name}`;

/** The call that makes a resource of a type with a name. */
const MAKES: Readonly<Record<string, string>> = {
  'AWS::Athena::WorkGroup': 'athena:CreateWorkGroup',
  'AWS::CloudWatch::Alarm': 'cloudwatch:PutMetricAlarm',
  'AWS::Events::Rule': 'events:PutRule',
  'AWS::Glue::Database': 'glue:CreateDatabase',
  'AWS::Glue::Table': 'glue:CreateTable',
  'AWS::IAM::InstanceProfile': 'iam:CreateInstanceProfile',
  'AWS::IAM::ManagedPolicy': 'iam:CreatePolicy',
  'AWS::IAM::Role': 'iam:CreateRole',
  'AWS::IAM::User': 'iam:CreateUser',
  'AWS::KinesisFirehose::DeliveryStream': 'firehose:CreateDeliveryStream',
  'AWS::Lambda::Function': 'lambda:CreateFunction',
  'AWS::Logs::LogGroup': 'logs:CreateLogGroup',
  'AWS::S3::Bucket': 's3:CreateBucket',
  'AWS::SQS::Queue': 'sqs:CreateQueue',
  'AWS::Scheduler::Schedule': 'scheduler:CreateSchedule',
  'AWS::SecretsManager::Secret': 'secretsmanager:CreateSecret',
};

async function deploy(options: Partial<ConfigInput>, stage = 'prod', policiesFor: PolicyTarget = 'deploy') {
  // ARNs of the configurations are of other regions.
  const text = JSON.stringify(options).replaceAll(/:us-east-1:/g, `:${REGION}:`);
  const input: Partial<ConfigInput> = { ...JSON.parse(text), region: REGION };
  const stack = `sluice-${stage}`;
  const { resources } = resolveTemplate(parseTemplate(await packageTemplate(input, stage)), {
    region: REGION,
    account: ACCOUNT,
    partition: 'aws',
    stackName: stack,
    endpoint: `https://sqs.${REGION}.amazonaws.com`,
  });
  const config = defineConfig({ bucket: 'acme-experiments', ...input });
  const printed = printedPolicies(policiesFor, config, { region: REGION, account: ACCOUNT, stack });
  return { resources, config, policies: printed.map(({ document }) => document) };
}

type Deployed = Awaited<ReturnType<typeof deploy>>;

/** The call that makes a resource; none of types without a name, which other statements name together. */
function making({ config }: Deployed, { type, arn, physicalId, properties }: ResolvedResource): Call[] {
  const action = MAKES[type];
  if (action === undefined) return [];
  const database = `database/${type === 'AWS::Glue::Table' ? properties['DatabaseName'] : physicalId}`;
  const inCatalog = ['catalog', database].map((name) => here('glue', name));
  const resources: Readonly<Record<string, readonly string[]>> = {
    'AWS::Athena::WorkGroup': [here('athena', `workgroup/${physicalId}`)],
    'AWS::Glue::Database': inCatalog,
    'AWS::Glue::Table': [...inCatalog, here('glue', `table/${properties['DatabaseName']}/${physicalId}`)],
  };
  const boundary = config.permissionsBoundary;
  return [
    {
      action,
      // A log group's ARN ends with all of its streams.
      resources: resources[type] ?? [(arn ?? physicalId).replace(/:\*$/, '')],
      ...(boundary === null ? {} : { context: { 'iam:PermissionsBoundary': boundary } }),
    },
  ];
}

async function verdicts({ policies }: Deployed, calls: readonly Call[]) {
  const caller = { principal: `arn:aws:iam::${ACCOUNT}:role/ci`, policies };
  return Promise.all(
    calls.map(async (call) => {
      // Each key leaves the decision to IAM.
      const resourcePolicy = call.action.startsWith('kms:') ? keyPolicy : undefined;
      return [call, await decideCall({ ...caller, resourcePolicy }, call)] as const;
    }),
  );
}

describe.each(['default', 'every option', 'what a platform team asks for'] as const)(
  'the deployment policy, %s',
  (name) => {
    it('allows making every resource of the stack that has a name', async () => {
      const deployed = await deploy(templateConfigurations[name]);
      const calls = deployed.resources.flatMap((resource) => making(deployed, resource));
      expect(calls.length).toBeGreaterThan(30);
      const refused = (await verdicts(deployed, calls)).filter(([, verdict]) => verdict !== 'Allowed');
      expect(refused).toEqual([]);
    });
  },
);

describe('the deployment policy', () => {
  let deployed: Deployed;
  beforeAll(async () => {
    deployed = await deploy(templateConfigurations['readers and customers']);
  });

  const onKey = (action: string, context?: Call['context']): Call => ({
    action: `kms:${action}`,
    resources: [here('kms', 'key/99999999-0000-4000-8000-000000000000')],
    ...(context === undefined ? {} : { context }),
  });

  it.each<[string, Call]>([
    ['reads no event', { action: 's3:GetObject', resources: ['arn:aws:s3:::acme-experiments/statsig/x'] }],
    [
      'deletes no event',
      { action: 's3:DeleteObject', resources: ['arn:aws:s3:::acme-experiments/statsig/x'] },
    ],
    [
      "reads no reader's keys",
      {
        action: 'secretsmanager:GetSecretValue',
        resources: [here('secretsmanager', `secret:${STACK}-reader-owox-0a1b2c3d-a1b2c3`)],
      },
    ],
    ['deletes no key', onKey('ScheduleKeyDeletion')],
    ['disables no key', onKey('DisableKey')],
    // Else it could let itself use whatever key it points the stack's alias at.
    ["changes no key's policy", onKey('PutKeyPolicy', { 'kms:ResourceAliases': [`alias/${STACK}`] })],
    ['gives no grant of a key', onKey('CreateGrant')],
    [
      'points no alias elsewhere',
      {
        action: 'kms:UpdateAlias',
        resources: [here('kms', `alias/${STACK}`), ...onKey('UpdateAlias').resources],
      },
    ],
    [
      "gives no key another's alias",
      { action: 'kms:CreateAlias', resources: [here('kms', 'alias/payroll'), ...onKey('x').resources] },
    ],
    ['tags no key with what policies may go by', onKey('TagResource', { 'aws:TagKeys': ['team'] })],
    [
      "changes no table of another's",
      { action: 'glue:UpdateTable', resources: [here('glue', 'table/billing/invoices')] },
    ],
    [
      "drops no database of another's",
      { action: 'glue:DeleteDatabase', resources: [here('glue', 'database/billing')] },
    ],
    [
      "deletes no workgroup of another's",
      { action: 'athena:DeleteWorkGroup', resources: [here('athena', 'workgroup/finance')] },
    ],
    [
      "passes nobody else's role",
      {
        action: 'iam:PassRole',
        resources: [`arn:aws:iam::${ACCOUNT}:role/admin`],
        context: { 'iam:PassedToService': 'lambda.amazonaws.com' },
      },
    ],
    [
      'changes no other stack',
      { action: 'cloudformation:UpdateStack', resources: [here('cloudformation', 'stack/payroll/1')] },
    ],
  ])('%s', async (_, call) => {
    expect(await verdicts(deployed, [call])).toEqual([[call, 'ImplicitlyDenied']]);
  });
});

it('the deployment policy with a boundary makes no role and no user without it, and takes none off', async () => {
  const permissionsBoundary = `arn:aws:iam::${ACCOUNT}:policy/boundary`;
  const deployed = await deploy({ permissionsBoundary });
  const onRole = (action: string, boundary?: string): Call => ({
    action: `iam:${action}`,
    resources: [`arn:aws:iam::${ACCOUNT}:role/${STACK}-CollectRole-1`],
    ...(boundary === undefined ? {} : { context: { 'iam:PermissionsBoundary': boundary } }),
  });
  const calls = ['CreateRole', 'PutRolePolicy', 'AttachRolePolicy', 'PutRolePermissionsBoundary'].flatMap(
    (name) => [onRole(name, permissionsBoundary), onRole(name, `${permissionsBoundary}-2`), onRole(name)],
  );
  const made = await verdicts(deployed, [...calls, onRole('DeleteRolePermissionsBoundary')]);
  expect(made.map(([, verdict]) => verdict === 'Allowed')).toEqual([
    true,
    false,
    false,
    true,
    false,
    false,
    true,
    false,
    false,
    true,
    false,
    false,
    false,
  ]);
});

describe('the policies of a trial', () => {
  const TRIAL = 'sluice-trial-0a1b2c3d';
  const BOUNDARY = `arn:aws:iam::${ACCOUNT}:policy/sluice-boundary`;
  const trial = { id: '0a1b2c3d', account: ACCOUNT, region: REGION, endpoint: 'http-api' } as const;
  const project = {
    encryption: 'kms' as const,
    permissionsBoundary: BOUNDARY,
    tags: {},
    existing: { keyArn: null },
  };
  let deployed: Deployed;
  let boundary: Deployed['policies'][number];
  beforeAll(async () => {
    const options = trialConfig({ ...trial, project }, 'arm64');
    const made = await deploy(options, 'trial-0a1b2c3d', 'trial');
    const [least, policy] = made.policies;
    if (least === undefined || policy === undefined) throw new Error('two documents are printed');
    expect(made.policies).toHaveLength(2);
    boundary = least;
    deployed = { ...made, policies: [policy] };
  });

  const key = here('kms', 'key/99999999-0000-4000-8000-000000000000');
  const keyOf = (stack: string): Call => ({
    action: 'kms:ScheduleKeyDeletion',
    resources: [key],
    context: { 'aws:ResourceTag/aws:cloudformation:stack-name': stack },
  });
  const ofBucket = (action: string, resource: string): Call => ({
    action,
    resources: [`arn:aws:s3:::${resource}`],
  });

  it('allow what a trial does, and deleting what stays of it', async () => {
    const inCatalog = ['catalog', `database/${TRIAL}`].map((name) => here('glue', name));
    const calls: Call[] = [
      ofBucket('s3:CreateBucket', `${TRIAL}-drops`),
      ofBucket('s3:PutObject', `${TRIAL}-drops/events/2026-11-26/a.parquet`),
      ofBucket('s3:ListBucketVersions', TRIAL),
      ofBucket('s3:DeleteObjectVersion', `${TRIAL}/landing/a`),
      ofBucket('s3:DeleteBucket', TRIAL),
      { action: 'athena:StartQueryExecution', resources: [here('athena', `workgroup/${TRIAL}`)] },
      { action: 'glue:GetPartitions', resources: [...inCatalog, here('glue', `table/${TRIAL}/events`)] },
      { action: 'glue:DeleteDatabase', resources: inCatalog },
      {
        action: 'secretsmanager:PutSecretValue',
        resources: [here('secretsmanager', `secret:${TRIAL}-keys-a1b2c3`)],
      },
      {
        action: 'iam:DeleteRole',
        resources: [`arn:aws:iam::${ACCOUNT}:role/${TRIAL}-LandingDeliveryRole-1`],
      },
      keyOf(TRIAL),
    ];
    const refused = (await verdicts(deployed, calls)).filter(([, verdict]) => verdict !== 'Allowed');
    expect(refused).toEqual([]);
  });

  it('allow nothing on another stage', async () => {
    const calls: Call[] = [
      ofBucket('s3:GetObject', 'acme-experiments/statsig/a'),
      ofBucket('s3:DeleteBucket', 'sluice-trials'),
      { action: 'cloudformation:DeleteStack', resources: [here('cloudformation', 'stack/sluice-prod/1')] },
      {
        action: 'glue:DeleteDatabase',
        resources: [here('glue', 'catalog'), here('glue', 'database/sluice')],
      },
      { action: 'iam:DeleteRole', resources: [`arn:aws:iam::${ACCOUNT}:role/sluice-prod-CollectRole-1`] },
      keyOf('sluice-prod'),
      // Not even what a deployment does with a key that has no tags yet.
      ...['EnableKeyRotation', 'UpdateKeyDescription'].map((name) => ({
        action: `kms:${name}`,
        resources: [key],
      })),
    ];
    const allowed = (await verdicts(deployed, calls)).filter(([, verdict]) => verdict === 'Allowed');
    expect(allowed).toEqual([]);
  });

  it('have a boundary that allows all that the roles of the stack may do', async () => {
    const { roles } = readPolicies({ resources: deployed.resources, outputs: {} });
    expect(roles.length).toBeGreaterThan(5);
    const refused: string[] = [];
    for (const { logicalId, statements } of roles)
      for (const { Action, Resource = [], Condition = {} } of statements)
        for (const action of Action)
          for (const resource of Resource) {
            const context = Object.fromEntries(
              Object.values(Condition)
                .flatMap((keys) => Object.entries(keys))
                .map(([name, values]) => [name, String([values].flat()[0])]),
            );
            const isAllowed = isAllowedBy([boundary], action, resource.replaceAll('*', 'x'), context);
            if (!isAllowed) refused.push(`${logicalId}: ${action} on ${resource}`);
          }
    expect(refused).toEqual([]);
  });
});
