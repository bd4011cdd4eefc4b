import { describe, expect, it } from '@jest/globals';
import { ACCESS_LIMITS } from '../../lib/access/policyDocument.ts';
import { type PrintedPolicy, printedPolicies } from '../../lib/access/printedPolicies.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { REGIONS } from '../../lib/schema/regions.ts';
import { stagesSchema } from '../../lib/schema/stages.ts';
import { checkManagedPolicy } from '../../packages/local-aws/src/iam/index.ts';
import { READERS } from '../harness/configInput.ts';
import { keyPolicy } from '../lib/access/calls.ts';
import { type Call, decideCall, isAllowedBy } from '../lib/access/decideCall.ts';
import { makingCalls } from './deploymentCalls.ts';
import { madeStack, PLACE } from './madeStack.ts';
import { templateConfigurations } from './templateConfigurations.ts';

const ACCOUNT = '111122223333';
const LONGEST_STAGE = 's'.repeat(32);
/** By far longer than anybody's; a bucket's name has no more. */
const NAMES = {
  bucket: 'b'.repeat(63),
  database: 'd'.repeat(100),
  athena: { stagingDatabase: 'e'.repeat(100), workgroup: 'w'.repeat(64) },
};
const MOST = Math.max(...REGIONS.map(({ length }) => length));
const LONGEST_REGION = REGIONS.find(({ length }) => length === MOST) ?? '';

const together: Partial<ConfigInput> = {
  ...Object.assign({}, ...Object.values(templateConfigurations)),
  readers: templateConfigurations['readers and customers'].readers,
  sources: templateConfigurations['readers and customers'].sources,
  endpoint: templateConfigurations['what a platform team asks for'].endpoint,
  encryption: 'kms',
  existing: {},
};

function print(input: Partial<ConfigInput>, region: string, stage: string): readonly PrintedPolicy[] {
  // ARNs of the configurations are of other regions.
  const text = JSON.stringify({ ...input, region, architecture: 'x86_64' });
  const there: Partial<ConfigInput> = JSON.parse(
    text.replaceAll(/:(?:us-east-1|eu-west-1):/g, `:${region}:`),
  );
  const config = defineConfig({ bucket: 'acme', ...there });
  return printedPolicies('deploy', config, { region, account: ACCOUNT, stack: `sluice-${stage}` });
}

it('the printed deployment policy is taken by IAM for the longest names, in the region with the longest name', () => {
  expect(stagesSchema.safeParse([`${LONGEST_STAGE}s`]).success).toBe(false);
  for (const options of [...Object.values(templateConfigurations), together])
    for (const { name, document } of print({ ...options, ...NAMES }, LONGEST_REGION, LONGEST_STAGE)) {
      checkManagedPolicy(JSON.stringify(document, null, 2));
      const { length } = JSON.stringify(document);
      expect({ name, length: length > ACCESS_LIMITS.managedPolicyCharacters ? length : 'fits' }).toEqual({
        name,
        length: 'fits',
      });
    }
});

