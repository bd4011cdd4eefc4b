import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SetupGuide, Step } from '../../../cli/connect/guide.ts';
import { repositoryRoot } from '../../../local/dataDirectory.ts';
import { localAccount } from '../../../local/localAccount.ts';
import {
  cloudFormationService,
  type DeployedStack,
} from '../../../packages/local-aws/src/cloudformation/index.ts';
import { startServices } from '../../../packages/local-aws/src/testing/index.ts';
import { callMain } from '../../harness/callMain.ts';

const arn = (service: string, rest: string) => `arn:aws:${service}:us-east-1:000000000000:${rest}`;
const ROLE = 'arn:aws:iam::000000000000:role/sluice-local-role';

/** As the stack has them: infra/resources.ts. */
const OUTPUTS = {
  ...{ DataBucketName: 'acme-experiments', WorkgroupName: 'sluice', StagingDatabaseName: 'statsig_staging' },
  ...{ ReaderStatsigRoleArn: ROLE, ReaderPodsRoleArn: `${ROLE}-of-pods` },
  ...{ ReaderStatsigWorkgroupName: 'sluice_statsig', ReaderMetabaseWorkgroupName: 'sluice_metabase' },
  ReaderStatsigKeysSecretArn: arn('secretsmanager', 'secret:statsig-keys'),
  ReaderOwoxSecretArn: arn('secretsmanager', 'secret:owox'),
  ReaderMetabaseSecretArn: arn('secretsmanager', 'secret:metabase'),
};

let directory: string;
let served: Awaited<ReturnType<typeof startServices>>;
let outputs: Readonly<Record<string, string>> = OUTPUTS;

const stack = (): DeployedStack => ({
  ...{ name: 'sluice-local', region: localAccount.region, account: localAccount.id, partition: 'aws' },
  ...{ createdMs: 0, resources: [], outputs },
});

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-connect-'));
  served = await startServices([cloudFormationService({ stack })]);
  configure(
    'readers',
    `readers: [
      { kind: 'statsig', name: 'statsig', principal: '123456789012', externalId: 'project-7' },
      { kind: 'statsig', name: 'statsig-keys', as: 'user', statsigForwardsHere: true },
      { kind: 'owox', name: 'owox', resultsBucket: 'acme-owox' },
      { kind: 'metabase', name: 'metabase' },
      { kind: 'metabase', name: 'pods', as: 'role', principal: 'ecs-tasks' },
      { kind: 'metabase', name: 'later' },
    ],`,
  );
  configure('none', '');
});
afterAll(async () => {
  await served.close();
  rmSync(directory, { recursive: true });
});

function configure(name: string, fields: string): void {
  const defineConfig = pathToFileURL(join(repositoryRoot, 'lib', 'config', 'defineConfig.ts')).href;
  writeFileSync(
    join(directory, `${name}.config.mjs`),
    `import { defineConfig } from '${defineConfig}';
export default defineConfig({ bucket: 'acme-experiments', unitIds: { companyID: 'company_id' }, ${fields} }, { stages: ['prod'] });`,
  );
}

