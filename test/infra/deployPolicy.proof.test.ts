import { beforeAll, describe, expect, it } from '@jest/globals';
import type { PolicyDocument, Statement } from '../../lib/access/policyDocument.ts';
import { printedPolicies } from '../../lib/access/printedPolicies.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';
import {
  parseTemplate,
  type ResolvedResource,
  resolveTemplate,
} from '../../packages/local-aws/src/template/index.ts';
import { keyPolicy } from '../lib/access/calls.ts';
import { type Call, decideCall } from '../lib/access/decideCall.ts';
import { handlerCalls, isExcepted, ownCalls, REGISTRY, type StackPlace } from './handlerCalls.ts';
import { HANDLER_EXCEPTIONS } from './handlerExceptions.ts';
import { packageTemplate } from './packageTemplate.ts';
import { templateConfigurations } from './templateConfigurations.ts';

const ACCOUNT = '111122223333';
const REGION = 'eu-west-1';
const STACK = 'sluice-prod';
const brought = `arn:aws:kms:${REGION}:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
const here = (service: string, name: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${name}`;

const ALL: Partial<ConfigInput> = JSON.parse(
  JSON.stringify(templateConfigurations['readers and customers']).replaceAll(
    'kms:us-east-1',
    `kms:${REGION}`,
  ),
);
const EXISTING = { bucket: true, keyArn: brought, database: true, stagingDatabase: true, workgroup: true };

/** One resource with whether CloudFormation may ever delete it: when it is removed, or when its making is rolled back. */
interface Deployed extends ResolvedResource {
  readonly goes: boolean;
}

async function deploy({ region = REGION, ...options }: Partial<ConfigInput>) {
  const template = parseTemplate(await packageTemplate({ region, ...options }));
  const { resources } = resolveTemplate(template, {
    ...{ region, account: ACCOUNT, partition: 'aws', stackName: STACK },
    endpoint: `https://sqs.${region}.amazonaws.com`,
  });
  const all = resources.map(
    (resource): Deployed => ({
      ...resource,
      goes: template.Resources[resource.logicalId]?.DeletionPolicy !== 'Retain',
    }),
  );
  const config = defineConfig({ bucket: 'acme-experiments', region, ...options });
  const policies = printedPolicies('deploy', config, { region, account: ACCOUNT, stack: STACK });
  const keyArn = all.find(({ type }) => type === 'AWS::KMS::Key')?.arn ?? brought;
  const place: StackPlace = { account: ACCOUNT, region, stack: STACK, keyArn };
  return { all, place, policies: policies.map(({ document }) => document), keyArn };
}