const REGION = 'eu-west-1';
const STACK = 'sluice-prod';
const here = (service: string, name: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${name}`;
const onStack = (action: string, ...resources: readonly string[]): Call => ({ action, resources });

function verdicts(policies: readonly PrintedPolicy['document'][], calls: readonly Call[]) {
  const caller = { principal: `arn:aws:iam::${ACCOUNT}:role/ci`, policies };
  return Promise.all(
    calls.map(async (call) => {
      // Each key leaves the decision to IAM.
      const resourcePolicy = call.action.startsWith('kms:') ? keyPolicy : undefined;
      return [call, await decideCall({ ...caller, resourcePolicy }, call)] as const;
    }),
  );
}

it('the deployment policy allows making every resource of the stack that has a name', async () => {
  const onEc2 = { kind: 'metabase', name: 'metabase-ec2', as: 'role', principal: 'ec2' } as const;
  const { config, resolved } = madeStack({ readers: [...READERS, onEc2], relay: { statsig: true } });
  const printed = printedPolicies('deploy', config, {
    region: REGION,
    account: ACCOUNT,
    stack: PLACE.stackName,
  });
  const policies = printed.map(({ document }) => document);
  const calls = resolved.resources.flatMap((resource) => makingCalls(resource, here));
  expect(calls.length).toBeGreaterThan(30);
  const refused = (await verdicts(policies, calls)).filter(([, verdict]) => verdict !== 'Allowed');
  expect(refused).toEqual([]);
});

describe('the deployment policy', () => {
  const input = { ...templateConfigurations['readers and customers'], bucket: 'acme-experiments' };
  const policies = print(input, REGION, 'prod').map(({ document }) => document);
  const onKey = (action: string, context?: Call['context']): Call => ({
    action: `kms:${action}`,
    resources: [here('kms', 'key/99999999-0000-4000-8000-000000000000')],
    ...(context === undefined ? {} : { context }),
  });

  const role = `arn:aws:iam::${ACCOUNT}:role/${STACK}-CollectRole-1`;
  const zips = `arn:aws:s3:::${STACK}-serverlessdeploymentbucket-1`;
  const collect = here('lambda', `function:${STACK}-collect`);
  const logs = here('logs', `log-group:/aws/lambda/${STACK}-collect`);
  const inCatalog = ['catalog', 'database/sluice'].map((name) => here('glue', name));

  /** What Serverless and CloudFormation call besides making what has a name, to change it, and to delete it. */
  it.each<Call>([
    onStack('cloudformation:CreateChangeSet', here('cloudformation', `stack/${STACK}/1`)),
    onStack('cloudformation:ValidateTemplate', '*'),
    onStack('s3:CreateBucket', zips),
    ...['PutObject', 'DeleteObjectVersion', 'AbortMultipartUpload'].map((name) =>
      onStack(`s3:${name}`, `${zips}/a.zip`),
    ),
    onStack('s3:PutBucketPolicy', 'arn:aws:s3:::acme-experiments'),
    onStack('lambda:AddPermission', collect),
    { ...onStack('lambda:CreateEventSourceMapping', '*'), context: { 'lambda:FunctionArn': collect } },
    onStack('lambda:TagResource', here('lambda', 'event-source-mapping:1')),
    ...[
      'CreateLogGroup',
      'DeleteLogGroup',
      'PutRetentionPolicy',
      'TagResource',
      'AssociateKmsKey',
      'PutMetricFilter',
    ].map((name) => onStack(`logs:${name}`, logs)),
    onStack(
      'logs:CreateLogStream',
      here('logs', `log-group:/aws/kinesisfirehose/${STACK}-landing:log-stream:a`),
    ),
    onStack('iam:CreateAccessKey', `arn:aws:iam::${ACCOUNT}:user/${STACK}-ReaderMetabaseUser-1`),
    ...['DescribeLogGroups', 'CreateLogDelivery', 'PutResourcePolicy'].map((name) =>
      onStack(`logs:${name}`, '*'),
    ),
    ...['ListPermissions', 'GetDataLakeSettings'].map((name) => onStack(`lakeformation:${name}`, '*')),
    ...['PassRole', 'AttachRolePolicy', 'DeleteRole'].map((name) => onStack(`iam:${name}`, role)),
    onStack(
      'iam:CreateServiceLinkedRole',
      `arn:aws:iam::${ACCOUNT}:role/aws-service-role/ops.apigateway.amazonaws.com/AWSServiceRoleForAPIGateway`,
    ),
    ...['CreateKey', 'ListAliases'].map((name) => onStack(`kms:${name}`, '*')),
    ...['DescribeKey', 'EnableKeyRotation', 'UpdateKeyDescription'].map((name) => onKey(name)),
    onKey('TagResource', { 'aws:TagKeys': ['STAGE', 'aws:cloudformation:stack-id'] }),
    onStack('kms:CreateAlias', here('kms', `alias/${STACK}`), ...onKey('CreateAlias').resources),
    onStack('firehose:UpdateDestination', here('firehose', `deliverystream/${STACK}-LandingStream-1`)),
    onStack('sqs:SetQueueAttributes', here('sqs', `${STACK}-write`)),
    onStack('events:PutTargets', here('events', `rule/${STACK}-landing`)),
    onStack('scheduler:UpdateSchedule', here('scheduler', `schedule/default/${STACK}-look`)),
    onStack('secretsmanager:UpdateSecret', here('secretsmanager', `secret:${STACK}-keys-a1b2c3`)),
    onStack('glue:UpdateTable', ...inCatalog, here('glue', 'table/sluice/statsig_forwarded_events')),
    onStack('glue:DeleteDatabase', ...inCatalog),
    ...['UpdateWorkGroup', 'TagResource'].map((name) =>
      onStack(`athena:${name}`, here('athena', 'workgroup/sluice')),
    ),
    onStack('cloudwatch:PutMetricAlarm', here('cloudwatch', `alarm:${STACK}-stream-late`)),
  ])('allows $action on $resources.0', async (call) => {
    expect(await verdicts(policies, [call])).toEqual([[call, 'Allowed']]);
  });

  // docs/readers.md: CloudFormation makes the rest as its service role.
  const [stackPolicy] = policies;
  const own = stackPolicy?.Statement.map(({ Sid }) => Sid) ?? [];
  const besideRole = own
    .slice(0, own.indexOf('Functions'))
    .concat(own.slice(own.indexOf('DomainServiceRole') + 1));
  const caller = policies.map(({ Statement, ...policy }) => ({
    ...policy,
    Statement: Statement.filter(({ Sid }) => Sid !== undefined && besideRole.includes(Sid)),
  }));

  it.each<{ readonly call: Call; readonly verdict: string }>([
    {
      call: onStack('cloudformation:CreateChangeSet', here('cloudformation', `stack/${STACK}/1`)),
      verdict: 'Allowed',
    },
    { call: onStack('cloudformation:ValidateTemplate', '*'), verdict: 'Allowed' },
    { call: onStack('s3:PutObject', `${zips}/a.zip`), verdict: 'Allowed' },
    { call: onStack('lambda:AddPermission', collect), verdict: 'ImplicitlyDenied' },
  ])('of whoever deploys by a service role: $call.action is $verdict', async ({ call, verdict }) => {
    expect(await verdicts(caller, [call])).toEqual([[call, verdict]]);
  });

  it.each(['/apis', '/apis/a1b2/routes', '/tags/arn', '/domainnames'])('allows an HTTP API at %s', (path) => {
    const isAllowed = isAllowedBy(policies, 'apigateway:POST', `arn:aws:apigateway:${REGION}::${path}`, {});
    expect(isAllowed).toBe(true);
  });

  it.each<{ readonly what: string; readonly call: Call }>([
    {
      what: 'reads no event',
      call: { action: 's3:GetObject', resources: ['arn:aws:s3:::acme-experiments/statsig/x'] },
    },
    {
      what: 'deletes no event',
      call: { action: 's3:DeleteObject', resources: ['arn:aws:s3:::acme-experiments/statsig/x'] },
    },
    {
      what: "reads no reader's keys",
      call: {
        action: 'secretsmanager:GetSecretValue',
        resources: [here('secretsmanager', `secret:${STACK}-reader-owox-0a1b2c3d-a1b2c3`)],
      },
    },
    { what: 'deletes no key', call: onKey('ScheduleKeyDeletion') },
    { what: 'disables no key', call: onKey('DisableKey') },
    // Else it could let itself use whatever key it points the stack's alias at.
    {
      what: "changes no key's policy",
      call: onKey('PutKeyPolicy', { 'kms:ResourceAliases': [`alias/${STACK}`] }),
    },
    { what: 'gives no grant of a key', call: onKey('CreateGrant') },
    {
      what: 'points no alias elsewhere',
      call: {
        action: 'kms:UpdateAlias',
        resources: [here('kms', `alias/${STACK}`), ...onKey('UpdateAlias').resources],
      },
    },
    {
      what: "gives no key another's alias",
      call: { action: 'kms:CreateAlias', resources: [here('kms', 'alias/payroll'), ...onKey('x').resources] },
    },
    {
      what: 'tags no key with what policies may go by',
      call: onKey('TagResource', { 'aws:TagKeys': ['team'] }),
    },
    {
      what: "changes no table of another's",
      call: { action: 'glue:UpdateTable', resources: [here('glue', 'table/billing/invoices')] },
    },
    {
      what: "drops no database of another's",
      call: { action: 'glue:DeleteDatabase', resources: [here('glue', 'database/billing')] },
    },
    {
      what: "deletes no workgroup of another's",
      call: { action: 'athena:DeleteWorkGroup', resources: [here('athena', 'workgroup/finance')] },
    },
    {
      what: "passes nobody else's role",
      call: {
        action: 'iam:PassRole',
        resources: [`arn:aws:iam::${ACCOUNT}:role/admin`],
        context: { 'iam:PassedToService': 'lambda.amazonaws.com' },
      },
    },
    {
      what: 'changes no other stack',
      call: { action: 'cloudformation:UpdateStack', resources: [here('cloudformation', 'stack/payroll/1')] },
    },
  ])('$what', async ({ call }) => {
    expect(await verdicts(policies, [call])).toEqual([[call, 'ImplicitlyDenied']]);
  });
});

it('the deployment policy with a boundary makes no role and no user without it, and takes none off', async () => {
  const permissionsBoundary = `arn:aws:iam::${ACCOUNT}:policy/boundary`;
  const printed = print({ permissionsBoundary }, REGION, 'prod').map(({ document }) => document);
  const onRole = (action: string, boundary?: string): Call => ({
    action: `iam:${action}`,
    resources: [`arn:aws:iam::${ACCOUNT}:role/${STACK}-CollectRole-1`],
    ...(boundary === undefined ? {} : { context: { 'iam:PermissionsBoundary': boundary } }),
  });
  const names = ['CreateRole', 'PutRolePolicy', 'AttachRolePolicy', 'PutRolePermissionsBoundary'];
  const within = names.map((name) => onRole(name, permissionsBoundary));
  const beyond = names.flatMap((name) => [onRole(name, `${permissionsBoundary}-2`), onRole(name)]);
  const denied = [...beyond, onRole('DeleteRolePermissionsBoundary')];
  const allowed = (await verdicts(printed, [...within, ...denied])).filter(
    ([, verdict]) => verdict === 'Allowed',
  );
  expect(allowed.map(([call]) => call)).toEqual(within);
});