const connect = (args: readonly string[], config = 'readers', env: Readonly<Record<string, string>> = {}) =>
  callMain(['connect', ...args, '--endpoint-url', served.options.endpoint], {
    env: {
      SLUICE_CONFIG: join(directory, `${config}.config.mjs`),
      ...{ AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null', ...env },
    },
  });

async function sheetOf(...args: string[]): Promise<SetupGuide> {
  const { code, stdout } = await connect([...args, '--json']);
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

const valuesOf = ({ steps }: SetupGuide) =>
  Object.fromEntries(
    steps.flatMap(({ fields = [] }: Step) => fields.map(({ label, value }) => [label, value])),
  );

describe('sluice connect, without a reader for the product', () => {
  it.each([
    ['statsig', { '<Statsig S3 Folder>': 'folder-of-7', '<Statsig Account ID>': '123456789012' }],
    ['owox', {}],
    ['metabase', {}],
  ])('prints a valid snippet of sluice.config.ts for %s', async (product, console) => {
    const { code, stdout } = await connect([product, '--json'], 'none');
    expect(code).toBe(3);
    const { snippet, reader, first } = JSON.parse(stdout);
    expect([reader, first.length]).toEqual([null, expect.any(Number)]);
    const filled = Object.entries({ ...console, '<External ID>': 'project-7' }).reduce(
      (text, [placeholder, value]) => text.replace(placeholder, value),
      String(snippet),
    );
    expect(filled).not.toContain('<');
    configure(`pasted-${product}`, filled);
    const again = await connect([product], `pasted-${product}`);
    expect([again.code, again.stderr]).toEqual([0, '']);
  });

  it('has no steps for a bucket of Statsig that is not configured', async () => {
    const { code, stdout } = await connect(['statsig-bucket', '--json'], 'none');
    expect([code, JSON.parse(stdout)]).toEqual([
      3,
      expect.objectContaining({ product: 'statsig-bucket', steps: null }),
    ]);
  });

  it('prints the snippet as text', async () => {
    const { code, stdout, stderr } = await connect(['statsig'], 'none');
    expect([code, stderr]).toEqual([3, '']);
    expect(stdout).toMatch(/^There is no statsig in the configuration\.\n\n1\. In Statsig's console/);
    expect(stdout).toContain("\nreaders: [\n  { kind: 'statsig'");
    expect(stdout).toContain('\n4. Deploy (locally: stop the cloud');
  });
});

describe('sluice connect', () => {
  it("has a value for every field in Statsig's docs", async () => {
    const sheet = await sheetOf('statsig');
    expect(valuesOf(sheet)).toMatchObject({
      'Statsig S3 Folder': 'statsig',
      'Statsig Account ID': '123456789012',
      'External ID': 'project-7',
      'S3 Bucket': 'acme-experiments',
      'Glue Database for staging': 'statsig_staging',
      'S3 Query Result Location': 's3://acme-experiments/query-results/statsig/',
      'Athena Workgroup': 'sluice_statsig',
      'AWS Region': 'us-east-1',
      'IAM Role ARN': ROLE,
      'Forwarded Exposures Table': 'statsig_forwarded_exposures_by_statsig',
      'Forwarded Events Table': 'statsig_forwarded_events_by_statsig',
      'Experiment ID': 'experiment_id',
      companyID: 'company_id',
    });
    expect(sheet).toMatchObject({
      ...{ product: 'statsig', reader: 'statsig', stack: 'sluice-local', account: '000000000000' },
      assignmentSource: {
        ...{ timestampColumn: 'timestamp', experimentIDColumn: 'experiment_id', groupIDColumn: 'group_id' },
        idTypeMapping: [
          { statsigUnitID: 'userID', column: 'user_id' },
          { statsigUnitID: 'stableID', column: 'stable_id' },
          { statsigUnitID: 'companyID', column: 'company_id' },
        ],
      },
      metricSource: { timestampColumn: 'timestamp', timestampAsDay: false },
      lookback: { days: 8 },
    });
  });

  it("has a value for every field in OWOX's docs", async () => {
    const sheet = await sheetOf('owox');
    expect(valuesOf(sheet)).toEqual({
      ...{ Title: 'Sluice (local)', Region: 'us-east-1', 'Output Bucket': 'acme-owox' },
      ...{ 'Access Key ID': 'accessKeyId', 'Secret Access Key': 'secretAccessKey' },
    });
  });

  it("has a value for every field and setting in Metabase's docs", async () => {
    expect(valuesOf(await sheetOf('metabase'))).toEqual({
      ...{ 'Display name': 'Sluice (local)', Region: 'us-east-1', Workgroup: 'sluice_metabase' },
      'S3 Staging directory': 's3://acme-experiments/query-results/metabase/',
      ...{ 'Access key': 'accessKeyId', 'Secret Key': 'secretAccessKey' },
      'Additional Athena connection string options': `EnableResultReuseByAge=TRUE;MaxResultReuseAgeInMinutes=60;AthenaEndpoint=${served.options.endpoint};ResultFetcher=GetQueryResults`,
      'Re-run queries for simple explorations': 'OFF',
      'Choose when Metabase syncs and scans': 'ON',
      'Database syncing': 'Daily, 12:00 UTC',
      'Scanning for filter values': 'Only when adding a new filter widget',
      'Periodically refingerprint tables': 'OFF',
      'Default result cache duration': 'Custom: 24 hours for dashboards of past days',
      'Include User ID and query hash in queries': 'OFF',
    });
  });

  it('uses the reader of --reader, with its role or user', async () => {
    const role = await sheetOf('metabase', '--reader', 'pods');
    expect(valuesOf(role)).toMatchObject({ 'Access key': '', 'Secret Key': '' });
    expect(role.steps[0]?.commands?.join()).toContain(`${ROLE}-of-pods`);
    const user = await sheetOf('statsig', '--reader', 'statsig-keys');
    expect(valuesOf(user)).toMatchObject({
      'Access Key': 'accessKeyId',
      'Secret Access Key': 'secretAccessKey',
    });
    expect(valuesOf(user)).not.toHaveProperty('IAM Role ARN');
    expect(user.steps.flatMap(({ commands = [] }) => commands).join()).toContain(
      `--secret-id ${OUTPUTS.ReaderStatsigKeysSecretArn} --query SecretString`,
    );
  });

  it.each([
    [['grafana'], 2, 'SLUICE_USAGE_ARGUMENTS'],
    [[], 2, 'SLUICE_USAGE_ARGUMENTS'],
    [['owox', 'metabase'], 2, 'SLUICE_USAGE_ARGUMENTS'],
    [['owox', '--reader', 'metabase'], 2, 'the configuration has owox'],
    [['owox', '--stage', 'prod'], 1, 'SLUICE_AWS_NO_STACK: The deployment does not exist.'],
    [['metabase', '--reader', 'later'], 1, 'SLUICE_CONNECT_NOT_DEPLOYED'],
  ])('refuses %j', async (args, code, message) => {
    const answer = await connect(args);
    expect([answer.code, answer.stdout]).toEqual([code, '']);
    expect(answer.stderr).toContain(message);
  });

  it('reports that the stack may not be read', async () => {
    const env = { AWS_ACCESS_KEY_ID: 'nobody', AWS_SECRET_ACCESS_KEY: 'nothing' };
    const { code, stderr } = await connect(['owox'], 'readers', env);
    expect([code, stderr]).toEqual([1, expect.stringContaining('SLUICE_AWS_FAILED')]);
  });

  it('prefers names of the stack to those of the configuration', async () => {
    outputs = { ...OUTPUTS, DataBucketName: 'acme-older', ReaderMetabaseWorkgroupName: 'older_metabase' };
    const sheet = await sheetOf('metabase');
    outputs = OUTPUTS;
    expect(valuesOf(sheet)).toMatchObject({
      'S3 Staging directory': 's3://acme-older/query-results/metabase/',
      Workgroup: 'older_metabase',
    });
  });
});