/** Whether a name matches a pattern of a policy. */
function isLike(name: string, pattern: string): boolean {
  const expression = pattern
    .replaceAll(/[.+^$()|[\]{}\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`, 'i').test(name);
}

/** Names of a policy's actions hold wildcards: `s3:GetBucket*`. */
const grants = ({ Action }: Statement, action: string) => Action.some((name) => isLike(action, name));

/** The simulator knows `apigateway` only for REST APIs. */
function decideByName(policies: readonly PolicyDocument[], { action, resources }: Call): string {
  const statements = policies.flatMap(({ Statement }) => Statement).filter((one) => grants(one, action));
  const allowed = resources.every((resource) =>
    statements.some(({ Resource }) => Resource?.some((pattern) => isLike(resource, pattern))),
  );
  return allowed ? 'Allowed' : 'ImplicitlyDenied';
}

function decide(policies: readonly PolicyDocument[], call: Call) {
  if (call.action.startsWith('apigateway:')) return decideByName(policies, call);
  const atKey = call.action.startsWith('kms:') && call.resources[0] !== '*';
  return decideCall(
    {
      principal: `arn:aws:iam::${ACCOUNT}:role/ci`,
      policies,
      resourcePolicy: atKey ? keyPolicy : undefined,
    },
    call,
  );
}

async function refused(policies: readonly PolicyDocument[], calls: readonly Call[]) {
  const found: Call[] = [];
  for (const call of calls) if ((await decide(policies, call)) !== 'Allowed') found.push(call);
  return found;
}

let all: readonly Deployed[];
let place: StackPlace;
let policies: readonly PolicyDocument[];
beforeAll(async () => {
  ({ all, place, policies } = await deploy(ALL));
}, 120_000);

/** Every call that a deployment of these resources may make: to deploy, update, roll back and remove. */
function stackCalls(resources: readonly Deployed[], of: StackPlace): Call[] {
  return resources.flatMap((resource) => {
    const { delete: deletes, ...calls } = handlerCalls(resource, of);
    return [...ownCalls(resource, of), ...Object.values(calls).flat(), ...(resource.goes ? deletes : [])];
  });
}

const unique = (calls: readonly Call[]) => [
  ...new Map(calls.map((call) => [JSON.stringify(call), call])).values(),
];

describe('the deployment policy', () => {
  it("has the rights that the registry's handlers declare for every resource, with every kind of reader and customers", async () => {
    const calls = unique(stackCalls(all, place));
    expect(calls.length).toBeGreaterThan(400);
    expect(await refused(policies, calls)).toEqual([]);
  });

  it('has no exception for permissions that no handler declares', () => {
    const idle = HANDLER_EXCEPTIONS.filter(
      (one) =>
        !Object.entries(REGISTRY.types).some(([type, operations]) =>
          Object.values(operations)
            .flat()
            .some((name) => isExcepted(one, type, name)),
        ),
    );
    expect(idle).toEqual([]);
  });

  it('allows creating a key without the right to change its policy, as the template skips that check', () => {
    const keys = all.filter(({ type }) => type === 'AWS::KMS::Key');
    expect(keys.map(({ properties }) => properties['BypassPolicyLockoutSafetyCheck'])).toEqual([true]);
  });

  it('allows removing resources that are not retained, and rolling back a failed first deployment', () => {
    const going = all.filter(({ goes }) => goes);
    expect(going.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['AWS::Glue::Table', 'AWS::IAM::User', 'AWS::SecretsManager::Secret']),
    );
    expect(going.flatMap((resource) => handlerCalls(resource, place).delete).length).toBeGreaterThan(120);
  });

  it('allows what the code of Serverless does with its bucket and the stack', async () => {
    const bucket = all.find(({ logicalId }) => logicalId === 'ServerlessDeploymentBucket')?.arn ?? '';
    const stack = here('cloudformation', `stack/${STACK}/0a1b2c3d`);
    const zip = `${bucket}/serverless/sluice/prod/1795176000000-2026/collect.zip`;
    const calls: [string, string[]][] = [
      [
        stack,
        [
          'CreateChangeSet',
          'CreateStack',
          'DescribeStackEvents',
          'UpdateStack',
          'TagResource',
          'DeleteStack',
        ].map((name) => `cloudformation:${name}`),
      ],
      ['*', ['cloudformation:ValidateTemplate']],
      [here('lambda', `function:${STACK}-collect`), ['lambda:GetFunction']],
      [bucket, ['s3:ListBucket', 's3:ListBucketVersions']],
      [
        zip,
        ['AbortMultipartUpload', 'DeleteObject', 'DeleteObjectVersion', 'GetObject', 'PutObject'].map(
          (name) => `s3:${name}`,
        ),
      ],
    ];
    const made = calls.flatMap(([resource, actions]) =>
      actions.map((action): Call => ({ action, resources: [resource] })),
    );
    expect(await refused(policies, made)).toEqual([]);
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
    [
      "deletes no secret of another's whose name happens to begin like a reader's",
      {
        action: 'secretsmanager:DeleteSecret',
        resources: [here('secretsmanager', 'secret:ReaderOfTheirs-x7Gk2hQ9vLpA-a1b2c3')],
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
      'passes its roles to no other service',
      {
        action: 'iam:PassRole',
        resources: [`arn:aws:iam::${ACCOUNT}:role/${STACK}-CollectRole-1`],
        context: { 'iam:PassedToService': 'glue.amazonaws.com' },
      },
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
    expect(await decide(policies, call)).toBe('ImplicitlyDenied');
  });
});

describe('the deployment policy with existing resources', () => {
  let own: Awaited<ReturnType<typeof deploy>>;
  beforeAll(async () => {
    own = await deploy({ existing: EXISTING });
  }, 120_000);

  it('has the rights that are declared for the remaining resources', async () => {
    const calls = unique(stackCalls(own.all, own.place));
    expect(calls.length).toBeGreaterThan(150);
    expect(await refused(own.policies, calls)).toEqual([]);
  });

  it('cannot change an existing bucket, key, database or workgroup, or a table that the stack does not create', async () => {
    const bucket = 'arn:aws:s3:::acme-experiments';
    const calls: Call[] = [
      ...['PutBucketPolicy', 'PutLifecycleConfiguration', 'PutEncryptionConfiguration', 'CreateBucket'].map(
        (action) => ({ action: `s3:${action}`, resources: [bucket] }),
      ),
      { action: 'kms:CreateKey', resources: ['*'] },
      ...['DescribeKey', 'EnableKeyRotation', 'PutKeyPolicy'].map((action) => ({
        action: `kms:${action}`,
        resources: [brought],
      })),
      { action: 'kms:CreateAlias', resources: [here('kms', `alias/${STACK}`), brought] },
      ...['CreateDatabase', 'UpdateDatabase', 'DeleteDatabase'].flatMap((action) =>
        ['sluice', 'statsig_staging'].map((name) => ({
          action: `glue:${action}`,
          resources: [here('glue', `database/${name}`)],
        })),
      ),
      { action: 'glue:UpdateTable', resources: [here('glue', 'table/sluice/somebody_elses')] },
      { action: 'glue:DeleteTable', resources: [here('glue', 'table/sluice/somebody_elses')] },
      ...['UpdateWorkGroup', 'DeleteWorkGroup'].map((action) => ({
        action: `athena:${action}`,
        resources: [here('athena', 'workgroup/sluice')],
      })),
      // Nor calls for readers, in a deployment without readers.
      { action: 'iam:CreateUser', resources: [`arn:aws:iam::${ACCOUNT}:user/${STACK}-x`] },
    ];
    expect(await refused(own.policies, calls)).toEqual(calls);
  });
});

it('the deployment policy with a boundary, a domain and a key of logs has the rights that are declared', async () => {
  const made = await deploy({ ...templateConfigurations['what a platform team asks for'] });
  expect(await refused(made.policies, unique(stackCalls(made.all, made.place)))).toEqual([]);
}, 120_000);
