import { beforeAll, describe, expect, it } from '@jest/globals';
import { trialConfig } from '../../cli/trial/Trial.ts';
import { type PolicyTarget, printedPolicies } from '../../lib/access/printedPolicies.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { parseTemplate, resolveTemplate } from '../../packages/local-aws/src/template/index.ts';
import { keyPolicy } from '../lib/access/calls.ts';
import { type Call, decideCall, isAllowedBy } from '../lib/access/decideCall.ts';
import { readPolicies } from '../permissions/readPolicies.ts';
import { packageTemplate } from './packageTemplate.ts';

const ACCOUNT = '111122223333';
const REGION = 'eu-west-1';
const here = (service: string, name: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${name}`;

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
